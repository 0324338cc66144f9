package recipe

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"gristmill/ml"
	"gristmill/ml/bundle"
	"gristmill/ml/catalog"
	"gristmill/ml/frame"
	"gristmill/ml/metric"
	"gristmill/ml/prep"
)

// Recipe is what to do with rows to get a model.
type Recipe struct {
	Rules           prep.Spec       // transforms
	Algorithm       string          // name in the catalog
	Params          json.RawMessage // its hyperparameters
	TargetTransform string          // Log1p or ""; undone at prediction
}

// Course is one serving of data.
type Course struct {
	X        *frame.Frame // raw features, n rows
	Y        []float64    // n targets, see Targets
	Target   string       // the target's name
	Classes  []string     // of a classification
	Positive string       // the positive class of two, "" for the last
}

// Take returns the course of some rows.
func (c Course) Take(rows []int) Course {
	y := make([]float64, len(rows))
	for i, r := range rows {
		y[i] = c.Y[r]
	}
	c.X, c.Y = c.X.Take(rows), y
	return c
}

// Fit fits the transforms and then the algorithm on the same rows.
func (r Recipe) Fit(ctx context.Context, name string, c Course, o ml.FitOptions) (*bundle.Model, error) {
	p, err := prep.Fit(ctx, r.Rules, c.X)
	if err != nil {
		return nil, fmt.Errorf("fit transforms: %w", err)
	}
	return r.FitAfter(ctx, name, p, c, o)
}

// FitAfter fits the algorithm after transforms that were fitted before, on the
// same rows.
func (r Recipe) FitAfter(ctx context.Context, name string, p *prep.Columns, c Course, o ml.FitOptions) (*bundle.Model, error) {
	spec, problems := catalog.Spec(r.Algorithm, r.Params)
	if err := ml.Problems(problems).Err(); err != nil {
		return nil, err
	}
	x, err := p.Apply(ctx, c.X)
	if err != nil {
		return nil, fmt.Errorf("transform training rows: %w", err)
	}
	y, err := transformed(c.Y, r.TargetTransform, c.Target)
	if err != nil {
		return nil, err
	}
	model, err := spec.Fit(ctx, ml.Data{X: x, Y: y, Classes: c.Classes}, o)
	if err != nil {
		return nil, fmt.Errorf("fit %s: %w", r.Algorithm, err)
	}
	b, err := bundle.New(name, p, model, bundle.Target{Name: c.Target, Classes: c.Classes, Positive: c.Positive, Transform: r.TargetTransform})
	if err != nil {
		return nil, fmt.Errorf("make model package: %w", err)
	}
	return b, nil
}

// Baseline is the trivial model of a course's rows: it always answers the mean,
// or the shares of the classes.
func Baseline(ctx context.Context, p *prep.Columns, task catalog.Task, c Course) (*bundle.Model, error) {
	x, err := p.Apply(ctx, c.X) // the baseline takes what the model takes
	if err != nil {
		return nil, fmt.Errorf("transform training rows: %w", err)
	}
	model, err := catalog.Baseline(task).Fit(ctx, ml.Data{X: x, Y: c.Y, Classes: c.Classes}, ml.FitOptions{})
	if err != nil {
		return nil, fmt.Errorf("fit baseline: %w", err)
	}
	return bundle.New("baseline", p, model, bundle.Target{Name: c.Target, Classes: c.Classes, Positive: c.Positive})
}

// Threshold returns from which probability on a row is called positive: how is a
// number, or one of metric.Criteria, which is chosen on the course's rows. "" is
// 0, which means the likelier class.
func Threshold(ctx context.Context, m *bundle.Model, how string, cost metric.CellCost, c Course) (float64, error) {
	if how == "" {
		return 0, nil
	}
	if len(c.Classes) != 2 {
		return 0, ml.Problems{{Path: "train.threshold", Given: how, Want: "no threshold",
			Msg: fmt.Sprintf("train.threshold: %s, but the target %q has %d classes; a threshold decides between two", how, c.Target, len(c.Classes))}}
	}
	if v, err := strconv.ParseFloat(how, 64); err == nil {
		return v, nil
	}
	got, err := m.Predict(ctx, c.X)
	if err != nil {
		return 0, fmt.Errorf("predict rows to choose a threshold: %w", err)
	}
	k := Positive(c.Classes, c.Positive)
	hit, score := make([]bool, len(c.Y)), make([]float64, len(c.Y))
	for i, y := range c.Y {
		hit[i], score[i] = int(y) == k, got.Proba[2*i+k]
	}
	r, err := metric.Rank(hit, score)
	if err != nil {
		return 0, fmt.Errorf("choose threshold: %w", err)
	}
	best, err := r.Best(how, cost)
	if err != nil {
		return 0, err
	}
	return math.Min(math.Max(best.Threshold, math.SmallestNonzeroFloat64), 1), nil
}
