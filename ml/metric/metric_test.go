package metric_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"
	"time"

	"gristmill/ml/metric"
)

type golden struct {
	Regression struct {
		Y, Pred []float64
		Want    map[string]float64
	}
	Classification []struct {
		K, Positive int
		Y, Proba    []float64
		Confusion   [][]int
		Want        map[string]float64
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

func same(t *testing.T, name string, got, want map[string]float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %v, want %v", name, got, want)
	}
	for k, w := range want {
		if v, ok := got[k]; !ok || !(math.Abs(v-w) <= 1e-12*max(1, math.Abs(w))) {
			t.Errorf("%s: %s is %.17g, want %.17g", name, k, v, w)
		}
	}
}

func TestMetricsEqualScikitLearnAlsoWithTies(t *testing.T) {
	t.Parallel()
	g := load(t)
	same(t, "regression", metric.Regression(g.Regression.Y, g.Regression.Pred), g.Regression.Want)
	for i, c := range g.Classification {
		name := fmt.Sprintf("case %d, %d classes", i, c.K)
		same(t, name, metric.Classification(c.Y, c.Proba, c.K, c.Positive), c.Want)
		if got := metric.Confusion(c.Y, c.Proba, c.K); !reflect.DeepEqual(got, c.Confusion) {
			t.Errorf("%s: confusion %v, want %v", name, got, c.Confusion)
		}
	}
}

func TestUndefinedMetricsAreLeftOutWithAReason(t *testing.T) {
	t.Parallel()
	r, err := metric.EvaluateClassification(bg, []float64{1, 1}, []float64{.2, .8, .6, .4}, 2, 1, metric.Bootstrap{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Omitted) != 2 || r.Omitted[0].Name != "roc_auc" || r.Omitted[0].Reason != "every target is class 1" {
		t.Errorf("omitted %+v", r.Omitted)
	}
	if _, ok := r.Map()["roc_auc"]; ok {
		t.Error("roc_auc of one class has a value")
	}
	r, err = metric.EvaluateRegression(bg, []float64{3, 3}, []float64{1, 2}, metric.Bootstrap{})
	if err != nil || len(r.Omitted) != 1 || r.Omitted[0].Name != "r2" {
		t.Errorf("omitted %+v, error %v", r.Omitted, err)
	}
}

func TestInputThatIsNotNumbersIsAnErrorWithItsRow(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for name, err := range map[string]error{
		"prediction": second(metric.EvaluateRegression(bg, []float64{1, 2}, []float64{1, nan}, metric.Bootstrap{})),
		"lengths":    second(metric.EvaluateRegression(bg, []float64{1, 2}, []float64{1}, metric.Bootstrap{})),
		"no rows":    second(metric.EvaluateClassification(bg, nil, nil, 2, 1, metric.Bootstrap{})),
		"class":      second(metric.EvaluateClassification(bg, []float64{2}, []float64{.5, .5}, 2, 1, metric.Bootstrap{})),
		"proba":      second(metric.EvaluateClassification(bg, []float64{1}, []float64{nan, .5}, 2, 1, metric.Bootstrap{})),
		"one class":  second(metric.EvaluateClassification(bg, []float64{0}, []float64{1}, 1, 0, metric.Bootstrap{})),
		"positive":   second(metric.EvaluateClassification(bg, []float64{0}, []float64{1, 0}, 2, 2, metric.Bootstrap{})),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if m := metric.Regression([]float64{1}, []float64{nan}); len(m) != 0 {
		t.Errorf("metrics of NaN: %v", m)
	}
}

var bg = context.Background()

func second(_ metric.Report, err error) error { return err }

func sample(n int) (y, proba []float64) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range n {
		c := float64(rng.IntN(2))
		p := 1 / (1 + math.Exp(-(2*c - 1 + rng.NormFloat64())))
		y, proba = append(y, c), append(proba, 1-p, p)
	}
	return y, proba
}

func TestBootstrapOfAllMetricsIsFastAndRepeatable(t *testing.T) {
	y, proba := sample(1400)
	start := time.Now()
	a, err := metric.EvaluateClassification(bg, y, proba, 2, 1, metric.Bootstrap{Seed: 7})
	took := time.Since(start)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("8 metrics, 1400 rows, 1000 samples: %v", took)
	if took > 2*time.Second { // 0.03 s on an idle machine
		t.Errorf("took %v", took)
	}
	b, _ := metric.EvaluateClassification(bg, y, proba, 2, 1, metric.Bootstrap{Seed: 7})
	c, _ := metric.EvaluateClassification(bg, y, proba, 2, 1, metric.Bootstrap{Seed: 8})
	if !reflect.DeepEqual(a, b) {
		t.Error("the same seed gave other intervals")
	}
	if reflect.DeepEqual(a, c) {
		t.Error("another seed gave the same intervals")
	}
	for _, r := range a.Results {
		if !(r.Low < r.Value && r.Value < r.High) {
			t.Errorf("%s: %v is not within %v to %v", r.Name, r.Value, r.Low, r.High)
		}
	}
}

func TestBootstrapIntervalHasTheWidthOfTheNormalApproximation(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	y, pred := make([]float64, 2000), make([]float64, 2000)
	abs, sq := 0.0, 0.0
	for i := range y {
		y[i] = 10 + 3*rng.NormFloat64()
		pred[i] = y[i] + rng.NormFloat64()
		e := math.Abs(y[i] - pred[i])
		abs, sq = abs+e/2000, sq+e*e/2000
	}
	r, err := metric.EvaluateRegression(bg, y, pred, metric.Bootstrap{Samples: 4000})
	if err != nil {
		t.Fatal(err)
	}
	mae := r.Results[1]
	want := 2 * 1.96 * math.Sqrt((sq-abs*abs)/2000)
	if got := mae.High - mae.Low; math.Abs(got/want-1) > 0.06 {
		t.Errorf("width of the interval of mae is %.4f, want about %.4f", got, want)
	}
}

func TestShuffledLabelsHaveAnAUCOfAHalf(t *testing.T) {
	t.Parallel()
	y, proba := sample(4000)
	rng := rand.New(rand.NewPCG(5, 6))
	rng.Shuffle(len(y), func(i, j int) { y[i], y[j] = y[j], y[i] })
	if auc := metric.Classification(y, proba, 2, 1)["roc_auc"]; math.Abs(auc-0.5) > 0.03 {
		t.Errorf("roc_auc of shuffled labels is %v", auc)
	}
}

func ExampleClassification() {
	y := []float64{0, 0, 1, 1}
	proba := []float64{.9, .1, .6, .4, .65, .35, .2, .8}
	m := metric.Classification(y, proba, 2, 1)
	fmt.Println(m["roc_auc"], m["accuracy"], m["recall"])
	// Output: 0.75 0.75 0.5
}

func BenchmarkBootstrap(b *testing.B) {
	y, proba := sample(1400)
	for b.Loop() {
		if _, err := metric.EvaluateClassification(bg, y, proba, 2, 1, metric.Bootstrap{}); err != nil {
			b.Fatal(err)
		}
	}
}
