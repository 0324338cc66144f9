package linear_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gristmill/ml"
	"gristmill/ml/frame"
	"gristmill/ml/linear"
	"gristmill/ml/metric"
	"gristmill/ml/mltest"
)

func fit(t testing.TB, spec ml.Spec, d ml.Data) ml.Model {
	t.Helper()
	m, err := spec.Fit(context.Background(), d, ml.FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAPlaneIsRecoveredToTheNoise(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	n := 5000
	x, y := make([][]float64, n), make([]float64, n)
	for i := range x {
		x[i] = []float64{rng.NormFloat64(), 10 * rng.NormFloat64()}
		y[i] = 3*x[i][0] - 2*x[i][1] + 0.1*rng.NormFloat64()
	}
	for _, spec := range []ml.Spec{linear.Linear{}, linear.Ridge{L2: 1e-6}} {
		m := fit(t, spec, ml.Data{X: toFrame(t, x), Y: y}).(*linear.Regression)
		for i, want := range []float64{3, -2} {
			if math.Abs(m.Coef[i]-want) > 0.006 {
				t.Errorf("%s: coefficient %d is %v, want %v", spec.Kind(), i, m.Coef[i], want)
			}
		}
	}
}

// One-hot columns that sum to one, a constant column, a column twice: the
// predictions must be those of the regular problem, and the weights small.
func TestCollinearFeaturesAreBorne(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(2, 2))
	n := 300
	full, regular, y, cls := make([][]float64, n), make([][]float64, n), make([]float64, n), make([]float64, n)
	for i := range full {
		g, v := rng.IntN(4), rng.NormFloat64()
		one := [4]float64{}
		one[g] = 1
		full[i] = []float64{one[0], one[1], one[2], one[3], v, v, 5, 0}
		regular[i] = []float64{one[1], one[2], one[3], v}
		y[i] = float64(g) + v + rng.NormFloat64()
		if y[i]+rng.NormFloat64() > 1.5 {
			cls[i] = 1
		}
	}
	fx, rx := toFrame(t, full), toFrame(t, regular)
	a, b := make([]float64, n), make([]float64, n)
	for _, spec := range []ml.Spec{linear.Linear{}, linear.Ridge{}, linear.Linear{NoIntercept: true}} {
		m := fit(t, spec, ml.Data{X: fx, Y: y}).(*linear.Regression)
		if err := m.Predict(context.Background(), fx, a); err != nil {
			t.Fatal(err)
		}
		if err := fit(t, linear.Linear{}, ml.Data{X: rx, Y: y}).Predict(context.Background(), rx, b); err != nil {
			t.Fatal(err)
		}
		within(t, "predictions of "+spec.Kind(), a, b, 1e-9)
		for j, w := range m.Coef {
			if math.Abs(w) > 5 {
				t.Errorf("%s: weight %d is %v", spec.Kind(), j, w)
			}
		}
		if math.Abs(m.Coef[4]-m.Coef[5]) > 1e-12 {
			t.Errorf("%s: equal columns have weights %v and %v", spec.Kind(), m.Coef[4], m.Coef[5])
		}
	}
	classes := []string{"low", "high"}
	m := fit(t, linear.Logistic{}, ml.Data{X: fx, Y: cls, Classes: classes}).(*linear.Classification)
	r := fit(t, linear.Logistic{}, ml.Data{X: rx, Y: cls, Classes: classes}).(*linear.Classification)
	if !m.Converged || !r.Converged {
		t.Errorf("converged: collinear %v, regular %v", m.Converged, r.Converged)
	}
	pa, pb := make([]float64, 2*n), make([]float64, 2*n)
	if err := m.PredictProba(context.Background(), fx, pa); err != nil {
		t.Fatal(err)
	}
	if err := r.PredictProba(context.Background(), rx, pb); err != nil {
		t.Fatal(err)
	}
	within(t, "probabilities", pa, pb, 1e-8)
	for j, w := range m.Coef {
		if math.Abs(w) > 10 {
			t.Errorf("logistic: weight %d is %v", j, w)
		}
	}
}

func TestMoreColumnsThanRowsAreBorne(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 3))
	x, y, cls := make([][]float64, 12), make([]float64, 12), make([]float64, 12)
	for i := range x {
		x[i] = make([]float64, 40)
		for j := range x[i] {
			x[i][j] = rng.NormFloat64()
		}
		y[i], cls[i] = rng.NormFloat64(), float64(i%2)
	}
	f := toFrame(t, x)
	pred := make([]float64, 12)
	if err := fit(t, linear.Linear{}, ml.Data{X: f, Y: y}).Predict(context.Background(), f, pred); err != nil {
		t.Fatal(err)
	}
	within(t, "interpolation", pred, y, 1e-9)
	fit(t, linear.Ridge{L2: 1}, ml.Data{X: f, Y: y})
	fit(t, linear.Logistic{L2: 1}, ml.Data{X: f, Y: cls, Classes: []string{"a", "b"}})
}

