package activities

import (
	"context"
	"fmt"
	"log/slog"

	"gristmill/pipeline"
	"gristmill/registry"
	"gristmill/tracking"
)

// Registry registers model versions.
type Registry struct {
	Tracking tracking.Store
	Versions registry.Store
	Blobs    Blobs
	Version  string // of this program, for lineage
	Log      *slog.Logger
}

// RegisterVersion does a register step: one version with signature, metrics,
// gates, lineage and card. The run is its key, so that a repeated attempt finds
// the version that it made.
func (r *Registry) RegisterVersion(ctx context.Context, in StepIn) (StepOut, error) {
	return in.do(ctx, r.Tracking, r.Log, func(ctx context.Context, a *attempt) (StepOut, error) {
		var p pipeline.RegisterParams
		if err := in.params(&p); err != nil {
			return StepOut{}, err
		}
		v, card, err := r.version(ctx, in, p)
		if err != nil {
			return StepOut{}, err
		}
		v.Card = registry.Card(v, card)
		v, err = r.Versions.Register(ctx, in.Project, "run/"+in.RunID+"/"+in.Step.ID, v)
		if err != nil {
			return StepOut{}, err
		}
		if err := a.artifact(ctx, r.Blobs, "card.md", []byte(v.Card)); err != nil {
			return StepOut{}, err
		}
		if err := r.Tracking.SetTags(ctx, in.RunID, map[string]string{"gristmill.model": fmt.Sprintf("%s@%d", v.Model, v.Number)}); err != nil {
			return StepOut{}, err
		}
		a.say(ctx, "info", "registered %s version %d", v.Model, v.Number)
		out, err := ValueOutput(pipeline.ModelRef{Name: v.Model, Version: v.Number})
		return StepOut{Out: map[string]Output{"version": out}}, err
	})
}

// version gathers what is known of the candidate.
func (r *Registry) version(ctx context.Context, in StepIn, p pipeline.RegisterParams) (registry.Version, registry.CardInfo, error) {
	var info registry.CardInfo
	data, err := in.ref("dataset")
	if err != nil {
		return registry.Version{}, info, err
	}
	packed, err := in.ref("package")
	if err != nil {
		return registry.Version{}, info, err
	}
	evaluated, err := in.ref("evaluation")
	if err != nil {
		return registry.Version{}, info, err
	}
	var e Evaluation
	if err := getJSON(ctx, r.Blobs, evaluated.Digest, &e); err != nil {
		return registry.Version{}, info, err
	}
	model, err := unpack(ctx, r.Blobs, packed.Digest)
	if err != nil {
		return registry.Version{}, info, err
	}
	v := registry.Version{Model: p.Model, RunID: in.RunID, Package: packed, Signature: model.Signature, Metrics: e.Metrics, Gates: e.Gates}
	if err := in.value("weights", &v.WeightsSHA256); err != nil {
		return v, info, err
	}
	v.Lineage = registry.Lineage{Pipeline: in.Pipeline, RunID: in.RunID, WorkflowID: in.WorkflowID, DatasetDigest: data.Digest,
		SpecDigest: in.SpecDigest, Gristmill: r.Version}
	if inputs, err := r.Tracking.ListInputs(ctx, in.RunID); err != nil {
		return v, info, err
	} else if len(inputs) > 0 {
		v.Lineage.DatasetSource = inputs[0].Source
	}
	if c := in.Caller; c != nil {
		v.Lineage.Commit, v.Lineage.Dirty = c.Commit, c.Dirty
	}
	run, err := r.Tracking.Run(ctx, in.RunID)
	if err != nil {
		return v, info, err
	}
	info = registry.CardInfo{Description: p.Description, Task: string(e.Task), Params: run.Params, Rows: e.Rows, Confusion: e.Confusion["test"], Classes: e.Classes, RegisteredAt: run.StartedAt}
	return v, info, nil
}
