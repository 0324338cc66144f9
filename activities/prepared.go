package activities

import (
	"context"
	"fmt"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/split"
	"gristmill/ml"
	"gristmill/ml/catalog"
	"gristmill/ml/frame"
	"gristmill/ml/prep"
	"gristmill/ml/recipe"
	"gristmill/pipeline"
)

// prepared is what a transform step leaves for the later ones: how to read the
// table again, which rows are for what, and the transforms fitted on the
// training rows.
type prepared struct {
	Data    dataset.Spec `json:"data"`
	Task    catalog.Task `json:"task"`
	Parts   split.Parts  `json:"parts"`
	Classes []string     `json:"classes,omitempty"`
	Encoded ml.Encoded   `json:"encoded"`
	// Blobs are Encoded's arrays, which its own JSON leaves out.
	Blobs map[string][]byte `json:"blobs,omitempty"`
}

// table is a dataset ready to learn from: raw features, targets, parts.
type table struct {
	prepared
	x *frame.Frame // features as they came, every row
	a *frame.Frame // every column but the target, every row
	y []float64    // targets, every row: values or indices into Classes
	p *prep.Columns
}

// targets reads the table's target column as what is to be predicted.
func targets(f *frame.Frame, s dataset.Spec, task catalog.Task) (y []float64, classes []string, err error) {
	c := f.Column(s.Target)
	if c == nil {
		return nil, nil, gristmill.Errorf(gristmill.Invalid, "data.target: the table has no column %q", s.Target)
	}
	return recipe.Targets(c, task, s.Positive)
}

// load reads the table, the parts and the fitted transforms of a step's inputs.
func load(ctx context.Context, b Blobs, in StepIn) (*table, error) {
	t, _, err := loadRaw(ctx, b, in)
	return t, err
}

// loadRaw is load that returns the table with all of its columns beside.
func loadRaw(ctx context.Context, b Blobs, in StepIn) (*table, *frame.Frame, error) {
	data, err := in.ref("dataset")
	if err != nil {
		return nil, nil, err
	}
	ref, err := in.ref("prepared")
	if err != nil {
		return nil, nil, err
	}
	t := &table{}
	if err := getJSON(ctx, b, ref.Digest, &t.prepared); err != nil {
		return nil, nil, err
	}
	t.Encoded.Blobs = t.Blobs
	if t.p, err = prep.Decode(t.Encoded); err != nil {
		return nil, nil, fmt.Errorf("decode transforms: %w", err)
	}
	raw, err := readTable(ctx, b, data.Digest, t.Data)
	if err != nil {
		return nil, nil, err
	}
	t.x, t.a = features(raw.Frame, t.Data), raw.Frame.Without(t.Data.Target)
	t.y, _, err = targets(raw.Frame, t.Data, t.Task)
	return t, raw.Frame, err
}

// features returns the columns to learn from.
func features(f *frame.Frame, s dataset.Spec) *frame.Frame {
	return s.Features(f).Without(s.Target)
}

// course returns the raw features and targets of some rows.
func (t *table) course(rows []int) recipe.Course {
	all := recipe.Course{X: t.x, All: t.a, Y: t.y, Target: t.Data.Target, Classes: t.Classes, Positive: t.Data.Positive}
	return all.Take(rows)
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
		var ids gristmill.Digest
		if file, err := in.ref("ids"); err == nil {
			ids = file.Digest
		}
		if err := a.readTags(ctx, data.Digest, ids); err != nil {
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
		if _, out.Classes, err = targets(raw.Frame, spec, out.Task); err != nil {
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

func (t *Training) split(ctx context.Context, in StepIn, f *frame.Frame, s dataset.Spec) (split.Parts, error) {
	if s.Split.File == "" {
		return split.Split(f, s.Target, s.Parting(), nil)
	}
	ref, err := in.ref("ids")
	if err != nil {
		return split.Parts{}, err
	}
	r, err := t.Blobs.Open(ctx, ref.Digest)
	if err != nil {
		return split.Parts{}, err
	}
	defer r.Close()
	return split.Split(f, s.Target, s.Parting(), r)
}
