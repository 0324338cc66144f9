package check_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gristmill/ml"
	"gristmill/ml/check"
	"gristmill/ml/evaluate"
	"gristmill/ml/frame"
)

// table is a made-up table before it is split.
type table struct {
	cols    []*frame.Column
	y       []float64
	pred    []float64
	proba   []float64 // of the positive class
	classes []string
}

func floats(name string, v []float64) *frame.Column {
	return &frame.Column{Field: frame.Field{Name: name, Type: frame.Float64}, Floats: v}
}

func texts(name string, v []string) *frame.Column {
	return &frame.Column{Field: frame.Field{Name: name, Type: frame.String}, Texts: v}
}

// regression is y = 3 a - 2 b + [c = "z"] + noise with a model that knows it.
func regression(seed uint64, n int) *table {
	rng := rand.New(rand.NewPCG(seed, 1))
	t := &table{}
	var a, b, e []float64
	var c []string
	for range n {
		x, z, k := rng.NormFloat64(), rng.ExpFloat64(), []string{"x", "y", "z"}[rng.IntN(3)]
		f := 3*x - 2*z
		if k == "z" {
			f++
		}
		a, b, c, e = append(a, x), append(b, z), append(c, k), append(e, rng.NormFloat64())
		t.pred, t.y = append(t.pred, f), append(t.y, f+1.5*rng.NormFloat64())
	}
	t.cols = []*frame.Column{floats("a", a), floats("b", b), texts("c", c), floats("noise", e)}
	return t
}

// churn is a classification with calibrated probabilities.
func churn(seed uint64, n int) *table {
	t := regression(seed, n)
	rng := rand.New(rand.NewPCG(seed, 2))
	t.classes = []string{"no", "yes"}
	for i, f := range t.pred {
		p := 1 / (1 + math.Exp(-0.7*(f+1)))
		t.proba = append(t.proba, p)
		t.y[i], t.pred[i] = 0, math.Round(p)
		if rng.Float64() < p {
			t.y[i] = 1
		}
	}
	return t
}

// input splits the table: 70 % training, 30 % test.
func (t *table) input(tb testing.TB) check.Input {
	tb.Helper()
	all, err := frame.New(t.cols...)
	if err != nil {
		tb.Fatal(err)
	}
	n := len(t.y)
	part := func(from, to int) check.Part {
		rows := make([]int, to-from)
		for i := range rows {
			rows[i] = from + i
		}
		p := check.Part{X: all.Take(rows), Y: t.y[from:to], Pred: t.pred[from:to]}
		if t.classes != nil {
			for _, v := range t.proba[from:to] {
				p.Proba = append(p.Proba, 1-v, v)
			}
		}
		return p
	}
	in := check.Input{Target: "y", Classes: t.classes, Train: part(0, n*7/10), Test: part(n*7/10, n)}
	if t.classes != nil {
		in.Positive = 1
	}
	for _, c := range t.cols {
		imp := check.Importance{Column: c.Field.Name, Mean: 0.3, Std: 0.01, Repeats: 5}
		if strings.HasPrefix(imp.Column, "noise") {
			imp.Mean = 0.0001
		}
		in.Importances = append(in.Importances, imp)
	}
	return in
}

func run(tb testing.TB, in check.Input, o map[string]check.Options) map[string]check.Result {
	tb.Helper()
	list, err := check.Run(context.Background(), in, o)
	if err != nil {
		tb.Fatal(err)
	}
	out := map[string]check.Result{}
	for _, r := range list {
		out[r.Name] = r
		sensible(tb, r)
	}
	return out
}

