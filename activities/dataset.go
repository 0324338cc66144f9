package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"gristmill"
	"gristmill/dataset"
	"gristmill/tracking"
)

// Dataset fetches data.
type Dataset struct {
	Tracking tracking.Store
	Datasets dataset.Store
	Blobs    Blobs
	Sources  dataset.Sources
	Log      *slog.Logger
}

// FetchData does a fetch step: it stores the source's bytes once by their
// digest, reads them as a table against the spec's schema, profiles them, and
// records the dataset version as the run's input.
func (d *Dataset) FetchData(ctx context.Context, in StepIn) (StepOut, error) {
	return in.do(ctx, d.Tracking, d.Log, func(ctx context.Context, a *attempt) (StepOut, error) {
		spec, err := dataSection(ctx, d.Blobs, in)
		if err != nil {
			return StepOut{}, err
		}
		ref, src, err := d.store(ctx, spec.Source)
		if err != nil {
			return StepOut{}, err
		}
		table, err := readTable(ctx, d.Blobs, ref.Digest, spec)
		if err != nil {
			return StepOut{}, err
		}
		a.life.progress("read")
		for _, doubt := range dataset.Doubts(table.Frame) {
			a.say(ctx, "warn", "%s", doubt)
		}
		ref.Size = table.Size
		a.say(ctx, "info", "%s: %d rows, %d columns, %d bytes, sha256 %s", src, table.Frame.Rows(), table.Frame.Cols(), table.Size, ref.Digest.Short())
		if err := d.describe(ctx, a, table, src); err != nil {
			return StepOut{}, err
		}
		out := StepOut{Out: map[string]Output{"dataset": RefOutput(ref)}}
		if spec.Split.File != "" {
			ids, _, err := d.store(ctx, spec.Split.File)
			if err != nil {
				return StepOut{}, err
			}
			out.Out["ids"] = RefOutput(ids)
		}
		return out, nil
	})
}

// store makes sure that a source's bytes are stored under their digest.
func (d *Dataset) store(ctx context.Context, source string) (gristmill.Ref, dataset.SourceSpec, error) {
	src, err := dataset.ParseSource(source)
	if err != nil {
		return gristmill.Ref{}, src, err
	}
	if src.Relative() {
		return gristmill.Ref{}, src, gristmill.Errorf(gristmill.Invalid,
			"source %s: a relative path is a file of the caller; `gristmill train --file SPEC` uploads it, or give an absolute path of the worker's machine", src)
	}
	if src.Kind == dataset.FromStore {
		return gristmill.Ref{URI: "blob:sha256/" + string(src.Digest[:2]) + "/" + string(src.Digest), Digest: src.Digest, Type: "dataset"}, src, nil
	}
	r, err := d.Sources.Open(ctx, src)
	if err != nil {
		return gristmill.Ref{}, src, err
	}
	defer r.Close()
	ref, err := d.Blobs.Put(ctx, newPulse(ctx, r), "dataset")
	return ref, src, err
}

// describe profiles the table and records it: as a dataset version, as an
// artifact and as the run's input.
func (d *Dataset) describe(ctx context.Context, a *attempt, t dataset.Table, src dataset.SourceSpec) error {
	profile, digest, err := dataset.NewProfile(t.Frame).Encode()
	if err != nil {
		return fmt.Errorf("profile dataset: %w", err)
	}
	if _, err := d.Blobs.Put(ctx, bytes.NewReader(profile), "application/json"); err != nil {
		return err
	}
	if err := a.artifact(ctx, d.Blobs, "profile.json", profile); err != nil {
		return err
	}
	v := t.Describe(a.in.Project, src.Name, src.String())
	v.Profile = digest
	if v, err = d.Datasets.Put(ctx, v); err != nil {
		return err
	}
	schema, err := json.Marshal(v.Schema)
	if err != nil {
		return fmt.Errorf("encode schema: %w", err)
	}
	if err := d.Tracking.SetTags(ctx, a.in.RunID, map[string]string{"gristmill.data_digest": string(v.Digest)}); err != nil {
		return err
	}
	return d.Tracking.LogInput(ctx, a.in.RunID, tracking.Input{Name: v.Name, Digest: string(v.Digest), SourceType: string(src.Kind), Source: src.String(),
		Schema: string(schema), Profile: fmt.Sprintf(`{"num_rows":%d}`, v.Rows), Tags: map[string]string{"mlflow.data.context": "training"}})
}

// dataSection reads the section data of the run's spec.
func dataSection(ctx context.Context, b Blobs, in StepIn) (s dataset.Spec, err error) {
	ref, err := in.ref("spec")
	if err != nil {
		return s, err
	}
	err = getJSON(ctx, b, ref.Digest, &s)
	return s, err
}

// readTable reads stored bytes as the table that a spec describes.
func readTable(ctx context.Context, b Blobs, d gristmill.Digest, s dataset.Spec) (dataset.Table, error) {
	r, err := b.Open(ctx, d)
	if err != nil {
		return dataset.Table{}, err
	}
	defer r.Close()
	return dataset.Read(ctx, newPulse(ctx, r), s, dataset.Limits{})
}
