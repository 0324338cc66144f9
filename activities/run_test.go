package activities_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"gristmill"
	"gristmill/activities"
	"gristmill/pipeline"
	"gristmill/tracking"
)

func TestBeginRunMakesOneRunAWorkflow(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.apply(spec("sample:telco_churn"))
	in := activities.BeginIn{WorkflowID: "w1", FirstRunID: "f1", Request: pipeline.Request{Pipeline: "small", Set: map[string]any{"train.l2": 2},
		Caller: &pipeline.Caller{User: "ada", Command: "gristmill train small", Commit: "c0ffee", Dirty: true}}}
	first, err := do(l, l.run.BeginRun, in)
	if err != nil {
		t.Fatal(err)
	}
	again, err := do(l, l.run.BeginRun, in)
	if err != nil || again.RunID != first.RunID {
		t.Errorf("the second attempt made run %s beside %s (%v)", again.RunID, first.RunID, err)
	}
	in.FirstRunID = "f2"
	if other, err := do(l, l.run.BeginRun, in); err != nil || other.RunID == first.RunID {
		t.Errorf("another execution got run %s, %v", other.RunID, err)
	}
	l.runID = first.RunID
	run := l.state()
	for k, want := range map[string]string{"gristmill.workflow_id": "w1", "gristmill.pipeline": "small", "gristmill.spec_digest": string(first.Plan.SpecDigest),
		"mlflow.user": "ada", "gristmill.command": "gristmill train small", "mlflow.source.git.commit": "c0ffee", "gristmill.git_dirty": "true", "gristmill.version": "test"} {
		if run.Tags[k] != want {
			t.Errorf("tag %s = %q, want %q", k, run.Tags[k], want)
		}
	}
	if run.Experiment != "small" || run.User != "ada" || run.Status != tracking.Running || run.WorkflowID != "w1" || run.FirstRunID != "f1" {
		t.Errorf("run %+v", run)
	}
	if run.Params["train.l2"] != "2" || run.Params["data.target"] != "churn" {
		t.Errorf("params %v", run.Params)
	}
	if len(first.Plan.Steps) != 6 || first.Plan.Project != gristmill.DefaultProject {
		t.Errorf("plan %+v", first.Plan)
	}
}

func TestBeginRunRefusesWhatCannotRun(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.apply(spec("sample:telco_churn"))
	begin := func(r pipeline.Request) error {
		_, err := do(l, l.run.BeginRun, activities.BeginIn{Request: r, WorkflowID: "w", FirstRunID: "f"})
		return err
	}
	refused(t, begin(pipeline.Request{}), gristmill.Invalid, `pipeline is missing; expected the name of an applied pipeline, e.g. {"pipeline":"churn"}`)
	refused(t, begin(pipeline.Request{Pipeline: "smal"}), gristmill.NotFound, `there is no pipeline "smal"`)
	err := begin(pipeline.Request{Pipeline: "small", Set: map[string]any{"train.l3": 1, "data.split.test": 2}})
	f, _ := activities.FailureOf(err)
	if f.Kind != gristmill.Invalid || len(f.Problems) != 2 || retryable(err) {
		t.Errorf("two errors gave %+v", f)
	}
	if list, _, err := l.runs.ListRuns(t.Context(), tracking.RunFilter{}, gristmill.Page{Limit: 10}); err != nil || len(list) != 0 {
		t.Errorf("%d runs were made, %v", len(list), err)
	}
}

func TestEndRunKeepsTheResult(t *testing.T) {
	t.Parallel()
	l := newLab(t).begin(spec("sample:telco_churn"))
	result, err := json.Marshal(pipeline.Result{RunID: l.runID, Status: tracking.Rejected, Message: "gate refused"})
	if err != nil {
		t.Fatal(err)
	}
	in := activities.EndIn{RunID: l.runID, Status: tracking.Rejected, Message: "gate refused", Result: result}
	for range 2 {
		if _, err := do(l, l.run.EndRun, in); err != nil {
			t.Fatal(err)
		}
	}
	run := l.state()
	if run.Status != tracking.Rejected || run.Message != "gate refused" || run.EndedAt == nil || run.Tags[tracking.ResultTag] != string(result) {
		t.Errorf("run %+v", run)
	}
}