// sensible demands what holds for every result.
func sensible(tb testing.TB, r check.Result) {
	tb.Helper()
	if _, err := json.Marshal(r); err != nil {
		tb.Errorf("%s: %v", r.Name, err)
	}
	if r.Passed != (r.Value <= r.Threshold || r.Chance) {
		tb.Errorf("%s: passed %t with value %v, threshold %v, chance %t", r.Name, r.Passed, r.Value, r.Threshold, r.Chance)
	}
	if r.Chance && r.Value <= r.Threshold {
		tb.Errorf("%s: chance below the threshold", r.Name)
	}
	if !strings.HasSuffix(r.Detail, ".") && !strings.HasSuffix(r.Detail, "?") || strings.Contains(r.Detail, "NaN") {
		tb.Errorf("%s: %q is no sentence", r.Name, r.Detail)
	}
	if len(r.Findings) > check.MaxFindings || len(r.Rows) > check.MaxFindings || r.Total < len(r.Findings) {
		tb.Errorf("%s: %d findings, %d rows, total %d", r.Name, len(r.Findings), len(r.Rows), r.Total)
	}
}

func failing(results map[string]check.Result) (names []string) {
	for name, r := range results {
		if !r.Passed {
			names = append(names, name+" ("+r.Detail+")")
		}
	}
	slices.Sort(names)
	return names
}

// TestSoundModelsRaiseNoAlarm is the negative control of all checks: twenty
// tables of each kind and three sizes, split at random, with a right model.
func TestSoundModelsRaiseNoAlarm(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		for _, n := range []int{150, 1000, 6000} {
			for _, table := range []*table{regression(seed, n), churn(seed, n)} {
				if bad := failing(run(t, table.input(t), nil)); len(bad) > 0 {
					t.Errorf("seed %d, %d rows, %d classes: %s", seed, n, len(table.classes), strings.Join(bad, "; "))
				}
			}
		}
	}
}

func TestOneCopiedRowIsFound(t *testing.T) {
	t.Parallel()
	table := regression(1, 1000)
	for _, c := range table.cols { // test row 5 becomes training row 3
		if c.Floats != nil {
			c.Floats[705] = c.Floats[3]
		} else {
			c.Texts[705] = c.Texts[3]
		}
	}
	table.y[705] = table.y[3]
	in := table.input(t)
	r := run(t, in, nil)["train_test_leakage"]
	want := []check.Twin{{Part: "test", Row: 5, TrainRow: 3, SameTarget: true}}
	if r.Passed || !reflect.DeepEqual(r.Rows, want) || r.Value != 1.0/300 {
		t.Errorf("%+v", r)
	}
	if want := "1 of 300 rows of test have the features of a training row, 0 of them with another target; no training row has another training row's."; r.Detail != want {
		t.Errorf("detail %q", r.Detail)
	}
	in.Train.Y[3]++
	if r := run(t, in, nil)["train_test_leakage"]; r.Passed || r.Rows[0].SameTarget {
		t.Errorf("another target: %+v", r)
	}
	in.Validation, in.Test = in.Test, in.Train
	if r := run(t, in, nil)["train_test_leakage"]; r.Total != 701 {
		t.Errorf("the training rows as a test have %d twins", r.Total)
	}
}

func TestIdentifiersHideNoCopies(t *testing.T) {
	t.Parallel()
	table := regression(2, 1000)
	var id []string
	var number []int64
	for i := range 1000 {
		id, number = append(id, fmt.Sprintf("customer-%d", i)), append(number, int64(i))
	}
	for _, c := range table.cols {
		if c.Floats != nil {
			copy(c.Floats[700:750], c.Floats[:50])
		} else {
			copy(c.Texts[700:750], c.Texts[:50])
		}
	}
	table.cols = append(table.cols, texts("id", id), &frame.Column{Field: frame.Field{Name: "row", Type: frame.Int64}, Ints: number})
	r := run(t, table.input(t), nil)["train_test_leakage"]
	if r.Passed || r.Total != 50 || !strings.Contains(r.Detail, "Identifiers are left aside: id, row.") {
		t.Errorf("%+v", r)
	}
}

func TestNaturalTwinsAreLetPass(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 3))
		table := regression(seed, 5000)
		few := func(n, levels int) (v []string) {
			for range n {
				v = append(v, fmt.Sprint(rng.IntN(levels)))
			}
			return v
		}
		// 250,000 possible rows: some of 5,000 are alike by chance.
		table.cols = []*frame.Column{texts("a", few(5000, 50)), texts("b", few(5000, 50)), texts("c", few(5000, 100))}
		if r := run(t, table.input(t), nil)["train_test_leakage"]; !r.Passed || r.Total == 0 {
			t.Errorf("seed %d: %+v", seed, r)
		}
	}
}

