package linear

import (
	"context"
	"math"

	"gristmill/ml"
	"gristmill/ml/frame"
	"gristmill/ml/linalg"
)

// Classification is a fitted Logistic. For two classes there is one vector of
// weights, and P(class 1) = 1 / (1 + exp(-Intercept[0] - Coef·x)); for k > 2
// there are k, and the probabilities are the softmax of the k sums.
type Classification struct {
	L2          float64      `json:"l2"`
	NoIntercept bool         `json:"no_intercept,omitempty"`
	Features    frame.Schema `json:"features"`
	Labels      []string     `json:"classes"`
	Coef        []float64    `json:"coef"`      // vector by vector, one number per feature
	Intercept   []float64    `json:"intercept"` // one per vector
	Iterations  int          `json:"iterations"`
	Converged   bool         `json:"converged"` // the gradient reached the tolerance
}

// vectorsOf returns the number of weight vectors for k classes.
func vectorsOf(k int) int {
	if k == 2 {
		return 1
	}
	return k
}

// In returns the schema of the features.
func (m *Classification) In() frame.Schema { return m.Features }

// Classes returns the labels in the order of the probabilities.
func (m *Classification) Classes() []string { return m.Labels }

// PredictProba writes the probabilities of each row into dst, row by row.
func (m *Classification) PredictProba(ctx context.Context, x *frame.Frame, dst []float64) error {
	k := len(m.Labels)
	v, err := input(ctx, x, m.Features, len(dst), k)
	if err != nil {
		return err
	}
	p := len(m.Features.Fields)
	for i := range x.Rows() {
		row, out := v[i*p:(i+1)*p], dst[i*k:(i+1)*k]
		for c := range m.Intercept {
			out[c] = m.Intercept[c] + linalg.Dot(row, m.Coef[c*p:(c+1)*p])
		}
		if k == 2 {
			z := out[0]
			out[0], out[1] = sigmoid(-z), sigmoid(z)
			continue
		}
		softmax(out)
	}
	return nil
}

// Predict writes the index of the likeliest class of each row into dst, the
// first of equals.
func (m *Classification) Predict(ctx context.Context, x *frame.Frame, dst []float64) error {
	if _, err := input(ctx, x, frame.Schema{}, len(dst), 1); err != nil {
		return err
	}
	k := len(m.Labels)
	proba := make([]float64, k*x.Rows())
	if err := m.PredictProba(ctx, x, proba); err != nil {
		return err
	}
	for i := range dst {
		best := 0
		for c := range k {
			if proba[i*k+c] > proba[i*k+best] {
				best = c
			}
		}
		dst[i] = float64(best)
	}
	return nil
}

// Encode returns the model as data: kind logistic/v1, blobs "coef" (vectors by
// features, row by row) and "intercept" (one per vector).
func (m *Classification) Encode() (ml.Encoded, error) {
	return encode("logistic/v1", state{L2: m.L2, NoIntercept: m.NoIntercept, Features: m.Features, Classes: m.Labels,
		Iterations: m.Iterations, Converged: m.Converged}, m.Coef, m.Intercept)
}

func sigmoid(z float64) float64 {
	if z >= 0 {
		return 1 / (1 + math.Exp(-z))
	}
	e := math.Exp(z)
	return e / (1 + e)
}

// softmax replaces sums by probabilities and returns log(sum exp).
func softmax(z []float64) float64 {
	top := math.Inf(-1)
	for _, v := range z {
		top = max(top, v)
	}
	sum := 0.0
	for c, v := range z {
		z[c] = math.Exp(v - top)
		sum += z[c]
	}
	for c := range z {
		z[c] /= sum
	}
	return top + math.Log(sum)
}
