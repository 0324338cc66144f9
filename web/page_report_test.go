package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	checks "gristmill/ml/check"
	"gristmill/ml/evaluate"
	"gristmill/ml/metric"
	"gristmill/pipeline"
	"gristmill/registry"
	"gristmill/tracking"
)

// picture is a plot with what no plot of ours has.
const picture = `<svg xmlns="http://www.w3.org/2000/svg" class="gm-plot" viewBox="0 0 600 222.5" onload="alert(1)"><script>alert(1)</script></svg>`

// fullReport is an evaluation with every section, each text of which is hostile.
func fullReport() report {
	low, high, half, ece := 0.8, 0.9, 0.5, 0.02
	m := func(name string, v float64) evaluate.Metric {
		return evaluate.Metric{Name: name, Value: v, Low: &low, High: &high, Baseline: &half}
	}
	bound := 0.07
	e := report{Gates: []registry.GateResult{{Rule: "test_f1 > 0.9" + evil, Reason: evil}}, Folds: []json.RawMessage{[]byte("{}"), []byte("{}")}}
	e.Task, e.Part, e.Main, e.Positive, e.ECE = "classification", "test", "roc_auc", evil, &ece
	e.Metrics = []evaluate.Metric{m("test_f1", 0.61), m("test_roc_auc", 0.8431), m("val_roc_auc", 0.84), m("train_roc_auc", 0.85),
		{Name: "cv_roc_auc", Value: 0.8411, Baseline: &half}, {Name: "cv_roc_auc_std", Value: 0.0123}, {Name: evil, Value: 7}}
	e.Omitted = []metric.Omission{{Name: "test_" + evil, Reason: evil}}
	e.Rows = map[string]int{"test": 1409, "train": 4225, "val": 1409}
	e.Classes, e.Confusion = []string{"No", evil}, map[string][][]int{"test": {{930, 105}, {170, 204}}}
	e.Threshold = &evaluate.Threshold{By: "cost", Value: 0.0625, On: "val", Chosen: metric.Decision{Threshold: 0.0625, TP: 370, Precision: 0.25}, Half: metric.Decision{Threshold: 0.5, TP: 204}}
	e.Cost = &evaluate.CostReport{Currency: evil, Rows: 1409, Baseline: 132.7, Constant: evaluate.Constant{Answer: evil, PerRow: 36.7},
		Outcome: evaluate.Outcome{PerRow: evaluate.Estimate{Value: 62.3, Low: &low, High: &high}, Total: 87783, Saving: evaluate.Estimate{Value: 70.4}},
		Best:    &evaluate.BestCost{Threshold: &bound, On: "val", Outcome: evaluate.Outcome{PerRow: evaluate.Estimate{Value: 26.25}}}}
	e.Slices = []evaluate.Slice{{Column: evil, Value: "month " + evil, Rows: 777, Share: 0.551, Worse: true, Metrics: []evaluate.Metric{m("roc_auc", 0.7529), m("f1", 0.6)}},
		{Column: evil, Value: "two years", Rows: 12, Share: 0.009, Small: true, Metrics: []evaluate.Metric{{Name: "roc_auc", Value: 0.7}}}}
	e.Importance = &evaluate.Importance{Metric: "roc_auc", Part: "test", Rows: 1409, Repeats: 5, Columns: []evaluate.ColumnImportance{{Column: evil, Drop: 0.12, Std: 0.01}, {Column: "b", Drop: -0.001}}}
	e.Checks = []checks.Result{{Name: "single_feature", Title: "A column that alone predicts " + evil, Detail: "x " + evil, Findings: []checks.Finding{{Subject: evil, Detail: "found " + evil}}, Total: 9},
		{Name: "train_test_leakage", Title: "Leak", Refuse: true, Detail: "many rows"}, {Name: "calibration", Title: "Calibration", Passed: true, Skipped: "no probabilities " + evil}, {Name: "unused", Title: "Unused", Passed: true, Detail: "none"}}
	e.PlotList = []evaluate.PlotRef{{Name: "roc", Title: "ROC " + evil}, {Name: "not there", Title: "gone"}, {Name: `a" onerror="alert(1)`, Title: `b" onerror="alert(1)`}}
	return e
}

// keep stores a file of a run.
func (st *stack) keep(run, path, media string, content []byte) {
	st.t.Helper()
	ctx := context.Background()
	ref := must(st.blobs.PutAt(ctx, "1/"+run+"/artifacts/"+path, bytes.NewReader(content)))(st.t)
	check(st.t, st.deps.Runs.PutArtifact(ctx, tracking.Artifact{RunID: run, Path: path, URI: ref.URI, Digest: ref.Digest, Size: ref.Size, Type: media}))
}