func TestTheTargetAsAFeatureIsFound(t *testing.T) {
	t.Parallel()
	for _, table := range []*table{regression(3, 1000), churn(3, 1000)} {
		var scaled, heavy []float64
		var words []string
		for i, y := range table.y {
			scaled, heavy, words = append(scaled, 5-2*y), append(heavy, math.Exp(3*y)), append(words, fmt.Sprint("level ", math.Round(y)))
			if i%50 == 0 { // it is not always there
				scaled[i] = math.NaN()
			}
		}
		if table.classes != nil {
			table.cols = append(table.cols, texts("refund", words))
		}
		table.cols = append(table.cols, floats("leak", scaled), floats("order", heavy))
		r := run(t, table.input(t), nil)["single_feature"]
		want := []string{"leak", "order"}
		if table.classes != nil {
			want = []string{"leak", "order", "refund"}
		}
		var got []string
		for _, f := range r.Findings {
			if !f.Passed {
				got = append(got, f.Subject)
			}
		}
		slices.Sort(got)
		if r.Passed || !slices.Equal(got, want) {
			t.Errorf("found %v of %v: %+v", got, want, r)
		}
	}
}

func TestAShuffledTargetIsNoLeak(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		for _, table := range []*table{regression(seed, 400), churn(seed, 400)} {
			shuffled := slices.Clone(table.y)
			rng := rand.New(rand.NewPCG(seed, 5))
			rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			table.cols = append(table.cols, floats("shuffled", shuffled))
			r := run(t, table.input(t), map[string]check.Options{"single_feature": {Columns: []string{"shuffled"}}})["single_feature"]
			if !r.Passed || r.Value > 0.35 {
				t.Errorf("seed %d: %+v", seed, r)
			}
		}
	}
}

func TestMissingValuesThatTellTheTargetAreFound(t *testing.T) {
	t.Parallel()
	table := churn(4, 1000)
	v := make([]float64, 1000)
	for i := range v {
		v[i] = 1
		if table.y[i] == 1 {
			v[i] = math.NaN()
		}
	}
	table.cols = append(table.cols, floats("refund", v))
	if r := run(t, table.input(t), nil)["single_feature"]; r.Passed || r.Findings[0].Subject != "refund" {
		t.Errorf("%+v", r)
	}
}

func TestDriftIsFoundWhereItIs(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(table *table){
		"a":     func(t *table) { shiftBy(t.cols[0].Floats[700:], 0.6) },
		"noise": func(t *table) { shiftBy(t.cols[3].Floats[700:], -0.6) },
		"c": func(t *table) {
			for i := 700; i < 1000; i += 3 {
				t.cols[2].Texts[i] = "x"
			}
		},
		"b": func(t *table) { // missing in half of the test
			valid := make(frame.Bitmap, 16)
			for i := range 1000 {
				if i < 700 || i%2 == 0 {
					valid[i>>6] |= 1 << (i & 63)
				} else {
					t.cols[1].Floats[i] = math.NaN()
				}
			}
			t.cols[1].Valid = valid
			t.cols[1].Field.Nullable = true
		},
		"y": func(t *table) { shiftBy(t.y[700:], 3) },
	} {
		table := regression(6, 1000)
		change(table)
		r := run(t, table.input(t), nil)["train_test_drift"]
		var got []string
		for _, f := range r.Findings {
			got = append(got, f.Subject)
		}
		if r.Passed || !slices.Equal(got, []string{name}) {
			t.Errorf("%s: found %v: %s", name, got, r.Detail)
		}
	}
}

func shiftBy(v []float64, by float64) {
	for i := range v {
		v[i] += by
	}
}