func TestARunEndsHoweverMuchWentWrong(t *testing.T) {
	t.Parallel()
	l := newLab(t).begin(spec("sample:telco_churn"))
	r := pipeline.Result{RunID: l.runID, Status: tracking.Failed, Message: strings.Repeat("row 7 is \"\xff\x00\" bad\n", 2000), Metrics: map[string]float64{}}
	for i := range 1000 {
		r.Metrics[fmt.Sprintf("test_metric_%d", i)] = 1.0 / 3
	}
	result, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := do(l, l.run.EndRun, activities.EndIn{RunID: l.runID, Status: tracking.Failed, Message: r.Message, Result: result}); err != nil {
		t.Fatal(err)
	}
	run := l.state()
	var kept pipeline.Result
	if err := json.Unmarshal([]byte(run.Tags[tracking.ResultTag]), &kept); err != nil {
		t.Fatal(err)
	}
	if run.Status != tracking.Failed || utf8.RuneCountInString(run.Message) != activities.MaxText || kept.RunID != l.runID || !strings.HasPrefix(kept.Message, "row 7 is") {
		t.Errorf("run is %s with a message of %d characters, kept %+v", run.Status, utf8.RuneCountInString(run.Message), kept)
	}
}

func TestTheDeployStepIsMarkedInTheTracker(t *testing.T) {
	t.Parallel()
	l := newLab(t).begin(spec("sample:telco_churn"))
	step := pipeline.Step{ID: "deploy", Kind: pipeline.Deploy}
	begun, err := do(l, l.deploy.BeginStep, activities.MarkIn{RunID: l.runID, Step: step})
	if err != nil {
		t.Fatal(err)
	}
	end := activities.MarkIn{RunID: l.runID, Step: step, Epoch: begun.Epoch, Status: tracking.Failed, Message: "server a: no"}
	if _, err := do(l, l.deploy.EndStep, end); err != nil {
		t.Fatal(err)
	}
	steps := l.state().Steps
	if len(steps) != 1 || steps[0].Status != tracking.Failed || steps[0].Error != "server a: no" || steps[0].Attempts != 1 {
		t.Errorf("steps %+v", steps)
	}
	log, err := l.runs.ReadLog(t.Context(), l.runID, "deploy", 0, 10)
	if err != nil || len(log) != 1 || log[0].Text != "server a: no" {
		t.Errorf("log %+v, %v", log, err)
	}
	if _, err := do(l, l.deploy.BeginStep, activities.MarkIn{RunID: l.runID, Step: step}); err != nil {
		t.Fatal(err)
	}
	if _, err = do(l, l.deploy.EndStep, end); retryable(err) || err == nil {
		t.Errorf("an older epoch ended the step: %v", err)
	}
}

func TestBeginRunKeepsWhatItTakesToDoItAgain(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.apply(spec("sample:telco_churn"))
	diff, err := l.blobs.Put(t.Context(), strings.NewReader("diff --git a/x b/x\n"), "text/x-diff")
	if err != nil {
		t.Fatal(err)
	}
	in := activities.BeginIn{WorkflowID: "w1", FirstRunID: "f1", Request: pipeline.Request{Pipeline: "small", Reproduces: "run0",
		Set: map[string]any{"train.l2": 2}, Caller: &pipeline.Caller{Commit: "c0ffee", Dirty: true, Diff: diff.Digest}}}
	begun, err := do(l, l.run.BeginRun, in)
	if err != nil {
		t.Fatal(err)
	}
	l.runID = begun.RunID
	var req pipeline.Request
	if err := json.Unmarshal(l.artifact(pipeline.RequestFile), &req); err != nil || !req.Digest.Valid() || req.Set["train.l2"] != 2.0 {
		t.Errorf("request %+v, %v", req, err)
	}
	for name, want := range map[string]string{"caller.diff": "diff --git", "spec.yaml": "name: small", "spec.json": `"l2":2`} {
		if got := string(l.artifact(name)); !strings.Contains(got, want) {
			t.Errorf("%s holds no %q: %s", name, want, got)
		}
	}
	if tags := l.state().Tags; tags["gristmill.reproduces"] != "run0" || tags["gristmill.diff"] != string(diff.Digest) {
		t.Errorf("tags %v", tags)
	}
	for given, want := range map[gristmill.Digest]string{"nonsense": "is no digest", gristmill.DigestOf([]byte("?")): "upload them first"} {
		in.FirstRunID = string(given)
		in.Request.Caller = &pipeline.Caller{Diff: given}
		if _, err := do(l, l.run.BeginRun, in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("diff %s: %v, want %s", given, err, want)
		}
	}
	large, err := l.blobs.Put(t.Context(), strings.NewReader(strings.Repeat("x", pipeline.MaxDiff+1)), "text/x-diff")
	if err != nil {
		t.Fatal(err)
	}
	in.FirstRunID, in.Request.Caller = "large", &pipeline.Caller{Diff: large.Digest}
	if _, err := do(l, l.run.BeginRun, in); err == nil || retryable(err) {
		t.Errorf("a diff that is too large: %v", err)
	}
	if list, _, err := l.runs.ListRuns(t.Context(), tracking.RunFilter{}, gristmill.Page{Limit: 10}); err != nil || len(list) != 1 {
		t.Errorf("%d runs, %v; a request that is refused makes none", len(list), err)
	}
}

