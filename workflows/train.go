package workflows

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"gristmill"
	"gristmill/activities"
	"gristmill/pipeline"
	"gristmill/registry"
	"gristmill/tracking"
)

// The activities' methods; the receivers are nil, only the names are used.
var (
	runs       *activities.Runs
	data       *activities.Dataset
	training   *activities.Training
	versions   *activities.Registry
	deployment *activities.Deployment
)

// train is one execution of Train.
type train struct {
	req    pipeline.Request
	plan   pipeline.Plan
	result pipeline.Result
	steps  map[string]tracking.Status              // for the query status
	out    map[string]map[string]activities.Output // outputs by step and name
	began  time.Time
}

// Train interprets the plan of a pipeline. A refused gate is a result
// (rejected); a failed step fails the workflow, a cancellation cancels it, and
// the run records each.
func Train(ctx workflow.Context, req pipeline.Request) (pipeline.Result, error) {
	t := &train{req: req, steps: map[string]tracking.Status{}, out: map[string]map[string]activities.Output{}, began: workflow.Now(ctx)}
	info := workflow.GetInfo(ctx)
	t.result = pipeline.Result{WorkflowID: info.WorkflowExecution.ID, Status: tracking.Running, Metrics: map[string]float64{}, Gates: []registry.GateResult{}}
	if err := t.setup(ctx); err != nil {
		return pipeline.Result{}, err
	}
	err := t.run(ctx)
	return t.end(ctx, err)
}

// setup answers queries; they see the state as it is.
func (t *train) setup(ctx workflow.Context) error {
	err := workflow.SetQueryHandler(ctx, StatusQuery, func() (map[string]any, error) {
		return map[string]any{"status": t.result.Status, "run_id": t.result.RunID, "steps": t.steps}, nil
	})
	if err != nil {
		return err
	}
	return workflow.SetQueryHandler(ctx, PlanQuery, func() (pipeline.Plan, error) { return t.plan, nil })
}

// run begins the run and does the steps, each when its needs are met.
func (t *train) run(ctx workflow.Context) error {
	info := workflow.GetInfo(ctx)
	begun, err := surely(ctx, row("begin"), runs.BeginRun, activities.BeginIn{
		Request: t.req, WorkflowID: info.WorkflowExecution.ID, FirstRunID: info.FirstRunID})
	if err != nil {
		return err
	}
	t.plan, t.result.RunID = begun.Plan, begun.RunID
	t.out[pipeline.RunOutputs] = begun.Out
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("run `%s` of pipeline **%s**", begun.RunID, begun.Plan.Pipeline))

	var first error // of the step that failed first; coroutines of a workflow take turns
	all := workflow.NewWaitGroup(ctx)
	ctx, stop := workflow.WithCancel(ctx)
	for _, s := range t.plan.Steps {
		all.Add(1)
		workflow.GoNamed(ctx, s.ID, func(ctx workflow.Context) {
			defer all.Done()
			if err := t.step(ctx, s); err != nil {
				if first == nil {
					first = err
				}
				stop() // what runs beside it is of no use any more
			}
		})
	}
	all.Wait(ctx)
	return first
}

// step waits for a step's needs and does it.
func (t *train) step(ctx workflow.Context, s pipeline.Step) error {
	err := workflow.Await(ctx, func() bool {
		for _, need := range s.Needs {
			if t.steps[need] != tracking.Succeeded {
				return false
			}
		}
		return true
	})
	if err == nil {
		err = ctx.Err() // needs that are met do not start a step of a run that ends
	}
	if err != nil {
		return err
	}
	t.steps[s.ID] = tracking.Running
	out, err := t.perform(ctx, s)
	if err != nil {
		t.steps[s.ID] = endOf(ctx, err)
		return err
	}
	t.steps[s.ID] = tracking.Succeeded
	t.out[s.ID] = out
	return t.learn(s, out)
}

// perform does a step by its kind.
func (t *train) perform(ctx workflow.Context, s pipeline.Step) (map[string]activities.Output, error) {
	info := workflow.GetInfo(ctx)
	in := activities.StepIn{Project: t.plan.Project, RunID: t.result.RunID, Pipeline: t.plan.Pipeline, SpecDigest: t.plan.SpecDigest,
		WorkflowID: info.WorkflowExecution.ID, Caller: t.req.Caller, Step: s, In: map[string]activities.Output{}}
	for _, name := range workflow.DeterministicKeys(s.In) {
		source, output := pipeline.Source(s.In[name])
		in.In[name] = t.out[source][output]
	}
	var out activities.StepOut
	var err error
	switch s.Kind {
	case pipeline.Fetch:
		out, err = do(ctx, step(s), data.FetchData, in)
	case pipeline.Transform:
		out, err = do(ctx, step(s), training.FitTransform, in)
	case pipeline.Train:
		out, err = do(ctx, step(s), training.FitModel, in)
	case pipeline.Fold:
		out, err = do(ctx, step(s), training.FitFold, in)
	case pipeline.Evaluate:
		out, err = do(ctx, step(s), training.EvaluateModel, in)
	case pipeline.Register:
		out, err = do(ctx, step(s), versions.RegisterVersion, in)
	case pipeline.Deploy:
		err = t.deploy(ctx, in)
	default:
		err = temporal.NewNonRetryableApplicationError(fmt.Sprintf("step %s is of kind %q, which this version does not know", s.ID, s.Kind), string(gristmill.Invalid), nil)
	}
	return out.Out, err
}

