package evaluate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"gristmill/ml"
	"gristmill/ml/catalog"
	"gristmill/ml/evaluate"
	"gristmill/ml/frame"
	"gristmill/ml/metric"
)

// table makes n rows: score (a number that predicts), noise, plan (text with a
// weak segment "broken" and missing values), paid (bool), since (times).
func table(n int, seed uint64) (*frame.Frame, []float64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	b := frame.NewBuilder(frame.Schema{Fields: []frame.Field{{Name: "score", Type: frame.Float64}, {Name: "noise", Type: frame.Float64},
		{Name: "plan", Type: frame.String, Nullable: true}, {Name: "paid", Type: frame.Bool}, {Name: "since", Type: frame.Timestamp}}}, n)
	var y []float64
	for i := range n {
		s := rng.NormFloat64()
		plan := []string{"basic", "plus", "broken"}[rng.IntN(3)]
		truth := s+rng.NormFloat64()*0.7 > 0.5
		if plan == "broken" {
			truth = rng.NormFloat64() > 0.5
		}
		_ = b.Float(0, s)
		_ = b.Float(1, rng.NormFloat64())
		if i%50 == 7 {
			b.Null(2)
		} else {
			_ = b.Text(2, plan)
		}
		_ = b.Bool(3, rng.IntN(4) > 0)
		_ = b.Time(4, time.Date(2019+rng.IntN(3), time.Month(1+rng.IntN(12)), 3, 0, 0, 0, 0, time.UTC).UnixMicro())
		v := 0.0
		if truth {
			v = 1
		}
		y = append(y, v)
	}
	f, err := b.Frame()
	if err != nil {
		panic(err)
	}
	return f, y
}

// binary predicts the positive class 1 by a function of a row.
func binary(p func(x *frame.Frame, i int) float64) evaluate.Predictor {
	return func(_ context.Context, x *frame.Frame) (values, proba []float64, err error) {
		for i := range x.Rows() {
			q := p(x, i)
			values, proba = append(values, float64(metric.Argmax([]float64{1 - q, q}, 2)[0])), append(proba, 1-q, q)
		}
		return values, proba, nil
	}
}

func constant(p float64) evaluate.Predictor {
	return binary(func(*frame.Frame, int) float64 { return p })
}

var logistic = binary(func(x *frame.Frame, i int) float64 {
	return 1 / (1 + math.Exp(-1.8*(x.Column("score").Float(i)-0.5)))
})

func churn(n int) evaluate.Input {
	in := evaluate.Input{Task: catalog.Classification, Classes: []string{"No", "Yes"}, Positive: 1, Target: "churn", Model: logistic, Baseline: constant(0.3)}
	in.Train.X, in.Train.Y = table(n, 1)
	in.Validation.X, in.Validation.Y = table(n/2, 2)
	in.Test.X, in.Test.Y = table(n, 3)
	return in
}

// houses is a regression of 10 + 3 score + noise.
func houses(n int) evaluate.Input {
	in := evaluate.Input{Task: catalog.Regression, Target: "price"}
	for i, p := range []*evaluate.Part{&in.Train, &in.Validation, &in.Test} {
		rng := rand.New(rand.NewPCG(uint64(i), 9))
		p.X, _ = table(n, uint64(i+1))
		for r := range n {
			p.Y = append(p.Y, 10+3*p.X.Column("score").Float(r)+rng.NormFloat64())
		}
	}
	in.Model = number(func(x *frame.Frame, i int) float64 { return 10 + 3*x.Column("score").Float(i) })
	in.Baseline = number(func(*frame.Frame, int) float64 { return 10 })
	return in
}

func number(f func(x *frame.Frame, i int) float64) evaluate.Predictor {
	return func(_ context.Context, x *frame.Frame) (values, proba []float64, err error) {
		for i := range x.Rows() {
			values = append(values, f(x, i))
		}
		return values, nil, nil
	}
}

