package evaluate_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"gristmill/ml/catalog"
	"gristmill/ml/evaluate"
	"gristmill/ml/frame"
	"gristmill/ml/metric"
)

func TestThresholdIsChosenOnRowsThatAreNotTheTest(t *testing.T) {
	t.Parallel()
	val, folds, train := churn(400), churn(400), churn(400)
	held := &evaluate.Held{Y: folds.Validation.Y}
	_, held.Proba, _ = folds.Model(t.Context(), folds.Validation.X)
	folds.Validation, folds.CrossValidated = evaluate.Part{}, held
	train.Validation = evaluate.Part{}
	for _, c := range []struct {
		on string
		in evaluate.Input
		of evaluate.Part
	}{{"val", val, val.Validation}, {"folds", folds, val.Validation}, {"train", train, train.Train}} {
		for _, by := range metric.Criteria() {
			o := evaluate.Options{Bootstrap: -1, Importance: -1, Threshold: by}
			cells := metric.CellCost{}
			if by == "cost" {
				o.Cost = &evaluate.Cost{FalseNegative: 500, FalsePositive: 100, TruePositive: -10}
				cells = metric.CellCost{FalseNegative: 500, FalsePositive: 100, TruePositive: -10}
			}
			got := run(t, c.in, o).Threshold
			want := rank(t, c.in, c.of)
			best, err := want.Best(by, cells)
			if err != nil {
				t.Fatal(err)
			}
			test := rank(t, c.in, c.in.Test)
			if got.On != c.on || got.By != by || got.Value != best.Threshold || got.Chosen != test.At(best.Threshold, cells) || got.Half != test.At(.5, cells) {
				t.Errorf("%s by %s: %+v, want threshold %v", c.on, by, got, best.Threshold)
			}
		}
	}
	for name, o := range map[string]evaluate.Options{"f1": {}, "cost": {Cost: &evaluate.Cost{FalsePositive: 1}}} {
		o.Bootstrap, o.Importance = -1, -1
		if by := run(t, val, o).Threshold.By; by != name {
			t.Errorf("threshold by %s, want %s", by, name)
		}
	}
}

