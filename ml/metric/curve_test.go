package metric_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"runtime"
	"testing"
	"time"

	"gristmill/ml/metric"
)

// numbers are read with null as +Inf.
type numbers []float64

func (n *numbers) UnmarshalJSON(b []byte) error {
	var list []*float64
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	for _, v := range list {
		if v == nil {
			*n = append(*n, math.Inf(1))
		} else {
			*n = append(*n, *v)
		}
	}
	return nil
}

type curves struct {
	Binary []struct {
		Name                  string
		Y                     []int
		P                     []float64
		AUC, AP               float64
		ROC, Corners, PR, DET [3]numbers
		Gain                  [][2]float64
		Sweep                 []metric.Decision
		Calibration           []struct {
			Bins       int
			Strategy   metric.Strategy
			True, Pred []float64
		}
	}
	Residuals []struct {
		Name                      string
		X, Q, Normal, Ordered     []float64
		Mean, Std, Skew, Kurtosis float64
		Slope, Intercept, R       float64
	}
	Quantile struct{ P, Z []float64 }
	Wilson   [][4]float64
}

func golds(t testing.TB) curves {
	t.Helper()
	b, err := os.ReadFile("testdata/curves.json")
	if err != nil {
		t.Fatal(err)
	}
	var g curves
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	for i, w := range want {
		if got[i] != w && !(math.Abs(got[i]-w) <= 1e-12*max(1, math.Abs(w))) {
			t.Errorf("%s: number %d is %.17g, want %.17g", what, i, got[i], w)
			return
		}
	}
}

func truths(y []int) []bool {
	out := make([]bool, len(y))
	for i, v := range y {
		out[i] = v == 1
	}
	return out
}

var cells = metric.CellCost{TrueNegative: -1, FalsePositive: 50, FalseNegative: 500, TruePositive: -20}

func TestCurvesEqualScikitLearnAlsoWithTies(t *testing.T) {
	t.Parallel()
	for _, c := range golds(t).Binary {
		r, err := metric.Rank(truths(c.Y), c.P)
		if err != nil {
			t.Fatal(err)
		}
		auc, err1 := r.AUC()
		ap, err2 := r.AveragePrecision()
		roc, err3 := r.ROC(false)
		corners, err4 := r.ROC(true)
		pr, err5 := r.PR()
		det, err6 := r.DET()
		gain, err7 := r.Gain()
		if err := errors.Join(err1, err2, err3, err4, err5, err6, err7); err != nil {
			t.Fatal(err)
		}
		near(t, c.Name+" areas", []float64{auc, ap}, []float64{c.AUC, c.AP})
		for i, got := range [][]float64{roc.FPR, roc.TPR, roc.Thresholds} {
			near(t, c.Name+" roc", got, c.ROC[i])
		}
		for i, got := range [][]float64{corners.FPR, corners.TPR, corners.Thresholds} {
			near(t, c.Name+" roc's corners", got, c.Corners[i])
		}
		for i, got := range [][]float64{pr.Precision, pr.Recall, pr.Thresholds} {
			near(t, c.Name+" pr", got, c.PR[i])
		}
		for i, got := range [][]float64{det.FPR, det.FNR, det.Thresholds} {
			near(t, c.Name+" det", got, c.DET[i])
		}
		for i, w := range c.Gain {
			near(t, c.Name+" gain", []float64{gain.Rows[i+1], gain.Gain[i+1], gain.Lift[i+1]}, []float64{w[0], w[1], w[1] / w[0]})
		}
	}
}