func TestTinyDriftOfManyRowsIsNone(t *testing.T) {
	t.Parallel()
	table := regression(7, 200000)
	shiftBy(table.cols[0].Floats[140000:], 0.05) // p below 1e-15, effect nil
	r := run(t, table.input(t), nil)["train_test_drift"]
	if !r.Passed || r.Chance || r.Value < 0.015 {
		t.Errorf("%+v", r)
	}
}

func TestAWeakSegmentIsFound(t *testing.T) {
	t.Parallel()
	for _, table := range []*table{regression(8, 6000), churn(8, 6000)} {
		a, c := table.cols[0].Floats, table.cols[2].Texts
		for i := range table.y {
			if c[i] == "y" && a[i] > 0.7 {
				if table.classes != nil {
					table.y[i] = 1 - table.pred[i]
				} else {
					table.y[i] += 10 * math.Sin(float64(i)*7)
				}
			}
		}
		r := run(t, table.input(t), nil)["weak_segments"]
		if r.Passed || len(r.Findings) == 0 {
			t.Fatalf("%+v", r)
		}
		f := r.Findings[0]
		if !slices.Contains(f.Columns, "c") || !slices.Contains(f.Columns, "a") || !strings.Contains(f.Subject, `c is "y"`) || !strings.Contains(f.Subject, "a is above 0.6") {
			t.Errorf("%+v", f)
		}
	}
}

func TestAModelBelowASimpleOneIsFound(t *testing.T) {
	t.Parallel()
	for _, table := range []*table{regression(9, 2000), churn(9, 2000)} {
		rng := rand.New(rand.NewPCG(9, 9))
		for i := range table.pred { // predictions of another row
			j := rng.IntN(len(table.pred))
			table.pred[i] = table.pred[j]
			if table.classes != nil {
				table.proba[i] = table.proba[j]
			}
		}
		in := table.input(t)
		if r := run(t, in, nil)["simple_model"]; r.Passed || r.Value < 1.2 || !strings.Contains(r.Detail, "is worse than") {
			t.Errorf("%+v", r)
		}
		if table.classes == nil {
			continue
		}
		in.Test.Proba = nil
		if r := run(t, in, nil)["simple_model"]; r.Passed || !strings.Contains(r.Detail, "error rate") {
			t.Errorf("classes only: %+v", r)
		}
	}
}

func TestColumnsWithoutInfluenceAreTold(t *testing.T) {
	t.Parallel()
	in := regression(10, 500).input(t)
	in.Importances = []check.Importance{
		{"a", 0.4, 0.01, 5}, {"b", 0.2, 0.02, 5}, {"c", 0.01, 0.001, 5},
		{"noise", 0.0015, 0.0001, 5}, {"constant", 0, 0, 5}, {"harmful", -0.1, 0.01, 5}, {"unsure", 0.01, 0.03, 5},
	}
	r := run(t, in, nil)["unused_features"]
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.Subject)
	}
	slices.Sort(got)
	if want := []string{"constant", "harmful", "noise", "unsure"}; !r.Passed || !slices.Equal(got, want) || r.Value != 4.0/7 {
		t.Errorf("%+v", r)
	}
	half := 0.5
	if r := run(t, in, map[string]check.Options{"unused_features": {AtMost: &half}})["unused_features"]; r.Passed || r.Chance {
		t.Errorf("%+v", r)
	}
	in.Importances = nil
	if r := run(t, in, nil)["unused_features"]; !r.Passed || r.Skipped == "" {
		t.Errorf("%+v", r)
	}
}

func TestProbabilitiesThatDoNotComeTrueAreFound(t *testing.T) {
	t.Parallel()
	table := churn(11, 3000)
	for i, p := range table.proba { // overconfident
		odds := math.Pow(p/(1-p), 4)
		table.proba[i] = odds / (1 + odds)
	}
	in := table.input(t)
	if r := run(t, in, nil)["calibration"]; r.Passed || r.Value < 0.1 {
		t.Errorf("%+v", r)
	}
	// One constant probability, right on average, in rows sorted by target.
	table = churn(12, 3000)
	positives := 0.0
	for _, y := range table.y[2100:] {
		positives += y
	}
	slices.Sort(table.y[2100:])
	for i := range table.proba {
		table.proba[i] = positives / 900
	}
	if r := run(t, table.input(t), nil)["calibration"]; !r.Passed || r.Value > 1e-9 {
		t.Errorf("a constant: %+v", r)
	}
}

