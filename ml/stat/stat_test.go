package stat_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"gristmill/ml/stat"
)

func Example() {
	training, test := []float64{400, 300, 300}, []float64{50, 30, 20}
	_, df, p := stat.ChiSquare(training, test)
	fmt.Printf("df %v, p %.3f, Jensen-Shannon distance %.3f\n", df, p, stat.JensenShannon(training, test))
	// Output: df 2, p 0.069, Jensen-Shannon distance 0.106
}

// golden holds scipy's numbers, see testdata/golden.py.
type golden struct {
	Normal, Kolmogorov [][2]float64
	Chi2               [][3]float64
	KS                 []struct {
		A, B         [4]float64
		Digits, D, P float64
	}
	Tables []struct {
		A, B                      []float64
		Statistic, DF, P, JS, PSI float64
	}
}

func read(t *testing.T) (g golden) {
	t.Helper()
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// near demands a relative error of at most tolerance.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if got == want {
		return
	}
	if d := math.Abs(got-want) / max(math.Abs(want), 1e-300); !(d <= tolerance) {
		t.Errorf("%s: got %v, want %v (relative error %.2g)", what, got, want, d)
	}
}

func TestTailsAreThoseOfScipy(t *testing.T) {
	t.Parallel()
	g := read(t)
	for _, c := range g.Normal {
		near(t, fmt.Sprint("normal ", c[0]), stat.NormalTail(c[0]), c[1], 1e-12)
	}
	for _, c := range g.Kolmogorov {
		near(t, fmt.Sprint("kolmogorov ", c[0]), stat.KolmogorovTail(c[0]), c[1], 1e-12)
	}
	for _, c := range g.Chi2 {
		near(t, fmt.Sprint("chi2 ", c[0], " df ", c[1]), stat.ChiSquareTail(c[0], c[1]), c[2], 1e-10)
	}
	if len(g.Normal) < 10 || len(g.Kolmogorov) < 12 || len(g.Chi2) < 72 {
		t.Error("golden numbers are missing")
	}
}

func normals(p [4]float64, digits float64) []float64 {
	s := uint32(p[0])
	scale := math.Pow(10, digits)
	out := make([]float64, int(p[1]))
	for i := range out {
		sum := 0.0
		for range 12 {
			s = 1664525*s + 1013904223
			sum += float64(s) / (1 << 32)
		}
		out[i] = math.RoundToEven((p[2]+p[3]*(sum-6))*scale) / scale
	}
	return out
}

func TestComparisonsAreThoseOfScipy(t *testing.T) {
	t.Parallel()
	g := read(t)
	for i, c := range g.KS {
		d, p := stat.KolmogorovSmirnov(normals(c.A, c.Digits), normals(c.B, c.Digits))
		near(t, fmt.Sprint("ks d ", i), d, c.D, 1e-12)
		near(t, fmt.Sprint("ks p ", i), p, c.P, 1e-9)
	}
	for i, c := range g.Tables {
		s, df, p := stat.ChiSquare(c.A, c.B)
		near(t, fmt.Sprint("chi2 ", i), s, c.Statistic, 1e-12)
		near(t, fmt.Sprint("df ", i), df, c.DF, 0)
		near(t, fmt.Sprint("p ", i), p, c.P, 1e-9)
		near(t, fmt.Sprint("js ", i), stat.JensenShannon(c.A, c.B), c.JS, 1e-9)
		near(t, fmt.Sprint("psi ", i), stat.PopulationStability(c.A, c.B), c.PSI, 1e-12)
	}
	if len(g.KS) < 8 || len(g.Tables) < 6 {
		t.Error("golden numbers are missing")
	}
}

func TestEmptyAndOddInputHasNoDifference(t *testing.T) {
	t.Parallel()
	if d, p := stat.KolmogorovSmirnov(nil, []float64{1}); d != 0 || p != 1 {
		t.Error(d, p)
	}
	if d, p := stat.KolmogorovSmirnov([]float64{1, 1, 1}, []float64{1}); d != 0 || p != 1 {
		t.Error(d, p)
	}
	for _, c := range [][2][]float64{{{0, 0}, {1, 2}}, {{1, 2}, {0, 0}}, {{5, 0}, {7, 0}}, {nil, nil}} {
		if s, df, p := stat.ChiSquare(c[0], c[1]); s != 0 || df != 0 || p != 1 {
			t.Error(c, s, df, p)
		}
		if stat.JensenShannon(c[0], c[1]) != 0 || stat.PopulationStability(c[0], c[1]) != 0 {
			t.Error(c)
		}
	}
	if !math.IsNaN(stat.ChiSquareTail(math.NaN(), 3)) || !math.IsNaN(stat.ChiSquareTail(1, 0)) || stat.ChiSquareTail(math.Inf(1), 3) != 0 || !math.IsNaN(stat.KolmogorovTail(math.NaN())) {
		t.Error("tails of odd numbers")
	}
}
