package recipe_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gristmill/ml"
	"gristmill/ml/bundle"
	"gristmill/ml/catalog"
	"gristmill/ml/evaluate"
	"gristmill/ml/frame"
	"gristmill/ml/metric"
	"gristmill/ml/prep"
	"gristmill/ml/recipe"
)

// houses is a regression: the price grows by the factor e with each room.
func houses(rows int) recipe.Course {
	rng := rand.New(rand.NewPCG(1, 2))
	x, y := make([]float64, rows), make([]float64, rows)
	for i := range x {
		x[i] = float64(1 + rng.IntN(8))
		y[i] = math.Expm1(x[i] + 0.01*rng.NormFloat64())
	}
	f, err := frame.New(&frame.Column{Field: frame.Field{Name: "rooms", Type: frame.Float64}, Floats: x})
	if err != nil {
		panic(err)
	}
	return recipe.Course{X: f, Y: y, Target: "price"}
}

func rules() prep.Spec {
	return prep.Spec{{Columns: prep.Selector{Type: prep.Number}, Apply: []prep.Step{{Op: prep.OpScale, Strategy: prep.Standard}}}}
}

// leavers is a classification: who pays more leaves more often.
func leavers(rows int) recipe.Course {
	rng := rand.New(rand.NewPCG(3, 4))
	x, y := make([]float64, rows), make([]float64, rows)
	for i := range x {
		x[i] = rng.NormFloat64()
		if x[i]+rng.NormFloat64() > 1 {
			y[i] = 1
		}
	}
	f, err := frame.New(&frame.Column{Field: frame.Field{Name: "pays", Type: frame.Float64}, Floats: x})
	if err != nil {
		panic(err)
	}
	return recipe.Course{X: f, Y: y, Target: "leaves", Classes: []string{"No", "Yes"}, Positive: "Yes"}
}

