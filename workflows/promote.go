package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"gristmill/activities"
	"gristmill/pipeline"
)

// readyWithin is how long the servers may take to load a candidate and to pass
// its smoke test.
const readyWithin = 2 * time.Minute

// promotion is one execution of Promote.
type promotion struct {
	req        pipeline.PromoteRequest
	by         string
	generation int64
	result     pipeline.PromoteResult
}

// Promote makes a version take traffic, or leaves the former one: it proposes a
// generation, waits until every live server has loaded the version and passed
// its smoke test, and commits. Anything else aborts the generation. Either way
// it is a result; an error means that the request itself was no good.
func Promote(ctx workflow.Context, req pipeline.PromoteRequest) (pipeline.PromoteResult, error) {
	p := &promotion{req: req, by: workflow.GetInfo(ctx).WorkflowExecution.RunID, result: pipeline.PromoteResult{Model: req.Model}}
	err := p.run(ctx)
	return p.result, err
}

func (p *promotion) run(ctx workflow.Context) error {
	in := activities.ProposeIn{Project: p.req.Project, Model: p.req.Model, Version: p.req.Version, By: p.by, Reason: p.req.Reason}
	proposed, err := surely(ctx, row("propose"), deployment.ProposeVersion, in)
	if err != nil {
		return err
	}
	p.generation, p.result.Generation = proposed.Generation, proposed.Generation
	p.result.Version = proposed.Version
	at := activities.GenerationIn{Project: p.req.Project, Model: p.req.Model, Generation: p.generation, By: p.by, Within: readyWithin}
	if !proposed.Committed { // it is not what takes traffic already
		if _, err = do(ctx, wait("ready", readyWithin), deployment.AwaitReady, at); err == nil {
			_, err = do(ctx, row("commit"), deployment.CommitVersion, at)
		}
		if err != nil {
			return p.abort(ctx, at, err)
		}
	}
	p.result.Version, p.result.Deployed = p.req.Version, true
	// From here on the version is live; a server that is late takes it up when
	// it can, and readers are told so.
	if _, err = do(ctx, wait("serving", readyWithin), deployment.AwaitServing, at); err != nil && !temporal.IsCanceledError(err) {
		p.result.Message = "live, but not yet on every server: " + reason(err)
	}
	return nil
}

// abort returns to the former version and says so; it runs to its end even
// when the promotion was canceled.
func (p *promotion) abort(ctx workflow.Context, at activities.GenerationIn, cause error) error {
	p.result.Message = reason(cause)
	if temporal.IsCanceledError(cause) {
		p.result.Message = "canceled"
	}
	at.Reason = p.result.Message
	done, err := surely(ctx, must("abort"), deployment.AbortVersion, at)
	if err != nil {
		return err
	}
	p.result.Version, p.result.Generation = done.Version, done.Generation
	if done.Committed { // the commit happened and only its acknowledgement was lost
		p.result.Deployed, p.result.Message = true, ""
	}
	return nil
}
