package workflows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"unicode/utf8"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"gristmill"
	"gristmill/activities"
	"gristmill/pipeline"
	"gristmill/tracking"
)

// maxRequest bounds what a run's history begins with, in bytes.
const maxRequest = 64 << 10

// workflowID is the form of the IDs that our doors can name again in an address.
var workflowID = regexp.MustCompile(`^[A-Za-z0-9_:-][A-Za-z0-9_.:-]*(/[A-Za-z0-9_:-][A-Za-z0-9_.:-]*)*$`)

// Starter starts and watches workflows for the doors, which never see a task
// queue or an option.
type Starter struct {
	Client client.Client
	Runs   tracking.Store // where the result of an ended run is found
}

// Train starts a run and returns its workflow's ID. An empty id makes one; an
// id that is running, or that succeeded, is a Conflict.
func (s *Starter) Train(ctx context.Context, req pipeline.Request, id string) (string, error) {
	if err := gristmill.CheckName("pipeline", req.Pipeline); err != nil {
		return "", err
	}
	if id == "" {
		id = fmt.Sprintf("train/%s/%s", req.Pipeline, gristmill.NewID()[:12])
	}
	if len(id) > 200 || !workflowID.MatchString(id) {
		return "", gristmill.Errorf(gristmill.Invalid, "workflow_id: %.80q is no workflow ID; expected 1 to 200 letters, digits, _ - : or ., in parts separated by /", id)
	}
	if n := utf8.RuneCountInString(req.RunName); n > 250 {
		return "", gristmill.Errorf(gristmill.Invalid, "run_name: %d characters; at most 250 are allowed", n)
	}
	if b, err := json.Marshal(req); err != nil || len(b) > maxRequest {
		return "", gristmill.Errorf(gristmill.Invalid, "the request is %d bytes; at most %d are allowed: put what is large into the spec", len(b), maxRequest)
	}
	run, err := s.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: pipeline.QueueLight,
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            "train " + req.Pipeline,
	}, TrainName, req)
	if err != nil {
		return "", outside(err, "start workflow %s", id)
	}
	return run.GetID(), nil
}

// TrainResult waits for a run's end until ctx ends. Done is false if it goes on.
func (s *Starter) TrainResult(ctx context.Context, id string) (result *pipeline.Result, done bool, err error) {
	run := s.Client.GetWorkflow(ctx, id, "")
	var r pipeline.Result
	err = run.Get(ctx, &r)
	switch {
	case err == nil:
		return &r, true, nil
	case late(ctx, err):
		return nil, false, nil
	case ended(err):
		return s.kept(context.WithoutCancel(ctx), id, err)
	default:
		return nil, false, outside(err, "workflow %s", id)
	}
}

// kept finds the result that a failed or canceled run kept; a run that never
// began has only its workflow's error.
func (s *Starter) kept(ctx context.Context, id string, cause error) (*pipeline.Result, bool, error) {
	list, _, err := s.Runs.ListRuns(ctx, tracking.RunFilter{WorkflowID: id}, gristmill.Page{Limit: 1})
	if err != nil {
		return nil, false, err
	}
	if len(list) > 0 {
		var r pipeline.Result
		if text := list[0].Tags[tracking.ResultTag]; text != "" && json.Unmarshal([]byte(text), &r) == nil {
			return &r, true, nil
		}
		return &pipeline.Result{WorkflowID: id, RunID: list[0].ID, Status: tracking.Failed, Message: reason(cause)}, true, nil
	}
	if f, ok := activities.FailureOf(cause); ok {
		return nil, true, f.Error()
	}
	if temporal.IsCanceledError(cause) {
		return &pipeline.Result{WorkflowID: id, Status: tracking.Canceled, Message: "canceled"}, true, nil
	}
	return nil, true, gristmill.Hide(gristmill.Internal, cause, "workflow %s failed: %s", id, reason(cause))
}

// late says whether the time to wait was up before the workflow was; Temporal
// may notice that a moment before our own clock does.
func late(ctx context.Context, err error) bool {
	var deadline *serviceerror.DeadlineExceeded
	_, limited := ctx.Deadline()
	return !ended(err) && (ctx.Err() != nil || limited && (errors.As(err, &deadline) || errors.Is(err, context.DeadlineExceeded)))
}

// ended says whether err is the outcome of a workflow, not a failure to ask.
func ended(err error) bool {
	var exec *temporal.WorkflowExecutionError
	return errors.As(err, &exec)
}

// Cancel asks a workflow to end.
func (s *Starter) Cancel(ctx context.Context, id string) error {
	if err := s.Client.CancelWorkflow(ctx, id, ""); err != nil {
		return outside(err, "cancel workflow %s", id)
	}
	return nil
}

// Promote starts a promotion, or joins the one that runs for this version, and
// waits for its end.
func (s *Starter) Promote(ctx context.Context, req pipeline.PromoteRequest) (pipeline.PromoteResult, error) {
	id := fmt.Sprintf("promote/%s/%d", req.Model, req.Version)
	var res pipeline.PromoteResult
	run, err := s.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: pipeline.QueueLight,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            fmt.Sprintf("promote %s@%d", req.Model, req.Version),
	}, PromoteName, req)
	if err != nil {
		return res, outside(err, "start workflow %s", id)
	}
	if err := run.Get(ctx, &res); err != nil {
		if f, ok := activities.FailureOf(err); ok {
			return res, f.Error()
		}
		return res, outside(err, "workflow %s", id)
	}
	return res, nil
}

// outside gives Temporal's own errors our kinds.
func outside(err error, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	var notFound *serviceerror.NotFound
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	var bad *serviceerror.InvalidArgument
	switch {
	case errors.As(err, &notFound):
		return gristmill.Hide(gristmill.NotFound, err, "%s: there is no such workflow, or it has ended", what)
	case errors.As(err, &started):
		return gristmill.Hide(gristmill.Conflict, err, "%s: a workflow of this ID runs or has succeeded", what)
	case errors.As(err, &bad):
		return gristmill.Hide(gristmill.Invalid, err, "%s: %s", what, bad.Message)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	default:
		return gristmill.Hide(gristmill.Unavailable, err, "%s: Temporal does not answer", what)
	}
}