func TestManyParametersAreFittedByConjugateGradients(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 4))
	x, cls := make([][]float64, 80), make([]float64, 80)
	for i := range x {
		x[i] = make([]float64, 1600)
		for j := range x[i] {
			x[i][j] = rng.NormFloat64()
		}
		cls[i] = float64(i % 2)
		x[i][0] += 2 * cls[i]
	}
	m := fit(t, linear.Logistic{L2: 50}, ml.Data{X: toFrame(t, x), Y: cls, Classes: []string{"a", "b"}}).(*linear.Classification)
	if !m.Converged {
		t.Errorf("not converged after %d iterations", m.Iterations)
	}
}

func TestSeparableClassesWithoutAPenaltyEndWithFiniteWeights(t *testing.T) {
	t.Parallel()
	m := fit(t, linear.Logistic{}, ml.Data{X: toFrame(t, [][]float64{{1}, {2}, {3}, {4}}), Y: []float64{0, 0, 1, 1}, Classes: []string{"a", "b"}}).(*linear.Classification)
	p := make([]float64, 8)
	if err := m.PredictProba(context.Background(), toFrame(t, [][]float64{{1}, {2}, {3}, {4}}), p); err != nil {
		t.Fatal(err)
	}
	if p[0] < 0.999 || p[7] < 0.999 {
		t.Errorf("probabilities %v", p)
	}
}

func TestExtremeNumbersAreAnErrorOrFinite(t *testing.T) {
	t.Parallel()
	for _, size := range []float64{1e-200, 1e-30, 1e30, 1e150, 1e300} {
		x := [][]float64{{size, 1}, {2 * size, 0}, {-size, 1}, {3 * size, 2}, {0, 5}}
		f := toFrame(t, x)
		for _, spec := range []ml.Spec{linear.Linear{}, linear.Ridge{L2: 1}, linear.Logistic{L2: 1}, linear.Logistic{}} {
			d := ml.Data{X: f, Y: []float64{0, 1, 0, 1, 0}}
			if spec.Kind() == "logistic" {
				d.Classes = []string{"a", "b"}
			}
			m, err := spec.Fit(context.Background(), d, ml.FitOptions{})
			if err != nil {
				t.Logf("%s, size %g: %v", spec.Kind(), size, err)
				continue
			}
			out := make([]float64, 5)
			if err := m.Predict(context.Background(), f, out); err != nil {
				t.Errorf("%s, size %g: %v", spec.Kind(), size, err)
			}
			for _, v := range out {
				if v-v != 0 {
					t.Errorf("%s, size %g: predictions %v", spec.Kind(), size, out)
					break
				}
			}
		}
	}
}

func TestAMissingClassIsNamed(t *testing.T) {
	t.Parallel()
	d := ml.Data{X: toFrame(t, [][]float64{{1}, {2}, {3}}), Y: []float64{0, 0, 0}, Classes: []string{"No", "Yes"}}
	_, err := linear.Logistic{L2: 1}.Fit(context.Background(), d, ml.FitOptions{})
	var ps ml.Problems
	if !errors.As(err, &ps) || err.Error() != `class "Yes" does not occur in the training rows` {
		t.Errorf("error %v", err)
	}
}