func TestManyClassesAreChecked(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 13))
		const n, k = 1500, 4
		var x, z, y, pred, proba []float64
		for range n {
			a, b := rng.NormFloat64(), rng.NormFloat64()
			scores := []float64{a, b, -a, 0.3}
			sum := 0.0
			for c := range scores {
				scores[c] = math.Exp(scores[c])
				sum += scores[c]
			}
			u, class := rng.Float64()*sum, 0
			for u > scores[class] {
				u -= scores[class]
				class++
			}
			for c := range scores {
				proba = append(proba, scores[c]/sum)
			}
			x, z, y, pred = append(x, a), append(z, b), append(y, float64(class)), append(pred, float64(slices.Index(scores, slices.Max(scores))))
		}
		f, err := frame.New(floats("x", x), floats("z", z), floats("leak", y))
		if err != nil {
			t.Fatal(err)
		}
		rows := func(from, to int) (r []int) {
			for i := from; i < to; i++ {
				r = append(r, i)
			}
			return r
		}
		in := check.Input{Target: "y", Classes: []string{"a", "b", "c", "d"},
			Train: check.Part{X: f.Take(rows(0, 1000)), Y: y[:1000]},
			Test:  check.Part{X: f.Take(rows(1000, n)), Y: y[1000:], Pred: pred[1000:], Proba: proba[4000:]}}
		bad := failing(run(t, in, nil))
		// The leak is what is wrong here, and with it a tree is better than the model.
		if len(bad) != 2 || !strings.HasPrefix(bad[0], "simple_model") || !strings.HasPrefix(bad[1], "single_feature") {
			t.Errorf("seed %d: %v", seed, bad)
		}
		in.Train.X, in.Test.X = in.Train.X.Without("leak"), in.Test.X.Without("leak")
		if bad := failing(run(t, in, nil)); len(bad) > 0 {
			t.Errorf("seed %d: %v", seed, bad)
		}
	}
}

func TestOptionsChangeAndSwitchOff(t *testing.T) {
	t.Parallel()
	in := regression(14, 1000).input(t)
	strict := 0.001
	got := run(t, in, map[string]check.Options{
		"train_test_leakage": {Off: true},
		"single_feature":     check.Options(evaluate.CheckOptions{Refuse: true, AtMost: &strict}),
		"weak_segments":      {Columns: []string{"c"}},
	})
	if _, ok := got["train_test_leakage"]; ok || len(got) != len(check.Catalog())-1 {
		t.Errorf("%d results", len(got))
	}
	if r := got["single_feature"]; !r.Refused() || r.Threshold != strict {
		t.Errorf("%+v", r)
	}
	if r := got["simple_model"]; r.Refused() {
		t.Errorf("%+v", r)
	}
}

func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	t.Parallel()
	in := regression(15, 200).input(t)
	bad := math.NaN()
	in.Test.Y = in.Test.Y[:10]
	in.Test.X = in.Test.X.Without("b")
	in.Train.Y[4] = math.Inf(1)
	in.Test.Pred[7] = bad
	_, err := check.Run(context.Background(), in, map[string]check.Options{
		"drift": {}, "weak_segments": {Columns: []string{"aa"}}, "calibration": {AtMost: &bad},
	})
	var p ml.Problems
	if !errors.As(err, &p) {
		t.Fatalf("%v", err)
	}
	want := `evaluate.checks.calibration.at_most: NaN given, expected a number of at least 0
evaluate.checks: unknown check "drift", allowed: calibration, simple_model, single_feature, train_test_drift, train_test_leakage, unused_features, weak_segments
evaluate.checks.weak_segments.columns: unknown column "aa", allowed: a, b, c, noise (did you mean "a"?)
train: target of row 4 is +Inf, expected a number
test: 10 targets given, expected 60
test: prediction 7 is NaN, expected a number
test: no column "b", which train has`
	if err.Error() != want {
		t.Errorf("got\n%s", err)
	}
	if _, err := check.Run(context.Background(), check.Input{}, nil); err == nil {
		t.Error("an empty input is accepted")
	}
}

