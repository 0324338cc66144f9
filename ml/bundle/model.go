package bundle

import (
	"context"
	"fmt"
	"slices"

	"gristmill/ml"
	"gristmill/ml/frame"
	"gristmill/ml/prep"
)

// Target says what is predicted.
type Target struct {
	Name     string   `json:"name"`               // column of the training table
	Classes  []string `json:"classes,omitempty"`  // labels in the order of the probabilities; empty for a regression
	Positive string   `json:"positive,omitempty"` // the positive class of two
}

// Model is a fitted transformer and estimator with their contract. It must not
// be changed once it is in use; Predict may then be called concurrently.
type Model struct {
	Name         string
	Signature    frame.Signature
	Prep         *prep.Columns
	Model        ml.Model
	Target       Target
	InputExample *frame.Frame // rows with the signature's inputs; may be nil
	// ExampleOutput is what the model answered to InputExample when it was
	// written: filled by Read, not looked at by Write, which asks the model.
	ExampleOutput *Prediction
	CreatedBy     string // "gristmill 0.1.0"
	Metadata      map[string]string
}

// New makes a model whose signature is what the transformer takes and the
// column "prediction": the label of the likeliest class, or a number.
func New(name string, p *prep.Columns, m ml.Model, t Target) (*Model, error) {
	if p == nil || m == nil {
		return nil, fmt.Errorf("model %q has no transformer or no estimator", name)
	}
	out := frame.Field{Name: "prediction", Type: frame.Float64}
	if c, ok := m.(ml.Classifier); ok {
		out.Type, out.Values = frame.String, slices.Clone(c.Classes())
		t.Classes = slices.Clone(c.Classes())
	}
	b := &Model{Name: name, Prep: p, Model: m, Target: t,
		Signature: frame.Signature{Inputs: p.In(), Outputs: frame.Schema{Fields: []frame.Field{out}}, Classes: t.Classes}}
	if err := b.check(); err != nil {
		return nil, err
	}
	return b, nil
}

// check reports parts that do not fit each other.
func (m *Model) check() error {
	if m.Prep == nil || m.Model == nil {
		return fmt.Errorf("model %q has no transformer or no estimator", m.Name)
	}
	if have, want := m.Prep.FeatureNames(), m.Model.In().Names(); !slices.Equal(have, want) {
		return fmt.Errorf("model %q: the transformer makes %d features %.3q..., the estimator was fitted on %d %.3q...", m.Name, len(have), have, len(want), want)
	}
	if c, ok := m.Model.(ml.Classifier); ok && !slices.Equal(c.Classes(), m.Signature.Classes) {
		return fmt.Errorf("model %q: the signature has classes %q, the estimator %q", m.Name, m.Signature.Classes, c.Classes())
	}
	if !slices.Equal(m.Target.Classes, m.Signature.Classes) {
		return fmt.Errorf("model %q: the signature has classes %q, the target %q", m.Name, m.Signature.Classes, m.Target.Classes)
	}
	if p := m.Target.Positive; p != "" && !slices.Contains(m.Target.Classes, p) {
		return fmt.Errorf("model %q: the positive class %q is none of %q", m.Name, p, m.Target.Classes)
	}
	for _, f := range m.Prep.Inputs.Fields {
		if m.Signature.Inputs.Index(f.Name) < 0 {
			return fmt.Errorf("model %q: the transformer needs column %q, which the signature lacks", m.Name, f.Name)
		}
	}
	return nil
}

// Prediction is the answer for n rows.
type Prediction struct {
	Values  []float64 // n predicted numbers of a regression; of a classification the class indices
	Labels  []string  // n labels of the likeliest classes; nil for a regression
	Proba   []float64 // n times len(Classes) probabilities, row by row; nil for a regression
	Classes []string  // nil for a regression
}

// Predict conforms the rows to the signature, transforms them and asks the
// estimator. Rows that the signature does not allow are ml.Problems.
func (m *Model) Predict(ctx context.Context, f *frame.Frame) (*Prediction, error) {
	in, err := Conform(f, m.Signature.Inputs)
	if err != nil {
		return nil, err
	}
	x, err := m.Prep.Apply(ctx, in)
	if err != nil {
		return nil, err
	}
	p := &Prediction{Values: make([]float64, f.Rows())}
	c, ok := m.Model.(ml.Classifier)
	if !ok {
		return p, m.Model.Predict(ctx, x, p.Values)
	}
	p.Classes = c.Classes()
	k := len(p.Classes)
	p.Proba = make([]float64, f.Rows()*k)
	p.Labels = make([]string, f.Rows())
	if err := c.PredictProba(ctx, x, p.Proba); err != nil {
		return nil, err
	}
	for i := range p.Labels {
		best := 0
		for j, v := range p.Proba[i*k : (i+1)*k] {
			if v > p.Proba[i*k+best] {
				best = j
			}
		}
		p.Values[i], p.Labels[i] = float64(best), p.Classes[best]
	}
	return p, nil
}
