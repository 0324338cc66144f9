package web

import (
	"context"
	"net/http"
	"time"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/tracking"
)

// Workflow says how a training workflow goes.
type Workflow struct {
	WorkflowID string           `json:"workflow_id"`
	RunID      string           `json:"run_id,omitempty"` // once the workflow has made its run
	Status     tracking.Status  `json:"status"`
	Message    string           `json:"message,omitempty"` // why it failed without a result
	Result     *pipeline.Result `json:"result,omitempty"`  // once it has ended
}

// briefly is how long a workflow that may have ended is asked for its result
// when the caller did not want to wait.
const briefly = 500 * time.Millisecond

func (s *server) showWorkflow(r *http.Request) (Workflow, error) {
	id := r.PathValue("id")
	if id == "" {
		return Workflow{}, gristmill.Errorf(gristmill.Invalid, "workflow: the ID is missing; expected %s/workflows/ID", api)
	}
	out := Workflow{WorkflowID: id, Status: tracking.Scheduled}
	if err := s.findRun(r.Context(), &out); err != nil {
		return out, err
	}
	if out.Result != nil {
		return out, nil
	}
	wait := waitOf(r)
	if wait <= 0 {
		if out.RunID != "" && !out.Status.Ended() {
			return out, nil
		}
		wait = briefly
	}
	ctx, stop := context.WithTimeout(r.Context(), wait)
	defer stop()
	res, done, err := s.Work.TrainResult(ctx, id)
	switch {
	case !done && err != nil:
		return out, err
	case done && err != nil: // the workflow failed before it had a run
		out.Status, out.Message = tracking.Failed, gristmill.Public(err)
	case done && res != nil:
		out.Result, out.Status, out.Message = res, res.Status, res.Message
		if res.RunID != "" {
			out.RunID = res.RunID
		}
	default:
		return out, s.findRun(r.Context(), &out)
	}
	return out, nil
}

// findRun fills in run and state of the newest run that the workflow drives,
// and the result if the run has ended and kept it.
func (s *server) findRun(ctx context.Context, w *Workflow) error {
	list, _, err := s.Runs.ListRuns(ctx, tracking.RunFilter{Project: s.cfg.Project, WorkflowID: w.WorkflowID}, gristmill.Page{Limit: 1})
	if len(list) > 0 {
		w.RunID, w.Status, w.Message = list[0].ID, list[0].Status, list[0].Message
		if w.Status.Ended() {
			w.Result = resultOf(list[0])
		}
	}
	return err
}
