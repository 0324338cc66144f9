package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/tracking"
)

// StepIn is the input of every step activity.
type StepIn struct {
	Project    string            `json:"project"`
	RunID      string            `json:"run_id"`
	Pipeline   string            `json:"pipeline"`
	SpecDigest gristmill.Digest  `json:"spec_digest"`
	WorkflowID string            `json:"workflow_id"`
	Caller     *pipeline.Caller  `json:"caller,omitempty"`
	Step       pipeline.Step     `json:"step"`
	In         map[string]Output `json:"in,omitempty"`
}

// StepOut is the output of every step activity.
type StepOut struct {
	Out map[string]Output `json:"out,omitempty"`
}

// Output is one named output: a reference to stored bytes, or a small value.
type Output struct {
	Ref   *gristmill.Ref  `json:"ref,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
}

// RefOutput makes an output of a reference.
func RefOutput(r gristmill.Ref) Output { return Output{Ref: &r} }

// ValueOutput makes an output of a small value.
func ValueOutput(v any) (Output, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return Output{}, fmt.Errorf("encode output: %w", err)
	}
	return Output{Value: b}, nil
}

// ref returns an input's reference.
func (in StepIn) ref(name string) (gristmill.Ref, error) {
	o, ok := in.In[name]
	if !ok || o.Ref == nil {
		return gristmill.Ref{}, gristmill.Errorf(gristmill.Internal, "step %s has no input %s", in.Step.ID, name)
	}
	return *o.Ref, nil
}

// value reads an input's small value.
func (in StepIn) value(name string, to any) error {
	o, ok := in.In[name]
	if !ok || o.Value == nil {
		return gristmill.Errorf(gristmill.Internal, "step %s has no input %s", in.Step.ID, name)
	}
	if err := json.Unmarshal(o.Value, to); err != nil {
		return fmt.Errorf("read input %s: %w", name, err)
	}
	return nil
}

// params reads the step's parameters.
func (in StepIn) params(to any) error {
	if err := json.Unmarshal(in.Step.Params, to); err != nil {
		return fmt.Errorf("read params of step %s: %w", in.Step.ID, err)
	}
	return nil
}

// attempt is one attempt at a step: its writes carry the epoch of its lease.
type attempt struct {
	in     StepIn
	runs   tracking.Store
	writer tracking.Writer
	number int
	life   *life
	log    *slog.Logger
}

// do runs one attempt at a step: lease, work, end. The end of a canceled or
// failed attempt is recorded too, under a context of its own.
func (in StepIn) do(ctx context.Context, runs tracking.Store, log *slog.Logger, work func(context.Context, *attempt) (StepOut, error)) (StepOut, error) {
	info := activity.GetInfo(ctx)
	ctx, cancel := stoppable(ctx)
	defer cancel(nil)
	a := &attempt{in: in, runs: runs, number: int(info.Attempt), life: newLife(ctx),
		log: log.With("run_id", in.RunID, "step", in.Step.ID, "attempt", info.Attempt)}
	defer a.life.end()
	began := time.Now()
	epoch, err := runs.Lease(ctx, in.RunID, tracking.Step{ID: in.Step.ID, Kind: string(in.Step.Kind), Worker: workerOf(ctx), StartedAt: &began})
	if err != nil {
		return StepOut{}, wire(ctx, fmt.Errorf("begin step %s: %w", in.Step.ID, err))
	}
	a.writer = tracking.Writer{Step: in.Step.ID, Epoch: epoch}
	out, err := work(ctx, a)
	if endErr := a.end(ctx, err); err == nil {
		err = endErr
	}
	if err != nil {
		a.log.Warn("step attempt ended with an error", "error", err)
	}
	return out, wireAfter(ctx, err, a.life.failed(err))
}

// stoppable returns a context that ends when the worker stops, so that the step
// goes back to its queue at once and not when its heartbeats are missed.
func stoppable(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	stop := activity.GetWorkerStopChannel(ctx)
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-stop:
			cancel(errStopped)
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// end records how the attempt ended.
func (a *attempt) end(ctx context.Context, err error) error {
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	status, message := tracking.Succeeded, ""
	switch {
	case err != nil && ctx.Err() != nil:
		status, message = tracking.Canceled, "canceled or given back to the queue"
	case err != nil:
		status, message = tracking.Failed, fit(gristmill.Public(Public(err)), maxText)
		a.say(last, "error", "%s", message)
	}
	return a.runs.EndStep(last, a.in.RunID, a.writer, status, message, time.Now())
}

// say writes one line to the step's log. A log line that cannot be written
// must not fail the step, so it goes to the process's log instead.
func (a *attempt) say(ctx context.Context, level, format string, args ...any) {
	line := tracking.Line{Step: a.in.Step.ID, Attempt: a.number, Time: time.Now(), Level: level, Text: fit(fmt.Sprintf(format, args...), tracking.MaxLine)}
	if err := a.runs.AppendLog(ctx, a.in.RunID, a.writer, []tracking.Line{line}); err != nil {
		a.log.Warn("append step log", "error", err, "text", line.Text)
	}
}

// workerKey is the context key of the worker's identity.
type workerKey struct{}

// WithWorker notes the worker's identity, to be recorded with every attempt.
func WithWorker(ctx context.Context, identity string) context.Context {
	return context.WithValue(ctx, workerKey{}, identity)
}

func workerOf(ctx context.Context) string {
	id, _ := ctx.Value(workerKey{}).(string)
	return id
}