// fillReport gives the filled run all that an evaluation of today leaves.
func (st *stack) fillReport(f filled) {
	t, ctx := st.t, context.Background()
	t.Helper()
	id := f.run.ID
	st.keep(id, "evaluation.json", "application/json", must(json.Marshal(fullReport()))(t))
	st.keep(id, "plots/roc.svg", "image/svg+xml", []byte(picture))
	st.keep(id, `plots/a" onerror="alert(1).svg`, "image/svg+xml", []byte("<svg/>"))
	st.keep(id, "card.html", "text/html; charset=utf-8", []byte("<!doctype html><title>card</title>"+evil))
	st.keep(id, "spec.yaml", "application/yaml", []byte(spec))
	st.keep(id, "caller.diff", "text/x-diff", []byte("+1\n"))
	request := pipeline.Request{Pipeline: "churn", Project: "default", Digest: f.pipeline.Digest, Set: map[string]any{"train.l2": 2, "name": evil}}
	st.keep(id, pipeline.RequestFile, "application/json", must(json.Marshal(request))(t))
	check(t, st.deps.Runs.SetTags(ctx, id, map[string]string{"gristmill.model": "churn@1", "gristmill.command": "gristmill train churn " + evil, "gristmill.version": "0.2.0",
		"mlflow.source.git.commit": "0123456789abcdef0123", "gristmill.git_dirty": "true", "gristmill.reproduces": f.foreign.ID}))
}

func TestRunPageShowsTheWholeEvaluation(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	st.fillReport(f)
	body := st.do(get, "/runs/"+f.run.ID, "", browser).body
	for what, want := range map[string]string{
		"the plot":                `<img src="/api/v1/runs/` + f.run.ID + `/artifacts/plots/roc.svg" alt="ROC &lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;" width="600" height="222" loading="lazy"`,
		"the main metric first":   `<tr class="main"><td data-label="Metric"><code>roc_auc</code></td>`,
		"its interval":            `data-label="95 % interval">0.8 to 0.9</td>`,
		"the spread of folds":     `<span title="0.8411">0.8411</span> ± 0.0123`,
		"a worse group":           `<span aria-hidden="true">▼</span> worse`,
		"a small group":           `<span aria-hidden="true">○</span> small`,
		"the best decisions":      `the model, positive from 0.07 on (chosen on validation rows)`,
		"a constant's saving":     `data-label="Saving per row"><span>96</span></td>`,
		"the threshold":           `from a probability of 0.0625 on`,
		"checks to look at":       `look at 2`,
		"a refused check":         `✕</span> refused`,
		"a check that was not":    `○</span> not made`,
		"a check's findings":      `1 finding of 9`,
		"importance":              `<rect class="bar" width="1000" height="10"/>`,
		"the model's card":        `href="/api/v1/models/churn/versions/1/card.html"`,
		"the profile":             `/profile.html"`,
		"the applied version":     `/pipelines/churn?digest=` + string(f.pipeline.Digest),
		"an override":             `<code dir="auto">train.l2=2</code>`,
		"the diff":                `<a href="/api/v1/runs/` + f.run.ID + `/artifacts/caller.diff">uncommitted changes</a>`,
		"the spec":                `/artifacts/spec.yaml">spec as applied</a>`,
		"the command":             `gristmill train churn &lt;script&gt;`,
		"the run it reproduces":   `<a href="/compare?a=` + f.foreign.ID + `&amp;b=` + f.run.ID + `">compare</a>`,
		"the form to compare":     `<form action="/compare"><input type="hidden" name="b" value="` + f.run.ID + `">`,
		"a quote in a name":       `plots/a%22%20onerror=%22alert%281%29.svg"`,
		"the jump to the checks":  `<a href="#checks">`,
		"folds in the small text": `Measured on 1409 test rows, 4225 training rows, 1409 validation rows, 2 folds of the training rows.`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%s: the page has no %s", what, want)
		}
	}
	for _, never := range []string{"<script", "onerror=\"alert", "gone</", "ZgotmplZ", "style="} {
		if strings.Contains(body, never) {
			t.Errorf("the page has %s", never)
		}
	}
}

// A foreign client may log what it likes under our names.
func TestARunsPageStandsAnyEvaluation(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	for _, text := range []string{`{}`, `null`, `[]`, `"x"`, `{"metrics":3}`, `{"metrics":[{}],"slices":[{}],"plots":[{}],"checks":[{}],"importance":{"columns":[{}]},"cost":{},"threshold":{},"confusion":{"x":[[]]}}`,
		`{"cost":{"best":{}},"metrics":[{"name":"cv_"},{"name":"cv__std"},{"name":"_"},{"name":"test_"}],"main":"x","confusion":{"test":[[1,2,3]]},"classes":["a"]}`, `{"folds":7}`} {
		st.keep(f.foreign.ID, "evaluation.json", "application/json", []byte(text))
		got := st.do(get, "/runs/"+f.foreign.ID, "", browser)
		if got.status != http.StatusOK || !strings.Contains(got.body, "</html>") {
			t.Errorf("%s: status %d", text, got.status)
		}
	}
}

