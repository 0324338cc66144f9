package activities

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/registry"
	"gristmill/serving"
	"gristmill/tracking"
)

// Deployment changes what takes traffic, on behalf of the workflow Promote.
type Deployment struct {
	Tracking tracking.Store
	Versions registry.Store
	Serving  serving.Store
	Packages serving.Packages // to test a candidate where no server is alive to do it
	Alone    time.Duration    // how long a candidate waits for a first server; 0: 15 s
	Log      *slog.Logger
}

// ProposeIn is the input of Deployment.ProposeVersion.
type ProposeIn struct {
	Project string `json:"project,omitempty"`
	Model   string `json:"model"`
	Version int    `json:"version"`
	By      string `json:"by"` // run ID of the promotion
	Reason  string `json:"reason,omitempty"`
}

// GenerationOut says how a deployment stands.
type GenerationOut struct {
	Generation int64 `json:"generation"`
	Version    int   `json:"version"`   // takes traffic
	Committed  bool  `json:"committed"` // and it is the one that was asked for
}

// ProposeVersion makes the version the candidate of the next generation.
func (d *Deployment) ProposeVersion(ctx context.Context, in ProposeIn) (GenerationOut, error) {
	project := projectOf(in.Project)
	if err := gristmill.CheckName("model", in.Model); err != nil {
		return GenerationOut{}, wire(ctx, err)
	}
	if in.Version <= 0 {
		return GenerationOut{}, wire(ctx, gristmill.Errorf(gristmill.Invalid, "version: %d is no version number; expected 1 or more", in.Version))
	}
	version, err := d.Versions.Version(ctx, project, in.Model, in.Version)
	if err == nil {
		err = version.Promotable()
	}
	if err != nil {
		return GenerationOut{}, wire(ctx, err)
	}
	dep, err := d.Serving.Propose(ctx, project, in.Model, in.Version, in.By)
	if gristmill.KindOf(err) == gristmill.Conflict { // another promotion is under way: this one waits its turn
		err = gristmill.Hide(gristmill.Unavailable, err, "%s", gristmill.Public(err))
	}
	if err != nil {
		return GenerationOut{}, wire(ctx, err)
	}
	d.Log.Info("promotion proposed", "model", in.Model, "version", in.Version, "generation", dep.Generation, "reason", in.Reason)
	return GenerationOut{dep.Generation, dep.Version, dep.State == serving.Stable && dep.Version == in.Version}, nil
}

// GenerationIn names a generation of a deployment.
type GenerationIn struct {
	Project    string        `json:"project,omitempty"`
	Model      string        `json:"model"`
	Generation int64         `json:"generation"`
	By         string        `json:"by"`
	Within     time.Duration `json:"within,omitempty"` // how long to wait
	Reason     string        `json:"reason,omitempty"` // of an abort
}

// aloneFor is how long a candidate waits for a first server to appear before it
// is tested here instead, unless Deployment.Alone says otherwise.
const aloneFor = 15 * time.Second

// condition says whether a server is where a deployment wants it.
type condition func(serving.Deployment, serving.Observation) bool

// AwaitReady waits until every live server has loaded the candidate and passed
// its smoke test. One server that cannot is enough to refuse.
func (d *Deployment) AwaitReady(ctx context.Context, in GenerationIn) (GenerationOut, error) {
	return d.await(ctx, in, "load the candidate", func(_ serving.Deployment, o serving.Observation) bool { return o.Ready })
}

// AwaitServing waits until every live server sends traffic to the generation's
// version.
func (d *Deployment) AwaitServing(ctx context.Context, in GenerationIn) (GenerationOut, error) {
	return d.await(ctx, in, "take up the version", func(d serving.Deployment, o serving.Observation) bool {
		return o.Ready && o.Version == d.Version
	})
}

func (d *Deployment) await(ctx context.Context, in GenerationIn, what string, good condition) (GenerationOut, error) {
	limited, cancel := context.WithTimeout(ctx, in.Within)
	defer cancel()
	changes, err := d.Serving.Changes(limited)
	if err != nil {
		return GenerationOut{}, wire(ctx, err)
	}
	began := time.Now()
	for {
		dep, err := d.Serving.Deployment(ctx, projectOf(in.Project), in.Model)
		if err != nil {
			return GenerationOut{}, wire(ctx, err)
		}
		out := GenerationOut{Generation: dep.Generation, Version: dep.Version}
		settled, behind, err := d.judge(ctx, dep, in.Generation, began, good)
		if err != nil || settled {
			return out, wire(ctx, err)
		}
		activity.RecordHeartbeat(ctx, behind)
		select {
		case <-limited.Done():
			if ctx.Err() != nil {
				return out, wire(ctx, ctx.Err())
			}
			return out, wire(ctx, gristmill.Errorf(gristmill.Precondition, "%s did not %s within %s", behind, what, in.Within))
		case <-changes:
		case <-time.After(time.Second):
		}
	}
}