func TestSweepCountsWhatEachThresholdComesTo(t *testing.T) {
	t.Parallel()
	for _, c := range golds(t).Binary {
		r, err := metric.Rank(truths(c.Y), c.P)
		if err != nil {
			t.Fatal(err)
		}
		sweep := r.Sweep(cells)
		if len(sweep) != len(c.Sweep)+1 || sweep[0].TP+sweep[0].FP != 0 || sweep[0].Threshold != r.None() {
			t.Fatalf("%s: %d thresholds from %+v, want %d after one without positives", c.Name, len(sweep), sweep[0], len(c.Sweep))
		}
		best := map[string]float64{"f1": 0, "youden": 0, "cost": -sweep[0].Cost}
		for i, w := range c.Sweep {
			got := sweep[i+1]
			if [4]int{got.TP, got.FP, got.TN, got.FN} != [4]int{w.TP, w.FP, w.TN, w.FN} {
				t.Errorf("%s: counts %+v, want %+v", c.Name, got, w)
			}
			near(t, c.Name+" sweep", []float64{got.Threshold, got.Precision, got.Recall, got.F1, got.Youden, got.Cost},
				[]float64{w.Threshold, w.Precision, w.Recall, w.F1, w.Youden, w.Cost})
			if at := r.At(w.Threshold, cells); at != got {
				t.Errorf("%s: at %v: %+v, want %+v", c.Name, w.Threshold, at, got)
			}
			best["f1"], best["youden"], best["cost"] = max(best["f1"], w.F1), max(best["youden"], w.Youden), max(best["cost"], -w.Cost)
		}
		for _, by := range metric.Criteria() {
			d, err := r.Best(by, cells)
			if err != nil {
				t.Fatal(err)
			}
			near(t, c.Name+" best "+by, []float64{map[string]float64{"f1": d.F1, "youden": d.Youden, "cost": -d.Cost}[by]}, []float64{best[by]})
		}
	}
}

func TestOfEquallyGoodThresholdsTheOneNearestToAHalfIsTaken(t *testing.T) {
	t.Parallel()
	// a cost of nothing anywhere: every threshold is as good
	r, _ := metric.Rank([]bool{true, false, true, false, true}, []float64{.9, .6, .4, .2, .1})
	for name, want := range map[string]float64{"cost": .4, "f1": .1} {
		if d, err := r.Best(name, metric.CellCost{}); err != nil || d.Threshold != want {
			t.Errorf("%s: threshold %v, %v, want %v", name, d.Threshold, err, want)
		}
	}
	if _, err := r.Best("recall", metric.CellCost{}); err == nil || err.Error() != `choose threshold: unknown criterion "recall", want f1, youden or cost` {
		t.Errorf("error %v", err)
	}
}

func TestCalibrationEqualsScikitLearn(t *testing.T) {
	t.Parallel()
	g := golds(t)
	for _, c := range g.Binary {
		for _, w := range c.Calibration {
			bins, err := metric.Calibration(truths(c.Y), c.P, w.Bins, w.Strategy)
			if err != nil {
				t.Fatal(err)
			}
			var observed, predicted []float64
			rows, ece := 0, 0.0
			for _, b := range bins {
				observed, predicted, rows = append(observed, b.Observed), append(predicted, b.Predicted), rows+b.Rows
				ece += float64(b.Rows) / float64(len(c.P)) * math.Abs(b.Predicted-b.Observed)
				if b.Low > b.Observed || b.High < b.Observed {
					t.Errorf("%s: %+v", c.Name, b)
				}
			}
			name := fmt.Sprintf("%s, %d bins, %s", c.Name, w.Bins, w.Strategy)
			near(t, name, observed, w.True)
			near(t, name, predicted, w.Pred)
			near(t, name+" error", []float64{metric.CalibrationError(bins)}, []float64{ece})
			if rows != len(c.P) {
				t.Errorf("%s: %d rows in bins, want %d", name, rows, len(c.P))
			}
		}
	}
	for _, w := range g.Wilson {
		low, high := metric.Wilson(w[0], w[1])
		near(t, "wilson", []float64{low, high}, w[2:])
	}
}

