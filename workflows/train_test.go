package workflows_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"gristmill"
	"gristmill/activities"
	"gristmill/pipeline"
	"gristmill/registry"
	"gristmill/tracking"
	"gristmill/workflows"
)

// inOrder are the activities of a run that goes well.
var inOrder = []string{"BeginRun", "FetchData", "FitTransform", "FitModel", "EvaluateModel", "RegisterVersion",
	"BeginStep", "ProposeVersion", "AwaitReady", "CommitVersion", "AwaitServing", "EndStep", "EndRun"}

func TestTrainRunsThePlanToADeployedVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, err := w.train()
	if err != nil {
		t.Fatal(err)
	}
	w.called(inOrder...)
	r.Seconds = 0
	want := pipeline.Result{WorkflowID: "train/churn/1", RunID: runID, Status: tracking.Succeeded, Model: &pipeline.ModelRef{Name: "churn", Version: 3},
		Metrics: map[string]float64{"test_roc_auc": 0.84}, Gates: w.gates, Deployed: true, ResumedFrom: 40, WeightsSHA256: "77aa"}
	if text(r) != text(want) {
		t.Errorf("result\n got %s\nwant %s", text(r), text(want))
	}
	end := w.end()
	var kept pipeline.Result
	if err := json.Unmarshal(end.Result, &kept); err != nil {
		t.Fatal(err)
	}
	kept.Seconds = 0
	if end.Status != tracking.Succeeded || end.RunID != runID || text(kept) != text(want) {
		t.Errorf("EndRun got %s %s %s", end.RunID, end.Status, end.Result)
	}
	if w.began.WorkflowID != "train/churn/1" || w.began.Request.Pipeline != "churn" {
		t.Errorf("BeginRun got %s", text(w.began))
	}
	if len(w.marks) != 1 || w.marks[0].Status != tracking.Succeeded || w.marks[0].Epoch != 1 {
		t.Errorf("the deploy step ended as %s", text(w.marks))
	}
}

func TestEveryStepGetsTheOutputsThatItsPlanNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.train(); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]activities.Output{}
	for id, o := range w.outputs {
		out[id] = o.Out
	}
	out[pipeline.RunOutputs] = outputs(t, map[string]any{"data": ref("data")}).Out
	out["evaluate"] = outputs(t, map[string]any{"evaluation": ref("evaluation")}).Out
	checked := 0
	for _, s := range w.plan.Steps {
		if s.Kind == pipeline.Deploy {
			continue
		}
		in := w.inputs[s.ID]
		if in.RunID != runID || in.Pipeline != "churn" || in.SpecDigest != w.plan.SpecDigest || in.WorkflowID != "train/churn/1" || in.Caller == nil || in.Caller.Commit != "c0ffee" {
			t.Errorf("step %s got %s", s.ID, text(in))
		}
		if text(in.Step) != text(s) {
			t.Errorf("step %s got the plan's step %s", s.ID, text(in.Step))
		}
		if len(in.In) != len(s.In) {
			t.Errorf("step %s got %d inputs, want %d", s.ID, len(in.In), len(s.In))
		}
		for name, from := range s.In {
			step, output := pipeline.Source(from)
			if got, want := text(in.In[name]), text(out[step][output]); got != want || want == "{}" {
				t.Errorf("step %s, input %s = %s, want %s: %s", s.ID, name, got, from, want)
			}
			checked++
		}
	}
	if checked < 10 {
		t.Errorf("only %d inputs were checked", checked)
	}
}

func TestStepsRunAsTheirNeedsAreMet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kind := func(id string, k pipeline.Kind, needs ...string) pipeline.Step {
		return pipeline.Step{ID: id, Kind: k, Needs: needs, Queue: pipeline.QueueCPU, Retry: pipeline.Retry{Seconds: 60}}
	}
	// Written backwards: only the needs may decide. Both transforms run beside
	// each other: each waits until the other has begun.
	w.plan.Steps = []pipeline.Step{kind("train", pipeline.Train, "left", "right"), kind("right", pipeline.Transform, "fetch"),
		kind("left", pipeline.Transform, "fetch"), kind("fetch", pipeline.Fetch)}
	var both sync.WaitGroup
	both.Add(2)
	w.hooks["FitTransform"] = func() error {
		both.Done()
		both.Wait() // one after the other, they would wait for ever
		return nil
	}
	r, err := w.train()
	if err != nil {
		t.Fatal(err)
	}
	w.called("BeginRun", "FetchData", "FitTransform", "FitTransform", "FitModel", "EndRun")
	if r.Status != tracking.Succeeded || r.Deployed || r.Model != nil {
		t.Errorf("result %s", text(r))
	}
}

