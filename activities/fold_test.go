package activities_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"gristmill/activities"
	"gristmill/pipeline"
)

// folded runs a spec with a cross-validation of three folds up to its
// evaluation.
func (l *lab) folded(spec string) activities.Evaluation {
	l.t.Helper()
	l.begin(spec)
	l.steps("fetch", "transform", pipeline.FoldStep(1), pipeline.FoldStep(2), pipeline.FoldStep(3), "train", "evaluate")
	e, _ := l.evaluation()
	return e
}

func TestFoldsAreMeasuredApartAndTheirSpreadIsReported(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	e := l.folded(strings.Replace(spec(l.file("mine.csv", customers(400)), `evaluate: {gates: {cv_roc_auc: "> 0.8", cv_log_loss: "< baseline"}}`),
		"algorithm: logistic", "algorithm: logistic, cv: {folds: 3}", 1))
	if len(e.Folds) != 3 {
		t.Fatalf("%d folds", len(e.Folds))
	}
	held, mean := 0, 0.0
	for _, f := range e.Folds {
		if f.Rows["train"]+f.Rows["test"] != 240 {
			t.Errorf("a fold has %v of 240 training rows", f.Rows)
		}
		held += f.Rows["test"]
		mean += f.Metrics["roc_auc"] / 3
		if math.Abs(f.Baseline["roc_auc"]-.5) > 1e-12 {
			t.Errorf("the baseline of a fold has AUC %g", f.Baseline["roc_auc"])
		}
	}
	if held != 240 {
		t.Errorf("%d of 240 rows were held out once", held)
	}
	run := l.state()
	if got := run.Metrics["cv_roc_auc"]; math.Abs(got-mean) > 1e-12 || mean < .8 {
		t.Errorf("cv_roc_auc %g, want the folds' mean %g", got, mean)
	}
	if std, ok := run.Metrics["cv_roc_auc_std"]; !ok || std <= 0 {
		t.Errorf("cv_roc_auc_std %g", std)
	}
	for _, g := range e.Gates {
		if !g.Passed {
			t.Errorf("gate %+v", g)
		}
	}
	if !strings.HasPrefix(string(l.artifact("plots/folds.svg")), "<svg") {
		t.Error("there is no picture of the folds")
	}
}

// TestFoldsOfShuffledLabelsAreWorthNothing is the control: what a fold reports
// comes from rows that it did not learn from.
func TestFoldsOfShuffledLabelsAreWorthNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	lines := strings.Split(strings.TrimSpace(customers(400)), "\n")
	for i := 1; i < len(lines); i++ { // each row gets the label of the row a hundred on
		at, other := strings.LastIndex(lines[i], ","), lines[1+(i+100)%(len(lines)-1)]
		lines[i] = lines[i][:at] + other[strings.LastIndex(other, ","):]
	}
	e := l.folded(strings.Replace(spec(l.file("noise.csv", strings.Join(lines, "\n")+"\n"), `evaluate: {gates: {cv_roc_auc: "> 0.7"}}`),
		"algorithm: logistic", "algorithm: logistic, cv: {folds: 3}", 1))
	if len(e.Gates) != 1 || e.Gates[0].Passed {
		t.Errorf("gates %+v: shuffled labels passed", e.Gates)
	}
}

func TestACheckIsAGateIfTheSpecSaysSo(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	rows := customers(300)
	twice := rows + rows[strings.Index(rows, "\n")+1:] // every row is there twice, most of them on both sides of the split
	e := func(table string) activities.Evaluation {
		l.begin(spec(table, `evaluate: {checks: {train_test_leakage: {refuse: true, at_most: 0.01}}}`))
		l.steps("fetch", "transform", "train", "evaluate")
		e, _ := l.evaluation()
		return e
	}
	found := e(l.file("twice.csv", twice))
	if len(found.Gates) != 1 || found.Gates[0].Passed || found.Gates[0].Rule != "check train_test_leakage" {
		t.Errorf("gates %+v, want the leak to be refused", found.Gates)
	}
	if clean := e(l.file("once.csv", rows)); len(clean.Gates) != 1 || !clean.Gates[0].Passed {
		t.Errorf("gates %+v, want no leak in a clean table", clean.Gates)
	}
}