func TestResidualsAreDescribedAsScipyDoes(t *testing.T) {
	t.Parallel()
	g := golds(t)
	for _, c := range g.Residuals {
		s, err := metric.Summarize(c.X)
		if err != nil {
			t.Fatal(err)
		}
		near(t, c.Name, []float64{s.Mean, s.Std, s.Skew, s.Kurtosis}, []float64{c.Mean, c.Std, c.Skew, c.Kurtosis})
		near(t, c.Name+" quantiles", []float64{s.Min, s.P01, s.P05, s.P25, s.P50, s.P75, s.P95, s.P99, s.Max}, c.Q)
		q, err := metric.NormalQQ(c.X)
		if err != nil {
			t.Fatal(err)
		}
		near(t, c.Name+" normal", q.Normal, c.Normal)
		near(t, c.Name+" ordered", q.Ordered, c.Ordered)
		near(t, c.Name+" line", []float64{q.Slope, q.Intercept, q.R}, []float64{c.Slope, c.Intercept, c.R})
		edges, counts := metric.Bins(c.X)
		total := 0.0
		for i, n := range counts {
			total += n
			if edges[i] >= edges[i+1] {
				t.Errorf("%s: edges %v", c.Name, edges)
			}
		}
		if total != float64(len(c.X)) || len(edges) != len(counts)+1 {
			t.Errorf("%s: %v rows in %d bins with %d edges", c.Name, total, len(counts), len(edges))
		}
	}
	var z []float64
	for _, p := range g.Quantile.P {
		z = append(z, metric.NormalQuantile(p))
	}
	near(t, "normal quantiles", z, g.Quantile.Z)
}

func TestOneClassOrNumbersThatAreNoneAreErrors(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	yes, _ := metric.Rank([]bool{true, true}, []float64{.1, .2})
	no, _ := metric.Rank([]bool{false, false}, []float64{.1, .2})
	_, roc := yes.ROC(true)
	_, auc := no.AUC()
	_, pr := no.PR()
	_, ap := no.AveragePrecision()
	_, gain := no.Gain()
	_, det := yes.DET()
	_, rank := metric.Rank([]bool{true}, []float64{nan})
	_, length := metric.Rank([]bool{true}, nil)
	_, empty := metric.Rank(nil, nil)
	_, proba := metric.Calibration([]bool{true}, []float64{1.5}, 5, metric.Uniform)
	_, bins := metric.Calibration([]bool{true}, []float64{.5}, 0, metric.Uniform)
	_, how := metric.Calibration([]bool{true}, []float64{.5}, 5, "equal")
	_, sum := metric.Summarize([]float64{1, math.Inf(1)})
	_, qq := metric.NormalQQ([]float64{1})
	_, means := metric.Bootstrap{}.Means(bg, []float64{1}, []float64{1, 2})
	_, decide := metric.EvaluateDecisions(bg, []float64{0, 1}, []float64{0, 2}, []float64{.5, .5, .5, .5}, 2, 1, metric.Bootstrap{})
	for want, got := range map[string]error{
		"draw ROC curve: every target is of the positive class":                                 roc,
		"measure area under the ROC curve: the positive class does not occur among the targets": auc,
		"draw precision-recall curve: the positive class does not occur among the targets":      pr,
		"measure average precision: the positive class does not occur among the targets":        ap,
		"draw gain curve: the positive class does not occur among the targets":                  gain,
		"draw DET curve: every target is of the positive class":                                 det,
		"rank rows: row 1 has score NaN, want a finite number":                                  rank,
		"rank rows: 1 targets and 0 scores, want equally many":                                  length,
		"evaluate: there are no rows":                                                           empty,
		"calibrate: row 1 has probability 1.5, want a number from 0 to 1":                       proba,
		"calibrate: 0 bins, want at least 1":                                                    bins,
		`calibrate: unknown strategy "equal", want uniform or quantile`:                         how,
		"summarize: row 2 is +Inf, want a finite number":                                        sum,
		"compare with normal quantiles: 1 rows, want at least 2":                                qq,
		"average columns: column 2 has 2 rows, column 1 has 1":                                  means,
		"evaluate: row 2 has prediction 2, want an index below 2":                               decide,
	} {
		if got == nil || got.Error() != want {
			t.Errorf("error %v, want %s", got, want)
		}
	}
	if v := metric.NormalQuantile(nan); v == v {
		t.Errorf("normal quantile of NaN is %v", v)
	}
}

