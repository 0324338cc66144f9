package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"gristmill/client"
	"gristmill/pipeline"
	"gristmill/registry"
	"gristmill/test/mill"
	"gristmill/tracking"
)

// Somebody gets everything wrong: each time the text says what, and the exit
// status is 2 for what typing something else can mend.
func badInput(t *testing.T, s *mill.Stack) {
	s.Write(t, "bad/broken.yaml", `name: broken
data: {source: "sample:telco_churn", taget: churn}
transform: [{columns: {type: numbr}, apply: [keep]}]
train: {algorithm: logistics}
register: {model: broken}
colour: red
`)
	s.Write(t, "bad/nowhere.yaml", "name: nowhere\ndata: {source: missing.csv, target: y}\ntransform: [{columns: {type: number}, apply: [keep]}]\ntrain: {algorithm: linear}\n")
	s.Write(t, "bad/passwd.yaml", "name: passwd\ndata: {source: /etc/passwd, target: root, separator: \":\"}\ntransform: [{columns: {type: number}, apply: [keep]}]\ntrain: {algorithm: linear}\n")
	s.Write(t, "bad/ragged.csv", "a,y\n1,2\n3\n")
	s.Write(t, "bad/ragged.yaml", "name: ragged\ndata: {source: ragged.csv, target: y}\ntransform: [{columns: {type: number}, apply: [keep]}]\ntrain: {algorithm: linear}\n")
	const broken = `gristmill: bad/broken.yaml: invalid spec:
  2:1: data.target is missing; expected e.g. the name of the column to predict
  2:38: data: unknown key "taget", allowed: dates, decimal, drop, encoding, format, nulls, positive, schema, separator, source, split, target, time, until (did you mean "target"?)
  3:30: transform[0].columns.type: unknown type "numbr", allowed: bool, category, date, number (did you mean "number"?)
  4:20: train.algorithm: unknown algorithm "logistics", allowed: linear, logistic, ridge (did you mean "logistic"?)
  6:1: unknown key "colour", allowed: data, deploy, description, evaluate, monitor, name, register, schedule, train, transform
`
	for _, c := range []struct {
		args string
		code int
		err  string // all of stderr, or with … at an end a part of it
	}{
		{"train --file bad/broken.yaml", 2, broken},
		{"pipeline apply -f bad/broken.yaml", 2, broken},
		{"pipeline check bad/broken.yaml", 2, broken},
		{"train --file bad/nowhere.yaml", 2, "…missing.csv: no such file or directory…"},
		{"train --file bad/none.yaml", 2, "gristmill: --file: open bad/none.yaml: no such file or directory\n"},
		{"train --file bad/passwd.yaml --json", 1, "…failed: source /etc/passwd: not below an allowed directory…"},
		{"train --file bad/ragged.yaml --json", 1, "…row 2…"},
		{"train chrun", 2, "…there is no pipeline \"chrun\"…"},
		{"train", 2, "gristmill: train: give either the name of a pipeline or --file SPEC\n"},
		{"train churn --file bad/broken.yaml", 2, "gristmill: train: give either the name of a pipeline or --file SPEC\n"},
		{"train churn housing", 2, "…accepts at most 1 arg(s), received 2…"},
		{"train churn --set train.l2", 2, "gristmill: --set: \"train.l2\" is not of the form section.key=value\n"},
		{"train churn --set train.l3=1", 2, "…train: unknown key \"l3\"…(did you mean \"l2\"?)…"},
		{"train churn --set train.l2=much", 2, "…train.l2: given \"much\", want a number…"},
		{"train churn --set data.source=/etc/passwd --json", 1, "…source /etc/passwd: not below an allowed directory…"},
		{"train churn --wat", 2, "gristmill: unknown flag: --wat\n"},
		{"grind churn", 2, "…unknown command \"grind\"…"},
		{"model lst", 2, "…unknown command \"lst\" for \"gristmill model\"; did you mean \"list\"?…"},
		{"run show 0123", 2, "…there is no run \"0123\"…"},
		{"run logs 0123", 2, "…there is no run \"0123\"…"},
		{"run cancel 0123", 2, "…there is no run \"0123\"…"},
		{"model show nothing", 2, "…there is no model \"nothing\"…"},
		{"pipeline show nothing", 2, "…there is no pipeline \"nothing\"…"},
		{"predict nothing --file bad/ragged.csv", 2, "…no model \"nothing\" is deployed…"},
		{"predict churn --file bad/none.csv", 2, "gristmill: --file: open bad/none.csv: no such file or directory\n"},
		{"run list --server http://127.0.0.1:1", 1, "gristmill: no gristmill server at http://127.0.0.1:1; start one with `gristmill up` or set --server\n"},
		{"run list --server elsewhere", 2, "…\"elsewhere\" is no address of a server…"},
	} {
		r := s.CLI(t, strings.Fields(c.args)...)
		if r.Code != c.code || !says(r.Err, c.err) {
			t.Errorf("gristmill %s: exit %d, stderr\n%s\nwant exit %d and\n%s", c.args, r.Code, r.Err, c.code, c.err)
		}
	}
	var runs []client.Run
	s.Value(t, &runs, "run", "list", "--experiment", "passwd")
	if len(runs) != 1 || runs[0].Status != tracking.Failed {
		t.Errorf("runs of passwd: %+v; want one that failed", runs)
	}
}

