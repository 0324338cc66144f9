package activities

import (
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
// workflow, so that repeating it finds the same run.
func (r *Runs) BeginRun(ctx context.Context, in BeginIn) (BeginOut, error) {
	plan, spec, version, err := r.resolve(ctx, in.Request)
	if err != nil {
		return BeginOut{}, wire(ctx, err)
	}
	data, err := putJSON(ctx, r.Blobs, spec.Data, "spec")
	if err != nil {
		return BeginOut{}, wire(ctx, fmt.Errorf("store data section: %w", err))
	}
	exp, err := r.Tracking.EnsureExperiment(ctx, plan.Project, plan.Pipeline)
	if err != nil {
		return BeginOut{}, wire(ctx, fmt.Errorf("find experiment %s: %w", plan.Pipeline, err))
	}
	tags := map[string]string{
		"gristmill.workflow_id": in.WorkflowID,
		"gristmill.pipeline":    plan.Pipeline,
		"gristmill.spec_digest": string(plan.SpecDigest),
		"gristmill.version":     r.Version,
		"mlflow.source.name":    "pipeline " + plan.Pipeline,
		"mlflow.source.type":    "PROJECT",
	}
	n := tracking.NewRun{Key: in.WorkflowID + "/" + in.FirstRunID, Experiment: exp.ID, Name: in.Request.RunName,
		WorkflowID: in.WorkflowID, FirstRunID: in.FirstRunID, StartedAt: time.Now(), Params: spec.Params(), Tags: tags}
	if c := in.Request.Caller; c != nil {
		n.User = c.User
		for k, v := range map[string]string{"mlflow.user": c.User, "gristmill.command": c.Command, "mlflow.source.git.commit": c.Commit} {
			if v != "" {
				tags[k] = v
			}
		}
		if c.Commit != "" {
			tags["gristmill.git_dirty"] = strconv.FormatBool(c.Dirty)
		}
		if c.Diff != "" {
			tags["gristmill.diff"] = string(c.Diff)
		}
	}
	if in.Request.Reproduces != "" {
		tags["gristmill.reproduces"] = in.Request.Reproduces
	}
	run, err := r.Tracking.StartRun(ctx, n)
	if err != nil {
		return BeginOut{}, wire(ctx, fmt.Errorf("start run: %w", err))
	}
	if err := r.keepRequest(ctx, run, in.Request, version, spec); err != nil {
		return BeginOut{}, wire(ctx, fmt.Errorf("keep request: %w", err))
	}
	out := map[string]Output{"data": RefOutput(data)}
	if folding, ok := spec.Folding(); ok {
		ref, err := putJSON(ctx, r.Blobs, folding, "spec")
		if err != nil {
			return BeginOut{}, wire(ctx, fmt.Errorf("store what folds have in common: %w", err))
		}
		out["folding"] = RefOutput(ref)
	}
	return BeginOut{RunID: run.ID, Plan: plan, Out: out}, nil
}

// keepRequest stores with the run what it takes to do it again: the request, the
// spec as applied and as it runs, and what the caller's directory had beyond
// its commit.
func (r *Runs) keepRequest(ctx context.Context, run tracking.Run, req pipeline.Request, v pipeline.Version, spec pipeline.Spec) error {
	req.Digest, req.Project = v.Digest, v.Project
	request, err := json.MarshalIndent(req, "", " ")
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	canonical, _ := spec.JSON()
	files := map[string][]byte{pipeline.RequestFile: request, "spec.yaml": []byte(v.Text), "spec.json": canonical}
	if c := req.Caller; c != nil && c.Diff != "" {
		if !c.Diff.Valid() {
			return gristmill.Errorf(gristmill.Invalid, "caller.diff: %.80q is no digest; expected 64 hex digits", string(c.Diff))
		}
		if files["caller.diff"], err = r.Blobs.Get(ctx, c.Diff, maxDiff); gristmill.KindOf(err) == gristmill.NotFound {
			return gristmill.Hide(gristmill.Invalid, err, "caller.diff: no bytes of the digest %s are stored; upload them first", c.Diff)
		}
		if err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := putArtifact(ctx, r.Tracking, r.Blobs, run, name, files[name]); err != nil {
			return err
		}
	}
	return nil
}

// maxDiff bounds what is kept of a caller's changes.
const maxDiff = 4 << 20

// resolve finds the applied version, lays the overrides over it and plans it.
func (r *Runs) resolve(ctx context.Context, req pipeline.Request) (plan pipeline.Plan, spec pipeline.Spec, version pipeline.Version, err error) {
	if req.Pipeline == "" {
		return plan, spec, version, gristmill.Errorf(gristmill.Invalid, `pipeline is missing; expected the name of an applied pipeline, e.g. {"pipeline":"churn"}`)
	}
	project := req.Project
	if project == "" {
		project = gristmill.DefaultProject
	}
	if version, err = r.Pipelines.Pipeline(ctx, project, req.Pipeline, req.Digest); err != nil {
		return plan, spec, version, fmt.Errorf("find pipeline %s: %w", req.Pipeline, err)
	}
	if spec, err = pipeline.Load(version.Spec, req.Set); err != nil {
		return plan, spec, version, fmt.Errorf("plan pipeline %s: %w", req.Pipeline, err)
	}
	plan, err = pipeline.Make(project, spec)
	return plan, spec, version, err
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
