package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/profile"
	"gristmill/pipeline"
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
// digest, reads them in parts as a table against the spec's schema, profiles
// them, and records the dataset version as the run's input. It holds no more of
// the table than a part.
func (d *Dataset) FetchData(ctx context.Context, in StepIn) (StepOut, error) {
	return in.do(ctx, d.Tracking, d.Log, func(ctx context.Context, a *attempt) (StepOut, error) {
		spec, err := dataSection(ctx, d.Blobs, in)
		if err != nil {
			return StepOut{}, err
		}
		ref, err := d.store(ctx, a, spec.Source)
		if err != nil {
			return StepOut{}, err
		}
		found, encoded, err := d.scan(ctx, a, ref.Digest, spec)
		if err != nil {
			return StepOut{}, err
		}
		ref.Size = found.Version.Size
		if err := a.fence(ctx); err != nil {
			return StepOut{}, err
		}
		if err := d.describe(ctx, a, found, encoded, spec); err != nil {
			return StepOut{}, err
		}
		out := StepOut{Out: map[string]Output{"dataset": RefOutput(ref)}}
		if spec.Split.File != "" {
			file, err := dataset.ParseSource(spec.Split.File)
			if err != nil {
				return StepOut{}, err
			}
			ids, err := d.store(ctx, a, file)
			if err != nil {
				return StepOut{}, err
			}
			if err := a.readTags(ctx, "", ids.Digest); err != nil {
				return StepOut{}, err
			}
			out.Out["ids"] = RefOutput(ids)
		}
		return out, nil
	})
}

// store makes sure that a source's bytes are stored under their digest: all of
// them, or nothing.
func (d *Dataset) store(ctx context.Context, a *attempt, src dataset.SourceSpec) (gristmill.Ref, error) {
	if src.Relative() {
		return gristmill.Ref{}, gristmill.Errorf(gristmill.Invalid,
			"source %s: a relative path is a file of the caller; `gristmill train --file SPEC` uploads it, or give an absolute path of the worker's machine", src)
	}
	if src.Kind == dataset.FromStore {
		return gristmill.Ref{URI: gristmill.BlobScheme + "sha256/" + string(src.Digest[:2]) + "/" + string(src.Digest), Digest: src.Digest, Type: "dataset"}, nil
	}
	r, err := d.Sources.Open(ctx, src)
	if err != nil {
		return gristmill.Ref{}, err
	}
	defer r.Close()
	return d.Blobs.Put(ctx, newFlow(ctx, a, r, "fetched"), "dataset")
}

// scan reads the stored bytes as the table that the spec describes and returns
// what it found, and the table's profile.
func (d *Dataset) scan(ctx context.Context, a *attempt, digest gristmill.Digest, spec dataset.Spec) (found dataset.Scanned, encoded []byte, err error) {
	sc, err := dataset.Scan(ctx, func() (io.ReadCloser, error) {
		r, err := d.Blobs.Open(ctx, digest)
		if err != nil {
			return nil, err
		}
		return flowing{newFlow(ctx, a, r, "read"), r}, nil
	}, spec, dataset.Limits{})
	if err != nil {
		return found, nil, err
	}
	defer sc.Close()
	b := profile.NewBuilder(sc.Schema(), profile.Options{Target: spec.Target})
	for {
		f, err := sc.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = b.Add(f)
		}
		if err != nil {
			return found, nil, err
		}
	}
	if found, err = sc.Scanned(); err != nil {
		return found, nil, err
	}
	a.life.progress("read")
	encoded, found.Version.Profile, err = b.Finish().Encode()
	return found, encoded, err
}

// describe says what was found in the step's log and records it: as a dataset
// version, as an artifact and as the run's input.
func (d *Dataset) describe(ctx context.Context, a *attempt, found dataset.Scanned, encoded []byte, spec dataset.Spec) error {
	for _, doubt := range found.Doubts {
		a.say(ctx, "warn", "%s", doubt)
	}
	v, src := found.Version, spec.Source
	a.say(ctx, "info", "%s: %d rows, %d columns, %d bytes, sha256 %s", src, v.Rows, len(v.Schema.Fields), v.Size, v.Digest.Short())
	tags := map[string]string{"mlflow.data.context": "training"}
	if spec.Until != "" {
		a.say(ctx, "info", "%d of the rows are of %s or before by %q", found.Used, spec.Until, spec.Time)
		tags["gristmill.data_time"], tags["gristmill.data_until"] = spec.Time, spec.Until
	}
	if _, err := d.Blobs.Put(ctx, bytes.NewReader(encoded), "application/json"); err != nil {
		return err
	}
	if err := a.artifact(ctx, d.Blobs, "profile.json", encoded); err != nil {
		return err
	}
	v.Project, v.Name, v.Source = a.in.Project, src.Name, src.String()
	v, err := d.Datasets.Put(ctx, v)
	if err != nil {
		return err
	}
	schema, err := json.Marshal(v.Schema)
	if err != nil {
		return fmt.Errorf("encode schema: %w", err)
	}
	if err := a.readTags(ctx, v.Digest, ""); err != nil {
		return err
	}
	return d.Tracking.LogInput(ctx, a.in.RunID, tracking.Input{Name: v.Name, Digest: string(v.Digest), SourceType: string(src.Kind), Source: src.String(),
		Schema: string(schema), Profile: fmt.Sprintf(`{"num_rows":%d}`, found.Used), Tags: tags})
}

// fence refuses an attempt that another one has taken over from, before it
// writes what no writer's epoch guards.
func (a *attempt) fence(ctx context.Context) error {
	return a.runs.LogMetrics(ctx, a.in.RunID, a.writer, nil)
}

// readTags writes which bytes the run reads: the table's and those of
// data.split.file; "" leaves a tag as it is. The fetch step writes them when it
// knows them, and the transform step once more by its inputs, since attempts at
// the fetch step may have read different bytes and in no certain order.
func (a *attempt) readTags(ctx context.Context, data, ids gristmill.Digest) error {
	tags := map[string]string{}
	if data != "" {
		tags[pipeline.DataTag] = string(data)
	}
	if ids != "" {
		tags[pipeline.IDsTag] = string(ids)
	}
	return a.runs.SetTags(ctx, a.in.RunID, tags)
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