// says reports whether text is want; … in want stands for any text.
func says(text, want string) bool {
	parts := strings.Split(want, "…")
	if len(parts) == 1 {
		return text == want
	}
	for _, p := range parts {
		_, after, found := strings.Cut(text, p)
		if !found {
			return false
		}
		text = after
	}
	return true
}

// Somebody looks at what there is, as text and as JSON.
func lookAround(t *testing.T, s *mill.Stack) {
	var started map[string]any
	s.Value(t, &started, "train", "housing", "--no-wait")
	hasKeys(t, "train --no-wait", started, "workflow_id")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	workflow, _ := started["workflow_id"].(string)
	res, err := s.Client(t).WaitRun(ctx, workflow, nil)
	if err != nil || res.Status != tracking.Succeeded {
		t.Fatalf("housing ends %+v, %v", res, err)
	}

	logs := s.OK(t, "run", "logs", res.RunID)
	for _, want := range []string{"2930 rows, 74 columns", "fitted ridge", "gate passed: test_r2 > 0.8", "registered housing version 1"} {
		if !strings.Contains(logs, want) {
			t.Errorf("run logs does not say %q:\n%s", want, logs)
		}
	}
	if followed := s.OK(t, "run", "logs", "-f", res.RunID); followed != logs {
		t.Errorf("run logs -f of an ended run prints\n%s, without -f\n%s", followed, logs)
	}
	var lines []tracking.Line
	s.Value(t, &lines, "run", "logs", res.RunID, "--step", "train")
	if len(lines) == 0 || lines[0].Step != "train" {
		t.Errorf("run logs --step train --json: %+v", lines)
	}

	var run map[string]any
	s.Value(t, &run, "run", "show", res.RunID)
	for _, key := range []string{"run_id", "status", "params", "metrics", "tags", "steps"} {
		if run[key] == nil {
			t.Errorf("run show --json has no %s", key)
		}
	}
	metrics, _ := run["metrics"].(map[string]any)
	if metrics["test_rmse"] != res.Metrics["test_rmse"] || res.Metrics["test_rmse"] == 0 {
		t.Errorf("run show has test_rmse %v, the outcome %v", metrics["test_rmse"], res.Metrics["test_rmse"])
	}
	params, _ := run["params"].(map[string]any)
	if params["train.algorithm"] != "ridge" || params["train.l2"] != "10" {
		t.Errorf("params %v", params)
	}
	tags, _ := run["tags"].(map[string]any)
	for _, key := range []string{"gristmill.workflow_id", "gristmill.pipeline", "gristmill.spec_digest", "gristmill.data_digest"} {
		if tags[key] == nil {
			t.Errorf("the run has no tag %s", key)
		}
	}

	var models []registry.Model
	s.Value(t, &models, "model", "list")
	found := false
	for _, m := range models {
		found = found || m.Name == "housing" && m.Latest == 1 && m.Aliases["champion"] == 1
	}
	if !found {
		t.Errorf("model list --json: %+v; want housing", models)
	}
	var list []any
	s.Value(t, &list, "run", "list", "--experiment", "nobody")
	if list == nil || len(list) != 0 {
		t.Errorf("an empty list is %v, want []", list)
	}
	for _, noun := range []string{"pipeline", "run", "model", "dataset", "deployment"} {
		var list []map[string]any
		s.Value(t, &list, noun, "list")
		if len(list) == 0 {
			t.Errorf("%s list --json is empty", noun)
		}
		s.OK(t, noun, "list")
	}
	var settings []struct{ Key, Value, Origin string }
	s.Value(t, &settings, "config")
	origins := map[string]string{}
	for _, c := range settings {
		origins[c.Key] = c.Origin
	}
	if origins["data"] != "GRISTMILL_DATA" || origins["log_level"] != "default" {
		t.Errorf("config --json: %+v", settings)
	}
	var report pipeline.Report
	s.Value(t, &report, "pipeline", "check", "housing", "--set", "train.l2=5")
	if len(report.Steps) != 6 || len(report.Plan.Steps) != 6 || len(report.Steps[0].Columns) != 74 {
		t.Errorf("pipeline check prints %d steps, the first with %d columns; want 6 and 74", len(report.Steps), len(report.Steps[0].Columns))
	}
	if card := s.OK(t, "model", "card", "housing", "champion"); !strings.HasPrefix(card, "# ") || !strings.Contains(card, "test_rmse") {
		t.Errorf("the card is\n%s", card)
	}
	var runs []client.Run
	s.Value(t, &runs, "run", "list", "--experiment", "housing")
	if len(runs) != 1 || runs[0].WorkflowID != workflow {
		t.Errorf("runs of housing: %+v", runs)
	}
}