func TestARefusedGateIsAResultAndNothingIsRegistered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gates = append(w.gates, registry.GateResult{Rule: "test_log_loss < 0.5", Reason: "test_log_loss 0.7 is not < 0.5"})
	r, err := w.train()
	if err != nil {
		t.Fatalf("a refused gate must be a result, got error %v", err)
	}
	w.called("BeginRun", "FetchData", "FitTransform", "FitModel", "EvaluateModel", "EndRun")
	if r.Status != tracking.Rejected || r.Message != "gate refused: test_log_loss 0.7 is not < 0.5" || r.Model != nil || r.Deployed {
		t.Errorf("result %s", text(r))
	}
	if r.Metrics["test_roc_auc"] != 0.84 || len(r.Gates) != 2 {
		t.Errorf("the result of a refused run lacks what was measured: %s", text(r))
	}
	if end := w.end(); end.Status != tracking.Rejected || end.Message != r.Message {
		t.Errorf("EndRun got %s %q", end.Status, end.Message)
	}
	got := w.status()
	if _, there := got.Steps["register"]; there || got.Steps["evaluate"] != tracking.Succeeded {
		t.Errorf("steps %v", got.Steps)
	}
}

func (w *world) status() status {
	w.t.Helper()
	v, err := w.env.QueryWorkflow("status")
	if err != nil {
		w.t.Fatal(err)
	}
	var s status
	if err := v.Get(&s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

func TestAnInvalidSpecEndsTheWorkflowWithEveryProblem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	problems := []gristmill.Problem{{Path: "train.l3", Given: "l3", Want: "l2", Msg: `train: unknown key "l3"`}, {Path: "name", Msg: "name is missing"}}
	w.hooks["BeginRun"] = func() error { return failure(gristmill.Invalid, "invalid spec", problems...) }
	_, err := w.train()
	f, ok := activities.FailureOf(err)
	if !ok || f.Kind != gristmill.Invalid || text(f.Problems) != text(problems) {
		t.Fatalf("error %v carries %s", err, text(f))
	}
	w.called("BeginRun") // there is no run to end
}

func TestAFailedStepFailsTheRunWithItsMessage(t *testing.T) {
	t.Parallel()
	for i, name := range inOrder {
		if name == "BeginRun" || i >= slices.Index(inOrder, "BeginStep") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.hooks[name] = func() error {
				return failure(gristmill.Invalid, "the table is bad", gristmill.Problem{Msg: "row 7"})
			}
			_, err := w.train()
			if err == nil || temporal.IsCanceledError(err) {
				t.Fatalf("error %v", err)
			}
			w.called(append(slices.Clone(inOrder[:i+1]), "EndRun")...)
			end := w.end()
			if end.Status != tracking.Failed || end.Message != "the table is bad:\n  row 7" {
				t.Errorf("EndRun got %s %q", end.Status, end.Message)
			}
			if !strings.Contains(string(end.Result), `"status":"failed"`) {
				t.Errorf("kept result %s", end.Result)
			}
			failed := 0
			for _, s := range w.status().Steps {
				if s == tracking.Failed {
					failed++
				}
			}
			if failed != 1 {
				t.Errorf("steps %v", w.status().Steps)
			}
		})
	}
}

func TestAPassingFailureIsRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tries := 0
	w.hooks["FitModel"] = func() error {
		if tries++; tries < 4 {
			return temporal.NewApplicationError("the store does not answer", string(gristmill.Unavailable), activities.Failure{Kind: gristmill.Unavailable})
		}
		return nil
	}
	r, err := w.train()
	if err != nil || r.Status != tracking.Succeeded || tries != 4 {
		t.Errorf("%d tries, %s, %v", tries, r.Status, err)
	}
}

func TestCancelIsRecordedAtEachStep(t *testing.T) {
	t.Parallel()
	late := map[string]bool{"AwaitServing": true, "EndStep": true, "EndRun": true} // the version is live by then: the run has succeeded
	for i, name := range inOrder {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.cancelIn(name)
			_, err := w.train()
			if late[name] {
				if end := w.end(); err != nil || end.Status != tracking.Succeeded {
					t.Errorf("a cancellation after the commit: %s, %v", end.Status, err)
				}
				return
			}
			if !temporal.IsCanceledError(err) {
				t.Errorf("the workflow ended with %v, want canceled", err)
			}
			end := w.end()
			if end.Status != tracking.Canceled || end.Message != "canceled" || !strings.Contains(string(end.Result), `"status":"canceled"`) {
				t.Errorf("EndRun got %s %q %s", end.Status, end.Message, end.Result)
			}
			for _, later := range inOrder[i+1:] {
				if later != "EndStep" && later != "EndRun" && slices.Contains(w.calls, later) {
					t.Errorf("%s ran after the cancellation: %v", later, w.calls)
				}
			}
			proposed, aborted := slices.Contains(w.calls, "ProposeVersion"), slices.Contains(w.calls, "AbortVersion")
			if proposed != aborted {
				t.Errorf("proposed %v, aborted %v: %v", proposed, aborted, w.calls)
			}
			if begun := slices.Contains(w.calls, "BeginStep"); begun && (len(w.marks) != 1 || w.marks[0].Status != tracking.Canceled) {
				t.Errorf("the deploy step ended as %s", text(w.marks))
			}
			for id, s := range w.status().Steps {
				if s != tracking.Succeeded && s != tracking.Canceled {
					t.Errorf("step %s is %s", id, s)
				}
			}
		})
	}
}

