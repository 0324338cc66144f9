package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"gristmill"
	"gristmill/dataset/profile"
	"gristmill/ml/bundle"
	"gristmill/ml/evaluate"
	"gristmill/ml/frame"
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
		var page []byte
		if v.Card, page, err = registry.Card(v, card); err != nil {
			return StepOut{}, err
		}
		v, err = r.Versions.Register(ctx, in.Project, "run/"+in.RunID+"/"+in.Step.ID, v)
		if err != nil {
			return StepOut{}, err
		}
		for name, content := range map[string][]byte{"card.md": []byte(v.Card), "card.html": page} {
			if err := a.artifact(ctx, r.Blobs, name, content); err != nil {
				return StepOut{}, err
			}
		}
		if err := r.Tracking.SetTags(ctx, in.RunID, map[string]string{"gristmill.model": fmt.Sprintf("%s@%d", v.Model, v.Number)}); err != nil {
			return StepOut{}, err
		}
		a.say(ctx, "info", "registered %s version %d", v.Model, v.Number)
		if len(v.CardMissing) > 0 {
			a.say(ctx, "warn", "the card of %s version %d lacks %s, which the spec requires: it is not promoted", v.Model, v.Number, strings.Join(v.CardMissing, ", "))
		}
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
	v := registry.Version{Model: p.Model, RunID: in.RunID, Package: packed, Signature: model.Signature, Metrics: e.registered(), Gates: e.Gates, CardMissing: p.Card.Missing()}
	if err := in.value("weights", &v.WeightsSHA256); err != nil {
		return v, info, err
	}
	v.Lineage = registry.Lineage{Pipeline: in.Pipeline, RunID: in.RunID, WorkflowID: in.WorkflowID, DatasetDigest: data.Digest,
		SpecDigest: in.SpecDigest, Gristmill: r.Version}
	if inputs, err := r.Tracking.ListInputs(ctx, in.RunID); err != nil {
		return v, info, err
	} else if i := slices.IndexFunc(inputs, func(i tracking.Input) bool { return i.Digest == string(data.Digest) }); i >= 0 {
		v.Lineage.DatasetSource = inputs[i].Source // another attempt at the fetch may have read other bytes
	}
	if c := in.Caller; c != nil {
		v.Lineage.Commit, v.Lineage.Dirty = c.Commit, c.Dirty
	}
	run, err := r.Tracking.Run(ctx, in.RunID)
	if err != nil {
		return v, info, err
	}
	info = registry.CardInfo{Description: p.Description, Spec: p.Card, Params: run.Params, Evaluation: e.Report, Folds: len(e.Folds), RegisteredAt: run.StartedAt}
	if info.Example, err = example(model); err != nil {
		return v, info, err
	}
	if info.Data, err = r.dataInfo(ctx, in.RunID, model.Target.Name); err != nil {
		return v, info, err
	}
	for _, p := range e.PlotList {
		svg, err := getArtifact(ctx, r.Tracking, r.Blobs, in.RunID, "plots/"+p.Name+".svg", maxPlot)
		if absent(err) {
			continue
		}
		if err != nil {
			return v, info, err
		}
		info.Plots = append(info.Plots, evaluate.Plot{Name: p.Name, Title: p.Title, SVG: svg})
	}
	return v, info, nil
}

// Bounds of a plot and of a profile, in bytes.
const (
	maxPlot    = 1 << 20
	maxProfile = 1 << 28
)

// absent reports whether an artifact cannot be part of a card, now or later. The
// card is made without it: a version is worth more than a picture of it.
func absent(err error) bool {
	return gristmill.KindOf(err) == gristmill.NotFound || errors.Is(err, errTooLarge)
}

// dataInfo reads what the card says of the data from the profile that the run
// keeps; nothing if it keeps none.
func (r *Registry) dataInfo(ctx context.Context, run, target string) (registry.DataInfo, error) {
	info := registry.DataInfo{Target: target}
	text, err := getArtifact(ctx, r.Tracking, r.Blobs, run, "profile.json", maxProfile)
	if absent(err) {
		return info, nil
	}
	if err != nil {
		return info, err
	}
	var p profile.Profile
	if err := json.Unmarshal(text, &p); err != nil {
		return info, fmt.Errorf("read profile: %w", err)
	}
	info.Rows, info.Columns = int64(p.Rows), len(p.Columns)
	for _, c := range p.Columns {
		info.Missing += int64(c.Missing)
	}
	for _, alert := range p.Alerts[:min(maxNotes, len(p.Alerts))] {
		info.Notes = append(info.Notes, alert.Text)
	}
	return info, nil
}

// maxNotes is how many alerts of the profile a card repeats.
const maxNotes = 20

// example is the first row of a model's input example as a JSON object.
func example(m *bundle.Model) (string, error) {
	if m.InputExample == nil || m.InputExample.Rows() == 0 {
		return "", nil
	}
	row := make(map[string]any, m.InputExample.Cols())
	for j := range m.InputExample.Cols() {
		c := m.InputExample.At(j)
		switch {
		case c.IsNull(0):
			row[c.Field.Name] = nil
		case c.Field.Type.Numeric():
			row[c.Field.Name] = json.Number(c.Text(0))
		case c.Field.Type == frame.Bool:
			row[c.Field.Name] = c.Bools[0]
		default:
			row[c.Field.Name] = c.Text(0)
		}
	}
	b, err := json.Marshal(row)
	if err != nil {
		return "", fmt.Errorf("encode example: %w", err)
	}
	return string(b), nil
}
