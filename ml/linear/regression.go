package linear

import (
	"context"
	"encoding/json"
	"fmt"

	"gristmill/ml"
	"gristmill/ml/frame"
	"gristmill/ml/linalg"
)

// Regression is a fitted Linear or Ridge: y = Intercept + Coef·x.
type Regression struct {
	Algorithm   string       `json:"algorithm"` // "linear" or "ridge"
	L2          float64      `json:"l2,omitempty"`
	NoIntercept bool         `json:"no_intercept,omitempty"`
	Features    frame.Schema `json:"features"`
	Coef        []float64    `json:"coef"` // one per feature, in their order
	Intercept   float64      `json:"intercept"`
}

// In returns the schema of the features.
func (m *Regression) In() frame.Schema { return m.Features }

// Predict writes the predicted value of each row into dst.
func (m *Regression) Predict(ctx context.Context, x *frame.Frame, dst []float64) error {
	v, err := input(ctx, x, m.Features, len(dst), 1)
	if err != nil {
		return err
	}
	p := len(m.Coef)
	for i := range dst {
		dst[i] = m.Intercept + linalg.Dot(v[i*p:(i+1)*p], m.Coef)
	}
	return nil
}

func input(ctx context.Context, x *frame.Frame, in frame.Schema, got, k int) ([]float64, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if got != k*x.Rows() {
		return nil, fmt.Errorf("predict: room for %d numbers, %d are needed", got, k*x.Rows())
	}
	return ml.Dense(x, in)
}

// state is a linear model without its numbers.
type state struct {
	L2          float64      `json:"l2"`
	NoIntercept bool         `json:"no_intercept,omitempty"`
	Features    frame.Schema `json:"features"`
	Classes     []string     `json:"classes,omitempty"`
	Iterations  int          `json:"iterations,omitempty"`
	Converged   bool         `json:"converged,omitempty"`
}

// Encode returns the model as data: kind linear/v1 or ridge/v1, blobs "coef"
// (p numbers) and "intercept" (1).
func (m *Regression) Encode() (ml.Encoded, error) {
	return encode(m.Algorithm+"/v1", state{L2: m.L2, NoIntercept: m.NoIntercept, Features: m.Features}, m.Coef, []float64{m.Intercept})
}

func encode(kind string, s state, coef, intercept []float64) (ml.Encoded, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return ml.Encoded{}, fmt.Errorf("encode %s: %w", kind, err)
	}
	return ml.Encoded{Kind: kind, State: b,
		Blobs:  map[string][]byte{"coef": ml.PutFloats(coef), "intercept": ml.PutFloats(intercept)},
		Shapes: map[string][]int{"coef": {len(intercept), len(s.Features.Fields)}}}, nil
}

// Decode reads a model of kind linear/v1, ridge/v1 or logistic/v1.
func Decode(e ml.Encoded) (ml.Model, error) {
	var s state
	if err := json.Unmarshal(e.State, &s); err != nil {
		return nil, fmt.Errorf("decode %s: %w", e.Kind, err)
	}
	name, version := ml.KindVersion(e.Kind)
	vectors := 1
	switch {
	case version == "v1" && name == "logistic":
		if len(s.Classes) < 2 {
			return nil, fmt.Errorf("decode %s: %d classes, want at least 2", e.Kind, len(s.Classes))
		}
		vectors = vectorsOf(len(s.Classes))
	case version == "v1" && (name == "linear" || name == "ridge"):
	default:
		return nil, fmt.Errorf("decode linear model: unknown kind %q", e.Kind)
	}
	coef, err := e.Blob("coef", vectors*len(s.Features.Fields))
	if err != nil {
		return nil, err
	}
	intercept, err := e.Blob("intercept", vectors)
	if err != nil {
		return nil, err
	}
	if name == "logistic" {
		return &Classification{L2: s.L2, NoIntercept: s.NoIntercept, Features: s.Features, Labels: s.Classes,
			Coef: coef, Intercept: intercept, Iterations: s.Iterations, Converged: s.Converged}, nil
	}
	return &Regression{Algorithm: name, L2: s.L2, NoIntercept: s.NoIntercept, Features: s.Features, Coef: coef, Intercept: intercept[0]}, nil
}