func TestWrongHyperparametersAreProblems(t *testing.T) {
	t.Parallel()
	for _, spec := range []ml.Spec{linear.Ridge{L2: -1}, linear.Ridge{L2: math.NaN()}, linear.Logistic{L2: math.Inf(1)}, linear.Logistic{Iterations: -1}, linear.Logistic{Tolerance: 1}} {
		d := mltest.Regression(1)
		if spec.Kind() == "logistic" {
			d = mltest.Classification(1, 2)
		}
		_, err := spec.Fit(context.Background(), d, ml.FitOptions{})
		var ps ml.Problems
		if !errors.As(err, &ps) || ps[0].Path == "" {
			t.Errorf("%+v: error %v", spec, err)
		}
	}
}

func TestTraceFallsToTheMinimum(t *testing.T) {
	t.Parallel()
	last := math.Inf(1)
	var end ml.Progress
	_, err := linear.Logistic{L2: 1}.Fit(context.Background(), mltest.Classification(1, 3), ml.FitOptions{Trace: func(p ml.Progress) error {
		if p.Metrics["train_loss"] > last+1e-12 {
			t.Errorf("iteration %d: loss %v after %v", p.Iteration, p.Metrics["train_loss"], last)
		}
		last, end = p.Metrics["train_loss"], p
		return nil
	}})
	if err != nil || !end.Done || end.Metrics["gradient_norm"] > 1e-10 {
		t.Errorf("ended with %+v, error %v", end, err)
	}
}

func TestIterationsAreTheMost(t *testing.T) {
	t.Parallel()
	m, err := linear.Logistic{L2: 1, Iterations: 2}.Fit(context.Background(), mltest.Classification(1, 2), ml.FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if c := m.(*linear.Classification); c.Iterations != 2 || c.Converged {
		t.Errorf("%d iterations, converged %v", c.Iterations, c.Converged)
	}
}

func TestShuffledLabelsAreNotLearned(t *testing.T) {
	t.Parallel()
	train, test := mltest.Classification(1, 2), mltest.Classification(2, 2)
	rng := rand.New(rand.NewPCG(8, 8))
	auc := func() float64 {
		p := make([]float64, 2*len(test.Y))
		if err := fit(t, linear.Logistic{L2: 1}, train).(ml.Classifier).PredictProba(context.Background(), test.X, p); err != nil {
			t.Fatal(err)
		}
		return metric.Classification(test.Y, p, 2, 1)["roc_auc"]
	}
	if a := auc(); a < 0.8 {
		t.Errorf("roc_auc %v with the right labels", a)
	}
	mean := 0.0
	for range 40 {
		rng.Shuffle(len(train.Y), func(i, j int) { train.Y[i], train.Y[j] = train.Y[j], train.Y[i] })
		mean += auc() / 40
	}
	if math.Abs(mean-0.5) > 0.12 {
		t.Errorf("mean roc_auc %v with shuffled labels", mean)
	}
}

func ExampleLogistic() {
	x, _ := frame.New(&frame.Column{Field: frame.Field{Name: "hours", Type: frame.Float64}, Floats: []float64{1, 2, 3, 4, 5, 6}})
	m, err := linear.Logistic{L2: 1}.Fit(context.Background(), ml.Data{X: x, Y: []float64{0, 0, 1, 0, 1, 1}, Classes: []string{"failed", "passed"}}, ml.FitOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	c := m.(*linear.Classification)
	fmt.Printf("%.3f %.3f %s\n", c.Coef[0], c.Intercept[0], strings.Join(c.Classes(), " "))
	// Output: 0.767 -2.685 failed passed
}

func BenchmarkLogistic(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	x, y := make([][]float64, 20000), make([]float64, 20000)
	for i := range x {
		x[i] = make([]float64, 52)
		s := 0.0
		for j := range x[i] {
			x[i][j] = rng.NormFloat64()
			s += x[i][j] / 4
		}
		if s+rng.NormFloat64() > 0 {
			y[i] = 1
		}
	}
	d := ml.Data{X: toFrame(b, x), Y: y, Classes: []string{"a", "b"}}
	for b.Loop() {
		fit(b, linear.Logistic{L2: 1}, d)
	}
}