// cut is a store that fails once after so many files were kept.
type cut struct {
	tracking.Store
	after int
}

func (c *cut) PutArtifact(ctx context.Context, a tracking.Artifact) error {
	if c.after--; c.after == -1 {
		return gristmill.Errorf(gristmill.Unavailable, "the tracker is away")
	}
	return c.Store.PutArtifact(ctx, a)
}

func TestARepeatedBeginRunKeepsToTheFirstVersion(t *testing.T) {
	t.Parallel()
	old := spec("sample:telco_churn", "train: {algorithm: logistic, cv: {folds: 3}}")
	old = strings.Replace(old, "train: {algorithm: logistic, l2: 0.001, checkpoint_every: 2}\n", "", 1)
	for name, newer := range map[string]string{
		"it has other numbers":          strings.Replace(strings.Replace(old, "folds: 3", "folds: 4", 1), "seed: 3", "seed: 5", 1),
		"it does not allow the request": strings.NewReplacer("train: {algorithm: logistic, cv: {folds: 3}}", "train: {algorithm: linear}", `positive: "Yes", split: {kind: stratified, seed: 3}`, "split: {kind: random}").Replace(old),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			first := l.apply(old)
			in := activities.BeginIn{WorkflowID: "w1", FirstRunID: "f1", Request: pipeline.Request{Pipeline: "small", Set: map[string]any{"train.l2": 2}}}
			l.run.Tracking = &cut{Store: l.runs, after: 0}
			if _, err := do(l, l.run.BeginRun, in); err == nil || !retryable(err) {
				t.Fatalf("the first attempt: %v", err)
			}
			second := l.apply(newer)
			begun, err := do(l, l.run.BeginRun, in)
			if err != nil {
				t.Fatal(err)
			}
			l.runID = begun.RunID
			run := l.state()
			var req pipeline.Request
			if err := json.Unmarshal(l.artifact(pipeline.RequestFile), &req); err != nil || req.Digest != first.Digest || second.Digest == first.Digest {
				t.Errorf("request %+v, %v; want the version %s", req, err, first.Digest)
			}
			if got := gristmill.DigestOf(l.artifact("spec.json")); got != begun.Plan.SpecDigest || string(got) != run.Tags["gristmill.spec_digest"] {
				t.Errorf("spec %s, plan %s, tag %s", got, begun.Plan.SpecDigest, run.Tags["gristmill.spec_digest"])
			}
			if data := string(l.read(begun.Out["data"].Ref.Digest)); !strings.Contains(data, `"seed":3`) || run.Params["data.split.seed"] != "3" {
				t.Errorf("data section %s, params %v", data, run.Params)
			}
			var f pipeline.Folding
			if err := json.Unmarshal(l.read(begun.Out["folding"].Ref.Digest), &f); err != nil || f.Fold.Folds != 3 {
				t.Errorf("folding %+v, %v", f, err)
			}
			if run.Tags["gristmill.applied_digest"] != string(first.Digest) {
				t.Errorf("tags %v", run.Tags)
			}
			in.FirstRunID = "f2" // another execution has nothing to keep to
			l.run.Tracking = l.runs
			if begun, err := do(l, l.run.BeginRun, in); err == nil && begun.Plan.SpecDigest == gristmill.Digest(run.Tags["gristmill.spec_digest"]) {
				t.Error("another execution runs the older version")
			}
		})
	}
}

// late hides the runs of earlier attempts, as if another were made meanwhile.
type late struct{ tracking.Store }

func (late) ListRuns(context.Context, tracking.RunFilter, gristmill.Page) ([]tracking.Run, string, error) {
	return nil, "", nil
}

func TestBeginRunKeepsToTheAttemptThatWasQuicker(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.apply(spec("sample:telco_churn"))
	in := activities.BeginIn{WorkflowID: "w1", FirstRunID: "f1", Request: pipeline.Request{Pipeline: "small"}}
	first, err := do(l, l.run.BeginRun, in)
	if err != nil {
		t.Fatal(err)
	}
	l.apply(strings.Replace(spec("sample:telco_churn"), "l2: 0.001", "l2: 7", 1))
	l.run.Tracking = late{l.runs}
	if again, err := do(l, l.run.BeginRun, in); err != nil || again.RunID != first.RunID || again.Plan.SpecDigest != first.Plan.SpecDigest {
		t.Errorf("got %+v, %v; want %+v", again, err, first)
	}
}
