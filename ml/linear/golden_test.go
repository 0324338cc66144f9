package linear_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"gristmill/ml"
	"gristmill/ml/frame"
	"gristmill/ml/linear"
)

type table struct {
	X [][]float64 `json:"x"`
	Y []float64   `json:"y"`
	W []float64   `json:"w"`
}

type golden struct {
	Data       map[string]table `json:"data"`
	Regression []struct {
		Name, Data string
		Weighted   bool
		Spec       struct {
			Data        string
			L2          float64 `json:"l2"`
			NoIntercept bool    `json:"no_intercept"`
		}
		Coef      []float64
		Intercept float64
	}
	Classification []struct {
		Name, Data      string
		L2              float64
		Weighted        bool
		Coef, Intercept []float64
		Proba           []float64
	}
}

func load(t testing.TB) golden {
	t.Helper()
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func toFrame(t testing.TB, rows [][]float64) *frame.Frame {
	t.Helper()
	cols := make([]*frame.Column, len(rows[0]))
	for j := range cols {
		cols[j] = &frame.Column{Field: frame.Field{Name: fmt.Sprintf("x%d", j), Type: frame.Float64}, Floats: make([]float64, len(rows))}
		for i := range rows {
			cols[j].Floats[i] = rows[i][j]
		}
	}
	f, err := frame.New(cols...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// within compares relative to the largest number of want.
func within(t *testing.T, name string, got, want []float64, tol float64) {
	t.Helper()
	size, worst := 0.0, 0.0
	for _, w := range want {
		size = max(size, math.Abs(w))
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", name, len(got), len(want))
	}
	for i := range want {
		d := math.Abs(got[i]-want[i]) / max(math.Abs(want[i]), 1e-3*size)
		if !(d <= worst) {
			worst = d
		}
	}
	t.Logf("%s: worst relative difference %.1e", name, worst)
	if !(worst <= tol) {
		t.Errorf("%s: worst relative difference %.1e, want at most %.0e\n got %v\nwant %v", name, worst, tol, got, want)
	}
}

func TestRegressionsEqualScikitLearn(t *testing.T) {
	t.Parallel()
	g := load(t)
	for _, c := range g.Regression {
		tab := g.Data[c.Data]
		d := ml.Data{X: toFrame(t, tab.X), Y: tab.Y}
		if c.Weighted {
			d.Weight = tab.W
		}
		var spec ml.Spec = linear.Linear{NoIntercept: c.Spec.NoIntercept}
		if c.Spec.L2 > 0 {
			spec = linear.Ridge{L2: c.Spec.L2, NoIntercept: c.Spec.NoIntercept}
		}
		m, err := spec.Fit(context.Background(), d, ml.FitOptions{})
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		r := m.(*linear.Regression)
		within(t, c.Name, append([]float64{r.Intercept}, r.Coef...), append([]float64{c.Intercept}, c.Coef...), 1e-9)
	}
}

func TestLogisticEqualsScikitLearn(t *testing.T) {
	t.Parallel()
	g := load(t)
	for _, c := range g.Classification {
		tab := g.Data[c.Data]
		d := ml.Data{X: toFrame(t, tab.X), Y: tab.Y, Classes: []string{"a", "b", "c"}[:len(c.Proba)/5]}
		if c.Weighted {
			d.Weight = tab.W
		}
		m, err := linear.Logistic{L2: c.L2}.Fit(context.Background(), d, ml.FitOptions{})
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		r := m.(*linear.Classification)
		if !r.Converged || r.Iterations > 15 {
			t.Errorf("%s: converged %v after %d iterations, want within 15", c.Name, r.Converged, r.Iterations)
		}
		b := append([]float64(nil), r.Intercept...)
		if len(b) > 1 {
			mean := (b[0] + b[1] + b[2]) / 3
			for i := range b {
				b[i] -= mean
			}
		}
		within(t, c.Name+" coef", r.Coef, c.Coef, 1e-6)
		within(t, c.Name+" intercept", b, c.Intercept, 1e-6)
		proba := make([]float64, len(tab.X)*len(d.Classes))
		if err := r.PredictProba(context.Background(), d.X, proba); err != nil {
			t.Fatal(err)
		}
		within(t, c.Name+" proba", proba[:len(c.Proba)], c.Proba, 1e-6)
	}
}
