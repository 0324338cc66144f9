package baseline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gristmill/ml"
	"gristmill/ml/frame"
)

// Mean predicts the (weighted) mean of the targets for every row: the constant
// with the least squared error, so its test R2 is about 0.
//
// Cost: O(n). Source: scikit-learn's DummyRegressor. Left out: other quantiles.
type Mean struct{}

// Majority predicts the most frequent class for every row and gives each class
// its (weighted) share as probability: the constant with the least log loss.
// Of equally frequent classes the first wins.
//
// Cost: O(n). Source: scikit-learn's DummyClassifier (strategy prior).
type Majority struct{}

// Kind returns "mean".
func (Mean) Kind() string { return "mean" }

// Kind returns "majority".
func (Majority) Kind() string { return "majority" }

// Fit takes the mean of the targets.
func (Mean) Fit(ctx context.Context, d ml.Data, o ml.FitOptions) (ml.Model, error) {
	if err := begin(ctx, d, o, false); err != nil {
		return nil, err
	}
	sum, total := 0.0, 0.0
	for i, y := range d.Y {
		sum += weight(d, i) * y
		total += weight(d, i)
	}
	m := &MeanModel{Features: ml.Numeric(d.X), Value: sum / total}
	return m, trace(o)
}

// Fit counts the classes.
func (Majority) Fit(ctx context.Context, d ml.Data, o ml.FitOptions) (ml.Model, error) {
	if err := begin(ctx, d, o, true); err != nil {
		return nil, err
	}
	m := &MajorityModel{Features: ml.Numeric(d.X), Labels: d.Classes, Shares: make([]float64, len(d.Classes))}
	total := 0.0
	for i, y := range d.Y {
		m.Shares[int(y)] += weight(d, i)
		total += weight(d, i)
	}
	for k := range m.Shares {
		m.Shares[k] /= total
	}
	return m, trace(o)
}

func begin(ctx context.Context, d ml.Data, o ml.FitOptions, classes bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if classes != (d.Classes != nil) {
		return ml.Problems{{Msg: "majority needs a target of classes, mean a target of numbers"}}
	}
	if len(o.Resume) > 0 {
		return errors.New("resume baseline: it writes no checkpoints")
	}
	if err := d.Check(); err != nil {
		return err
	}
	_, err := ml.Dense(d.X, ml.Numeric(d.X)) // the same input errors as any estimator
	return err
}

func weight(d ml.Data, i int) float64 {
	if d.Weight == nil {
		return 1
	}
	return d.Weight[i]
}

func trace(o ml.FitOptions) error {
	if o.Trace == nil {
		return nil
	}
	return o.Trace(ml.Progress{Iteration: 1, Of: 1, Done: true})
}

// MeanModel is a fitted Mean.
type MeanModel struct {
	Features frame.Schema `json:"features"`
	Value    float64      `json:"value"`
}

// In returns the schema of the features, none of which is read.
func (m *MeanModel) In() frame.Schema { return m.Features }

// Predict writes the mean into every row of dst.
func (m *MeanModel) Predict(ctx context.Context, x *frame.Frame, dst []float64) error {
	if err := check(ctx, x, m.Features, len(dst), 1); err != nil {
		return err
	}
	for i := range dst {
		dst[i] = m.Value
	}
	return nil
}

// Encode returns the model as data: kind mean/v1, blob "value".
func (m *MeanModel) Encode() (ml.Encoded, error) {
	return encode("mean/v1", state{Features: m.Features}, "value", []float64{m.Value})
}

// MajorityModel is a fitted Majority.
type MajorityModel struct {
	Features frame.Schema `json:"features"`
	Labels   []string     `json:"classes"`
	Shares   []float64    `json:"shares"` // one per class, sum 1
}

// In returns the schema of the features, none of which is read.
func (m *MajorityModel) In() frame.Schema { return m.Features }

// Classes returns the labels in the order of the probabilities.
func (m *MajorityModel) Classes() []string { return m.Labels }

// Predict writes the index of the most frequent class into every row of dst.
func (m *MajorityModel) Predict(ctx context.Context, x *frame.Frame, dst []float64) error {
	if err := check(ctx, x, m.Features, len(dst), 1); err != nil {
		return err
	}
	best := 0
	for k, s := range m.Shares {
		if s > m.Shares[best] {
			best = k
		}
	}
	for i := range dst {
		dst[i] = float64(best)
	}
	return nil
}

// PredictProba writes the shares into every row of dst.
func (m *MajorityModel) PredictProba(ctx context.Context, x *frame.Frame, dst []float64) error {
	if err := check(ctx, x, m.Features, len(dst), len(m.Shares)); err != nil {
		return err
	}
	for i := range dst {
		dst[i] = m.Shares[i%len(m.Shares)]
	}
	return nil
}

// Encode returns the model as data: kind majority/v1, blob "shares".
func (m *MajorityModel) Encode() (ml.Encoded, error) {
	return encode("majority/v1", state{Features: m.Features, Classes: m.Labels}, "shares", m.Shares)
}

func check(ctx context.Context, x *frame.Frame, in frame.Schema, got, k int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if got != k*x.Rows() {
		return fmt.Errorf("predict: room for %d numbers, %d are needed", got, k*x.Rows())
	}
	_, err := ml.Dense(x, in)
	return err
}

type state struct {
	Features frame.Schema `json:"features"`
	Classes  []string     `json:"classes,omitempty"`
}

func encode(kind string, s state, blob string, v []float64) (ml.Encoded, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return ml.Encoded{}, fmt.Errorf("encode %s: %w", kind, err)
	}
	return ml.Encoded{Kind: kind, State: b, Blobs: map[string][]byte{blob: ml.PutFloats(v)}}, nil
}

// Decode reads a model of kind mean/v1 or majority/v1.
func Decode(e ml.Encoded) (ml.Model, error) {
	var s state
	if err := json.Unmarshal(e.State, &s); err != nil {
		return nil, fmt.Errorf("decode %s: %w", e.Kind, err)
	}
	switch e.Kind {
	case "mean/v1":
		v, err := e.Blob("value", 1)
		if err != nil {
			return nil, err
		}
		return &MeanModel{Features: s.Features, Value: v[0]}, nil
	case "majority/v1":
		v, err := e.Blob("shares", len(s.Classes))
		if err != nil {
			return nil, err
		}
		if len(v) == 0 {
			return nil, errors.New("decode majority/v1: no classes")
		}
		return &MajorityModel{Features: s.Features, Labels: s.Classes, Shares: v}, nil
	}
	return nil, fmt.Errorf("decode baseline: unknown kind %q", e.Kind)
}