func TestARunWithoutAnEvaluationHasNoEmptySections(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	body := st.do(get, "/runs/"+f.foreign.ID, "", browser).body
	for _, never := range []string{"Plots", "Groups of rows", "Business impact", "Threshold", "Checks", "Importance", "Lineage", "Confusion", "Gates", "On this page", "Steps", "Compare</h2>", "Artifacts"} {
		if strings.Contains(body, never) {
			t.Errorf("the page has an empty section %q", never)
		}
	}
	if !strings.Contains(body, `<h2>Metrics</h2>`) || !strings.Contains(body, "loss/nan") {
		t.Error("the metrics that it has are missing")
	}
}

func TestPicturesAreShownButRunNothing(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	st.fillReport(f)
	got := st.do(get, "/api/v1/runs/"+f.run.ID+"/artifacts/plots/roc.svg", "")
	for name, want := range map[string]string{"Content-Type": "image/svg+xml", "X-Content-Type-Options": "nosniff", "Content-Disposition": "inline; filename=roc.svg",
		"Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'"} {
		if got.header.Get(name) != want {
			t.Errorf("picture: %s is %q, want %q", name, got.header.Get(name), want)
		}
	}
	if got.body != picture {
		t.Errorf("the picture's bytes changed: %s", got.body)
	}
	if got := st.do(get, "/api/v1/runs/"+f.run.ID+"/artifacts/card.html", ""); got.header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("an artifact that is a page is no download: %v", got.header)
	}
}

func TestCardsAreShownButRunNothing(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	const at = "/api/v1/models/churn/versions/"
	if got := st.do(get, at+"1/card.html", ""); got.status != http.StatusNotFound || !strings.Contains(got.body, "churn version 1 has no card as a page") {
		t.Errorf("before there is one: %d %s", got.status, got.body)
	}
	st.fillReport(f)
	got := st.do(get, at+"previous/card.html", "")
	p := got.header.Get("Content-Security-Policy")
	if got.status != http.StatusOK || !strings.HasPrefix(p, "sandbox; default-src 'none'") || strings.Contains(p, "script-src") || strings.Contains(p, "allow-") ||
		got.header.Get("Content-Type") != "text/html; charset=utf-8" || got.header.Get("Content-Disposition") != "inline; filename=churn-1.html" {
		t.Errorf("%d %v", got.status, got.header)
	}
	if got := st.do(get, at+"2/card.html", ""); got.status != http.StatusNotFound {
		t.Errorf("version 2 shows the card of version 1: %d", got.status)
	}
	if body := st.do(get, "/models/churn/versions/1", "", browser).body; !strings.Contains(body, at+"1/card.html") {
		t.Error("version 1 has no link to its card")
	}
	if body := st.do(get, "/models/churn/versions/2", "", browser).body; strings.Contains(body, "card.html") {
		t.Error("version 2 has a link to a card that is not there")
	}
}

func TestAVersionSaysWhatItsCardLacks(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{InferenceURL: "http://127.0.0.1:8080"})
	f := st.fill()
	ref := must(st.blobs.Put(context.Background(), strings.NewReader("p"), "application/x-tar"))(t)
	must(st.deps.Versions.Register(context.Background(), "default", "k9", registry.Version{Model: "churn", RunID: f.run.ID, Package: ref, CardMissing: []string{"owner", "ethics"}}))(t)
	body := st.do(get, "/models/churn/versions/3", "", browser).body
	if !strings.Contains(body, "Its card lacks owner, ethics, which the spec requires. Write them under") || strings.Contains(body, "gristmill model promote") {
		t.Error("the page does not say why the version is not promoted, or how to promote it all the same")
	}
}