func TestTheSameInputGivesTheSameResults(t *testing.T) {
	t.Parallel()
	in := churn(16, 2000).input(t)
	first, err := check.Run(context.Background(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(first)
	for range 5 {
		again, _ := check.Run(context.Background(), in, nil)
		if b, _ := json.Marshal(again); string(a) != string(b) {
			t.Fatalf("%s\n%s", a, b)
		}
	}
}

func TestOddTablesDoNotPanic(t *testing.T) {
	t.Parallel()
	empty, one := &table{}, regression(17, 1)
	constant := regression(17, 300)
	for i := range constant.y {
		constant.y[i], constant.pred[i], constant.cols[0].Floats[i], constant.cols[2].Texts[i] = 7, 7, 1, "same"
		constant.cols[1].Floats[i], constant.cols[3].Floats[i] = math.NaN(), math.Inf(1-2*(i%2))
	}
	perfect := regression(17, 300)
	perfect.pred = perfect.y
	alone := churn(17, 300)
	for i := range alone.y {
		alone.y[i], alone.proba[i] = 0, 0
	}
	huge := regression(17, 300)
	for i := range huge.y {
		huge.cols[0].Floats[i] *= 1e300
		huge.y[i] *= 1e150
	}
	unique := regression(17, 300)
	for i := range unique.y {
		unique.cols[2].Texts[i] = fmt.Sprint("id", i)
	}
	empty.cols = []*frame.Column{floats("a", nil)}
	for name, table := range map[string]*table{"empty": empty, "one": one, "constant": constant, "perfect": perfect, "alone": alone, "huge": huge, "unique": unique} {
		t.Run(name, func(t *testing.T) { run(t, table.input(t), nil) })
	}
	in := regression(17, 300).input(t)
	none, _ := frame.New()
	in.Train.X, in.Test.X = none, none
	if _, err := check.Run(context.Background(), in, nil); err == nil {
		t.Error("targets without rows are accepted")
	}
}

func TestAnEndedContextEndsTheChecks(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := check.Run(ctx, regression(18, 1000).input(t), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestNoiseRaisesNoAlarm adds columns that have nothing to do with the target,
// as many as a table has in practice.
func TestNoiseRaisesNoAlarm(t *testing.T) {
	t.Parallel()
	if bad := failing(run(t, wide(10000).input(t), nil)); len(bad) > 0 {
		t.Error(bad)
	}
}

// BenchmarkRun makes all checks of 100,000 by 50.
func BenchmarkRun(b *testing.B) {
	in := wide(143000).input(b)
	for b.Loop() {
		run(b, in, nil)
	}
}

func wide(n int) *table {
	rng := rand.New(rand.NewPCG(19, 1))
	table := churn(19, n)
	for j := range 46 {
		if j%4 == 0 {
			v := make([]string, n)
			for i := range v {
				v[i] = fmt.Sprint("level ", rng.IntN(5+j*20))
			}
			table.cols = append(table.cols, texts(fmt.Sprint("t", j), v))
			continue
		}
		v := make([]float64, n)
		for i := range v {
			v[i] = rng.NormFloat64()
		}
		table.cols = append(table.cols, floats(fmt.Sprint("f", j), v))
	}
	return table
}

func TestTheCatalogIsWhole(t *testing.T) {
	t.Parallel()
	var names []string
	for _, i := range check.Catalog() {
		names = append(names, i.Name)
		if i.Title == "" || len(i.About) < 40 || i.Default <= 0 {
			t.Errorf("%+v", i)
		}
	}
	want := []string{"train_test_leakage", "single_feature", "train_test_drift", "weak_segments", "simple_model", "unused_features", "calibration"}
	if !slices.Equal(names, want) || !slices.Equal(check.Names(), want) {
		t.Errorf("%v", names)
	}
}
