package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"gristmill"
	"gristmill/dataset"
	"gristmill/ml"
	"gristmill/ml/catalog"
	"gristmill/ml/frame"
	"gristmill/ml/prep"
	"gristmill/pipeline"
)

// prepared is what a transform step leaves for the later ones: how to read the
// table again, which rows are for what, and the transforms fitted on the
// training rows.
type prepared struct {
	Data    dataset.Spec  `json:"data"`
	Task    catalog.Task  `json:"task"`
	Parts   dataset.Parts `json:"parts"`
	Classes []string      `json:"classes,omitempty"`
	Encoded ml.Encoded    `json:"encoded"`
	// Blobs are Encoded's arrays, which its own JSON leaves out.
	Blobs map[string][]byte `json:"blobs,omitempty"`
}

// table is a dataset ready to learn from: raw features, targets, parts.
type table struct {
	prepared
	x *frame.Frame // features as they came, every row
	y []float64    // targets, every row: values or indices into Classes
	p *prep.Columns
}

// target reads the target column as numbers: values for a regression, indices
// into the sorted labels for a classification. Every row needs one.
func target(f *frame.Frame, s dataset.Spec, task catalog.Task) (y []float64, classes []string, err error) {
	c := f.Column(s.Target)
	if c == nil {
		return nil, nil, gristmill.Errorf(gristmill.Invalid, "data.target: the table has no column %q", s.Target)
	}
	var problems []gristmill.Problem
	y = make([]float64, c.Len())
	for i := range y {
		if c.IsNull(i) {
			if len(problems) < frame.MaxViolations {
				problems = append(problems, gristmill.Problem{Path: fmt.Sprintf("row %d, column %q", i+1, s.Target), Want: "a value",
					Msg: fmt.Sprintf("row %d has no value of the target %q", i+1, s.Target)})
			}
			continue
		}
		y[i] = c.Float(i)
	}
	if len(problems) > 0 {
		return nil, nil, gristmill.Problems("the target has missing values", problems)
	}
	if task == catalog.Regression {
		if c.Field.Type == frame.String {
			return nil, nil, gristmill.Errorf(gristmill.Invalid, "data.target: column %q is text; a regression needs numbers, a classification needs e.g. train.algorithm: logistic", s.Target)
		}
		return y, nil, nil
	}
	labels := map[string]bool{}
	for i := range y {
		labels[c.Text(i)] = true
	}
	if len(labels) > maxClasses {
		return nil, nil, gristmill.Errorf(gristmill.Invalid, "data.target: column %q has %d different values; a classification takes at most %d classes: is it a regression (train.algorithm: ridge)?", s.Target, len(labels), maxClasses)
	}
	classes = slices.Sorted(maps.Keys(labels))
	if s.Positive != "" && len(classes) == 2 && classes[0] == s.Positive {
		slices.Reverse(classes) // the positive class comes last: its probability is the second
	}
	index := make(map[string]float64, len(classes))
	for i, l := range classes {
		index[l] = float64(i)
	}
	for i := range y {
		y[i] = index[c.Text(i)]
	}
	return y, classes, nil
}

// maxClasses bounds a classification; more means a target that is no class.
const maxClasses = 1000

// positive returns the index of the positive class: the spec's, else the last.
func (p prepared) positive() int {
	if i := slices.Index(p.Classes, p.Data.Positive); i >= 0 {
		return i
	}
	return len(p.Classes) - 1
}

// load reads the table, the parts and the fitted transforms of a step's inputs.
func load(ctx context.Context, b Blobs, in StepIn) (*table, error) {
	data, err := in.ref("dataset")
	if err != nil {
		return nil, err
	}
	ref, err := in.ref("prepared")
	if err != nil {
		return nil, err
	}
	t := &table{}
	if err := getJSON(ctx, b, ref.Digest, &t.prepared); err != nil {
		return nil, err
	}
	t.Encoded.Blobs = t.Blobs
	if t.p, err = prep.Decode(t.Encoded); err != nil {
		return nil, fmt.Errorf("decode transforms: %w", err)
	}
	raw, err := readTable(ctx, b, data.Digest, t.Data)
	if err != nil {
		return nil, err
	}
	t.x = features(raw.Frame, t.Data)
	t.y, _, err = target(raw.Frame, t.Data, t.Task)
	return t, err
}

// features returns the columns to learn from.
func features(f *frame.Frame, s dataset.Spec) *frame.Frame {
	return s.Features(f).Without(s.Target)
}

// rows returns the raw features and targets of some rows.
func (t *table) rows(which []int) (*frame.Frame, []float64) {
	y := make([]float64, len(which))
	for i, r := range which {
		y[i] = t.y[r]
	}
	return t.x.Take(which), y
}

// FitTransform does a transform step: it parts the rows and fits the transforms
// on the training part only.
func (t *Training) FitTransform(ctx context.Context, in StepIn) (StepOut, error) {
	return in.do(ctx, t.Tracking, t.Log, func(ctx context.Context, a *attempt) (StepOut, error) {
		var p pipeline.TransformParams
		if err := in.params(&p); err != nil {
			return StepOut{}, err
		}
		data, err := in.ref("dataset")
		if err != nil {
			return StepOut{}, err
		}
		spec, err := dataSection(ctx, t.Blobs, in)
		if err != nil {
			return StepOut{}, err
		}
		raw, err := readTable(ctx, t.Blobs, data.Digest, spec)
		if err != nil {
			return StepOut{}, err
		}
		a.life.progress("read")
		out := prepared{Data: spec, Task: catalog.Task(p.Task)}
		if out.Parts, err = t.split(ctx, in, raw.Frame, spec); err != nil {
			return StepOut{}, err
		}
		if _, out.Classes, err = target(raw.Frame, spec, out.Task); err != nil {
			return StepOut{}, err
		}
		fitted, err := prep.Fit(ctx, p.Rules, features(raw.Frame, spec).Take(out.Parts.Train))
		if err != nil {
			return StepOut{}, fmt.Errorf("fit transforms: %w", err)
		}
		if out.Encoded, err = fitted.Encode(); err != nil {
			return StepOut{}, fmt.Errorf("encode transforms: %w", err)
		}
		out.Blobs = out.Encoded.Blobs
		a.say(ctx, "info", "rows: %d training, %d validation, %d test; features: %d from %d columns",
			len(out.Parts.Train), len(out.Parts.Validation), len(out.Parts.Test), len(fitted.FeatureNames()), len(fitted.In().Fields))
		ref, err := putJSON(ctx, t.Blobs, out, "prepared")
		if err != nil {
			return StepOut{}, err
		}
		return StepOut{Out: map[string]Output{"prepared": RefOutput(ref)}}, nil
	})
}

func (t *Training) split(ctx context.Context, in StepIn, f *frame.Frame, s dataset.Spec) (dataset.Parts, error) {
	if s.Split.File == "" {
		return dataset.Split(f, s.Target, s.Split, nil)
	}
	ref, err := in.ref("ids")
	if err != nil {
		return dataset.Parts{}, err
	}
	r, err := t.Blobs.Open(ctx, ref.Digest)
	if err != nil {
		return dataset.Parts{}, err
	}
	defer r.Close()
	return dataset.Split(f, s.Target, s.Split, r)
}