func TestBootstrapEndsSoonAfterItsContext(t *testing.T) {
	y, proba := sample(200_000)
	ctx, cancel := context.WithTimeout(bg, 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := metric.EvaluateClassification(ctx, y, proba, 2, 1, metric.Bootstrap{Samples: 1_000_000})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if _, err := (metric.Bootstrap{Samples: 1_000_000}).Means(ctx, y); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("means: error %v", err)
	}
	if took := time.Since(start); took > 5*time.Second { // 0.1 s on an idle machine; all samples take hours
		t.Errorf("took %v", took)
	}
}

// The intervals of evaluations that were stored before contexts came are drawn
// again to the bit: this is the hash of what the first version gave.
func TestIntervalsAreThoseOfTheFirstVersionToTheBit(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		t.Skip("elsewhere Go fuses multiplication and addition, which rounds otherwise")
	}
	g := load(t)
	h := fnv.New64a()
	add := func(r metric.Report, err error) {
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range r.Results {
			fmt.Fprintf(h, "%s %x %x %x\n", x.Name, math.Float64bits(x.Value), math.Float64bits(x.Low), math.Float64bits(x.High))
		}
	}
	add(metric.EvaluateRegression(bg, g.Regression.Y, g.Regression.Pred, metric.Bootstrap{Seed: 3}))
	for _, c := range g.Classification {
		add(metric.EvaluateClassification(bg, c.Y, c.Proba, c.K, c.Positive, metric.Bootstrap{Seed: 4, Samples: 300}))
	}
	if got := h.Sum64(); got != 0xaa6bc0983b529197 {
		t.Errorf("hash %#x", got)
	}
}

func TestALongBootstrapTellsItsProgress(t *testing.T) {
	t.Parallel()
	y, _ := sample(1000)
	var told []int
	b := metric.Bootstrap{Samples: 25_000, Progress: func(done, of int) { told = append(told, done, of) }}
	if _, err := b.Means(bg, y); err != nil || fmt.Sprint(told) != "[10001 25000 20002 25000]" {
		t.Errorf("told %v, %v", told, err)
	}
	told, b.Samples = nil, 1000
	if _, err := b.Means(bg, y); err != nil || told != nil {
		t.Errorf("a short one told %v, %v", told, err)
	}
}

func TestMeansOfOneSampleArePaired(t *testing.T) {
	t.Parallel()
	y, _ := sample(500)
	more := make([]float64, len(y))
	zero := make([]float64, len(y))
	for i := range y {
		more[i] = y[i] + 2
	}
	r, err := metric.Bootstrap{Samples: 200}.Means(bg, y, more, zero)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "shifted", []float64{r[1].Value, r[1].Low, r[1].High}, []float64{r[0].Value + 2, r[0].Low + 2, r[0].High + 2})
	if !(r[0].Low < r[0].Value && r[0].Value < r[0].High) || r[2] != (metric.Result{}) {
		t.Errorf("means %+v", r)
	}
}

func ExampleRanking_Best() {
	churned := []bool{true, true, false, true, false, false}
	score := []float64{.9, .7, .6, .4, .3, .1}
	r, _ := metric.Rank(churned, score)
	d, _ := r.Best("cost", metric.CellCost{FalseNegative: 500, FalsePositive: 50})
	fmt.Printf("call from %.1f on: %d found, %d missed, %d in vain, %.2f a row\n", d.Threshold, d.TP, d.FN, d.FP, d.Cost)
	// Output: call from 0.4 on: 3 found, 0 missed, 1 in vain, 8.33 a row
}