// flowers is a classification of three classes by score.
func flowers(n int) evaluate.Input {
	in := evaluate.Input{Task: catalog.Classification, Classes: []string{"a", "b", "c"}, Target: "kind"}
	softmax := func(s float64) []float64 {
		z := []float64{math.Exp(-2*s - 1), 1, math.Exp(2*s - 1)}
		sum := z[0] + z[1] + z[2]
		return []float64{z[0] / sum, z[1] / sum, z[2] / sum}
	}
	for i, p := range []*evaluate.Part{&in.Train, &in.Validation, &in.Test} {
		rng := rand.New(rand.NewPCG(uint64(i), 10))
		p.X, _ = table(n, uint64(i+1))
		for r := range n {
			q, u := softmax(p.X.Column("score").Float(r)), rng.Float64()
			switch {
			case u < q[0]:
				p.Y = append(p.Y, 0)
			case u < q[0]+q[1]:
				p.Y = append(p.Y, 1)
			default:
				p.Y = append(p.Y, 2)
			}
		}
	}
	of := func(q func(x *frame.Frame, i int) []float64) evaluate.Predictor {
		return func(_ context.Context, x *frame.Frame) (values, proba []float64, err error) {
			for i := range x.Rows() {
				p := q(x, i)
				values, proba = append(values, float64(metric.Argmax(p, 3)[0])), append(proba, p...)
			}
			return values, proba, nil
		}
	}
	in.Model = of(func(x *frame.Frame, i int) []float64 { return softmax(x.Column("score").Float(i)) })
	in.Baseline = of(func(*frame.Frame, int) []float64 { return []float64{.3, .4, .3} })
	return in
}

