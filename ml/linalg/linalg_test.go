package linalg_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gristmill/ml/linalg"
)

func random(rng *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		if rng.IntN(4) > 0 { // zeros are a path of their own
			x[i] = rng.NormFloat64()
		}
	}
	return x
}

func TestGramIsTheSumOfOuterProductsForAnyNumberOfWorkers(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 3, 4, 7, 50} {
		for _, p := range []int{1, 5, 16, 35} {
			x, w := random(rng, n*p), random(rng, n)
			for _, weights := range [][]float64{nil, w} {
				g := linalg.Gram(x, n, p, weights, 1)
				for i := range p {
					for j := range p {
						want := 0.0
						for r := range n {
							s := 1.0
							if weights != nil {
								s = w[r]
							}
							want += s * x[r*p+i] * x[r*p+j]
						}
						if math.Abs(g[i*p+j]-want) > 1e-12 {
							t.Fatalf("%d by %d: element %d, %d is %v, want %v", n, p, i, j, g[i*p+j], want)
						}
					}
				}
				for _, workers := range []int{2, 3, 8} {
					if !slices.Equal(g, linalg.Gram(x, n, p, weights, workers)) {
						t.Errorf("%d by %d: %d workers give other bits", n, p, workers)
					}
				}
			}
		}
	}
}

func TestCholeskySolves(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(2, 2))
	const n = 30
	x := random(rng, 3*n*n)
	for r := range 3 * n {
		for j := range n {
			x[r*n+j] *= math.Pow(10, float64(j%7-3)) // scales that only equilibration bears
		}
	}
	a, want, b := linalg.Gram(x, 3*n, n, nil, 1), random(rng, n), make([]float64, n)
	linalg.MulVec(b, a, n, n, want)
	c, err := linalg.NewCholesky(a, n)
	if err != nil {
		t.Fatal(err)
	}
	got := c.Solve(b)
	linalg.Axpy(-1, want, got)
	for j, e := range got {
		if math.Abs(e)*math.Pow(10, float64(j%7-3)) > 1e-10 {
			t.Errorf("unknown %d is off by %v", j, e)
		}
	}
	if k := c.Condition(); k < 1 || k > 1e4 {
		t.Errorf("condition %v", k)
	}
}

func TestMatricesThatAreNotPositiveDefiniteAreRefused(t *testing.T) {
	t.Parallel()
	nan, inf := math.NaN(), math.Inf(1)
	for _, a := range [][]float64{{0}, {-1}, {nan}, {inf}, {1, 1, 1, 1}, {1, 2, 2, 1}, {1, nan, nan, 1}} {
		n := int(math.Sqrt(float64(len(a))))
		if _, err := linalg.NewCholesky(a, n); !errors.Is(err, linalg.ErrIllConditioned) {
			t.Errorf("%v: error %v", a, err)
		}
	}
}

// Of all minimisers of a rank-deficient problem the one of least norm is
// orthogonal to the null space, and its residual to the columns.
func TestDependentColumnsGiveTheSolutionOfLeastNorm(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 3))
	const n, p = 40, 7
	a, y := make([]float64, n*p), random(rng, n)
	for i := range n {
		row := a[i*p : (i+1)*p]
		row[0] = 1
		row[1+rng.IntN(3)] = 1 // columns 1 to 3 sum to column 0
		row[4], row[5] = rng.NormFloat64(), 100*rng.NormFloat64()
		row[6] = 2*row[4] - row[5] // and this one depends on both
	}
	s, err := linalg.LeastSquares(context.Background(), a, y, n, p, 1)
	if err != nil {
		t.Fatal(err)
	}
	if s.Rank != 5 {
		t.Fatalf("rank %d, want 5", s.Rank)
	}
	g := make([]float64, p)
	linalg.MulTransVec(g, a, n, p, s.Residual)
	for j, v := range g {
		if math.Abs(v) > 1e-10 {
			t.Errorf("the residual has %v along column %d", v, j)
		}
	}
	if d := s.X[1] + s.X[2] + s.X[3]; math.Abs(d) > 1e-12 { // the free column 0 may take any share
		t.Errorf("weights of the one-hot columns sum to %v", d)
	}
	if d := 2*s.X[4] - s.X[5] - s.X[6]; math.Abs(d) > 1e-12 {
		t.Errorf("weights along the dependency are %v", d)
	}
}

func TestLeastSquaresOfDegenerateShapes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, c := range map[string]struct {
		a, y       []float64
		n, p, free int
		want       []float64
	}{
		"all zeros":           {make([]float64, 6), []float64{1, 2, 3}, 3, 2, 0, []float64{0, 0}},
		"constant features":   {[]float64{1, 5, 1, 5}, []float64{2, 4}, 2, 2, 1, []float64{3, 0}},
		"more columns":        {[]float64{3, 4}, []float64{25}, 1, 2, 0, []float64{3, 4}},
		"more columns, free":  {[]float64{1, 1, 0, 1, 0, 2}, []float64{3, 5}, 2, 3, 1, nil},
		"one row, one column": {[]float64{2}, []float64{6}, 1, 1, 0, []float64{3}},
		"only the intercept":  {[]float64{1, 1, 1}, []float64{1, 2, 6}, 3, 1, 1, []float64{3}},
	} {
		s, err := linalg.LeastSquares(ctx, c.a, c.y, c.n, c.p, c.free)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for j := range c.want {
			if math.Abs(s.X[j]-c.want[j]) > 1e-12 {
				t.Errorf("%s: %v, want %v", name, s.X, c.want)
				break
			}
		}
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := linalg.LeastSquares(canceled, []float64{1}, []float64{1}, 1, 1, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v after cancellation", err)
	}
}

func ExampleLeastSquares() {
	a := []float64{1, 0, 1, 1, 1, 2} // an intercept and x = 0, 1, 2
	s, err := linalg.LeastSquares(context.Background(), a, []float64{1, 3, 5}, 3, 2, 1)
	fmt.Printf("%.3f %d %v\n", s.X, s.Rank, err)
	// Output: [1.000 2.000] 2 <nil>
}

func BenchmarkGram(b *testing.B) {
	x := random(rand.New(rand.NewPCG(1, 1)), 20000*52)
	for b.Loop() {
		linalg.Gram(x, 20000, 52, nil, 1)
	}
}
