package workflows_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/tracking"
	"gristmill/workflows"
)

// ranStore finds the runs that it holds; nothing else is asked of it.
type ranStore struct {
	tracking.Store
	runs []tracking.Run
	err  error
}

func (s ranStore) ListRuns(_ context.Context, f tracking.RunFilter, _ gristmill.Page) ([]tracking.Run, string, error) {
	if f.WorkflowID == "" {
		return nil, "", errors.New("asked for every run")
	}
	return s.runs, "", s.err
}

// fake is a Temporal client whose one workflow ends as told.
type fake struct {
	*mocks.Client
	options client.StartWorkflowOptions // of the last start
	kind    string
	arg     any
}

func newFake(t *testing.T, startErr error, ends func(ctx context.Context, into any) error) *fake {
	t.Helper()
	f := &fake{Client: mocks.NewClient(t)}
	run := mocks.NewWorkflowRun(t)
	run.On("GetID").Return(func() string { return f.options.ID }).Maybe()
	run.On("Get", mock.Anything, mock.Anything).Return(func(ctx context.Context, into any) error { return ends(ctx, into) }).Maybe()
	f.On("GetWorkflow", mock.Anything, mock.Anything, "").Return(run).Maybe()
	f.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).Run(func(a mock.Arguments) {
		f.options, f.kind, f.arg = a.Get(1).(client.StartWorkflowOptions), a.String(2), a.Get(3)
	}).Return(run, startErr).Maybe()
	return f
}

func TestStarterTrain(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil, nil)
	s := &workflows.Starter{Client: f}
	id, err := s.Train(t.Context(), pipeline.Request{Pipeline: "churn"}, "")
	if err != nil || !strings.HasPrefix(id, "train/churn/") || len(id) != len("train/churn/")+12 {
		t.Errorf("id %q, %v", id, err)
	}
	if f.kind != "Train" || f.options.TaskQueue != "gristmill" || f.arg.(pipeline.Request).Pipeline != "churn" {
		t.Errorf("started %s on %s with %v", f.kind, f.options.TaskQueue, f.arg)
	}
	if o := f.options; o.WorkflowIDConflictPolicy != enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL || !o.WorkflowExecutionErrorWhenAlreadyStarted ||
		o.WorkflowIDReusePolicy != enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY {
		t.Errorf("options %+v: an id that runs or has succeeded must be refused", o)
	}
	if _, err := s.Train(t.Context(), pipeline.Request{Pipeline: "churn"}, strings.Repeat("x", 201)); gristmill.KindOf(err) != gristmill.Invalid {
		t.Errorf("an id of 201 characters: %v", err)
	}
	large := map[string]any{"data.drop": strings.Repeat("x", 64<<10)}
	for name, c := range map[string]struct {
		req pipeline.Request
		id  string
	}{
		"an id that an address cannot name": {pipeline.Request{Pipeline: "churn"}, "a/../b?c"},
		"no pipeline's name":                {pipeline.Request{Pipeline: "no such!"}, ""},
		"a long name of a run":              {pipeline.Request{Pipeline: "churn", RunName: strings.Repeat("x", 251)}, ""},
		"more than a history takes":         {pipeline.Request{Pipeline: "churn", Set: large}, ""},
	} {
		f.kind = ""
		if _, err := s.Train(t.Context(), c.req, c.id); gristmill.KindOf(err) != gristmill.Invalid || f.kind != "" {
			t.Errorf("%s: %v, started %q", name, err, f.kind)
		}
	}
}

func TestTemporalsErrorsGetOurKinds(t *testing.T) {
	t.Parallel()
	for kind, temporalsOwn := range map[gristmill.Kind]error{
		gristmill.Conflict:    serviceerror.NewWorkflowExecutionAlreadyStarted("already started", "", ""),
		gristmill.Invalid:     serviceerror.NewInvalidArgument("the id is too long"),
		gristmill.NotFound:    serviceerror.NewNotFound("no such execution at shard 7"),
		gristmill.Unavailable: serviceerror.NewUnavailable("connection refused: 10.0.0.7"),
	} {
		s := &workflows.Starter{Client: newFake(t, temporalsOwn, nil)}
		_, err := s.Train(t.Context(), pipeline.Request{Pipeline: "churn"}, "mine")
		if gristmill.KindOf(err) != kind || strings.Contains(gristmill.Public(err), "10.0.0.7") || !errors.Is(err, temporalsOwn) {
			t.Errorf("%v became %s: %s", temporalsOwn, gristmill.KindOf(err), gristmill.Public(err))
		}
		if _, err := s.Promote(t.Context(), pipeline.PromoteRequest{Model: "m", Version: 1}); gristmill.KindOf(err) != kind {
			t.Errorf("Promote: %v became %v", temporalsOwn, err)
		}
		c := newFake(t, nil, nil)
		c.On("CancelWorkflow", mock.Anything, "mine", "").Return(temporalsOwn)
		if err := (&workflows.Starter{Client: c}).Cancel(t.Context(), "mine"); gristmill.KindOf(err) != kind {
			t.Errorf("Cancel: %v became %v", temporalsOwn, err)
		}
		r := newFake(t, nil, func(context.Context, any) error { return temporalsOwn })
		if _, done, err := (&workflows.Starter{Client: r}).TrainResult(t.Context(), "mine"); done || gristmill.KindOf(err) != kind {
			t.Errorf("TrainResult: %v became %v", temporalsOwn, err)
		}
	}
	c := newFake(t, nil, nil)
	c.On("CancelWorkflow", mock.Anything, "mine", "").Return(nil)
	if err := (&workflows.Starter{Client: c}).Cancel(t.Context(), "mine"); err != nil {
		t.Error(err)
	}
}