func run(t testing.TB, in evaluate.Input, o evaluate.Options) evaluate.Report {
	t.Helper()
	r, err := evaluate.Run(t.Context(), in, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func value(t testing.TB, ms []evaluate.Metric, name string) evaluate.Metric {
	t.Helper()
	for _, m := range ms {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("no metric %s in %+v", name, ms)
	return evaluate.Metric{}
}

func TestMetricsAreThoseOfTheStoredEvaluationsToTheBit(t *testing.T) {
	t.Parallel()
	in := churn(400)
	r := run(t, in, evaluate.Options{Seed: 5, Bootstrap: 200})
	_, proba, _ := in.Model(t.Context(), in.Test.X)
	want, err := metric.EvaluateClassification(t.Context(), in.Test.Y, proba, 2, 1, metric.Bootstrap{Samples: 200, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range want.Results {
		m := value(t, r.Metrics, "test_"+w.Name)
		if m.Value != w.Value || *m.Low != w.Low || *m.High != w.High || m.Baseline == nil {
			t.Errorf("%+v, want %+v", m, w)
		}
	}
	if m := value(t, r.Metrics, "train_roc_auc"); m.Low != nil || *m.Baseline != 0.5 {
		t.Errorf("train rows have intervals: %+v", m)
	}
	var doc map[string]any
	b, _ := json.Marshal(r)
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"task", "metrics", "classes", "confusion", "rows"} {
		if doc[key] == nil {
			t.Errorf("the document lacks %q", key)
		}
	}
	if got := fmt.Sprint(doc["rows"]); got != "map[test:400 train:400 val:200]" {
		t.Errorf("rows %s", got)
	}
}

func TestTheSameInputGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]evaluate.Input{"churn": churn(300), "houses": houses(300), "flowers": flowers(300)} {
		o := evaluate.Options{Bootstrap: 50, Slices: []string{"plan", "noise", "since"}}
		var first []byte
		for range 2 {
			r := run(t, in, o)
			b, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range r.Plots {
				b = append(append(b, p.Data...), p.SVG...)
				if !bytes.HasPrefix(p.SVG, []byte("<svg")) || !json.Valid(p.Data) || p.Title == "" {
					t.Errorf("%s: plot %s: %.40s, %.40s", name, p.Name, p.SVG, p.Data)
				}
			}
			if first != nil && !bytes.Equal(first, b) {
				t.Errorf("%s: other bytes the second time", name)
			}
			first = b
		}
	}
}

func TestEveryTaskHasItsPlots(t *testing.T) {
	t.Parallel()
	o := evaluate.Options{Bootstrap: 20, Slices: []string{"plan"}}
	cost := o
	cost.Cost = &evaluate.Cost{FalseNegative: 5, FalsePositive: 1}
	for _, c := range []struct {
		in   evaluate.Input
		o    evaluate.Options
		want string
	}{
		{churn(200), cost, "roc pr gain calibration confusion scores threshold cost importance slices_1"},
		{flowers(200), o, "roc pr gain calibration confusion scores importance slices_1"},
		{houses(200), o, "predicted_actual residuals qq residual_histogram importance slices_1"},
	} {
		var names []string
		for _, p := range run(t, c.in, c.o).PlotList {
			names = append(names, p.Name)
			if !strings.HasSuffix(p.Title, ", test rows") {
				t.Errorf("title %q", p.Title)
			}
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s: plots %s, want %s", c.in.Target, got, c.want)
		}
	}
}

func TestRunEndsSoonAfterItsContext(t *testing.T) {
	t.Parallel()
	in := churn(2000)
	inner := in.Model
	for _, at := range []int{1, 3, 4, 20} { // answers to train, test, all rows, shuffled columns
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		in.Model = func(c context.Context, x *frame.Frame) ([]float64, []float64, error) {
			if calls++; calls == at {
				cancel()
			}
			return inner(c, x)
		}
		start := time.Now()
		_, err := evaluate.Run(ctx, in, evaluate.Options{Bootstrap: 20, Slices: []string{"plan"}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("call %d: error %v", at, err)
		}
		if took := time.Since(start); took > 5*time.Second { // 0.05 s on an idle machine
			t.Errorf("call %d: took %v", at, took)
		}
		cancel()
	}
}

func TestAnErrorOfTheModelNamesTheRows(t *testing.T) {
	t.Parallel()
	in := churn(100)
	in.Model = func(context.Context, *frame.Frame) ([]float64, []float64, error) {
		return nil, nil, ml.Problems{{Msg: "column \"score\" is missing"}}
	}
	_, err := evaluate.Run(t.Context(), in, evaluate.Options{})
	var ps ml.Problems
	if err == nil || !strings.HasPrefix(err.Error(), "predict train rows: ") || !errors.As(err, &ps) {
		t.Errorf("error %v", err)
	}
	in.Model = number(func(*frame.Frame, int) float64 { return 1 })
	if _, err := evaluate.Run(t.Context(), in, evaluate.Options{}); err == nil || err.Error() != "predict train rows: the model answers 100 rows of 2 classes with 100 values and 0 probabilities" {
		t.Errorf("error %v", err)
	}
}

func TestAnInputThatMakesNoSenseIsAnError(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*evaluate.Input){
		`evaluate: unknown task "ranking"`:                 func(in *evaluate.Input) { in.Task = "ranking" },
		"evaluate: a model and a baseline are needed":      func(in *evaluate.Input) { in.Baseline = nil },
		"evaluate: a regression has no classes, 2 given":   func(in *evaluate.Input) { in.Task = catalog.Regression },
		"evaluate: 1 classes, want at least 2":             func(in *evaluate.Input) { in.Classes = in.Classes[:1] },
		"evaluate: positive class 2, want 0 or 1":          func(in *evaluate.Input) { in.Positive = 2 },
		"evaluate: 3 targets for 40 test rows":             func(in *evaluate.Input) { in.Test.Y = in.Test.Y[:3] },
		"evaluate: 1 rows of all columns for 40 test rows": func(in *evaluate.Input) { in.Test.All = in.Test.X.Take([]int{0}) },
		"there are no rows to evaluate the model on": func(in *evaluate.Input) {
			in.Train, in.Validation, in.Test = evaluate.Part{}, evaluate.Part{}, evaluate.Part{}
		},
		"evaluate: 1 probabilities for 1 cross-validated rows of 2 classes": func(in *evaluate.Input) {
			in.CrossValidated = &evaluate.Held{Y: []float64{1}, Proba: []float64{1}}
		},
		"evaluate: cross-validated row 1 has class 3, want an index below 2": func(in *evaluate.Input) {
			in.CrossValidated = &evaluate.Held{Y: []float64{3}, Proba: []float64{1, 0}}
		},
	} {
		in := churn(40)
		change(&in)
		if _, err := evaluate.Run(t.Context(), in, evaluate.Options{}); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestSmallAndOneSidedPartsAreEvaluatedAsFarAsTheyGo(t *testing.T) {
	t.Parallel()
	o := evaluate.Options{Bootstrap: 10, Slices: []string{"plan", "noise", "paid", "since"}, Cost: &evaluate.Cost{FalseNegative: 5}}
	one := churn(60)
	one.Test = evaluate.Part{X: one.Test.X.Take([]int{4}), Y: one.Test.Y[4:5]}
	same := churn(60)
	same.Test.Y = make([]float64, 60)
	noTest := churn(60)
	noTest.Test = evaluate.Part{}
	only := churn(60)
	only.Train, only.Validation = evaluate.Part{}, evaluate.Part{}
	for name, in := range map[string]evaluate.Input{"one row": one, "one class": same, "no test": noTest, "only test": only} {
		r := run(t, in, o)
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if want := map[string]string{"no test": "val"}[name]; r.Part != want && want != "" {
			t.Errorf("%s: part %s", name, r.Part)
		}
		if r.Cost == nil || len(r.Slices) == 0 || r.Importance == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
	r := run(t, same, o)
	if r.Importance.Metric != "log_loss" || !slices.ContainsFunc(r.Omitted, func(o metric.Omission) bool { return o.Name == "curves" }) {
		t.Errorf("importance by %s, omitted %+v", r.Importance.Metric, r.Omitted)
	}
	far := houses(60)
	far.Model = number(func(_ *frame.Frame, i int) float64 { return 1e300 * float64(i) })
	r = run(t, far, evaluate.Options{Bootstrap: 10, Cost: &evaluate.Cost{Over: 1e10}})
	if _, err := json.Marshal(r); err != nil || len(r.Omitted) < 3 {
		t.Errorf("far off: %v, omitted %+v", err, r.Omitted)
	}
}

// Negative control: a model that learned from shuffled labels knows nothing.
func TestShuffledLabelsAreWorthNothing(t *testing.T) {
	t.Parallel()
	in := churn(2000)
	rng := rand.New(rand.NewPCG(8, 8))
	for _, p := range []*evaluate.Part{&in.Train, &in.Validation, &in.Test} {
		p.Y = slices.Clone(p.Y)
		rng.Shuffle(len(p.Y), func(i, j int) { p.Y[i], p.Y[j] = p.Y[j], p.Y[i] })
	}
	in.Model = binary(func(x *frame.Frame, i int) float64 { return 0.3 + 0.05*math.Tanh(x.Column("score").Float(i)) })
	r := run(t, in, evaluate.Options{Bootstrap: 500, Cost: &evaluate.Cost{FalseNegative: 500, FalsePositive: 100}})
	auc := value(t, r.Metrics, "test_roc_auc")
	if !(*auc.Low < .5 && *auc.High > .5) {
		t.Errorf("AUC %v (%v to %v) excludes a half", auc.Value, *auc.Low, *auc.High)
	}
	for name, e := range map[string]evaluate.Estimate{"saving": r.Cost.Saving, "best over the constant": r.Cost.Best.OverConstant} {
		if !(*e.Low <= 0 && *e.High >= 0) {
			t.Errorf("%s %v (%v to %v) excludes nothing", name, e.Value, *e.Low, *e.High)
		}
	}
	for _, c := range r.Importance.Columns {
		if math.Abs(c.Drop) > 0.04 {
			t.Errorf("column %s has importance %v", c.Column, c.Drop)
		}
	}
}

func TestAPerfectModelIsPerfect(t *testing.T) {
	t.Parallel()
	in := churn(500)
	for _, p := range []*evaluate.Part{&in.Train, &in.Validation, &in.Test} {
		for i := range p.Y {
			p.Y[i] = 0
			if p.X.Column("score").Float(i) > 0.5 {
				p.Y[i] = 1
			}
		}
	}
	in.Model = binary(func(x *frame.Frame, i int) float64 {
		if x.Column("score").Float(i) > 0.5 {
			return 1
		}
		return 0
	})
	r := run(t, in, evaluate.Options{Bootstrap: 50, Cost: &evaluate.Cost{FalseNegative: 500, FalsePositive: 100}})
	d := r.Threshold.Chosen
	if d.F1 != 1 || d.FP+d.FN != 0 || r.Cost.Total != 0 || r.Cost.Best.Total != 0 || *r.ECE != 0 || value(t, r.Metrics, "test_roc_auc").Value != 1 {
		t.Errorf("threshold %+v, cost %+v, calibration error %v", r.Threshold, r.Cost, *r.ECE)
	}
	if !(*r.Cost.Saving.Low > 0) || r.Cost.Saving.Value != r.Cost.Baseline {
		t.Errorf("saving %+v", r.Cost.Saving)
	}
	for _, c := range r.Importance.Columns {
		if (c.Column == "score") != (c.Drop > 0) || c.Column != "score" && (c.Drop != 0 || c.Std != 0) {
			t.Errorf("importance %+v", c)
		}
	}
}

func TestAConstantModelHasNoImportancesAndSavesNothing(t *testing.T) {
	t.Parallel()
	in := churn(300)
	in.Model = constant(0.3)
	r := run(t, in, evaluate.Options{Bootstrap: 50, Cost: &evaluate.Cost{FalseNegative: 500, FalsePositive: 100}})
	if value(t, r.Metrics, "test_roc_auc").Value != .5 || r.Cost.Saving.Value != 0 || *r.Cost.Saving.Low != 0 || *r.Cost.Saving.High != 0 || r.Cost.Best.OverConstant.Value != 0 {
		t.Errorf("cost %+v", r.Cost)
	}
	for _, c := range r.Importance.Columns {
		if c.Drop != 0 || c.Std != 0 {
			t.Errorf("importance %+v", c)
		}
	}
	in = houses(300)
	in.Model = in.Baseline
	r = run(t, in, evaluate.Options{Bootstrap: 50})
	if m := value(t, r.Metrics, "test_rmse"); m.Value != *m.Baseline {
		t.Errorf("rmse %+v", m)
	}
}

func TestManyRowsAreStoredThinAndMeasuredExactly(t *testing.T) {
	t.Parallel()
	in := churn(70_000) // more than one chunk
	r := run(t, in, evaluate.Options{Bootstrap: -1, Importance: 1})
	_, proba, _ := in.Model(t.Context(), in.Test.X)
	if got, want := value(t, r.Metrics, "test_roc_auc").Value, metric.Classification(in.Test.Y, proba, 2, 1)["roc_auc"]; got != want {
		t.Errorf("roc_auc %v, want %v", got, want)
	}
	if r.Importance.Rows != 5000 {
		t.Errorf("%d rows permuted", r.Importance.Rows)
	}
	for _, p := range append(r.Plots, run(t, houses(70_000), evaluate.Options{Bootstrap: -1, Importance: -1}).Plots...) {
		if n := bytes.Count(p.Data, []byte(",")); n > 5100 {
			t.Errorf("plot %s stores %d numbers", p.Name, n)
		}
	}
}

func TestTheShufflesOfAColumnDoNotDependOnOtherColumns(t *testing.T) {
	t.Parallel()
	in := churn(300)
	of := func(in evaluate.Input, seed uint64) evaluate.ColumnImportance {
		for _, c := range run(t, in, evaluate.Options{Bootstrap: -1, Seed: seed}).Importance.Columns {
			if c.Column == "score" {
				return c
			}
		}
		t.Fatal("no importance of score")
		return evaluate.ColumnImportance{}
	}
	all := of(in, 1)
	if other := of(in, 2); other == all || math.Abs(other.Drop-all.Drop) > 0.1 {
		t.Errorf("another seed: %+v, want about %+v", other, all)
	}
	for _, p := range []*evaluate.Part{&in.Train, &in.Validation, &in.Test} {
		p.X = p.X.Without("plan", "noise")
	}
	if some := of(in, 1); some != all {
		t.Errorf("beside fewer columns: %+v, want %+v", some, all)
	}
}

func TestClassesAreMeasuredAgainstTheRest(t *testing.T) {
	t.Parallel()
	in := flowers(400)
	r := run(t, in, evaluate.Options{Bootstrap: -1, Importance: -1})
	var auc, ap, f1 float64
	rows := 0
	for _, c := range r.PerClass {
		auc, ap, f1, rows = auc+*c.ROCAUC/3, ap+*c.PRAUC/3, f1+c.F1/3, rows+c.Rows
	}
	for name, got := range map[string]float64{"test_roc_auc": auc, "test_pr_auc": ap, "test_f1": f1} {
		if m := value(t, r.Metrics, name); math.Abs(m.Value-got) > 1e-12 {
			t.Errorf("mean over classes of %s is %v, want %v", name, got, m.Value)
		}
	}
	if rows != 400 || r.Threshold != nil || r.Positive != "" {
		t.Errorf("%d rows, threshold %+v, positive %q", rows, r.Threshold, r.Positive)
	}
	var data struct {
		Curves []struct{ Class string }
	}
	if err := json.Unmarshal(r.Plots[0].Data, &data); err != nil || fmt.Sprint(data.Curves) != "[{a} {b} {c}]" {
		t.Errorf("curves %v, %v", data.Curves, err)
	}
}

func TestProgressSaysWhatIsDone(t *testing.T) {
	t.Parallel()
	in := churn(100)
	var said []string
	in.Progress = func(doing string) { said = append(said, doing) }
	run(t, in, evaluate.Options{Bootstrap: 10, Slices: []string{"plan"}, Cost: &evaluate.Cost{FalsePositive: 1}})
	want := "evaluating train; evaluating val; evaluating test; choosing the threshold; counting costs; measuring slices by plan; permuting columns; checking the model; drawing plots"
	if got := strings.Join(said, "; "); got != want {
		t.Errorf("said %s, want %s", got, want)
	}
}

func TestATableTooWideToPermuteSaysSo(t *testing.T) {
	t.Parallel()
	in := houses(20)
	cols := []*frame.Column{in.Test.X.Column("score")}
	for j := range 2000 {
		cols = append(cols, &frame.Column{Field: frame.Field{Name: fmt.Sprint(j), Type: frame.Float64}, Floats: make([]float64, 20)})
	}
	x, err := frame.New(cols...)
	if err != nil {
		t.Fatal(err)
	}
	in.Test.X, in.Train, in.Validation = x, evaluate.Part{}, evaluate.Part{}
	r := run(t, in, evaluate.Options{Bootstrap: -1})
	want := metric.Omission{Name: "importance", Reason: "the table has 2001 columns, more than 2000"}
	if r.Importance != nil || !slices.Contains(r.Omitted, want) {
		t.Errorf("omitted %+v, want %+v", r.Omitted, want)
	}
}
