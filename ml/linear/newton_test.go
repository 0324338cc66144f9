package linear

import (
	"context"
	"math"
	"testing"

	"gristmill/ml/mltest"
)

func TestConjugateGradientsGiveCholeskysStep(t *testing.T) {
	t.Parallel()
	for _, k := range []int{2, 3} {
		d := mltest.Classification(5, k)
		pr, err := newProblem(d, Logistic{L2: 0.7}, 1)
		if err != nil {
			t.Fatal(err)
		}
		at := pr.evaluate(make([]float64, pr.v*pr.q))
		for range 3 { // near the minimum the two must agree to many digits
			if at, _, err = pr.iterate(context.Background(), at); err != nil {
				t.Fatal(err)
			}
		}
		direct, err := pr.direction(context.Background(), at)
		if err != nil {
			t.Fatal(err)
		}
		at.norm = 1e-12 // ask for a precise solution
		cg, err := pr.conjugate(context.Background(), at)
		if err != nil {
			t.Fatal(err)
		}
		for j := range direct {
			if math.Abs(cg[j]-direct[j]) > 1e-6*math.Abs(direct[j])+1e-12 {
				t.Errorf("%d classes: step %d is %v, by Cholesky %v", k, j, cg[j], direct[j])
			}
		}
	}
}

func TestGradientIsTheDerivativeOfTheObjective(t *testing.T) {
	t.Parallel()
	for _, k := range []int{2, 4} {
		d := mltest.Classification(6, k)
		d.Weight = make([]float64, len(d.Y))
		for i := range d.Weight {
			d.Weight[i] = 0.5 + float64(i%4)
		}
		pr, err := newProblem(d, Logistic{L2: 2}, 1)
		if err != nil {
			t.Fatal(err)
		}
		theta := make([]float64, pr.v*pr.q)
		for j := range theta {
			theta[j] = 0.1 * math.Sin(float64(j+1)) / pr.size[j%pr.q]
		}
		at := pr.evaluate(theta)
		h, err := pr.hessian(context.Background(), at)
		if err != nil {
			t.Fatal(err)
		}
		for j := range theta {
			step := 1e-5 / pr.size[j%pr.q]
			up, down := append([]float64(nil), theta...), append([]float64(nil), theta...)
			up[j] += step
			down[j] -= step
			a, b := pr.evaluate(up), pr.evaluate(down)
			numeric := (a.loss - b.loss) / (2 * step)
			if math.Abs(numeric-at.grad[j]) > 1e-6*pr.total*pr.size[j%pr.q] {
				t.Errorf("%d classes: gradient %d is %v, central difference %v", k, j, at.grad[j], numeric)
			}
			if k > 2 {
				continue // the Hessian there has the curvature along the sum of vectors added
			}
			for i := range theta {
				numeric := (a.grad[i] - b.grad[i]) / (2 * step)
				if math.Abs(numeric-h[i*len(theta)+j]) > 1e-6*pr.total*pr.size[i]*pr.size[j] {
					t.Errorf("second derivative %d, %d is %v, central difference %v", i, j, h[i*len(theta)+j], numeric)
				}
			}
		}
	}
}