func TestARefusedDeploymentFailsTheRunButKeepsTheVersion(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ activity, message string }{
		"a server cannot load it": {"AwaitReady", "churn@3 is registered but not deployed: server a: the package is corrupt"},
		"it cannot be committed":  {"CommitVersion", "churn@3 is registered but not deployed: server a: the package is corrupt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.hooks[c.activity] = func() error { return failure(gristmill.Precondition, "server a: the package is corrupt") }
			_, err := w.train()
			if err == nil {
				t.Fatal("the run succeeded")
			}
			end := w.end()
			var kept pipeline.Result
			if err := json.Unmarshal(end.Result, &kept); err != nil {
				t.Fatal(err)
			}
			if end.Status != tracking.Failed || end.Message != c.message {
				t.Errorf("EndRun got %s %q, want %q", end.Status, end.Message, c.message)
			}
			if kept.Deployed || kept.Model == nil || kept.Model.Version != 3 {
				t.Errorf("kept result %s", end.Result)
			}
			if len(w.marks) != 1 || w.marks[0].Status != tracking.Failed || w.marks[0].Message != c.message {
				t.Errorf("the deploy step ended as %s", text(w.marks))
			}
		})
	}
}

// TestAVersionThatMustNotBePromotedIsRejected: what a spec demands of a version
// refuses it as a gate does, once it is registered.
func TestAVersionThatMustNotBePromotedIsRejected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hooks["ProposeVersion"] = func() error { return failure(gristmill.Precondition, "its card is not complete") }
	r, err := w.train()
	if err != nil || r.Status != tracking.Rejected || r.Message != "its card is not complete" || r.Deployed || r.Model == nil {
		t.Errorf("result %s, %v", text(r), err)
	}
	if end := w.end(); end.Status != tracking.Rejected {
		t.Errorf("EndRun got %s", end.Status)
	}
	if len(w.marks) != 1 || w.marks[0].Status != tracking.Rejected {
		t.Errorf("the deploy step ended as %s", text(w.marks))
	}
}

func TestAPlanThatThisVersionCannotDoFailsTheRun(t *testing.T) {
	t.Parallel()
	for want, step := range map[string]pipeline.Step{
		`step odd is of kind "dance", which this version does not know`: {ID: "odd", Kind: "dance", Queue: "q"},
		`step odd: no earlier step registered a version`:                {ID: "odd", Kind: pipeline.Deploy, Queue: "q"},
	} {
		w := newWorld(t)
		w.plan.Steps = []pipeline.Step{step}
		_, err := w.train()
		if end := w.end(); err == nil || end.Status != tracking.Failed || end.Message != want {
			t.Errorf("error %v, EndRun got %s %q, want %q", err, end.Status, end.Message, want)
		}
	}
}

func TestQueriesSeeTheRunAsItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var during status
	w.env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		if info.ActivityType.Name == "FitModel" {
			during = w.status()
		}
	})
	if _, err := w.train(); err != nil {
		t.Fatal(err)
	}
	want := status{Status: tracking.Running, RunID: runID, Steps: map[string]tracking.Status{"fetch": tracking.Succeeded, "transform": tracking.Succeeded, "train": tracking.Running}}
	if text(during) != text(want) {
		t.Errorf("during the fit %s, want %s", text(during), text(want))
	}
	if after := w.status(); after.Status != tracking.Succeeded || len(after.Steps) != 6 {
		t.Errorf("at the end %s", text(after))
	}
	v, err := w.env.QueryWorkflow(workflows.PlanQuery)
	if err != nil {
		t.Fatal(err)
	}
	var plan pipeline.Plan
	if err := v.Get(&plan); err != nil || text(plan) != text(w.plan) {
		t.Errorf("plan %s, %v", text(plan), err)
	}
}
