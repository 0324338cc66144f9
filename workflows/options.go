package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"gristmill/pipeline"
)

// heartbeat is how long a long activity may be silent before it counts as dead.
const heartbeat = 20 * time.Second

// row is the class of activities that read or write a few rows.
func row(id string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		ActivityID: id, TaskQueue: pipeline.QueueLight,
		StartToCloseTimeout: 15 * time.Second, ScheduleToCloseTimeout: time.Hour,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second},
	}
}

// must is the class of what has to be written for the state to be right: it is
// tried for as long as it takes.
func must(id string) workflow.ActivityOptions {
	o := row(id)
	o.ScheduleToCloseTimeout = 0
	return o
}

// wait is the class of activities that watch something until it happens.
func wait(id string, atMost time.Duration) workflow.ActivityOptions {
	o := row(id)
	o.StartToCloseTimeout = atMost + 10*time.Second
	o.HeartbeatTimeout = heartbeat
	return o
}

// step is the class of a plan's steps. Its ID is the step's, so that an
// operator can type it. Attempts are unlimited where the plan says 0: a step
// keeps its own budgets then.
func step(s pipeline.Step) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		ActivityID: s.ID, TaskQueue: s.Queue, Summary: string(s.Kind),
		StartToCloseTimeout:    time.Duration(s.Retry.Seconds) * time.Second,
		ScheduleToCloseTimeout: 4 * 7 * 24 * time.Hour,
		HeartbeatTimeout:       heartbeat,
		WaitForCancellation:    true,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second,
			MaximumAttempts: int32(s.Retry.Attempts)},
	}
}
