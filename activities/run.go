package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/registry"
	"gristmill/tracking"
)

// Runs begins and ends the runs of the workflow Train.
type Runs struct {
	Tracking  tracking.Store
	Pipelines pipeline.Store
	Blobs     Blobs
	Version   string // of this program, for lineage
}

// BeginIn is the input of Runs.BeginRun.
type BeginIn struct {
	Request    pipeline.Request `json:"request"`
	WorkflowID string           `json:"workflow_id"`
	FirstRunID string           `json:"first_execution_run_id"`
}

// BeginOut is the output of Runs.BeginRun.
type BeginOut struct {
	RunID string            `json:"run_id"`
	Plan  pipeline.Plan     `json:"plan"`
	Out   map[string]Output `json:"out,omitempty"` // what the run gives to its steps: pipeline.RunOutputs
}

// BeginRun resolves the pipeline once, plans it and makes the run, keyed by the
// workflow, so that repeating it finds the same run and the same version of the
// pipeline, whatever was applied between the attempts. What the input may lack
// for good is looked for before there is a run, which nobody would end.
func (r *Runs) BeginRun(ctx context.Context, in BeginIn) (BeginOut, error) {
	diff, err := r.diff(ctx, in.Request.Caller)
	if err != nil {
		return BeginOut{}, wire(ctx, err)
	}
	run, w, err := r.start(ctx, in)
	if err != nil {
		return BeginOut{}, wire(ctx, err)
	}
	if err := r.keepRequest(ctx, run, in.Request, w, diff); err != nil {
		return BeginOut{}, wire(ctx, fmt.Errorf("keep request: %w", err))
	}
	data, err := putJSON(ctx, r.Blobs, w.spec.Data, "spec")
	if err != nil {
		return BeginOut{}, wire(ctx, fmt.Errorf("store data section: %w", err))
	}
	out := map[string]Output{"data": RefOutput(data)}
	if folding, ok := w.spec.Folding(); ok {
		ref, err := putJSON(ctx, r.Blobs, folding, "spec")
		if err != nil {
			return BeginOut{}, wire(ctx, fmt.Errorf("store what folds have in common: %w", err))
		}
		out["folding"] = RefOutput(ref)
	}
	return BeginOut{RunID: run.ID, Plan: w.plan, Out: out}, nil
}

// work is what a request comes to: an applied version, the spec that it is under
// the overrides, and the plan of that.
type work struct {
	version pipeline.Version
	spec    pipeline.Spec
	plan    pipeline.Plan
}

// appliedTag names the applied version that a run is of, without its overrides.
const appliedTag = "gristmill.applied_digest"

// start makes the run of a request, or finds the one that an earlier attempt
// made; the work returned is that run's.
func (r *Runs) start(ctx context.Context, in BeginIn) (run tracking.Run, w work, err error) {
	req := in.Request
	if req.Digest == "" { // else it is the same version every time
		if req.Digest, err = r.begun(ctx, in); err != nil {
			return run, w, fmt.Errorf("find run of an earlier attempt: %w", err)
		}
	}
	if w, err = r.resolve(ctx, req); err != nil {
		return run, w, err
	}
	exp, err := r.Tracking.EnsureExperiment(ctx, w.plan.Project, w.plan.Pipeline)
	if err != nil {
		return run, w, fmt.Errorf("find experiment %s: %w", w.plan.Pipeline, err)
	}
	n := tracking.NewRun{Key: in.WorkflowID + "/" + in.FirstRunID, Experiment: exp.ID, Name: req.RunName,
		WorkflowID: in.WorkflowID, FirstRunID: in.FirstRunID, StartedAt: time.Now(), Params: w.spec.Params(), Tags: r.tags(in, w)}
	if req.Caller != nil {
		n.User = req.Caller.User
	}
	if run, err = r.Tracking.StartRun(ctx, n); err != nil {
		return run, w, fmt.Errorf("start run: %w", err)
	}
	// Another attempt may have been quicker.
	if first := gristmill.Digest(run.Tags[appliedTag]); first.Valid() && first != w.version.Digest {
		req.Digest = first
		w, err = r.resolve(ctx, req)
	}
	return run, w, err
}

// begun returns the applied version of the run that an earlier attempt made, ""
// if there is none. A newer version need not even allow the overrides.
func (r *Runs) begun(ctx context.Context, in BeginIn) (gristmill.Digest, error) {
	f := tracking.RunFilter{Project: cmp.Or(in.Request.Project, gristmill.DefaultProject), WorkflowID: in.WorkflowID}
	list, _, err := r.Tracking.ListRuns(ctx, f, gristmill.Page{Limit: 10}) // newest first, and this execution is the newest
	for _, run := range list {
		if d := gristmill.Digest(run.Tags[appliedTag]); run.FirstRunID == in.FirstRunID && d.Valid() {
			return d, nil
		}
	}
	return "", err
}

