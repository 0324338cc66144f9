package pipeline_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gristmill"
	"gristmill/dataset"
	"gristmill/ml/evaluate"
	"gristmill/ml/frame"
	"gristmill/pipeline"
)

// full reads a spec that uses what a pipeline has beside the spine.
func full(t *testing.T) pipeline.Spec {
	t.Helper()
	s, err := pipeline.Parse([]byte(`
name: full
data:
  source: "sample:telco_churn"
  target: churn
  positive: "Yes"
  time: joined
  until: 2024-06-30
  dates: {joined: "%d.%m.%Y"}
  split: {kind: group, by: household, test: 0.2, validation: 0.2, seed: 1}
train: {algorithm: logistic, cv: {folds: 3, seed: 4}, threshold: cost, seed: 9}
evaluate:
  gates: {cv_roc_auc: "> 0.7", test_log_loss: "< baseline"}
  slices: [contract]
  cost: {currency: USD, false_negative: 500, false_positive: 50}
  importance: 0
  bootstrap: 0
  checks: {single_feature: false, simple_model: {refuse: true}, weak_segments: {at_most: 1.5, columns: [contract]}}
register: {card: {purpose: to call, required: [purpose, owner]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestANewKeyIsRead(t *testing.T) {
	t.Parallel()
	s := full(t)
	if got, want := s.Train.CV, (dataset.FoldSpec{Kind: dataset.Grouped, Folds: 3, By: "household", Seed: 4}); got != want {
		t.Errorf("cv %+v, want %+v: as the split does", got, want)
	}
	most := 1.5
	want := evaluate.Options{Bootstrap: -1, Importance: -1, Slices: []string{"contract"},
		Cost:   &evaluate.Cost{Currency: "USD", FalseNegative: 500, FalsePositive: 50},
		Checks: map[string]evaluate.CheckOptions{"single_feature": {Off: true}, "simple_model": {Refuse: true}, "weak_segments": {AtMost: &most, Columns: []string{"contract"}}}}
	if !reflect.DeepEqual(s.Evaluate.Options, want) {
		t.Errorf("evaluate %+v, want %+v", s.Evaluate.Options, want)
	}
	if got := s.Register.Card.Missing(); !slices.Equal(got, []string{"owner"}) {
		t.Errorf("missing of the card: %v", got)
	}
	if s.Data.Time != "joined" || s.Data.Until != "2024-06-30" || s.Data.Dates["joined"] != "%d.%m.%Y" {
		t.Errorf("data %+v", s.Data)
	}
	if len(s.Warnings) != 0 {
		t.Errorf("warnings %v", s.Warnings)
	}
}

func TestADateOnTheCommandLineIsAText(t *testing.T) {
	t.Parallel()
	set, err := pipeline.ParseSet([]string{"data.until=2010-01-31", "data.time=date", "train.cv.folds=3"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := pipeline.ParseWith([]byte(pipeline.Shipped()["housing"]), set)
	if err != nil || s.Data.Until != "2010-01-31" || s.Train.CV.Folds != 3 || s.Train.CV.Kind != dataset.KFold {
		t.Errorf("until %q, cv %+v, %v", s.Data.Until, s.Train.CV, err)
	}
}

func TestFoldsFollowTheSplit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ data, train, want string }{
		{`split: {kind: stratified}`, `algorithm: logistic, cv: {}`, "stratified 5 "},
		{`split: {kind: random}`, `algorithm: ridge, cv: {folds: 7}`, "kfold 7 "},
		{`split: {kind: time, by: day}`, `algorithm: ridge, cv: {}`, "time 5 day"},
		{`split: {kind: time}, time: at`, `algorithm: ridge, cv: {}`, "time 5 at"},
		{`split: {kind: group, by: who}`, `algorithm: ridge, cv: {by: where}`, "group 5 where"},
		{`split: {kind: group, by: who}`, `algorithm: ridge, cv: {kind: kfold}`, "kfold 5 "},
		{`time: at`, `algorithm: ridge, cv: {kind: time}`, "time 5 at"},
		{`time: at`, `algorithm: ridge`, " 0 "},
	} {
		s, err := pipeline.Parse([]byte("name: a\ndata: {source: /x.csv, target: y, " + c.data + "}\ntrain: {" + c.train + "}\n"))
		if err != nil {
			t.Errorf("%s, %s: %v", c.data, c.train, err)
			continue
		}
		if got := fmt.Sprintf("%s %d %s", s.Train.CV.Kind, s.Train.CV.Folds, s.Train.CV.By); got != c.want {
			t.Errorf("%s, %s: %q, want %q", c.data, c.train, got, c.want)
		}
	}
}

func TestAPlanWithFolds(t *testing.T) {
	t.Parallel()
	s := full(t)
	plan, err := pipeline.Make("default", s)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, step := range plan.Steps {
		lines = append(lines, fmt.Sprint(step.ID, step.Kind, step.Needs))
	}
	want := []string{"fetch fetch []", "transform transform [fetch]", "train train [fetch transform]",
		"fold-1 fold [fetch transform]", "fold-2 fold [fetch transform]", "fold-3 fold [fetch transform]",
		"evaluate evaluate [fetch fold-1 fold-2 fold-3 train transform]", "register register [evaluate fetch train transform]", "deploy deploy [register]"}
	for i, line := range lines {
		if got := strings.ReplaceAll(line, " ", ""); i >= len(want) || got != strings.ReplaceAll(want[i], " ", "") {
			t.Errorf("step %d is %s", i, line)
		}
	}
	var fold pipeline.FoldParams
	var train pipeline.TrainParams
	var eval pipeline.EvaluateParams
	var reg pipeline.RegisterParams
	for step, to := range map[int]any{4: &fold, 2: &train, 6: &eval, 7: &reg} {
		if err := json.Unmarshal(plan.Steps[step].Params, to); err != nil {
			t.Fatal(err)
		}
	}
	if fold != (pipeline.FoldParams{Index: 2, Of: 3}) || plan.Steps[4].In["folding"] != "run.folding" || plan.Steps[6].In["fold-2"] != "fold-2.metrics" {
		t.Errorf("fold %+v, %v", fold, plan.Steps[4].In)
	}
	if train.Threshold != "cost" || train.Cost == nil || train.Cost.FalseNegative != 500 {
		t.Errorf("train %+v", train)
	}
	if eval.Folds != 3 || len(eval.Gates) != 2 || !reflect.DeepEqual(eval.Options, s.Evaluate.Options) {
		t.Errorf("evaluate %+v", eval)
	}
	if !reflect.DeepEqual(reg.Card, s.Register.Card) {
		t.Errorf("register %+v", reg)
	}
	folding, ok := s.Folding()
	if !ok || folding.Algorithm != "logistic" || folding.Fold != s.Train.CV || len(folding.Rules) != len(s.Transform) || folding.Seed != 9 {
		t.Errorf("folding %+v", folding)
	}
}

// TestOldPlansAreRead: histories of earlier versions carry these parameters.
func TestOldPlansAreRead(t *testing.T) {
	t.Parallel()
	var eval pipeline.EvaluateParams
	if err := json.Unmarshal([]byte(`{"gates":[{"Metric":"test_r2","Op":">","Factor":1,"Baseline":false,"Number":0.8}],"bootstrap":1000}`), &eval); err != nil || eval.Bootstrap != 1000 || len(eval.Gates) != 1 || eval.Folds != 0 {
		t.Errorf("%+v, %v", eval, err)
	}
	old := pipeline.RegisterParams{Model: "m"}
	if b, err := json.Marshal(old); err != nil || string(b) != `{"model":"m"}` {
		t.Errorf("%s, %v: an empty card changes the plan", b, err)
	}
	spec, err := pipeline.Parse([]byte("name: a\ndata: {source: /x.csv, target: y}\ntrain: {algorithm: ridge}\n"))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pipeline.Make("default", spec)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(plan.Steps[2].Params); got != `{"algorithm":"ridge","params":{"l2":1},"model":"a"}` && !strings.HasPrefix(got, `{"algorithm":"ridge","params":{`) || strings.Contains(string(plan.Steps[2].Params), "threshold") {
		t.Errorf("train %s", got)
	}
}

func TestFiftyFoldsOfManyRulesFitIntoAPlan(t *testing.T) {
	t.Parallel()
	var rules []string
	for i := range 150 {
		rules = append(rules, fmt.Sprintf("  - {columns: {names: [a_rather_long_column_name_%d]}, apply: [{impute: median}, {scale: standard}]}\n", i))
	}
	s, err := pipeline.Parse([]byte("name: wide\ndata: {source: /x.csv, target: y}\ntransform:\n" + strings.Join(rules, "") + "train: {algorithm: ridge, cv: {folds: 50}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pipeline.Make("default", s)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := json.Marshal(plan); len(plan.Steps) != 56 || len(b) > 45<<10 {
		t.Errorf("%d steps in %d bytes", len(plan.Steps), len(b))
	}
}

func TestDescribeKnowsEveryColumnThatIsNamed(t *testing.T) {
	t.Parallel()
	s := full(t)
	schema := frame.Schema{Fields: []frame.Field{{Name: "churn", Type: frame.String}, {Name: "household", Type: frame.String}, {Name: "joined", Type: frame.Timestamp}, {Name: "contract", Type: frame.String}, {Name: "age", Type: frame.Int64}}}
	r, err := pipeline.Describe("default", s, schema)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range r.Steps {
		if step.Kind == pipeline.Fold && len(step.Columns) == 0 {
			t.Errorf("no columns arrive at %s", step.ID)
		}
	}
	_, err = pipeline.Describe("default", s, schema.Without("household", "joined", "contract"))
	want := `the spec does not fit its data:
  data.time: unknown column "joined", allowed: age, churn
  data.split.by: unknown column "household", allowed: age, churn
  evaluate.slices[0]: unknown column "contract", allowed: age, churn
  evaluate.checks.weak_segments.columns[0]: unknown column "contract", allowed: age, churn`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// Slices may be of what the model does not see, checks may not.
func TestDroppedColumnsMaySliceAndNotBeChecked(t *testing.T) {
	t.Parallel()
	s := full(t)
	schema := frame.Schema{Fields: []frame.Field{{Name: "churn", Type: frame.String}, {Name: "household", Type: frame.String}, {Name: "joined", Type: frame.Timestamp}, {Name: "contract", Type: frame.String}, {Name: "sex", Type: frame.String}, {Name: "age", Type: frame.Int64}}}
	s.Data.Drop, s.Evaluate.Slices = []string{"sex"}, []string{"sex", "contract"}
	if _, err := pipeline.Describe("default", s, schema); err != nil {
		t.Fatal(err)
	}
	s.Evaluate.Checks = map[string]evaluate.CheckOptions{"weak_segments": {Columns: []string{"sex", "age", "churn"}}}
	s.Evaluate.Bootstrap = 1_000_000 // which no text could say: the options are checked whole
	_, err := pipeline.Describe("default", s, schema)
	want := `the spec does not fit its data:
  evaluate.checks.weak_segments.columns[0]: "sex" is dropped by data.drop; expected a column that the model sees
  evaluate.checks.weak_segments.columns[2]: "churn" is the target; expected a column that the model sees
  evaluate.bootstrap: 1000000 resamples given, want at most 100000`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestASourceMappingIsNotRelocated(t *testing.T) {
	t.Parallel()
	text := "name: a\ndata: {source: {postgres: {dsn: secret://SHOP, query: select 1}}, target: y}\ntrain: {algorithm: linear}\n"
	out, err := pipeline.Relocate([]byte(text), func(string, string) (string, error) { return "", fmt.Errorf("must not be asked") })
	if err != nil || string(out) != text {
		t.Errorf("became %s, %v", out, err)
	}
	v, err := pipeline.Applied("default", text, "me", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	again := pipeline.Request{Pipeline: "a", Set: map[string]any{"data.source.postgres.query": "select 2", "train.no_intercept": true}}.Again("run", gristmill.DigestOf(nil), "")
	if again.Set["data.source.postgres.query"] != nil || again.Set["train.no_intercept"] != true {
		t.Errorf("again %v", again.Set)
	}
	s, err := pipeline.Load(v.Spec, again.Set)
	if err != nil {
		t.Fatal(err)
	}
	if s.Data.Source.Kind == dataset.FromPostgres || s.Register.Enabled {
		t.Errorf("a run is done again from %v", s.Data.Source)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range pipeline.Shipped() {
		f.Add([]byte(text))
	}
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	more, err := filepath.Glob("schema/testdata/*.yaml")
	if err != nil || len(more) == 0 {
		f.Fatalf("%d full specs, %v", len(more), err)
	}
	for _, file := range append(files, more...) {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("a: &x [*x, *x]"))
	f.Add([]byte("name: 1e999\ndata: [1, {a: .nan}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		spec, err := pipeline.Parse(text)
		if err != nil {
			if gristmill.KindOf(err) != gristmill.Invalid {
				t.Errorf("kind %s of %v", gristmill.KindOf(err), err)
			}
			return
		}
		canonical, digest := spec.JSON()
		again, err := pipeline.Load(canonical, nil)
		if err != nil {
			t.Fatalf("canonical form is refused: %v", err)
		}
		if _, d := again.JSON(); d != digest {
			t.Error("the digest changes when the canonical form is read back")
		}
		if !reflect.DeepEqual(again.Train, spec.Train) || !reflect.DeepEqual(again.Evaluate, spec.Evaluate) || !reflect.DeepEqual(again.Data, spec.Data) {
			t.Error("the canonical form says something else")
		}
		if _, err := pipeline.Make("default", spec); err != nil && gristmill.KindOf(err) != gristmill.Invalid {
			t.Errorf("plan: %v", err)
		}
	})
}