// refusal ends a run as rejected.
type refusal struct{ reason string }

func (r refusal) Error() string { return r.reason }

// learn takes from a step's outputs what belongs to the result.
func (t *train) learn(s pipeline.Step, out map[string]activities.Output) error {
	var err error
	read := func(name string, to any) {
		if o, ok := out[name]; ok && err == nil {
			err = json.Unmarshal(o.Value, to)
		}
	}
	switch s.Kind {
	case pipeline.Train:
		read("weights", &t.result.WeightsSHA256)
		read("resumed_from", &t.result.ResumedFrom)
	case pipeline.Evaluate:
		read("metrics", &t.result.Metrics)
		read("gates", &t.result.Gates)
		for _, g := range t.result.Gates {
			if !g.Passed && err == nil {
				return refusal{"gate refused: " + g.Reason}
			}
		}
	case pipeline.Register:
		read("version", &t.result.Model)
	}
	return err
}

// deploy promotes the registered version in a child that outlives this run: a
// promotion that has begun ends in one of its two states whatever happens here.
func (t *train) deploy(ctx workflow.Context, in activities.StepIn) error {
	if t.result.Model == nil {
		return temporal.NewNonRetryableApplicationError(fmt.Sprintf("step %s: no earlier step registered a version", in.Step.ID), string(gristmill.Invalid), nil)
	}
	lease := activities.MarkIn{Project: in.Project, RunID: in.RunID, Step: in.Step}
	begun, err := surely(ctx, row("deploy/begin"), deployment.BeginStep, lease)
	if err != nil {
		return err
	}
	lease.Epoch = begun.Epoch
	v := *t.result.Model
	child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: fmt.Sprintf("promote/%s/%d", v.Name, v.Version), TaskQueue: pipeline.QueueLight,
		ParentClosePolicy: enums.PARENT_CLOSE_POLICY_ABANDON, WaitForCancellation: true,
	})
	var done pipeline.PromoteResult
	if err = ctx.Err(); err == nil {
		err = workflow.ExecuteChildWorkflow(child, Promote, pipeline.PromoteRequest{
			Project: in.Project, Model: v.Name, Version: v.Version, Reason: "trained"}).Get(ctx, &done)
	}
	if f, ok := activities.FailureOf(err); ok && f.Kind == gristmill.Precondition {
		err = refusal{reason(err)} // the version itself must not be promoted, e.g. for its card
	}
	if err == nil && !done.Deployed {
		err = temporal.NewNonRetryableApplicationError(fmt.Sprintf("%s is registered but not deployed: %s", v, done.Message),
			string(gristmill.Precondition), nil)
	}
	t.result.Deployed = err == nil
	lease.Status, lease.Message = tracking.Succeeded, ""
	if err != nil {
		lease.Status, lease.Message = endOf(ctx, err), reason(err)
	}
	if _, endErr := surely(ctx, must("deploy/end"), deployment.EndStep, lease); err == nil {
		err = endErr
	}
	return err
}

// end records how the run ended, also after a cancellation.
func (t *train) end(ctx workflow.Context, err error) (pipeline.Result, error) {
	r := &t.result
	r.Seconds = workflow.Now(ctx).Sub(t.began).Seconds()
	var refused refusal
	switch {
	case err == nil:
		r.Status = tracking.Succeeded
	case errors.As(err, &refused):
		r.Status, r.Message, err = tracking.Rejected, refused.reason, nil
	case temporal.IsCanceledError(err) || ctx.Err() != nil:
		r.Status, r.Message = tracking.Canceled, "canceled"
		err = temporal.NewCanceledError()
	default:
		r.Status, r.Message = tracking.Failed, reason(err)
	}
	if r.RunID == "" {
		return *r, err // there is no run to end: the request was no good
	}
	result, encodeErr := json.Marshal(r)
	if encodeErr != nil {
		return *r, encodeErr
	}
	if _, endErr := surely(ctx, must("end"), runs.EndRun, activities.EndIn{RunID: r.RunID, Status: r.Status, Message: r.Message, Result: result}); endErr != nil {
		return *r, endErr
	}
	return *r, err
}

// endOf is the state that a step's error leaves it in.
func endOf(ctx workflow.Context, err error) tracking.Status {
	if errors.As(err, new(refusal)) {
		return tracking.Rejected
	}
	if temporal.IsCanceledError(err) || ctx.Err() != nil {
		return tracking.Canceled
	}
	return tracking.Failed
}

// reason is an error's text for a person: the failure that an activity carried,
// not the chain of wrappers around it.
func reason(err error) string {
	if f, ok := activities.FailureOf(err); ok {
		return f.Error().Public()
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return app.Message()
	}
	var timeout *temporal.TimeoutError
	if errors.As(err, &timeout) {
		return "timed out: " + timeout.Error()
	}
	return err.Error()
}
