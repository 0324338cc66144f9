package activities_test

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gristmill/activities"
	"gristmill/dataset/sample"
	"gristmill/pipeline"
	"gristmill/registry"
)

// evaluation reads the stored evaluation, its metrics by name.
func (l *lab) evaluation() (activities.Evaluation, map[string]registry.Metric) {
	l.t.Helper()
	var e activities.Evaluation
	if err := json.Unmarshal(l.read(l.out["evaluate"].Out["evaluation"].Ref.Digest), &e); err != nil {
		l.t.Fatal(err)
	}
	byName := map[string]registry.Metric{}
	for _, m := range e.Metrics {
		byName[m.Name] = registry.Metric(m)
	}
	return e, byName
}

func TestEvaluateModelMeasuresEveryPartBesideTheBaseline(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.begin(spec(l.file("mine.csv", customers(400)), `evaluate: {gates: {test_roc_auc: "> 0.8", test_log_loss: "< 0.01 * baseline"}}`))
	l.steps("fetch", "transform", "train", "evaluate")
	e, metrics := l.evaluation()
	run := l.state()
	for _, part := range []string{"train", "val", "test"} {
		for _, name := range strings.Fields("accuracy precision recall f1 roc_auc pr_auc log_loss brier") {
			m, ok := metrics[part+"_"+name]
			if !ok {
				t.Errorf("no metric %s_%s", part, name)
				continue
			}
			if run.Metrics[m.Name] != m.Value {
				t.Errorf("the tracker has %s = %g, the evaluation %g", m.Name, run.Metrics[m.Name], m.Value)
			}
			if part == "train" {
				if m.Low != nil {
					t.Errorf("%s has an interval, but the model has seen its rows", m.Name)
				}
				continue
			}
			if m.Low == nil || m.High == nil || *m.Low > m.Value || *m.High < m.Value || *m.Low == *m.High {
				t.Errorf("%s %g has the interval %v to %v", m.Name, m.Value, m.Low, m.High)
				continue
			}
			if run.Metrics[m.Name+"_low"] != *m.Low || run.Metrics[m.Name+"_high"] != *m.High {
				t.Errorf("the tracker has another interval of %s", m.Name)
			}
		}
	}
	auc := metrics["test_roc_auc"]
	if auc.Value < .85 || auc.Baseline == nil || math.Abs(*auc.Baseline-.5) > 1e-12 {
		t.Errorf("test_roc_auc %+v, want above .85 beside a baseline of .5", auc)
	}
	for part, rows := range map[string]int{"train": 240, "val": 80, "test": 80} {
		sum := 0
		for _, line := range e.Confusion[part] {
			for _, n := range line {
				sum += n
			}
		}
		if e.Rows[part] != rows || sum != rows || len(e.Confusion[part]) != 2 {
			t.Errorf("%s: %d rows, confusion %v", part, e.Rows[part], e.Confusion[part])
		}
	}
	if len(e.Gates) != 2 || e.Gates[0].Passed == e.Gates[1].Passed {
		t.Errorf("gates %+v, want one passed and one refused", e.Gates)
	}
	var gates []registry.GateResult
	if err := json.Unmarshal(l.out["evaluate"].Out["gates"].Value, &gates); err != nil || len(gates) != 2 || gates[0] != e.Gates[0] {
		t.Errorf("output gates %+v, %v", gates, err)
	}
	if a, err := l.runs.Artifact(t.Context(), l.runID, "evaluation.json"); err != nil || a.Size == 0 {
		t.Errorf("artifact %+v, %v", a, err)
	}
}

func TestEvaluateModelAgainLeavesOnePointEach(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.begin(spec(l.file("mine.csv", customers(200)))).steps("fetch", "transform", "train")
	losses, _ := l.series("train_loss")
	l.steps("evaluate", "evaluate")
	for _, key := range []string{"test_roc_auc", "test_roc_auc_low", "val_brier", "train_accuracy"} {
		if steps, _ := l.series(key); len(steps) != 1 {
			t.Errorf("%s has points at %v, want one", key, steps)
		}
	}
	if after, _ := l.series("train_loss"); len(after) != len(losses) {
		t.Errorf("the fit's points went from %d to %d", len(losses), len(after))
	}
}

func TestARegressionIsMeasuredAsOne(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	dice := rand.New(rand.NewPCG(5, 6))
	var b strings.Builder
	b.WriteString("a,b,y\n")
	for range 300 {
		x, z := dice.NormFloat64(), dice.NormFloat64()
		b.WriteString(text(x) + "," + text(z) + "," + text(3*x-2*z+.1*dice.NormFloat64()) + "\n")
	}
	l.begin(`
name: line
data: {source: "`+l.file("line.csv", b.String())+`", target: y, split: {seed: 1}}
train: {algorithm: linear}
evaluate: {gates: {test_rmse: "< 0.1 * baseline"}}
`).steps("fetch", "transform", "train", "evaluate")
	e, metrics := l.evaluation()
	rmse := metrics["test_rmse"]
	if rmse.Value < .07 || rmse.Value > .13 || rmse.Baseline == nil || *rmse.Baseline < 3 || metrics["test_r2"].Value < .99 {
		t.Errorf("rmse %+v, r2 %+v; the noise is .1", rmse, metrics["test_r2"])
	}
	if len(e.Confusion) != 0 || len(e.Classes) != 0 || !e.Gates[0].Passed {
		t.Errorf("evaluation %+v", e)
	}
}

func text(v float64) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// TestShuffledLabelsAreRefused is the negative control of the whole chain: the
// shipped pipeline on the shipped data with labels that mean nothing.
func TestShuffledLabelsAreRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.begin(shuffled(t, l)).steps("fetch", "transform", "train", "evaluate")
	e, metrics := l.evaluation()
	auc := metrics["test_roc_auc"]
	if math.Abs(auc.Value-.5) > .05 {
		t.Errorf("shuffled labels give an AUC of %g", auc.Value)
	}
	for _, g := range e.Gates {
		if strings.HasPrefix(g.Rule, "test_roc_auc") && g.Passed {
			t.Errorf("the gate let %g pass: %+v", auc.Value, g)
		}
	}
}

// shuffled returns the shipped churn pipeline on its data with the labels of
// the rows exchanged at random.
func shuffled(t *testing.T, l *lab) string {
	t.Helper()
	r, err := sample.Open("telco_churn")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	table, err := csv.NewReader(strings.NewReader(unzip(t, r))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	churn := slices.Index(table[0], "churn")
	rows := table[1:]
	rand.New(rand.NewPCG(7, 8)).Shuffle(len(rows), func(i, j int) { rows[i][churn], rows[j][churn] = rows[j][churn], rows[i][churn] })
	var b strings.Builder
	if err := csv.NewWriter(&b).WriteAll(table); err != nil {
		t.Fatal(err)
	}
	path := l.file("shuffled.csv", b.String())
	for _, shipped := range pipeline.Shipped() {
		if s := strings.Replace(shipped, "sample:telco_churn", path, 1); s != shipped {
			return s
		}
	}
	t.Fatal("no shipped pipeline reads telco_churn")
	return ""
}
