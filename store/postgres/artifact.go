package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gristmill"
	"gristmill/store/postgres/internal/sqlc"
	"gristmill/tracking"
)

// PutArtifact implements tracking.Artifacts.
func (s *Runs) PutArtifact(ctx context.Context, a tracking.Artifact) error {
	if err := tracking.CheckArtifact(a); err != nil {
		return err
	}
	if a.CreatedAt.IsZero() {
		a.CreatedAt = time.Now()
	}
	return s.write(ctx, "record artifact", a.RunID, tracking.Writer{}, func(q *sqlc.Queries) error {
		return q.PutArtifact(ctx, sqlc.PutArtifactParams{
			RunID: a.RunID, Path: a.Path, Uri: a.URI, Digest: string(a.Digest), Size: a.Size, Type: a.Type, CreatedAt: a.CreatedAt,
		})
	})
}

// Artifact implements tracking.Artifacts.
func (s *Runs) Artifact(ctx context.Context, run, path string) (tracking.Artifact, error) {
	a, err := s.db.q.GetArtifact(ctx, run, path)
	if noRows(err) {
		return tracking.Artifact{}, notFound("run %q has no artifact %q", run, path)
	}
	if err != nil {
		return tracking.Artifact{}, mapError(ctx, "read artifact", err)
	}
	return artifactOf(a), nil
}

// ListArtifacts implements tracking.Artifacts.
func (s *Runs) ListArtifacts(ctx context.Context, run string) ([]tracking.Artifact, error) {
	if err := s.exists(ctx, run); err != nil {
		return nil, err
	}
	rows, err := s.db.q.ListArtifacts(ctx, run)
	list := make([]tracking.Artifact, len(rows))
	for i, a := range rows {
		list[i] = artifactOf(a)
	}
	return list, mapError(ctx, "list artifacts", err)
}

func artifactOf(a sqlc.Artifact) tracking.Artifact {
	return tracking.Artifact{
		RunID: a.RunID, Path: a.Path, URI: a.Uri, Digest: gristmill.Digest(a.Digest), Size: a.Size, Type: a.Type, CreatedAt: a.CreatedAt,
	}
}

// LogInput implements tracking.Artifacts. A dataset that the experiment knows
// keeps its description, and a run that used it its tags.
func (s *Runs) LogInput(ctx context.Context, run string, in tracking.Input) error {
	if err := tracking.CheckInput(in); err != nil {
		return err
	}
	tags := in.Tags
	if tags == nil {
		tags = map[string]string{}
	}
	encoded, err := json.Marshal(tags)
	if err != nil {
		return fmt.Errorf("encode input tags: %w", err)
	}
	return s.write(ctx, "log input", run, tracking.Writer{}, func(q *sqlc.Queries) error {
		err := q.PutInputDataset(ctx, sqlc.PutInputDatasetParams{
			RunID: run, Name: in.Name, Digest: in.Digest, SourceType: in.SourceType, Source: in.Source, Schema: in.Schema, Profile: in.Profile,
		})
		if err != nil {
			return err
		}
		return q.PutRunInput(ctx, sqlc.PutRunInputParams{RunID: run, Name: in.Name, Digest: in.Digest, Tags: encoded})
	})
}

// ListInputs implements tracking.Artifacts, in the order of logging.
func (s *Runs) ListInputs(ctx context.Context, run string) ([]tracking.Input, error) {
	if err := s.exists(ctx, run); err != nil {
		return nil, err
	}
	rows, err := s.db.q.ListInputs(ctx, run)
	if err != nil {
		return nil, mapError(ctx, "list inputs", err)
	}
	list := make([]tracking.Input, len(rows))
	for i, r := range rows {
		d := r.InputDataset
		list[i] = tracking.Input{Name: d.Name, Digest: d.Digest, SourceType: d.SourceType, Source: d.Source, Schema: d.Schema, Profile: d.Profile}
		if err := json.Unmarshal(r.Tags, &list[i].Tags); err != nil {
			return nil, fmt.Errorf("decode input tags: %w", err)
		}
	}
	return list, nil
}