// TestTestRowsDoNotTouchTheWeights is the leakage control of the whole chain:
// other features in the rows held out must leave the fitted model as it is.
func TestTestRowsDoNotTouchTheWeights(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	lines := strings.Split(strings.TrimSpace(customers(200)), "\n")
	header := strings.Split(lines[0], ",")
	weights := func(change func(row int) bool) string {
		var parts strings.Builder
		parts.WriteString("row,part\n")
		table := make([]string, len(lines))
		copy(table, lines)
		for i := 1; i < len(lines); i++ {
			part := "train"
			if i%4 == 0 {
				part = "test"
			}
			parts.WriteString(strings.Join([]string{strconv.Itoa(i - 1), part}, ",") + "\n")
			if change(i) {
				cells := strings.Split(lines[i], ",")
				for j, name := range header {
					if name == "bill" {
						cells[j] = "9999"
					}
				}
				table[i] = strings.Join(cells, ",")
			}
		}
		l.begin(strings.Replace(spec(l.file("t.csv", strings.Join(table, "\n")+"\n")), "split: {kind: stratified, seed: 3}", fmt.Sprintf("split: {kind: ids, file: %q}", l.file("ids.csv", parts.String())), 1))
		l.steps("fetch", "transform", "train")
		var w string
		if err := json.Unmarshal(l.out["train"].Out["weights"].Value, &w); err != nil {
			t.Fatal(err)
		}
		return w
	}
	plain := weights(func(int) bool { return false })
	if got := weights(func(i int) bool { return i%4 == 0 }); got != plain {
		t.Error("the test rows' features changed the weights")
	}
	if got := weights(func(i int) bool { return i%4 == 1 }); got == plain {
		t.Error("the training rows' features did not change the weights: this control proves nothing")
	}
}

// TestAThresholdNeedsNoPositiveClassByName: the last class is the positive one
// then, in folds, training and package alike.
func TestAThresholdNeedsNoPositiveClassByName(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	text := strings.Replace(spec(l.file("mine.csv", customers(400)), `evaluate: {cost: {matrix: {"Yes": {"No": 9}, "No": {"Yes": 1}}}}`), `, positive: "Yes"`, "", 1)
	e := l.folded(strings.Replace(text, "algorithm: logistic", "algorithm: logistic, threshold: cost, cv: {folds: 3}", 1))
	if e.Threshold == nil || e.Threshold.Value > 0.4 {
		t.Errorf("threshold %+v, want one far below a half where a miss costs nine times a false alarm", e.Threshold)
	}
	var recall float64
	for _, f := range e.Folds {
		recall += f.Metrics["recall"] / 3
	}
	_, metrics := l.evaluation()
	if recall < .8 || metrics["test_recall"].Value < .8 {
		t.Errorf("recall %g in the folds, %g on the test rows: the threshold is not applied", recall, metrics["test_recall"].Value)
	}
}

// TestSlicesMayBeOfColumnsThatTheModelDoesNotSee: whether a model is fair to
// groups that it must not know is measured all the same.
func TestSlicesMayBeOfColumnsThatTheModelDoesNotSee(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.begin(strings.Replace(spec(l.file("mine.csv", customers(400)), `evaluate: {slices: [contract]}`), "target: churn", "target: churn, drop: [contract]", 1))
	l.steps("fetch", "transform", "train", "evaluate")
	e, _ := l.evaluation()
	if len(e.Slices) != 2 || e.Slices[0].Column != "contract" || e.Slices[0].Rows+e.Slices[1].Rows != 80 {
		t.Errorf("slices %+v", e.Slices)
	}
	for _, c := range e.Importance.Columns {
		if c.Column == "contract" {
			t.Error("the model sees the dropped column")
		}
	}
}

// TestTheColumnThatPartsTheRowsIsNoDrift: groups differ between the parts by
// design.
func TestTheColumnThatPartsTheRowsIsNoDrift(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	lines := strings.Split(strings.TrimSpace(customers(600)), "\n")
	lines[0] += ",shop"
	for i := 1; i < len(lines); i++ {
		lines[i] += fmt.Sprintf(",shop%d", i%12)
	}
	l.begin(strings.Replace(spec(l.file("mine.csv", strings.Join(lines, "\n")+"\n")), "kind: stratified, seed: 3", "kind: group, by: shop, seed: 3", 1))
	l.steps("fetch", "transform", "train", "evaluate")
	e, _ := l.evaluation()
	for _, c := range e.Checks {
		if c.Name != "train_test_drift" {
			continue
		}
		if !c.Passed || strings.Contains(c.Detail, "shop") {
			t.Errorf("check %+v", c)
		}
		return
	}
	t.Error("drift was not checked")
}
