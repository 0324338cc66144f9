package metric

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// Result is one metric with its interval.
type Result struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Low   float64 `json:"low"`  // 2.5th percentile of the bootstrap
	High  float64 `json:"high"` // 97.5th percentile of the bootstrap
}

// Omission is a metric that has no value on these data, and why.
type Omission struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// Report is what an evaluation found, in a fixed order of names.
type Report struct {
	Results []Result   `json:"results"`
	Omitted []Omission `json:"omitted,omitempty"`
}

// Map returns name to value.
func (r Report) Map() map[string]float64 {
	m := make(map[string]float64, len(r.Results))
	for _, x := range r.Results {
		m[x.Name] = x.Value
	}
	return m
}

// RegressionNames are the metrics of a regression in their usual order.
func RegressionNames() []string { return []string{"rmse", "mae", "r2", "mape"} }

// Regression returns rmse, mae, r2 and mape of predictions for n targets. mape
// is a share, not a percentage; a target of 0 counts as 2^-52. r2 is left out
// for a constant target. The map is empty if there are no rows, the lengths
// differ, or a number is not finite; EvaluateRegression says so in an error.
func Regression(y, pred []float64) map[string]float64 {
	s, err := newResiduals(y, pred)
	if err != nil {
		return map[string]float64{}
	}
	return values(s.measure(ones(len(y))))
}

// residuals are the per-row terms of every regression metric.
type residuals struct {
	sq, abs, rel []float64
	dev, dev2    []float64 // target minus the mean of all targets, and its square
	constant     bool
}

func newResiduals(y, pred []float64) (*residuals, error) {
	if len(y) == 0 || len(y) != len(pred) {
		return nil, fmt.Errorf("evaluate: %d targets and %d predictions, want equally many, at least 1", len(y), len(pred))
	}
	n := len(y)
	s := &residuals{sq: make([]float64, n), abs: make([]float64, n), rel: make([]float64, n),
		dev: make([]float64, n), dev2: make([]float64, n), constant: true}
	mean := 0.0
	for i := range y {
		if y[i]-y[i] != 0 || pred[i]-pred[i] != 0 {
			return nil, fmt.Errorf("evaluate: row %d has target %v and prediction %v, want finite numbers", i+1, y[i], pred[i])
		}
		mean += y[i] / float64(n)
		s.constant = s.constant && y[i] == y[0]
	}
	for i := range y {
		e := y[i] - pred[i]
		s.sq[i], s.abs[i] = e*e, math.Abs(e)
		s.rel[i] = s.abs[i] / max(math.Abs(y[i]), 0x1p-52)
		s.dev[i] = y[i] - mean
		s.dev2[i] = s.dev[i] * s.dev[i]
	}
	return s, nil
}

// measure computes the metrics of a sample in which row i occurs c[i] times.
func (s *residuals) measure(c []float64) ([]Result, []Omission) {
	var n, sq, abs, rel, dev, dev2 float64
	distinct := 0
	for i, w := range c {
		if w == 0 {
			continue
		}
		distinct++
		n += w
		sq += w * s.sq[i]
		abs += w * s.abs[i]
		rel += w * s.rel[i]
		dev += w * s.dev[i]
		dev2 += w * s.dev2[i]
	}
	out := []Result{{Name: "rmse", Value: math.Sqrt(sq / n)}, {Name: "mae", Value: abs / n}}
	var omitted []Omission
	total := dev2 - dev*dev/n
	if s.constant || distinct < 2 || total <= 1e-13*dev2 {
		omitted = append(omitted, Omission{Name: "r2", Reason: "the target is the same in every row"})
	} else {
		out = append(out, Result{Name: "r2", Value: 1 - sq/total})
	}
	return append(out, Result{Name: "mape", Value: rel / n}), omitted
}

// EvaluateRegression returns every metric with its interval. It gives up soon
// after ctx ends.
func EvaluateRegression(ctx context.Context, y, pred []float64, b Bootstrap) (Report, error) {
	s, err := newResiduals(y, pred)
	if err != nil {
		return Report{}, err
	}
	return b.run(ctx, len(y), s)
}

// EvaluateClassification returns every metric with its interval. y holds n
// class indices, proba n*k probabilities row by row; positive is the index of
// the positive class of two, and of no meaning for more. It gives up soon after
// ctx ends.
func EvaluateClassification(ctx context.Context, y, proba []float64, k, positive int, b Bootstrap) (Report, error) {
	return EvaluateDecisions(ctx, y, nil, proba, k, positive, b)
}

// EvaluateDecisions is EvaluateClassification of a model that has its own way
// to decide: pred holds n class indices, which accuracy, precision, recall and
// f1 judge. A nil pred is the likeliest class of each row.
func EvaluateDecisions(ctx context.Context, y, pred, proba []float64, k, positive int, b Bootstrap) (Report, error) {
	s, err := newScores(ctx, y, proba, k, positive)
	if err != nil {
		return Report{}, err
	}
	if pred != nil {
		if err := s.decide(pred); err != nil {
			return Report{}, err
		}
	}
	return b.run(ctx, len(y), s)
}

// measurer computes metrics of a sample given how often each row is in it.
type measurer interface {
	measure(counts []float64) ([]Result, []Omission)
}

func values(rs []Result, _ []Omission) map[string]float64 {
	m := make(map[string]float64, len(rs))
	for _, r := range rs {
		m[r.Name] = r.Value
	}
	return m
}

func ones(n int) []float64 {
	c := make([]float64, n)
	for i := range c {
		c[i] = 1
	}
	return c
}

var errNoRows = errors.New("evaluate: there are no rows")