func TestComparePageGroupsWhatDiffers(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	st.fillReport(f)
	got := st.do(get, "/compare?a="+f.foreign.ID+"&b="+f.run.ID, "", browser)
	for what, want := range map[string]string{
		"the verdict on spec": "▲</span> other spec", "a metric": `data-label="B" title="0.8431">0.8431`, "a group": "<h2>Spec</h2>", "a hostile value": "&lt;script&gt;alert(",
		"the ends of intervals": "and 2 ends of intervals", "other metrics": "<summary>Other metrics (3)</summary>", "the other way": "/compare?a=" + f.run.ID + "&amp;b=" + f.foreign.ID,
	} {
		if !strings.Contains(got.body, want) {
			t.Errorf("%s: no %s", what, want)
		}
	}
	if strings.Contains(got.body, "<script") || strings.Contains(got.body, "ZgotmplZ") || got.header.Get("Content-Security-Policy") != policy {
		t.Error("the page lets a script in")
	}
	if got := st.do(get, "/compare?a="+f.run.ID+"&b="+f.run.ID, "", browser); !strings.Contains(got.body, "Both are the same run") {
		t.Error("a run compared with itself differs")
	}
	if got := st.do(get, "/compare?a=%3Cscript%3E", "", browser); got.status != http.StatusBadRequest || !strings.Contains(got.body, "b: missing; expected a run&#39;s ID") {
		t.Errorf("without b: %d %s", got.status, got.body)
	}
	if got := st.do(get, "/compare?a=%3Cscript%3E&b=x", "", browser); got.status != http.StatusNotFound || strings.Contains(got.body, "<script") {
		t.Errorf("unknown runs: %d", got.status)
	}
}

func TestARunThatReproducesSaysWhetherItDid(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	ctx := context.Background()
	at := time.Now()
	again := must(st.deps.Runs.StartRun(ctx, tracking.NewRun{Key: "again", Experiment: f.run.ExperimentID, Name: "again", StartedAt: at, Tags: map[string]string{"gristmill.reproduces": f.run.ID}}))(t)
	result := string(must(json.Marshal(pipeline.Result{WeightsSHA256: strings.Repeat("a", 64)}))(t))
	for _, id := range []string{f.run.ID, again.ID} {
		check(t, st.deps.Runs.SetTags(ctx, id, map[string]string{tracking.ResultTag: result}))
	}
	check(t, st.deps.Runs.SetStatus(ctx, again.ID, tracking.Succeeded, "", &at))
	page := "/compare?a=" + f.run.ID + "&b=" + again.ID
	if body := st.do(get, page, "", browser).body; !strings.Contains(body, "not reproduced") {
		t.Error("metrics are missing, and the page says nothing")
	}
	var points []tracking.Metric
	for k, v := range f.run.Metrics {
		points = append(points, tracking.Metric{Key: k, Value: v, Time: at})
	}
	check(t, st.deps.Runs.LogMetrics(ctx, again.ID, tracking.Writer{}, points))
	if body := st.do(get, page, "", browser).body; !strings.Contains(body, "✓</span> reproduced") {
		t.Error("the same came out, and the page does not say so")
	}
	if body := st.do(get, "/runs/"+again.ID, "", browser).body; !strings.Contains(body, `<option value="`+f.run.ID+`" selected>`) {
		t.Error("the run that it does again is not preselected")
	}
}

func TestTheRunBeforeIsPreselected(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	ctx := context.Background()
	exp := must(st.deps.Runs.EnsureExperiment(ctx, "default", "many"))(t)
	began := time.Now().Add(-time.Hour)
	var ids []string
	for i, status := range []tracking.Status{tracking.Succeeded, tracking.Succeeded, tracking.Failed, tracking.Succeeded, tracking.Succeeded} {
		at := began.Add(time.Duration(i) * time.Second)
		r := must(st.deps.Runs.StartRun(ctx, tracking.NewRun{Key: fmt.Sprint(i), Experiment: exp.ID, StartedAt: at}))(t)
		check(t, st.deps.Runs.SetStatus(ctx, r.ID, status, "", &at))
		ids = append(ids, r.ID)
	}
	for run, want := range map[int]int{3: 1, 1: 0, 4: 3} {
		body := st.do(get, "/runs/"+ids[run], "", browser).body
		if !strings.Contains(body, `<option value="`+ids[want]+`" selected>`) || strings.Count(body, " selected>") != 1 {
			t.Errorf("run %d: run %d is not preselected", run, want)
		}
	}
	if body := st.do(get, "/runs/"+ids[0], "", browser).body; strings.Count(body, "<option ") != 4 || strings.Contains(body, `<option value="`+ids[0]) {
		t.Error("the first run may be compared with itself, or not with the others")
	}
}

func TestBlobsThatAreGoneDoNotTakeThePageWithThem(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	st.fillReport(f)
	for _, path := range []string{"plots/roc.svg", pipeline.RequestFile, "evaluation.json"} {
		a := must(st.deps.Runs.Artifact(context.Background(), f.run.ID, path))(t)
		a.URI = "blob:gone/" + path
		check(t, st.deps.Runs.PutArtifact(context.Background(), a))
		if got := st.do(get, "/runs/"+f.run.ID, "", browser); got.status != http.StatusOK {
			t.Errorf("without %s: status %d", path, got.status)
		}
	}
}
