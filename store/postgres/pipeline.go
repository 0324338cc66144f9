package postgres

import (
	"context"
	"encoding/json"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/store/postgres/internal/sqlc"
)

var _ pipeline.Store = (*Pipelines)(nil)

// Apply implements pipeline.Store. The text, author and time of a digest are
// those of its first application.
func (s *Pipelines) Apply(ctx context.Context, v pipeline.Version) (pipeline.Version, error) {
	if err := gristmill.CheckName("pipeline", v.Name); err != nil {
		return pipeline.Version{}, err
	}
	if !v.Digest.Valid() || !json.Valid(v.Spec) {
		return pipeline.Version{}, gristmill.Errorf(gristmill.Invalid, "pipeline %s: its digest %q or its spec is malformed", v.Name, v.Digest.Short())
	}
	in := project(v.Project)
	err := s.db.inTx(ctx, "apply pipeline", func(q *sqlc.Queries) error {
		err := q.PutPipelineVersion(ctx, sqlc.PutPipelineVersionParams{
			Project: in, Name: v.Name, Digest: string(v.Digest), Spec: v.Spec, Text: v.Text, AppliedBy: v.AppliedBy,
		})
		if err != nil {
			return err
		}
		return q.SetCurrentPipeline(ctx, in, v.Name, string(v.Digest))
	})
	if err != nil {
		return pipeline.Version{}, err
	}
	return s.Pipeline(ctx, in, v.Name, v.Digest)
}

// Pipeline implements pipeline.Store.
func (s *Pipelines) Pipeline(ctx context.Context, in, name string, digest gristmill.Digest) (pipeline.Version, error) {
	row, err := s.db.q.GetPipeline(ctx, project(in), name, string(digest))
	switch {
	case noRows(err) && digest == "":
		return pipeline.Version{}, notFound("there is no pipeline %q", name)
	case noRows(err):
		return pipeline.Version{}, notFound("pipeline %q has no version %s", name, digest.Short())
	case err != nil:
		return pipeline.Version{}, mapError(ctx, "read pipeline", err)
	}
	return pipelineOf(row.PipelineVersion, row.Current), nil
}

// ListPipelines implements pipeline.Store, by name.
func (s *Pipelines) ListPipelines(ctx context.Context, in string) ([]pipeline.Version, error) {
	rows, err := s.db.q.ListPipelines(ctx, project(in))
	list := make([]pipeline.Version, len(rows))
	for i, r := range rows {
		list[i] = pipelineOf(r, true)
	}
	return list, mapError(ctx, "list pipelines", err)
}

// ListPipelineVersions implements pipeline.Store: the last to be new comes
// first.
func (s *Pipelines) ListPipelineVersions(ctx context.Context, in, name string) ([]pipeline.Version, error) {
	rows, err := s.db.q.ListPipelineVersions(ctx, project(in), name)
	if err != nil {
		return nil, mapError(ctx, "list pipeline versions", err)
	}
	if len(rows) == 0 {
		return nil, notFound("there is no pipeline %q", name)
	}
	list := make([]pipeline.Version, len(rows))
	for i, r := range rows {
		list[i] = pipelineOf(r.PipelineVersion, r.Current)
	}
	return list, nil
}

func pipelineOf(v sqlc.PipelineVersion, current bool) pipeline.Version {
	return pipeline.Version{
		Project: v.Project, Name: v.Name, Digest: gristmill.Digest(v.Digest), Spec: v.Spec, Text: v.Text,
		AppliedBy: v.AppliedBy, AppliedAt: v.AppliedAt, Current: current,
	}
}
