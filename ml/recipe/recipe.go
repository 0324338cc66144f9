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
	"gristmill/ml/evaluate"
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
	// Threshold is the probability from which on a row is called positive: a
	// number as text, or one of metric.Criteria, by which it is chosen; "" means
	// the likelier class. Cost is what "cost" counts.
	Threshold string
	Cost      *evaluate.Cost
}

// Course is one serving of data.
type Course struct {
	X        *frame.Frame // raw features, n rows
	All      *frame.Frame // the same rows with the columns that the model does not see; nil: X
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
	if c.All != nil {
		c.All = c.All.Take(rows)
	}
	return c
}

// Fit fits the transforms and then the algorithm on the same rows. A threshold
// is chosen on held, or without rows there on those of the fit.
func (r Recipe) Fit(ctx context.Context, name string, c, held Course, o ml.FitOptions) (*bundle.Model, error) {
	p, err := prep.Fit(ctx, r.Rules, c.X)
	if err != nil {
		return nil, fmt.Errorf("fit transforms: %w", err)
	}
	return r.FitAfter(ctx, name, p, c, held, o)
}

// FitAfter fits the algorithm after transforms that were fitted before, on the
// same rows.
func (r Recipe) FitAfter(ctx context.Context, name string, p *prep.Columns, c, held Course, o ml.FitOptions) (*bundle.Model, error) {
	spec, problems := catalog.Spec(r.Algorithm, r.Params)
	if err := ml.Problems(problems).Err(); err != nil {
		return nil, err
	}
	if r.Threshold != "" && len(c.Classes) != 2 { // known before the fit
		return nil, ml.Problems{{Path: "train.threshold", Given: r.Threshold, Want: "no threshold",
			Msg: fmt.Sprintf("train.threshold: %s, but the target %q has %d classes; a threshold decides between two", r.Threshold, c.Target, len(c.Classes))}}
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
	t := bundle.Target{Name: c.Target, Classes: c.Classes, Positive: c.Positive, Transform: r.TargetTransform}
	if r.Threshold != "" {
		t.Positive = c.Classes[Positive(c.Classes, c.Positive)]
	}
	b, err := bundle.New(name, p, model, t)
	if err != nil {
		return nil, fmt.Errorf("make model package: %w", err)
	}
	if held.X == nil {
		held = c
	}
	b.Target.Threshold, err = r.threshold(ctx, b, held)
	return b, err
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

// threshold returns from which probability on a row is called positive, 0 for
// the likelier class.
func (r Recipe) threshold(ctx context.Context, m *bundle.Model, c Course) (float64, error) {
	if r.Threshold == "" {
		return 0, nil
	}
	if v, err := strconv.ParseFloat(r.Threshold, 64); err == nil {
		return v, nil
	}
	got, err := m.Predict(ctx, c.X)
	if err != nil {
		return 0, fmt.Errorf("predict rows to choose a threshold: %w", err)
	}
	k, hits := Positive(c.Classes, c.Positive), 0
	hit, score := make([]bool, len(c.Y)), make([]float64, len(c.Y))
	for i, y := range c.Y {
		if hit[i], score[i] = int(y) == k, got.Proba[2*i+k]; hit[i] {
			hits++
		}
	}
	if hits == 0 || hits == len(c.Y) {
		return 0, ml.Problems{{Path: "train.threshold", Given: r.Threshold, Want: "rows of both classes",
			Msg: fmt.Sprintf("train.threshold: %s chooses on %d rows, which are all of one class; split by kind stratified, or give a number", r.Threshold, len(c.Y))}}
	}
	ranking, err := metric.Rank(hit, score)
	if err != nil {
		return 0, fmt.Errorf("choose threshold: %w", err)
	}
	best, err := ranking.Best(r.Threshold, r.Cost.Cells(c.Classes, k))
	if err != nil {
		return 0, err
	}
	return math.Min(math.Max(best.Threshold, math.SmallestNonzeroFloat64), 1), nil
}