func TestTrainResultWaitsOnlyAsLongAsItIsAskedTo(t *testing.T) {
	t.Parallel()
	s := &workflows.Starter{Client: newFake(t, nil, func(ctx context.Context, _ any) error { <-ctx.Done(); return ctx.Err() })}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if r, done, err := s.TrainResult(ctx, "mine"); r != nil || done || err != nil {
		t.Errorf("a run that goes on: %v, %v, %v", r, done, err)
	}
	// Temporal's own clock may be ahead of ours.
	ahead := &workflows.Starter{Client: newFake(t, nil, func(context.Context, any) error { return serviceerror.NewDeadlineExceeded("late") })}
	later, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if r, done, err := ahead.TrainResult(later, "mine"); r != nil || done || err != nil {
		t.Errorf("a run that goes on: %v, %v, %v", r, done, err)
	}
}

// outcome is the error of a workflow that ended as w says.
func outcome(t *testing.T, change func(w *world)) error {
	t.Helper()
	w := newWorld(t)
	change(w)
	_, err := w.train()
	if err == nil {
		t.Fatal("the workflow went well")
	}
	return err
}

func TestTrainResultTellsHowARunEnded(t *testing.T) {
	t.Parallel()
	good := newFake(t, nil, func(_ context.Context, into any) error {
		*into.(*pipeline.Result) = pipeline.Result{RunID: runID, Status: tracking.Succeeded}
		return nil
	})
	if r, done, err := (&workflows.Starter{Client: good}).TrainResult(t.Context(), "mine"); err != nil || !done || r.RunID != runID {
		t.Errorf("%+v, %v, %v", r, done, err)
	}
	failed := outcome(t, func(w *world) {
		w.hooks["FitModel"] = func() error { return failure(gristmill.Invalid, "the table is bad") }
	})
	canceled := outcome(t, func(w *world) { w.cancelIn("BeginRun") })
	invalid := outcome(t, func(w *world) {
		w.hooks["BeginRun"] = func() error { return failure(gristmill.NotFound, `there is no pipeline "x"`) }
	})
	kept, err := json.Marshal(pipeline.Result{RunID: runID, Status: tracking.Failed, Message: "the table is bad", Metrics: map[string]float64{"a": 1}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cause error
		runs  ranStore
		want  *pipeline.Result
		err   string
	}{
		"the result that the run kept": {failed, ranStore{runs: []tracking.Run{{ID: runID, Tags: map[string]string{tracking.ResultTag: string(kept)}}}},
			&pipeline.Result{RunID: runID, Status: tracking.Failed, Message: "the table is bad", Metrics: map[string]float64{"a": 1}}, ""},
		"a run that kept none": {failed, ranStore{runs: []tracking.Run{{ID: runID}}},
			&pipeline.Result{WorkflowID: "mine", RunID: runID, Status: tracking.Failed, Message: "the table is bad"}, ""},
		"no run, invalid":                {invalid, ranStore{}, nil, `there is no pipeline "x"`},
		"no run, canceled":               {canceled, ranStore{}, &pipeline.Result{WorkflowID: "mine", Status: tracking.Canceled, Message: "canceled"}, ""},
		"a tracker that does not answer": {failed, ranStore{err: gristmill.Errorf(gristmill.Unavailable, "the database does not answer")}, nil, "the database does not answer"},
	} {
		s := &workflows.Starter{Client: newFake(t, nil, func(context.Context, any) error { return c.cause }), Runs: c.runs}
		r, _, err := s.TrainResult(t.Context(), "mine")
		if text(r) != text(c.want) {
			t.Errorf("%s: %s, want %s", name, text(r), text(c.want))
		}
		if (err == nil) != (c.err == "") || err != nil && gristmill.Public(err) != c.err {
			t.Errorf("%s: error %v, want %q", name, err, c.err)
		}
	}
}

func TestStarterPromoteJoinsTheOneThatRuns(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil, func(_ context.Context, into any) error {
		*into.(*pipeline.PromoteResult) = pipeline.PromoteResult{Model: "m", Version: 2, Deployed: true}
		return nil
	})
	r, err := (&workflows.Starter{Client: f}).Promote(t.Context(), pipeline.PromoteRequest{Model: "m", Version: 2})
	if err != nil || !r.Deployed || f.options.ID != "promote/m/2" || f.kind != "Promote" ||
		f.options.WorkflowIDConflictPolicy != enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING {
		t.Errorf("%+v, %v, started %s as %+v", r, err, f.kind, f.options)
	}
	w := newWorld(t)
	w.hooks["ProposeVersion"] = func() error { return failure(gristmill.NotFound, `model "m" has no version 9`) }
	_, cause := w.promote()
	bad := newFake(t, nil, func(context.Context, any) error { return cause })
	if _, err := (&workflows.Starter{Client: bad}).Promote(t.Context(), pipeline.PromoteRequest{Model: "m", Version: 9}); gristmill.KindOf(err) != gristmill.NotFound || gristmill.Public(err) != `model "m" has no version 9` {
		t.Errorf("error %v", err)
	}
}
