package workflows_test

import (
	"slices"
	"testing"
	"time"

	"go.temporal.io/sdk/workflow"

	"gristmill"
	"gristmill/pipeline"
)

// longest is how long an attempt may be silent without a heartbeat.
const longest = 30 * time.Second

func TestEveryActivityHasItsTimeLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hooks["AwaitReady"] = func() error { return failure(gristmill.Precondition, "no") } // so that AbortVersion is scheduled too
	if _, err := w.train(); err == nil {
		t.Fatal("a refused deployment went unnoticed")
	}
	good := newWorld(t)
	if _, err := good.train(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, o := range append(w.options, good.options...) {
		name := o.Summary
		seen[name] = true
		if o.StartToCloseTimeout <= 0 {
			t.Errorf("%s has no StartToClose", name)
		}
		if o.StartToCloseTimeout > longest && (o.HeartbeatTimeout <= 0 || o.HeartbeatTimeout > longest) {
			t.Errorf("%s may take %s with a heartbeat of %s", name, o.StartToCloseTimeout, o.HeartbeatTimeout)
		}
		if o.ScheduleToCloseTimeout != 0 && o.ScheduleToCloseTimeout <= o.StartToCloseTimeout {
			t.Errorf("%s: ScheduleToClose %s leaves no room for a second attempt of %s", name, o.ScheduleToCloseTimeout, o.StartToCloseTimeout)
		}
		if o.ActivityID == "" || o.RetryPolicy == nil {
			t.Errorf("%s has ID %q, retry policy %v", name, o.ActivityID, o.RetryPolicy)
		}
		if !slices.Contains([]string{pipeline.QueueLight, pipeline.QueueCPU, pipeline.QueueGPU}, o.TaskQueue) {
			t.Errorf("%s goes to queue %q", name, o.TaskQueue)
		}
	}
	for _, name := range append(inOrder, "AbortVersion") {
		if !seen[name] {
			t.Errorf("%s was not scheduled", name)
		}
	}
}

func TestAStepsActivityBearsTheStepsID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.train(); err != nil {
		t.Fatal(err)
	}
	for _, s := range w.plan.Steps {
		if s.Kind == pipeline.Deploy {
			continue
		}
		i := slices.IndexFunc(w.options, func(o workflow.ActivityOptions) bool { return o.ActivityID == s.ID })
		if i < 0 {
			t.Errorf("no activity has the ID %s", s.ID)
			continue
		}
		o := w.options[i]
		if o.TaskQueue != s.Queue || o.StartToCloseTimeout != time.Duration(s.Retry.Seconds)*time.Second || int(o.RetryPolicy.MaximumAttempts) != s.Retry.Attempts {
			t.Errorf("step %s is scheduled on %s for %s, %d attempts; the plan says %+v on %s", s.ID, o.TaskQueue, o.StartToCloseTimeout, o.RetryPolicy.MaximumAttempts, s.Retry, s.Queue)
		}
		if !o.WaitForCancellation {
			t.Errorf("step %s is left behind by a cancellation", s.ID)
		}
	}
}
