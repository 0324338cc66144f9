package workflows_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"gristmill"
	"gristmill/activities"
	"gristmill/pipeline"
	"gristmill/registry"
	"gristmill/tracking"
	"gristmill/worker"
	"gristmill/workflows"
)

// runID is the run that BeginRun makes in a world.
const runID = "0123456789abcdef0123456789abcdef"

// world is the SDK's test environment with every activity mocked under its
// registered name. Each answers as the real one would, notes that it was
// called, and runs the hook that a test has laid under its name first.
type world struct {
	t    *testing.T
	env  *testsuite.TestWorkflowEnvironment
	plan pipeline.Plan

	mu      sync.Mutex
	calls   []string
	inputs  map[string]activities.StepIn  // of step activities, by step
	ended   []activities.EndIn            // of EndRun
	marks   []activities.MarkIn           // of EndStep
	aborts  []activities.GenerationIn     // of AbortVersion
	began   activities.BeginIn            // of BeginRun
	options []workflow.ActivityOptions    // of every activity, in order
	hooks   map[string]func() error       // by activity; an error is the activity's
	serves  activities.GenerationOut      // what ProposeVersion answers
	aborted activities.GenerationOut      // what AbortVersion answers
	gates   []registry.GateResult         // what EvaluateModel answers
	outputs map[string]activities.StepOut // of step activities, by step
}

// churn plans the shipped pipeline of that name.
func churn(t *testing.T) pipeline.Plan {
	t.Helper()
	for _, text := range pipeline.Shipped() {
		spec, err := pipeline.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if spec.Name != "churn" {
			continue
		}
		plan, err := pipeline.Make(gristmill.DefaultProject, spec)
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	t.Fatal("no pipeline churn is shipped")
	return pipeline.Plan{}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	w := &world{t: t, env: suite.NewTestWorkflowEnvironment(), plan: churn(t), inputs: map[string]activities.StepIn{},
		hooks: map[string]func() error{}, serves: activities.GenerationOut{Generation: 7, Version: 2},
		aborted: activities.GenerationOut{Generation: 8, Version: 2},
		gates:   []registry.GateResult{{Rule: "test_roc_auc > 0.8", Passed: true, Reason: "0.84 > 0.8"}}}
	w.outputs = map[string]activities.StepOut{
		"fetch":     outputs(t, map[string]any{"dataset": ref("dataset")}),
		"transform": outputs(t, map[string]any{"prepared": ref("prepared")}),
		"train":     outputs(t, map[string]any{"package": ref("package"), "weights": "77aa", "resumed_from": 40}),
		"register":  outputs(t, map[string]any{"version": pipeline.ModelRef{Name: "churn", Version: 3}}),
	}
	w.env.SetWorkerOptions(sdk.Options{DisableRegistrationAliasing: true, Interceptors: []interceptor.WorkerInterceptor{&spy{w: w}}})
	w.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: "train/churn/1", TaskQueue: pipeline.QueueLight})
	workflows.Register(w.env)
	worker.Register(w.env, worker.Activities{})
	w.mock()
	return w
}

// on mocks an activity under its registered name.
func on[I, O any](w *world, name string, answer func(in I) O) {
	w.env.OnActivity(name, mock.Anything, mock.Anything).Return(func(_ context.Context, in I) (O, error) {
		w.mu.Lock()
		w.calls = append(w.calls, name)
		hook := w.hooks[name]
		out := answer(in)
		w.mu.Unlock()
		if hook != nil {
			if err := hook(); err != nil {
				return *new(O), err
			}
		}
		return out, nil
	}).Maybe()
}

func (w *world) mock() {
	on(w, "BeginRun", func(in activities.BeginIn) activities.BeginOut {
		w.began = in
		return activities.BeginOut{RunID: runID, Plan: w.plan, Out: outputs(w.t, map[string]any{"data": ref("data")}).Out}
	})
	on(w, "EndRun", func(in activities.EndIn) activities.EndOut { w.ended = append(w.ended, in); return activities.EndOut{} })
	step := func(in activities.StepIn) activities.StepOut {
		w.inputs[in.Step.ID] = in
		if in.Step.Kind == pipeline.Evaluate {
			return outputs(w.t, map[string]any{"evaluation": ref("evaluation"), "metrics": map[string]float64{"test_roc_auc": 0.84}, "gates": w.gates})
		}
		return w.outputs[string(in.Step.Kind)]
	}
	for _, name := range []string{"FetchData", "FitTransform", "FitModel", "EvaluateModel", "RegisterVersion"} {
		on(w, name, step)
	}
	on(w, "BeginStep", func(activities.MarkIn) activities.MarkOut { return activities.MarkOut{Epoch: 1} })
	on(w, "EndStep", func(in activities.MarkIn) activities.MarkOut {
		w.marks = append(w.marks, in)
		return activities.MarkOut{Epoch: 1}
	})
	on(w, "ProposeVersion", func(activities.ProposeIn) activities.GenerationOut { return w.serves })
	for _, name := range []string{"AwaitReady", "AwaitServing"} {
		on(w, name, func(in activities.GenerationIn) activities.GenerationOut {
			return activities.GenerationOut{Generation: in.Generation, Version: 3}
		})
	}
	on(w, "CommitVersion", func(in activities.GenerationIn) activities.GenerationOut {
		return activities.GenerationOut{Generation: in.Generation, Version: 3, Committed: true}
	})
	on(w, "AbortVersion", func(in activities.GenerationIn) activities.GenerationOut {
		w.aborts = append(w.aborts, in)
		return w.aborted
	})
}