func TestATransformedTargetIsGivenBackAsItWas(t *testing.T) {
	t.Parallel()
	c := houses(200)
	ctx := context.Background()
	plain := recipe.Recipe{Rules: rules(), Algorithm: "linear"}
	logged := plain
	logged.TargetTransform = recipe.Log1p
	rmse := func(r recipe.Recipe) float64 {
		m, err := r.Fit(ctx, "m", c, recipe.Course{}, ml.FitOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.Predict(ctx, c.X)
		if err != nil {
			t.Fatal(err)
		}
		return metric.Regression(c.Y, p.Values)["rmse"]
	}
	// On the log scale the relation is a line; on its own it is far from one.
	if a, b := rmse(logged), rmse(plain); a > b/5 {
		t.Errorf("rmse %g with log1p, %g without", a, b)
	}
	bad := c
	bad.Y = slices.Clone(c.Y)
	bad.Y[3] = -1
	_, err := logged.Fit(ctx, "m", bad, recipe.Course{}, ml.FitOptions{})
	if want := `train.target_transform: log1p needs targets above -1, but "price" is -1 in a training row`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestTargetsReadsWhatCanBePredicted(t *testing.T) {
	t.Parallel()
	text := func(values ...string) *frame.Column {
		return &frame.Column{Field: frame.Field{Name: "y", Type: frame.String}, Texts: values}
	}
	y, classes, err := recipe.Targets(text("b", "a", "b"), catalog.Classification, "a")
	if err != nil || !slices.Equal(classes, []string{"b", "a"}) || !slices.Equal(y, []float64{0, 1, 0}) {
		t.Errorf("the positive class comes last: %v %v %v", y, classes, err)
	}
	y, classes, err = recipe.Targets(&frame.Column{Field: frame.Field{Name: "y", Type: frame.Int64}, Ints: []int64{3, 7}}, catalog.Regression, "")
	if err != nil || classes != nil || !slices.Equal(y, []float64{3, 7}) {
		t.Errorf("numbers: %v %v %v", y, classes, err)
	}
	many := make([]string, recipe.MaxClasses+1)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	for _, c := range []struct {
		column *frame.Column
		task   catalog.Task
		want   string
	}{
		{&frame.Column{Field: frame.Field{Name: "y", Type: frame.String, Nullable: true}, Texts: []string{"a", ""}, Valid: frame.Bitmap{1}}, catalog.Classification, `row 2 has no value of the target "y"`},
		{text("a"), catalog.Regression, `column "y" is text; a regression needs numbers`},
		{&frame.Column{Field: frame.Field{Name: "y", Type: frame.Timestamp}, Ints: []int64{1}}, catalog.Regression, `column "y" is a time; a regression needs numbers`},
		{text(many...), catalog.Classification, "has 1001 different values; a classification takes at most 1000 classes"},
	} {
		_, _, err := recipe.Targets(c.column, c.task, "")
		var ps ml.Problems
		if !errors.As(err, &ps) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func TestThresholdIsGivenOrChosen(t *testing.T) {
	t.Parallel()
	ctx, c := context.Background(), leavers(2000)
	c.Positive = "" // which is the last class then
	fit := func(how string, cost *evaluate.Cost) *bundle.Model {
		t.Helper()
		m, err := recipe.Recipe{Rules: rules(), Algorithm: "logistic", Threshold: how, Cost: cost}.Fit(ctx, "m", c, recipe.Course{}, ml.FitOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Write(); err != nil {
			t.Fatalf("threshold %q cannot be packed: %v", how, err)
		}
		return m
	}
	if v := fit("", nil).Target.Threshold; v != 0 {
		t.Errorf("no threshold is %g", v)
	}
	if v := fit("0.3", nil).Target.Threshold; v != 0.3 {
		t.Errorf("a given one is %g", v)
	}
	// Where a miss costs nine times a false alarm, theory has the threshold at
	// 1/(1+9); the sample scatters around it.
	m := fit("cost", &evaluate.Cost{FalsePositive: 1, FalseNegative: 9})
	cheap := m.Target.Threshold
	dear := fit("cost", &evaluate.Cost{FalsePositive: 9, FalseNegative: 1}).Target.Threshold
	if math.Abs(cheap-0.1) > 0.06 || math.Abs(dear-0.9) > 0.15 {
		t.Errorf("by cost: %g and %g, want about 0.1 and 0.9", cheap, dear)
	}
	matrix := fit("cost", &evaluate.Cost{Matrix: map[string]map[string]float64{"No": {"Yes": 1}, "Yes": {"No": 9}}}).Target.Threshold
	if matrix != cheap {
		t.Errorf("the same costs as a matrix give %g, as cells %g", matrix, cheap)
	}
	p, err := m.Predict(ctx, c.X)
	if err != nil {
		t.Fatal(err)
	}
	for i, label := range p.Labels {
		if (label == "Yes") != (p.Proba[2*i+1] >= cheap) {
			t.Fatalf("row %d with probability %g is called %s", i, p.Proba[2*i+1], label)
		}
	}
}

func TestAThresholdThatCannotBeChosenSaysWhy(t *testing.T) {
	t.Parallel()
	ctx, c := context.Background(), leavers(60)
	r := recipe.Recipe{Rules: rules(), Algorithm: "logistic", Threshold: "f1"}
	var ones []int
	for i, y := range c.Y {
		if y == 1 {
			ones = append(ones, i)
		}
	}
	three := c
	three.Classes = []string{"a", "b", "c"}
	for want, try := range map[string][2]recipe.Course{
		"which are all of one class":      {c, c.Take(ones)},
		"a threshold decides between two": {three, {}},
	} {
		var ps ml.Problems
		if _, err := r.Fit(ctx, "m", try[0], try[1], ml.FitOptions{}); !errors.As(err, &ps) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestAFoldMeasuresWhatATrainingWouldServe: fitting transforms and algorithm at
// once is the same as fitting them one after the other on the same rows.
func TestAFoldMeasuresWhatATrainingWouldServe(t *testing.T) {
	t.Parallel()
	ctx, c := context.Background(), leavers(300)
	r := recipe.Recipe{Rules: rules(), Algorithm: "logistic"}
	once, err := r.Fit(ctx, "m", c, recipe.Course{}, ml.FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := prep.Fit(ctx, r.Rules, c.X)
	if err != nil {
		t.Fatal(err)
	}
	after, err := r.FitAfter(ctx, "m", p, c, recipe.Course{}, ml.FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := once.WeightsSHA256()
	if err != nil {
		t.Fatal(err)
	}
	if b, err := after.WeightsSHA256(); err != nil || a != b {
		t.Errorf("%s and %s, %v", a, b, err)
	}
	// A control: other rows give other weights.
	other, err := r.Fit(ctx, "m", c.Take([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29}), recipe.Course{}, ml.FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := other.WeightsSHA256(); err != nil || a == b {
		t.Errorf("30 rows give the weights of 300: %v", err)
	}
}

func TestInputMeasuresTheModelBesideTheTrivialOne(t *testing.T) {
	t.Parallel()
	ctx, c := context.Background(), leavers(600)
	rows := make([]int, 300)
	for i := range rows {
		rows[i] = i
	}
	train := c.Take(rows)
	m, err := recipe.Recipe{Rules: rules(), Algorithm: "logistic"}.Fit(ctx, "m", train, recipe.Course{}, ml.FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	in, err := recipe.Input(ctx, m, catalog.Classification, recipe.Courses{Train: train, Test: c})
	if err != nil {
		t.Fatal(err)
	}
	report, err := evaluate.Run(ctx, in, evaluate.Options{Bootstrap: -1})
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range report.Metrics {
		if found.Name == "test_roc_auc" && (found.Value < 0.75 || *found.Baseline != 0.5) {
			t.Errorf("%+v, baseline %g", found, *found.Baseline)
		}
	}
	if _, there := report.Rows["val"]; !there || report.Rows["val"] != 0 || report.Positive != "Yes" {
		t.Errorf("rows %v, positive %s", report.Rows, report.Positive)
	}
}

func TestARecipeThatCannotBeCookedSaysWhy(t *testing.T) {
	t.Parallel()
	ctx, c := context.Background(), houses(20)
	for want, r := range map[string]recipe.Recipe{
		`unknown algorithm "magic"`: {Rules: rules(), Algorithm: "magic"},
		"matched by no rule":        {Rules: prep.Spec{{Columns: prep.Selector{Type: prep.Bool}, Apply: []prep.Step{{Op: prep.OpKeep}}}}, Algorithm: "linear"},
	} {
		if _, err := r.Fit(ctx, "m", c, recipe.Course{}, ml.FitOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	if _, err := (recipe.Recipe{Rules: rules(), Algorithm: "linear"}).Fit(stopped, "m", c, recipe.Course{}, ml.FitOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context's end: %v", err)
	}
}

func ExampleRecipe_Fit() {
	c := houses(100)
	r := recipe.Recipe{Rules: rules(), Algorithm: "linear", TargetTransform: recipe.Log1p}
	m, err := r.Fit(context.Background(), "houses", c, recipe.Course{}, ml.FitOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	two, _ := frame.New(&frame.Column{Field: frame.Field{Name: "rooms", Type: frame.Float64}, Floats: []float64{2, 5}})
	p, err := m.Predict(context.Background(), two)
	fmt.Printf("%.1f %.0f %v\n", p.Values[0], p.Values[1], err)
	// Output: 6.4 147 <nil>
}
