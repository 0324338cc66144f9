//go:build interop

package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"gristmill/ml/catalog"
	"gristmill/ml/evaluate"
	"gristmill/ml/frame/csv"
	"gristmill/pipeline"
	"gristmill/test/mill"
	"gristmill/tracking"
)

// reports takes the reports of a classification and of a regression, asks the
// served models for the test rows, and lets scikit-learn measure the answers:
// every number of evaluation.json and of the plots must be the same within 1e-12.
func reports(t *testing.T, s *mill.Stack) {
	for _, name := range []string{"report-churn", "report-housing"} {
		t.Run(name, func(t *testing.T) { report(t, s, name) })
	}
}

func report(t *testing.T, s *mill.Stack, name string) {
	text := committed(t, name+".yaml")
	res := trained(t, s, s.Write(t, name+".yaml", text))
	tab := tableOf(t, text, s.Dir)
	data := tab.Spec.Data
	target := tab.Frame.Column(data.Target)
	texts := func(rows []int) (list []string) {
		for _, r := range rows {
			list = append(list, target.Text(r))
		}
		return list
	}
	x := data.Features(tab.Frame).Without(data.Target).Take(tab.Parts.Test)
	got := asked(t, s, name, x)

	var e evaluate.Report
	stored := artifact(t, s, res.RunID, "evaluation.json")
	mill.Decode(t, string(stored), &e)
	request := map[string]any{"task": tab.Spec.Train.Task, "positive": data.Positive, "y": texts(tab.Parts.Test), "train_y": []float64{}, "report": json.RawMessage(stored)}
	var called []any
	for _, p := range got.Predictions {
		var v any
		if err := json.Unmarshal(p, &v); err != nil {
			t.Fatal(err)
		}
		called = append(called, v)
	}
	request["called"] = called
	if tab.Spec.Train.Task == catalog.Classification {
		var proba [][]float64
		for _, p := range got.Probabilities {
			row := make([]float64, len(e.Classes))
			for k, class := range e.Classes {
				row[k] = p[class]
			}
			proba = append(proba, row)
		}
		request["proba"], request["classes"] = proba, e.Classes
	} else {
		var values []json.Number
		for _, v := range texts(tab.Parts.Train) {
			values = append(values, json.Number(v))
		}
		request["train_y"] = values
	}
	cost := *tab.Spec.Evaluate.Cost
	request["cost"] = map[string]float64{"true_positive": cost.TruePositive, "false_positive": cost.FalsePositive, "false_negative": cost.FalseNegative, "over": cost.Over, "under": cost.Under}
	slices := map[string][]string{}
	for _, column := range tab.Spec.Evaluate.Slices {
		for i := range x.Rows() {
			slices[column] = append(slices[column], x.Column(column).Text(i))
		}
	}
	request["slices"] = slices
	plots := map[string]json.RawMessage{}
	for _, p := range e.PlotList {
		plots[p.Name] = artifact(t, s, res.RunID, "plots/"+p.Name+".json")
		if svg := artifact(t, s, res.RunID, "plots/"+p.Name+".svg"); !bytes.Contains(svg, []byte("</svg>")) {
			t.Errorf("plots/%s.svg is no picture", p.Name)
		}
	}
	request["plots"] = plots
	var answer struct {
		Apart    map[string]float64
		Compared int
	}
	told(t, "recompute.py", request, &answer)
	worst := 0.0
	for what, d := range answer.Apart {
		worst = max(worst, d)
		if !(d <= 1e-12) {
			t.Errorf("%s: %g apart from scikit-learn's, want 1e-12", what, d)
		}
	}
	t.Logf("%s: %d numbers of report and %d plots, at most %.2g apart from scikit-learn's", name, answer.Compared, len(plots), worst)
	if answer.Compared < 500 {
		t.Errorf("only %d numbers were compared", answer.Compared)
	}

	var body bytes.Buffer
	if err := csv.Write(&body, x); err != nil {
		t.Fatal(err)
	}
	var other map[string][2]float64
	const repeats = 10
	told(t, "importance.py", map[string]any{"url": s.Inference() + "/models/" + name + "/invocations", "csv": body.String(), "y": texts(tab.Parts.Test), "positive": data.Positive, "repeats": repeats}, &other)
	if e.Importance == nil || len(e.Importance.Columns) != len(other) || len(other) == 0 {
		t.Fatalf("importance of %d columns, want %d", len(e.Importance.Columns), len(other))
	}
	far := 0.0
	for _, c := range e.Importance.Columns {
		// Both are means of some shuffles: five deviations of their difference.
		o := other[c.Column]
		among := math.Sqrt(c.Std*c.Std/float64(e.Importance.Repeats-1) + o[1]*o[1]/(repeats-1))
		d := math.Abs(c.Drop - o[0])
		if d > 0 {
			far = max(far, d/max(among, 1e-12))
		}
		if d > 6*among+1e-9*math.Abs(o[0]) {
			t.Errorf("importance of %s is %v, scikit-learn's %v (deviation %v)", c.Column, c.Drop, o[0], among)
		}
	}
	t.Logf("%s: importance of %d columns, at most %.1f deviations from scikit-learn's; the first is %s", name, len(other), far, e.Importance.Columns[0].Column)
}

// copiedRow plants rows of training into the test: the check must find them in a
// run, and with refuse the run is rejected. Without the copies it passes.
func copiedRow(t *testing.T, s *mill.Stack) {
	plant := func(copies int) string {
		var rows, ids strings.Builder
		rows.WriteString("a,b,y\n")
		ids.WriteString("row,part\n")
		line := func(i int) string {
			a, b := float64(i*7919%1000)/1000, float64(i*104729%997)/997
			return strings.Join([]string{number(a), number(b), number(3*a - 2*b + float64(i*31%17)/100)}, ",") + "\n"
		}
		for i := range 400 {
			rows.WriteString(line(i))
			if i >= 300 {
				ids.WriteString(number(float64(i)) + ",test\n")
			}
		}
		for i := range copies { // of the first training rows
			rows.WriteString(line(i))
			ids.WriteString(number(float64(400+i)) + ",test\n")
		}
		s.Write(t, "copied/ids.csv", ids.String())
		s.Write(t, "copied/rows.csv", rows.String())
		return s.Write(t, "copied/copied.yaml", "name: copied\ndata: {source: rows.csv, target: y, split: {kind: ids, file: ids.csv}}\n"+
			"train: {algorithm: ridge}\nevaluate: {checks: {train_test_leakage: {refuse: true}}}\nregister: false\ndeploy: false\n")
	}
	clean := trained(t, s, plant(0))
	for _, copies := range []int{1, 20} {
		r := s.CLI(t, "train", "--file", plant(copies), "--json")
		var res pipeline.Result
		mill.Decode(t, r.Out, &res)
		want := fmt.Sprintf("%d of %d rows of test have the features of a training row", copies, 100+copies)
		if r.Code != 1 || res.Status != tracking.Rejected || !strings.Contains(res.Message, want) {
			t.Errorf("%d copied rows: %s", copies, r)
		}
		// And nothing of the test is in what was fitted.
		if res.WeightsSHA256 == "" || res.WeightsSHA256 != clean.WeightsSHA256 {
			t.Errorf("other test rows give other weights: %s and %s", res.WeightsSHA256, clean.WeightsSHA256)
		}
	}
}

func number(v float64) string {
	b, _ := json.Marshal(v)
	return string(b)
}
