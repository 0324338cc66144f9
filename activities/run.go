package activities

import (
	"context"
	"encoding/json"
	"fmt"
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
	plan, spec, err := r.resolve(ctx, in.Request)
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
	}
	run, err := r.Tracking.StartRun(ctx, n)
	if err != nil {
		return BeginOut{}, wire(ctx, fmt.Errorf("start run: %w", err))
	}
	return BeginOut{RunID: run.ID, Plan: plan, Out: map[string]Output{"data": RefOutput(data)}}, nil
}

// resolve finds the applied version, lays the overrides over it and plans it.
func (r *Runs) resolve(ctx context.Context, req pipeline.Request) (pipeline.Plan, pipeline.Spec, error) {
	if req.Pipeline == "" {
		return pipeline.Plan{}, pipeline.Spec{}, gristmill.Errorf(gristmill.Invalid, `pipeline is missing; expected the name of an applied pipeline, e.g. {"pipeline":"churn"}`)
	}
	project := req.Project
	if project == "" {
		project = gristmill.DefaultProject
	}
	version, err := r.Pipelines.Pipeline(ctx, project, req.Pipeline, req.Digest)
	if err != nil {
		return pipeline.Plan{}, pipeline.Spec{}, fmt.Errorf("find pipeline %s: %w", req.Pipeline, err)
	}
	spec, err := pipeline.Load(version.Spec, req.Set)
	if err != nil {
		return pipeline.Plan{}, pipeline.Spec{}, fmt.Errorf("plan pipeline %s: %w", req.Pipeline, err)
	}
	plan, err := pipeline.Make(project, spec)
	return plan, spec, err
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
