package workflows

import (
	"context"

	"go.temporal.io/sdk/workflow"
)

// do runs an activity; the compiler checks that in and out fit fn.
func do[I, O any](ctx workflow.Context, o workflow.ActivityOptions, fn func(context.Context, I) (O, error), in I) (O, error) {
	return start(ctx, o, fn, in)()
}

// start begins an activity and returns what waits for its end.
func start[I, O any](ctx workflow.Context, o workflow.ActivityOptions, fn func(context.Context, I) (O, error), in I) func() (O, error) {
	f := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), fn, in)
	return func() (O, error) {
		var out O
		err := f.Get(ctx, &out)
		return out, err
	}
}

// surely runs an activity to its end also when the workflow is canceled: what it
// wrote has to be known, so that it can be ended or undone.
func surely[I, O any](ctx workflow.Context, o workflow.ActivityOptions, fn func(context.Context, I) (O, error), in I) (O, error) {
	apart, _ := workflow.NewDisconnectedContext(ctx)
	return do(apart, o, fn, in)
}
