package bundle

import (
	"context"
	"errors"
	"fmt"
	"math"
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
	// Transform is what a regression's estimator has learned in place of the
	// target: "" the target itself, Log1p its logarithm.
	Transform string `json:"transform,omitempty"`
	// Threshold is the probability from which on the label is Positive, of two
	// classes; 0 means that the likeliest class is the label.
	Threshold float64 `json:"threshold,omitempty"`
}

// Log1p is the Transform log(1 + target), which expm1 inverts.
const Log1p = "log1p"

// check reports what cannot be in a target, all at once.
func (t Target) check() error {
	var errs []error
	if t.Positive != "" && !slices.Contains(t.Classes, t.Positive) {
		errs = append(errs, fmt.Errorf("the positive class %q is none of %q", t.Positive, t.Classes))
	}
	switch {
	case t.Transform == "":
	case t.Transform != Log1p:
		errs = append(errs, fmt.Errorf("the target's transform is %q, want %q or none", t.Transform, Log1p))
	case len(t.Classes) > 0:
		errs = append(errs, fmt.Errorf("the target's transform is %q, which only a regression can have", t.Transform))
	}
	switch {
	case t.Threshold == 0:
	case !(t.Threshold > 0 && t.Threshold <= 1):
		errs = append(errs, fmt.Errorf("the threshold is %v, want a probability above 0 and up to 1", t.Threshold))
	case len(t.Classes) != 2 || t.Positive == "":
		errs = append(errs, fmt.Errorf("the threshold is %v, which only a target of two classes with a positive one can have", t.Threshold))
	}
	return errors.Join(errs...)
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
// column "prediction": the label of a class, or a number.
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
	if err := m.Target.check(); err != nil {
		return fmt.Errorf("model %q: %w", m.Name, err)
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
	Labels  []string  // n labels, of the likeliest classes or as the target's threshold says; nil for a regression
	Proba   []float64 // n times len(Classes) probabilities, row by row; nil for a regression
	Classes []string  // nil for a regression
}

// Predict conforms the rows to the signature, transforms them, asks the
// estimator and inverts the target's transform. Rows that the signature does not allow are ml.Problems.
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
		err := m.Model.Predict(ctx, x, p.Values)
		if m.Target.Transform == Log1p {
			for i, v := range p.Values {
				p.Values[i] = math.Expm1(v)
			}
		}
		return p, err
	}
	p.Classes = c.Classes()
	k := len(p.Classes)
	p.Proba = make([]float64, f.Rows()*k)
	p.Labels = make([]string, f.Rows())
	if err := c.PredictProba(ctx, x, p.Proba); err != nil {
		return nil, err
	}
	for i := range p.Labels {
		class := m.Target.class(p.Classes, p.Proba[i*k:(i+1)*k])
		p.Values[i], p.Labels[i] = float64(class), p.Classes[class]
	}
	return p, nil
}

// class decides for one of the classes: by the threshold if there is one, else
// for the likeliest, the first of equals.
func (t Target) class(classes []string, proba []float64) int {
	if t.Threshold > 0 {
		positive := slices.Index(classes, t.Positive)
		if proba[positive] >= t.Threshold {
			return positive
		}
		return 1 - positive
	}
	best := 0
	for j, v := range proba {
		if v > proba[best] {
			best = j
		}
	}
	return best
}