func rank(t *testing.T, in evaluate.Input, p evaluate.Part) *metric.Ranking {
	t.Helper()
	_, proba, err := in.Model(t.Context(), p.X)
	if err != nil {
		t.Fatal(err)
	}
	truth, score := make([]bool, len(p.Y)), make([]float64, len(p.Y))
	for i, y := range p.Y {
		truth[i], score[i] = y == float64(in.Positive), proba[2*i+in.Positive]
	}
	r, err := metric.Rank(truth, score)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// rows makes a part of given probabilities of the second of two classes.
func rows(y, p []float64) evaluate.Part {
	f, err := frame.New(&frame.Column{Field: frame.Field{Name: "p", Type: frame.Float64}, Floats: p})
	if err != nil {
		panic(err)
	}
	return evaluate.Part{X: f, Y: y}
}

func TestCostsAreThoseCountedByHand(t *testing.T) {
	t.Parallel()
	in := evaluate.Input{Task: catalog.Classification, Classes: []string{"stays", "leaves"}, Positive: 1, Target: "churn",
		Model: binary(func(x *frame.Frame, i int) float64 { return x.Column("p").Floats[i] }), Baseline: constant(0.4)}
	in.Validation = rows([]float64{1, 1, 0, 0}, []float64{.9, .3, .2, .1})
	in.Test = rows([]float64{1, 1, 1, 0, 0, 0, 0, 0}, []float64{.8, .35, .1, .6, .3, .2, .2, .1})
	o := evaluate.Options{Bootstrap: 100, Importance: -1, Cost: &evaluate.Cost{Currency: "USD", FalseNegative: 500, FalsePositive: 50, TruePositive: -20}}
	c := run(t, in, o).Cost
	// own decisions at a half: 1 found, 2 missed, 1 in vain; baseline: all 3
	// missed; constant "leaves" on validation rows: 3 found, 5 in vain; best
	// threshold there 0.3: 2 found, 1 missed, 2 in vain
	own, base, all, best := (-20+2*500+50)/8.0, 3*500/8.0, (-3*20+5*50)/8.0, (-2*20+500+2*50)/8.0
	for name, v := range map[string][2]float64{"per row": {c.PerRow.Value, own}, "total": {c.Total, own * 8}, "baseline": {c.Baseline, base},
		"saving": {c.Saving.Value, base - own}, "over constant": {c.OverConstant.Value, all - own}, "constant": {c.Constant.PerRow, all},
		"best": {c.Best.PerRow.Value, best}, "best saving": {c.Best.Saving.Value, base - best}, "best total": {c.Best.Total, best * 8}, "threshold": {*c.Best.Threshold, .3}} {
		if math.Abs(v[0]-v[1]) > 1e-9 {
			t.Errorf("%s is %v, want %v", name, v[0], v[1])
		}
	}
	if c.Currency != "USD" || c.Rows != 8 || c.Constant.Answer != "leaves" || c.Best.On != "val" || !(*c.PerRow.Low <= own && own <= *c.PerRow.High) {
		t.Errorf("%+v", c)
	}
	// the same costs as a matrix
	o.Cost = &evaluate.Cost{Matrix: map[string]map[string]float64{"leaves": {"stays": 500, "leaves": -20}, "stays": {"leaves": 50}}}
	if m := run(t, in, o).Cost; m.Total != c.Total || m.Best.Total != c.Best.Total || m.Currency != "units" {
		t.Errorf("by matrix: %+v, want %+v", m, c)
	}
	// and with the other class as the positive one
	in.Positive, o.Cost = 0, &evaluate.Cost{FalsePositive: 500, FalseNegative: 50, TrueNegative: -20}
	if m := run(t, in, o).Cost; m.Total != c.Total {
		t.Errorf("with positive %q: %+v, want %+v", in.Classes[0], m, c)
	}
}

func TestCostsOfMoreClassesDecideByExpectedCost(t *testing.T) {
	t.Parallel()
	in := flowers(600)
	o := evaluate.Options{Bootstrap: 200, Importance: -1, Cost: &evaluate.Cost{Matrix: map[string]map[string]float64{"a": {"b": 1, "c": 30}, "c": {"b": 1, "a": 30}, "b": {"a": 4, "c": 4}}}}
	c := run(t, in, o).Cost
	if c.Best == nil || c.Best.Threshold != nil || c.Best.PerRow.Value >= c.PerRow.Value {
		t.Errorf("expected costs do not save: %+v", c)
	}
	_, proba, _ := in.Model(t.Context(), in.Test.X)
	sum, cost := 0.0, [3][3]float64{{0, 1, 30}, {4, 0, 4}, {30, 1, 0}}
	for i, y := range in.Test.Y {
		least, said := math.Inf(1), 0
		for j := range 3 {
			if v := proba[3*i]*cost[0][j] + proba[3*i+1]*cost[1][j] + proba[3*i+2]*cost[2][j]; v < least {
				least, said = v, j
			}
		}
		sum += cost[int(y)][said]
	}
	if math.Abs(c.Best.Total-sum) > 1e-9 {
		t.Errorf("total %v, want %v", c.Best.Total, sum)
	}
}

func TestCostsOfNumbersAreByUnitOverAndUnder(t *testing.T) {
	t.Parallel()
	in := houses(400)
	r := run(t, in, evaluate.Options{Bootstrap: 100, Importance: -1, Slices: []string{"paid"}, Cost: &evaluate.Cost{Over: 1, Under: 3}})
	want, _, _ := in.Model(t.Context(), in.Test.X)
	sum := 0.0
	for i, v := range want {
		sum += max(v-in.Test.Y[i], 0) + 3*max(in.Test.Y[i]-v, 0)
	}
	if math.Abs(r.Cost.Total-sum) > 1e-9 || r.Cost.Best != nil || !(*r.Cost.Saving.Low > 0) {
		t.Errorf("%+v, want total %v", r.Cost, sum)
	}
	// the constant is the 75 % quantile of the validation targets: a quarter lie above
	above := 0
	var answer float64
	if _, err := fmt.Sscan(r.Cost.Constant.Answer, &answer); err != nil {
		t.Fatal(err)
	}
	for _, y := range in.Validation.Y {
		if y > answer {
			above++
		}
	}
	if above != 100 {
		t.Errorf("%d of 400 targets lie above the constant %v, want 100", above, answer)
	}
	total := 0.0
	for _, s := range r.Slices {
		total += value(t, s.Metrics, "cost").Value * float64(s.Rows)
	}
	if math.Abs(total-sum) > 1e-9 {
		t.Errorf("the slices cost %v together, want %v", total, sum)
	}
}

func TestDecisionsOfTheModelItselfAreJudged(t *testing.T) {
	t.Parallel()
	in := churn(400)
	in.Model = func(ctx context.Context, x *frame.Frame) (values, proba []float64, err error) {
		values, proba, err = logistic(ctx, x)
		for i := range values { // a model that calls from 0.2 on
			values[i] = 0
			if proba[2*i+1] >= 0.2 {
				values[i] = 1
			}
		}
		return values, proba, err
	}
	r := run(t, in, evaluate.Options{Bootstrap: -1, Importance: -1, Cost: &evaluate.Cost{FalseNegative: 3, FalsePositive: 1}})
	want := rank(t, in, in.Test).At(0.2, metric.CellCost{FalseNegative: 3, FalsePositive: 1})
	m := r.Confusion["test"]
	if m[1][1] != want.TP || m[0][1] != want.FP || value(t, r.Metrics, "test_recall").Value != want.Recall || math.Abs(r.Cost.PerRow.Value-want.Cost) > 1e-12 {
		t.Errorf("confusion %v, cost %v, want %+v", m, r.Cost.PerRow.Value, want)
	}
}

func TestSlicesCoverTheRowsAndFindTheWeakOne(t *testing.T) {
	t.Parallel()
	in := churn(2000)
	r := run(t, in, evaluate.Options{Bootstrap: 200, Importance: -1, Slices: []string{"plan", "paid", "noise", "since"}})
	names := map[string][]string{}
	sum := map[string]int{}
	for _, s := range r.Slices {
		names[s.Column] = append(names[s.Column], s.Value)
		sum[s.Column] += s.Rows
		if s.Worse != (s.Value == "broken") {
			t.Errorf("%s = %s: worse is %v: %+v", s.Column, s.Value, s.Worse, value(t, s.Metrics, "roc_auc"))
		}
		if s.Small != (s.Rows < 30) || math.Abs(s.Share-float64(s.Rows)/2000) > 1e-12 {
			t.Errorf("%+v", s)
		}
	}
	for column, n := range sum {
		if n != 2000 {
			t.Errorf("slices of %s have %d rows, want 2000", column, n)
		}
	}
	if len(names["plan"]) != 4 || names["plan"][3] != "(missing)" || strings.Join(names["paid"], " ") != "true false" || strings.Join(names["since"], " ") != "2019 2020 2021" {
		t.Errorf("slices %v", names)
	}
	if n := names["noise"]; len(n) != 4 || !strings.HasPrefix(n[0], "up to -0.") || !strings.HasPrefix(n[2], "above ") || !strings.Contains(n[2], " to 0.") || !strings.HasPrefix(n[3], "above 0.") {
		t.Errorf("ranges %q", n)
	}
	// the numbers are those of the rows alone
	plan := in.Test.X.Column("plan")
	var y, proba []float64
	_, all, _ := in.Model(t.Context(), in.Test.X)
	for i := range plan.Len() {
		if plan.Text(i) == "broken" {
			y, proba = append(y, in.Test.Y[i]), append(proba, all[2*i:2*i+2]...)
		}
	}
	want, err := metric.EvaluateClassification(t.Context(), y, proba, 2, 1, metric.Bootstrap{Samples: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Slices {
		for i, w := range want.Results {
			if m := s.Metrics[min(i, len(s.Metrics)-1)]; s.Value == "broken" && (m.Value != w.Value || *m.Low != w.Low || *m.High != w.High) {
				t.Errorf("%+v, want %+v", m, w)
			}
		}
	}
}

// What the model must not see is what it is measured by: fairness.
func TestSlicesAreOfColumnsThatTheModelDoesNotSee(t *testing.T) {
	t.Parallel()
	o := evaluate.Options{Bootstrap: 50, Importance: 2, Slices: []string{"plan"}}
	whole := churn(400)
	want := run(t, whole, o).Slices
	blind := churn(400)
	for _, p := range []*evaluate.Part{&blind.Train, &blind.Validation, &blind.Test} {
		p.X, p.All = p.X.Without("plan"), p.X
	}
	r := run(t, blind, o)
	if len(want) != 4 || !reflect.DeepEqual(r.Slices, want) {
		t.Errorf("slices\n got %+v\nwant %+v", r.Slices, want)
	}
	for _, c := range r.Importance.Columns { // and only they: the rest is of what the model sees
		if c.Column == "plan" {
			t.Error("a column that the model does not see was permuted")
		}
	}
	o.Checks = map[string]evaluate.CheckOptions{"weak_segments": {Columns: []string{"plan"}}}
	if _, err := evaluate.Run(t.Context(), blind, o); err == nil || err.Error() != `evaluate.checks.weak_segments.columns[0]: there is no feature column "plan"` {
		t.Errorf("a check of a column that the model does not see: %v", err)
	}
}

func TestSlicesOfManyAndOfFewValues(t *testing.T) {
	t.Parallel()
	n := 300
	b := frame.NewBuilder(frame.Schema{Fields: []frame.Field{{Name: "city", Type: frame.String}, {Name: "rooms", Type: frame.Int64, Nullable: true}, {Name: "year", Type: frame.Int64},
		{Name: "sold", Type: frame.Timestamp}, {Name: "empty", Type: frame.Float64, Nullable: true},
		{Name: "price", Type: frame.Float64}}}, n)
	var y []float64
	for i := range n {
		_ = b.Text(0, fmt.Sprintf("c%02d", min(i/8, 30+i%3)))
		if _ = b.Int(2, int64(1950+i%60)); i%10 == 0 {
			b.Null(1)
		} else {
			_ = b.Int(1, int64(1+i%4))
		}
		_ = b.Time(3, int64(i)*86400*1e6)
		b.Null(4)
		_ = b.Float(5, float64(i)*0.001003)
		y = append(y, float64(i))
	}
	x, err := b.Frame()
	if err != nil {
		t.Fatal(err)
	}
	in := houses(20)
	in.Test = evaluate.Part{X: x, Y: y}
	in.Train, in.Validation = evaluate.Part{}, evaluate.Part{}
	in.Model = number(func(x *frame.Frame, i int) float64 { return 1 })
	r := run(t, in, evaluate.Options{Bootstrap: -1, Slices: []string{"city", "rooms", "year", "sold", "empty", "price"}})
	got := map[string]string{}
	for _, s := range r.Slices {
		got[s.Column] += fmt.Sprintf("%s:%d ", s.Value, s.Rows)
		if s.Metrics[0].Low != nil {
			t.Errorf("an interval without resamples: %+v", s)
		}
	}
	for column, want := range map[string]string{
		"price": "up to 0.075:75 above 0.075 to 0.15:75 above 0.15 to 0.225:75 above 0.225:75 ",
		"rooms": "1:60 2:75 3:60 4:75 (missing):30 ",
		"year":  "up to 1964:75 above 1964 to 1979:75 above 1979 to 1994:75 above 1994:75 ",
		"sold":  "1970 Q1:90 1970 Q2:91 1970 Q3:92 1970 Q4:27 ",
		"empty": "(missing):300 ",
	} {
		if got[column] != want {
			t.Errorf("%s: %s, want %s", column, got[column], want)
		}
	}
	if c := got["city"]; strings.Count(c, ":") != 21 || !strings.HasSuffix(c, "(other):104 ") || !strings.HasPrefix(c, "c30:25 c31:20 c32:15 c00:8 ") {
		t.Errorf("city: %s", c)
	}
}

func TestOptionsThatDoNotFitAreToldAllAtOnce(t *testing.T) {
	t.Parallel()
	nan, low := math.NaN(), -1.0
	schema := frame.Schema{Fields: []frame.Field{{Name: "contract"}, {Name: "tenure"}}}
	two, three := []string{"No", "Yes"}, []string{"a", "b", "c"}
	const c, r = catalog.Classification, catalog.Regression
	for _, x := range []struct {
		task    catalog.Task
		classes []string
		schema  frame.Schema
		o       evaluate.Options
		want    string
	}{
		{c, two, schema, evaluate.Options{Slices: []string{"contract", "tenur", "contract", "x"}},
			`evaluate.slices[1]: there is no column "tenur" (did you mean "tenure"?)
evaluate.slices[2]: column "contract" a second time given, want each column once
evaluate.slices[3]: there is no column "x"`},
		{c, two, frame.Schema{}, evaluate.Options{Slices: []string{"anything"}, Cost: &evaluate.Cost{FalseNegative: 1}, Threshold: "cost"}, ""},
		{c, two, schema, evaluate.Options{Threshold: "f2"}, `evaluate.threshold: unknown criterion "f2", allowed: cost, f1, youden (did you mean "f1"?)`},
		{c, two, schema, evaluate.Options{Threshold: "cost"}, `evaluate.threshold: "cost" without costs given, want evaluate.cost beside it, or f1 or youden`},
		{c, three, schema, evaluate.Options{Threshold: "f1"}, `evaluate.threshold: "f1" for 3 classes given, want none: only two classes have a threshold`},
		{r, nil, schema, evaluate.Options{Threshold: "f1"}, `evaluate.threshold: "f1" for a regression given, want none: only two classes have a threshold`},
		{c, two, schema, evaluate.Options{Cost: &evaluate.Cost{}}, `evaluate.cost: no cost given, want false_negative, false_positive, true_negative, true_positive or matrix`},
		{r, nil, schema, evaluate.Options{Cost: &evaluate.Cost{}}, `evaluate.cost: no cost given, want over or under, the cost of one unit of a prediction above or below the truth`},
		{r, nil, schema, evaluate.Options{Cost: &evaluate.Cost{Over: -1, FalseNegative: 2, Matrix: map[string]map[string]float64{"a": {"b": 1}}}},
			`evaluate.cost.false_negative: the cost of a class given, want over and under: this is a regression
evaluate.cost.matrix: a matrix of classes given, want over and under: this is a regression
evaluate.cost.over: -1 given, want 0 or more: else the worst prediction would be the best`},
		{c, two, schema, evaluate.Options{Cost: &evaluate.Cost{Under: 2, Currency: strings.Repeat("x", 21)}},
			`evaluate.cost.currency: "xxxxxxxxxxxxxxxxxxxxx" given, want a word of at most 20 characters
evaluate.cost.under: the cost of a unit given, want the cost of classes: this is a classification`},
		{c, three, schema, evaluate.Options{Cost: &evaluate.Cost{FalseNegative: 2}},
			`evaluate.cost.false_negative: the cost of two classes for 3 given, want matrix, the cost by actual and then by predicted class`},
		{c, nil, schema, evaluate.Options{Cost: &evaluate.Cost{FalseNegative: 2}}, ""},
		{c, two, schema, evaluate.Options{Cost: &evaluate.Cost{FalsePositive: nan, Matrix: map[string]map[string]float64{"Yess": {"No": 1}, "Yes": {"maybe": nan}}}},
			`evaluate.cost.false_positive: NaN given, want a finite number
evaluate.cost.matrix: a matrix and false_positive given, want either the matrix or false_positive
evaluate.cost.matrix.Yes.maybe: unknown class "maybe", allowed: No, Yes
evaluate.cost.matrix.Yes.maybe: NaN given, want a finite number
evaluate.cost.matrix.Yess: unknown class "Yess", allowed: No, Yes (did you mean "Yes"?)`},
		{c, two, schema, evaluate.Options{Bootstrap: 1_000_000, Importance: 5000, Checks: map[string]evaluate.CheckOptions{"calibraton": {}, "weak_segments": {AtMost: &low, Columns: []string{"contrat"}}}},
			`evaluate.bootstrap: 1000000 resamples given, want at most 100000
evaluate.importance: 5000 permutations of each column given, want at most 1000
evaluate.checks.calibraton: unknown check "calibraton", allowed: calibration, simple_model, single_feature, train_test_drift, train_test_leakage, unused_features, weak_segments (did you mean "calibration"?)
evaluate.checks.weak_segments.at_most: -1 given, want a finite number, 0 or more
evaluate.checks.weak_segments.columns[0]: there is no feature column "contrat" (did you mean "contract"?)`},
		{c, two, schema, evaluate.Options{Slices: make([]string, 51)}, "51 columns"},
	} {
		ps := x.o.Check(x.task, x.classes, x.schema)
		if got := ps.Error(); got != x.want && !(x.want == "51 columns" && strings.HasPrefix(got, "evaluate.slices: 51 columns given, want at most 50\n")) {
			t.Errorf("problems:\n%s\nwant:\n%s", got, x.want)
		}
		for _, p := range ps {
			if p.Path == "" || !strings.HasPrefix(p.Msg, p.Path+": ") {
				t.Errorf("problem %+v", p)
			}
		}
	}
	if _, err := evaluate.Run(t.Context(), churn(50), evaluate.Options{Slices: []string{"plann"}}); err == nil || err.Error() != `evaluate.slices[0]: there is no column "plann" (did you mean "plan"?)` {
		t.Errorf("error %v", err)
	}
}

// Negative control: slices by chance are not called worse, also if many are
// tried.
func TestSlicesByChanceAreNotWorse(t *testing.T) {
	t.Parallel()
	in := houses(3000)
	cols := []*frame.Column{}
	for j := range in.Test.X.Cols() {
		cols = append(cols, in.Test.X.At(j))
	}
	o := evaluate.Options{Bootstrap: 200, Importance: -1}
	rng := rand.New(rand.NewPCG(12, 13))
	for j := range 20 {
		c := &frame.Column{Field: frame.Field{Name: fmt.Sprintf("c%d", j), Type: frame.Int64}}
		for range 3000 {
			c.Ints = append(c.Ints, int64(rng.IntN(6)))
		}
		cols = append(cols, c)
		o.Slices = append(o.Slices, c.Field.Name)
	}
	x, err := frame.New(cols...)
	if err != nil {
		t.Fatal(err)
	}
	in.Test.X, in.Train, in.Validation = x, evaluate.Part{}, evaluate.Part{}
	outside := 0
	for _, s := range run(t, in, o).Slices {
		if s.Worse {
			t.Errorf("%s = %s is worse: %+v", s.Column, s.Value, s.Metrics[0])
		}
		if *s.Metrics[0].Low > 1.02 {
			outside++
		}
	}
	t.Logf("%d of 120 plain intervals lie above", outside)
}
