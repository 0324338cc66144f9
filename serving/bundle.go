package serving

import (
	"context"

	"gristmill/ml/bundle"
	"gristmill/ml/frame"
)

// UnpackBundle reads a packed bundle.Model: the Unpack of every model that our
// own training makes.
func UnpackBundle(packed []byte) (Predictor, error) {
	files, err := bundle.Unpack(packed)
	if err != nil {
		return nil, err
	}
	m, err := bundle.Read(files)
	if err != nil {
		return nil, err
	}
	return bundled{m}, nil
}

// bundled is a bundle as a Predictor.
type bundled struct{ model *bundle.Model }

func (b bundled) Signature() frame.Signature { return b.model.Signature }

func (b bundled) Predict(ctx context.Context, x *frame.Frame) (Answer, error) {
	p, err := b.model.Predict(ctx, x)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Values: p.Values, Proba: p.Proba}, nil
}

func (b bundled) Example() (*frame.Frame, *Answer) {
	out := b.model.ExampleOutput
	if out == nil {
		return b.model.InputExample, nil
	}
	return b.model.InputExample, &Answer{Values: out.Values, Proba: out.Proba}
}
