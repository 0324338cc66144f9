package recipe

import (
	"context"

	"gristmill/ml/bundle"
	"gristmill/ml/catalog"
	"gristmill/ml/evaluate"
	"gristmill/ml/frame"
)

// Courses are the parts of a table; a part without X is none.
type Courses struct {
	Train, Validation, Test Course
	By                      string // the column by whose values rows were parted, "" for none
}

// Input is what evaluate.Run looks at: the model beside the trivial one, which is
// fitted here, on every part.
func Input(ctx context.Context, m *bundle.Model, task catalog.Task, c Courses) (evaluate.Input, error) {
	base, err := Baseline(ctx, m.Prep, task, c.Train)
	if err != nil {
		return evaluate.Input{}, err
	}
	part := func(c Course) evaluate.Part { return evaluate.Part{X: c.X, All: c.All, Y: c.Y} }
	return evaluate.Input{
		Task: task, Classes: c.Train.Classes, Positive: max(0, Positive(c.Train.Classes, c.Train.Positive)), Target: c.Train.Target, By: c.By,
		Train: part(c.Train), Validation: part(c.Validation), Test: part(c.Test),
		Model: Predictor(m), Baseline: Predictor(base),
	}, nil
}

// Predictor asks a model package.
func Predictor(m *bundle.Model) evaluate.Predictor {
	return func(ctx context.Context, x *frame.Frame) (values, proba []float64, err error) {
		p, err := m.Predict(ctx, x)
		if err != nil {
			return nil, nil, err
		}
		return p.Values, p.Proba, nil
	}
}
