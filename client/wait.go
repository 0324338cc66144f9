package client

import (
	"context"
	"time"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/tracking"
)

// Progress is what a run that is waited for has come to.
type Progress struct {
	Workflow Workflow
	Run      *RunDetail      // nil until there is a run
	Lines    []tracking.Line // of the log, since the last progress
}

// refresh is how often a run that is waited for is looked at.
const refresh = 250 * time.Millisecond

// WaitRun waits for the end of a workflow that StartRun started and returns its
// result. It calls each, unless it is nil, whenever state, steps, metrics or
// log of the run may have changed: a few times a second, and once at the end.
// A server that is gone for a moment (a restart) is asked again for up to a
// minute.
func (c *Client) WaitRun(ctx context.Context, workflowID string, each func(Progress)) (pipeline.Result, error) {
	if each == nil {
		each = func(Progress) {}
	}
	var after int64
	var gone time.Time
	for wait := time.Duration(0); ; {
		began := time.Now()
		p, err := c.look(ctx, workflowID, wait, &after)
		if gristmill.KindOf(err) == gristmill.Unavailable {
			if gone.IsZero() {
				gone = began
			}
			if time.Since(gone) > time.Minute {
				return pipeline.Result{}, err
			}
			if err := pause(ctx, time.Second); err != nil {
				return pipeline.Result{}, err
			}
			continue
		}
		gone = time.Time{}
		if err != nil {
			return pipeline.Result{}, err
		}
		each(p)
		if p.Workflow.Done() {
			return result(p.Workflow)
		}
		wait = refresh
		// A server that answers at once must not be asked in a tight loop.
		if rest := refresh - time.Since(began); rest > 0 {
			if err := pause(ctx, rest); err != nil {
				return pipeline.Result{}, err
			}
		}
	}
}

// result is the result of a workflow that has ended: its own, or for one that
// failed before it had a run, a failed one with the reason.
func result(w Workflow) (pipeline.Result, error) {
	if w.Result != nil {
		return *w.Result, nil
	}
	return pipeline.Result{WorkflowID: w.WorkflowID, RunID: w.RunID, Status: w.Status, Message: w.Message,
		Metrics: map[string]float64{}}, nil
}

// look asks for the workflow, and for its run once there is one.
func (c *Client) look(ctx context.Context, workflowID string, wait time.Duration, after *int64) (Progress, error) {
	w, err := c.Workflow(ctx, workflowID, wait)
	if err != nil || w.RunID == "" {
		return Progress{Workflow: w}, err
	}
	run, err := c.Run(ctx, w.RunID)
	if err != nil {
		return Progress{}, err
	}
	p := Progress{Workflow: w, Run: &run}
	for {
		l, err := c.Logs(ctx, w.RunID, "", *after, 0)
		if err != nil {
			return Progress{}, err
		}
		p.Lines = append(p.Lines, l.Lines...)
		*after = l.After
		// At the end nothing may be left unread.
		if !w.Done() || len(l.Lines) == 0 || l.Ended {
			return p, nil
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