// tags are what a run says of its origin.
func (r *Runs) tags(in BeginIn, w work) map[string]string {
	tags := map[string]string{
		"gristmill.workflow_id": in.WorkflowID,
		"gristmill.pipeline":    w.plan.Pipeline,
		"gristmill.spec_digest": string(w.plan.SpecDigest),
		appliedTag:              string(w.version.Digest),
		"gristmill.version":     r.Version,
		"mlflow.source.name":    "pipeline " + w.plan.Pipeline,
		"mlflow.source.type":    "PROJECT",
	}
	more := map[string]string{"gristmill.reproduces": in.Request.Reproduces}
	if c := in.Request.Caller; c != nil {
		more["mlflow.user"], more["gristmill.command"], more["mlflow.source.git.commit"], more["gristmill.diff"] = c.User, c.Command, c.Commit, string(c.Diff)
		if c.Commit != "" {
			more["gristmill.git_dirty"] = strconv.FormatBool(c.Dirty)
		}
	}
	for k, v := range more {
		if v != "" {
			tags[k] = v
		}
	}
	return tags
}

// keepRequest stores with the run what it takes to do it again: the request, the
// spec as applied and as it runs, and what the caller's directory had beyond
// its commit.
func (r *Runs) keepRequest(ctx context.Context, run tracking.Run, req pipeline.Request, w work, diff []byte) error {
	req.Digest, req.Project = w.version.Digest, w.version.Project
	request, err := json.MarshalIndent(req, "", " ")
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	canonical, _ := w.spec.JSON()
	files := map[string][]byte{pipeline.RequestFile: request, "spec.yaml": []byte(w.version.Text), "spec.json": canonical}
	if diff != nil {
		files["caller.diff"] = diff
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := putArtifact(ctx, r.Tracking, r.Blobs, run, name, files[name]); err != nil {
			return err
		}
	}
	return nil
}

// diff reads the caller's changes that a request names; nil if it names none.
func (r *Runs) diff(ctx context.Context, c *pipeline.Caller) ([]byte, error) {
	if c == nil || c.Diff == "" {
		return nil, nil
	}
	if !c.Diff.Valid() {
		return nil, gristmill.Errorf(gristmill.Invalid, "caller.diff: %.80q is no digest; expected 64 hex digits", string(c.Diff))
	}
	diff, err := r.Blobs.Get(ctx, c.Diff, pipeline.MaxDiff)
	if gristmill.KindOf(err) == gristmill.NotFound {
		return nil, gristmill.Hide(gristmill.Invalid, err, "caller.diff: no bytes of the digest %s are stored; upload them first", c.Diff)
	}
	if gristmill.KindOf(err) == gristmill.Exhausted { // trying again makes it no smaller
		return nil, gristmill.Hide(gristmill.Invalid, err, "caller.diff: the bytes of the digest %s are more than the %d that are kept of a diff", c.Diff, pipeline.MaxDiff)
	}
	if err != nil {
		return nil, fmt.Errorf("read caller.diff: %w", err)
	}
	return diff, nil
}

// resolve finds the applied version, lays the overrides over it and plans it.
func (r *Runs) resolve(ctx context.Context, req pipeline.Request) (w work, err error) {
	if req.Pipeline == "" {
		return w, gristmill.Errorf(gristmill.Invalid, `pipeline is missing; expected the name of an applied pipeline, e.g. {"pipeline":"churn"}`)
	}
	project := cmp.Or(req.Project, gristmill.DefaultProject)
	if w.version, err = r.Pipelines.Pipeline(ctx, project, req.Pipeline, req.Digest); err != nil {
		return w, fmt.Errorf("find pipeline %s: %w", req.Pipeline, err)
	}
	if w.spec, err = pipeline.Load(w.version.Spec, req.Set); err != nil {
		return w, fmt.Errorf("plan pipeline %s: %w", req.Pipeline, err)
	}
	w.plan, err = pipeline.Make(project, w.spec)
	return w, err
}

// EndIn is the input of Runs.EndRun.
type EndIn struct {
	RunID   string          `json:"run_id"`
	Status  tracking.Status `json:"status"`
	Message string          `json:"message,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"` // the workflow's result, kept with the run
}

// EndOut is the output of Runs.EndRun.
type EndOut struct{}

// EndRun records how the run ended.
func (r *Runs) EndRun(ctx context.Context, in EndIn) (EndOut, error) {
	if in.Result != nil {
		if err := r.Tracking.SetTags(ctx, in.RunID, map[string]string{tracking.ResultTag: keep(in.Result)}); err != nil {
			return EndOut{}, wire(ctx, fmt.Errorf("keep result: %w", err))
		}
	}
	now := time.Now()
	return EndOut{}, wire(ctx, r.Tracking.SetStatus(ctx, in.RunID, in.Status, fit(in.Message, maxText), &now))
}

// keep makes a result fit a tag: one that is too long goes without what the
// tracker holds anyway.
func keep(result json.RawMessage) string {
	if utf8.RuneCount(result) <= tracking.MaxTagValue {
		return fit(string(result), tracking.MaxTagValue)
	}
	var r pipeline.Result
	if err := json.Unmarshal(result, &r); err != nil {
		return ""
	}
	r.Metrics, r.Gates, r.Message = map[string]float64{}, []registry.GateResult{}, fit(r.Message, tracking.MaxTagValue/8)
	short, err := json.Marshal(r)
	if err != nil {
		return ""
	}
	return string(short)
}