// judge says whether every live server is where it should be, and if not, which
// one is behind.
func (d *Deployment) judge(ctx context.Context, dep serving.Deployment, generation int64, began time.Time, good condition) (settled bool, behind string, err error) {
	if dep.Generation > generation {
		return false, "", gristmill.Errorf(gristmill.Conflict, "generation %d of %s was replaced by %d", generation, dep.Model, dep.Generation)
	}
	live, err := d.Serving.LiveServers(ctx, dep.Project)
	if err != nil {
		return false, "", err
	}
	if len(live) == 0 {
		switch {
		case dep.Candidate == 0: // who comes later takes up what serves
			return true, "", nil
		case time.Since(began) < cmp.Or(d.Alone, aloneFor):
			return false, "an inference server (none is alive)", nil
		}
		return true, "", d.testHere(ctx, dep)
	}
	reports := make(map[string]serving.Observation, len(dep.Servers))
	for _, o := range dep.Servers {
		reports[o.Server] = o
	}
	for _, server := range live {
		o, ok := reports[server]
		switch {
		case !ok || o.Generation < generation:
			return false, server, nil
		case o.Error != "":
			return false, "", gristmill.Errorf(gristmill.Precondition, "server %s: %s", server, o.Error)
		case !good(dep, o):
			return false, server, nil
		}
	}
	return true, "", nil
}

// testHere loads and smoke-tests a candidate in this process: without a server
// the promotion still must not commit what cannot be served.
func (d *Deployment) testHere(ctx context.Context, dep serving.Deployment) error {
	return serving.Try(ctx, d.Packages, dep.Model, dep.Candidate, dep.CandidatePackage.Digest)
}

// CommitVersion makes the candidate take traffic.
func (d *Deployment) CommitVersion(ctx context.Context, in GenerationIn) (GenerationOut, error) {
	dep, err := d.Serving.Commit(ctx, projectOf(in.Project), in.Model, in.Generation, in.By)
	if err != nil {
		return GenerationOut{}, wire(ctx, err)
	}
	d.Log.Info("deployed", "model", in.Model, "version", dep.Version, "generation", dep.Generation)
	return GenerationOut{dep.Generation, dep.Version, true}, nil
}

// AbortVersion drops the candidate. Where nothing rolls any more, a commit was
// faster: what serves stays, and the output says so.
func (d *Deployment) AbortVersion(ctx context.Context, in GenerationIn) (GenerationOut, error) {
	dep, err := d.Serving.Abort(ctx, projectOf(in.Project), in.Model, in.Generation, in.By, in.Reason)
	if gristmill.KindOf(err) == gristmill.Conflict {
		now, readErr := d.Serving.Deployment(ctx, projectOf(in.Project), in.Model)
		if readErr == nil && now.Generation == in.Generation && now.State == serving.Stable && now.By == in.By {
			return GenerationOut{now.Generation, now.Version, true}, nil
		}
	}
	if err != nil {
		return GenerationOut{}, wire(ctx, err)
	}
	d.Log.Warn("deployment aborted", "model", in.Model, "version", dep.Version, "generation", dep.Generation, "reason", in.Reason)
	return GenerationOut{Generation: dep.Generation, Version: dep.Version}, nil
}

// MarkIn says how the deploy step of a run stands; its work is done by a child.
type MarkIn struct {
	Project string          `json:"project,omitempty"`
	RunID   string          `json:"run_id"`
	Step    pipeline.Step   `json:"step"`
	Epoch   int64           `json:"epoch,omitempty"`
	Status  tracking.Status `json:"status,omitempty"`
	Message string          `json:"message,omitempty"`
}

// MarkOut is the output of Deployment.BeginStep and EndStep.
type MarkOut struct {
	Epoch int64 `json:"epoch"`
}

// BeginStep records that the deploy step runs.
func (d *Deployment) BeginStep(ctx context.Context, in MarkIn) (MarkOut, error) {
	now := time.Now()
	epoch, err := d.Tracking.Lease(ctx, in.RunID, tracking.Step{ID: in.Step.ID, Kind: string(in.Step.Kind), Worker: workerOf(ctx), StartedAt: &now})
	return MarkOut{epoch}, wire(ctx, err)
}

// EndStep records how the deploy step ended.
func (d *Deployment) EndStep(ctx context.Context, in MarkIn) (MarkOut, error) {
	w := tracking.Writer{Step: in.Step.ID, Epoch: in.Epoch}
	if in.Message = fit(in.Message, maxText); in.Message != "" {
		line := tracking.Line{Step: in.Step.ID, Attempt: 1, Time: time.Now(), Level: "error", Text: in.Message}
		if err := d.Tracking.AppendLog(ctx, in.RunID, w, []tracking.Line{line}); err != nil {
			return MarkOut{}, wire(ctx, fmt.Errorf("append step log: %w", err))
		}
	}
	return MarkOut{in.Epoch}, wire(ctx, d.Tracking.EndStep(ctx, in.RunID, w, in.Status, in.Message, time.Now()))
}

func projectOf(p string) string {
	if p == "" {
		return gristmill.DefaultProject
	}
	return p
}
