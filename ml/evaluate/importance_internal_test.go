package evaluate

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"testing"

	"gristmill/ml/catalog"
	"gristmill/ml/frame"
)

func TestImportanceEqualsScikitLearnWithTheSameShuffles(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/importance.json")
	if err != nil {
		t.Fatal(err)
	}
	var g struct {
		X     [][]float64
		Cases []struct {
			Metric             string
			Y, Coef, Mean, Std []float64
			Intercept          float64
			Shuffles           [][][]int
		}
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	names := []string{"a", "b", "c"}
	cols := make([]*frame.Column, 3)
	for j, name := range names {
		cols[j] = &frame.Column{Field: frame.Field{Name: name, Type: frame.Float64}}
		for _, row := range g.X {
			cols[j].Floats = append(cols[j].Floats, row[j])
		}
	}
	x, err := frame.New(cols...)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range g.Cases {
		e := &evaluation{Input: Input{Task: catalog.Regression, Positive: 1}, at: &part{name: "test"}}
		if c.Metric == "roc_auc" {
			e.k, e.Task = 2, catalog.Classification
		}
		e.Model = func(_ context.Context, x *frame.Frame) (values, proba []float64, err error) {
			for i := range x.Rows() {
				z := c.Intercept
				for j, name := range names {
					z += c.Coef[j] * x.Column(name).Floats[i]
				}
				if e.k == 0 {
					values = append(values, z)
					continue
				}
				p := 1 / (1 + math.Exp(-z))
				values, proba = append(values, math.Round(p)), append(proba, 1-p, p)
			}
			return values, proba, nil
		}
		imp, err := e.importance(t.Context(), x, c.Y, len(c.Shuffles[0]), func(column string, repeat, rows int) []int {
			return c.Shuffles[column[0]-'a'][repeat]
		})
		if err != nil {
			t.Fatal(err)
		}
		if imp.Metric != c.Metric {
			t.Errorf("metric %s, want %s", imp.Metric, c.Metric)
		}
		for j, got := range imp.Columns {
			if math.Abs(got.Drop-c.Mean[j]) > 1e-12 || math.Abs(got.Std-c.Std[j]) > 1e-12 {
				t.Errorf("%s, column %s: %v ± %v, want %v ± %v", c.Metric, got.Column, got.Drop, got.Std, c.Mean[j], c.Std[j])
			}
		}
	}
}

func TestThinnedCurvesLieOnTheWholeOnes(t *testing.T) {
	t.Parallel()
	n := 200_000
	smooth, jump, wild := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		x := float64(i) / float64(n-1)
		smooth[i] = x * x
		if jump[i] = x / 10; i > n/3 {
			jump[i] += 5
		}
		wild[i] = math.Inf(1)
		if i > 0 {
			wild[i] = math.Sin(x * 40)
		}
	}
	for name, y := range map[string][]float64{"smooth": smooth, "jump": jump, "wild": wild} {
		at := thin(smooth, y)
		if len(at) > maxPoints || at[0] != 0 || at[len(at)-1] != n-1 {
			t.Errorf("%s: %d points from %d to %d", name, len(at), at[0], at[len(at)-1])
		}
		worst := 0.0
		for i := 1; i < len(at); i++ {
			if at[i] <= at[i-1] {
				t.Fatalf("%s: points %d, %d", name, at[i-1], at[i])
			}
			for j := at[i-1]; j <= at[i]; j++ {
				if between := math.Min(math.Abs(y[j]-y[at[i-1]]), math.Abs(y[j]-y[at[i]])); between == between {
					worst = max(worst, between)
				}
			}
		}
		if limit := map[string]float64{"smooth": 0.005, "jump": 0.03, "wild": 0.2}[name]; worst > limit {
			t.Errorf("%s: a point lies %v from the nearest kept one, want at most %v", name, worst, limit)
		}
	}
	if at := thin([]float64{1, 2, 3}); len(at) != 3 {
		t.Errorf("few points: %v", at)
	}
	if at := thin(make([]float64, 5000)); len(at) > maxPoints || at[0] != 0 {
		t.Errorf("constant curve: %d points", len(at))
	}
}