// undisturbed are the activities that run to their end in a canceled workflow.
var undisturbed = []string{"BeginRun", "BeginStep", "EndStep", "EndRun", "ProposeVersion", "AbortVersion"}

// cancelIn cancels the workflow while the activity runs. One that a
// cancellation reaches goes on until it has.
func (w *world) cancelIn(name string) {
	reached := make(chan struct{})
	w.env.SetOnActivityCanceledListener(func(info *activity.Info) {
		if info.ActivityType.Name == name {
			close(reached)
		}
	})
	w.hooks[name] = func() error {
		w.env.CancelWorkflow()
		if !slices.Contains(undisturbed, name) {
			<-reached
		}
		return nil
	}
}

// train runs Train to its end.
func (w *world) train() (pipeline.Result, error) {
	w.t.Helper()
	w.env.ExecuteWorkflow(workflows.TrainName, pipeline.Request{Pipeline: "churn", Caller: &pipeline.Caller{User: "ada", Commit: "c0ffee"}})
	return result[pipeline.Result](w)
}

// promote runs Promote to its end.
func (w *world) promote() (pipeline.PromoteResult, error) {
	w.t.Helper()
	w.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: "promote/churn/3", TaskQueue: pipeline.QueueLight})
	w.env.ExecuteWorkflow(workflows.PromoteName, pipeline.PromoteRequest{Model: "churn", Version: 3, Reason: "promoted by hand"})
	return result[pipeline.PromoteResult](w)
}

func result[R any](w *world) (R, error) {
	w.t.Helper()
	if !w.env.IsWorkflowCompleted() {
		w.t.Fatal("the workflow did not end")
	}
	var r R
	if err := w.env.GetWorkflowError(); err != nil {
		return r, err
	}
	if err := w.env.GetWorkflowResult(&r); err != nil {
		w.t.Fatal(err)
	}
	return r, nil
}

// end returns the one EndIn that EndRun got.
func (w *world) end() activities.EndIn {
	w.t.Helper()
	if len(w.ended) != 1 {
		w.t.Fatalf("EndRun was called %d times, want once", len(w.ended))
	}
	return w.ended[0]
}

func (w *world) called(names ...string) {
	w.t.Helper()
	if !slices.Equal(w.calls, names) {
		w.t.Errorf("activities\n got %v\nwant %v", w.calls, names)
	}
}

// ref is a reference to bytes that a step stored.
func ref(what string) gristmill.Ref {
	d := gristmill.DigestOf([]byte(what))
	return gristmill.Ref{URI: "blob:sha256/" + string(d[:2]) + "/" + string(d), Digest: d, Size: 1, Type: what}
}

// outputs makes a step's outputs of references and small values.
func outputs(t *testing.T, m map[string]any) activities.StepOut {
	t.Helper()
	out := activities.StepOut{Out: map[string]activities.Output{}}
	for name, v := range m {
		if r, ok := v.(gristmill.Ref); ok {
			out.Out[name] = activities.RefOutput(r)
			continue
		}
		o, err := activities.ValueOutput(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Out[name] = o
	}
	return out
}

// failure is an error as an activity puts it on the wire.
func failure(kind gristmill.Kind, msg string, problems ...gristmill.Problem) error {
	f := activities.Failure{Kind: kind, Msg: msg, Problems: problems}
	return temporal.NewNonRetryableApplicationError(msg, string(kind), nil, f)
}

// spy notes the options under which activities are scheduled.
type spy struct {
	interceptor.WorkerInterceptorBase
	w *world
}

func (s *spy) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	i := &spyIn{w: s.w}
	i.Next = next
	return i
}

type spyIn struct {
	interceptor.WorkflowInboundInterceptorBase
	w *world
}

func (i *spyIn) Init(out interceptor.WorkflowOutboundInterceptor) error {
	o := &spyOut{w: i.w}
	o.Next = out
	return i.Next.Init(o)
}

type spyOut struct {
	interceptor.WorkflowOutboundInterceptorBase
	w *world
}

func (o *spyOut) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	opt := workflow.GetActivityOptions(ctx)
	opt.Summary = name // of no use in the test environment; here it names the activity
	o.w.mu.Lock()
	o.w.options = append(o.w.options, opt)
	o.w.mu.Unlock()
	return o.Next.ExecuteActivity(ctx, name, args...)
}

// quiet drops the SDK's log, which tells of every failure that a test wants.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

// text renders a value for comparison.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(b)
}

// status is the answer of the query of that name.
type status struct {
	Status tracking.Status            `json:"status"`
	RunID  string                     `json:"run_id"`
	Steps  map[string]tracking.Status `json:"steps"`
}

// open opens a file for the time of the test.
func open(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
