package postgres

import (
	"context"

	"gristmill"
	"gristmill/store/postgres/internal/sqlc"
	"gristmill/tracking"
)

var _ tracking.Store = (*Runs)(nil)

// EnsureExperiment implements tracking.Experiments.
func (s *Runs) EnsureExperiment(ctx context.Context, in, name string) (tracking.Experiment, error) {
	if err := tracking.CheckExperimentName(name); err != nil {
		return tracking.Experiment{}, err
	}
	var e sqlc.Experiment
	err := s.db.one(ctx, "make experiment", func(q *sqlc.Queries) (err error) {
		// Looking first keeps the numbers of experiments without gaps.
		if e, err = q.FindExperiment(ctx, project(in), name); !noRows(err) {
			return err
		}
		if err := q.InsertExperiment(ctx, project(in), name); err != nil {
			return err
		}
		e, err = q.FindExperiment(ctx, project(in), name)
		return err
	})
	if err != nil {
		return tracking.Experiment{}, err
	}
	if tracking.Lifecycle(e.Lifecycle) != tracking.Active {
		return tracking.Experiment{}, gristmill.Errorf(gristmill.Conflict, "experiment %q is deleted; restore it, or choose another name", name)
	}
	list, err := s.experiments(ctx, []sqlc.Experiment{e})
	if err != nil {
		return tracking.Experiment{}, err
	}
	return list[0], nil
}

// Experiment implements tracking.Experiments.
func (s *Runs) Experiment(ctx context.Context, id int64) (tracking.Experiment, error) {
	e, err := s.db.q.GetExperiment(ctx, id)
	if noRows(err) {
		return tracking.Experiment{}, notFound("there is no experiment %d", id)
	}
	if err != nil {
		return tracking.Experiment{}, mapError(ctx, "read experiment", err)
	}
	list, err := s.experiments(ctx, []sqlc.Experiment{e})
	if err != nil {
		return tracking.Experiment{}, err
	}
	return list[0], nil
}

// ListExperiments implements tracking.Experiments: in the order of their making.
func (s *Runs) ListExperiments(ctx context.Context, in string, page gristmill.Page) ([]tracking.Experiment, string, error) {
	after := int64(-1)
	if err := gristmill.DecodeToken(page.Token, &after); err != nil {
		return nil, "", err
	}
	rows, err := s.db.q.ListExperiments(ctx, project(in), after, fetch(page))
	if err != nil {
		return nil, "", mapError(ctx, "list experiments", err)
	}
	rows, next := cut(rows, page, func(e sqlc.Experiment) any { return e.ID })
	list, err := s.experiments(ctx, rows)
	return list, next, err
}

// experiments adds the tags.
func (s *Runs) experiments(ctx context.Context, rows []sqlc.Experiment) ([]tracking.Experiment, error) {
	list, ids, at := make([]tracking.Experiment, len(rows)), make([]int64, len(rows)), map[int64]int{}
	for i, e := range rows {
		ids[i], at[e.ID] = e.ID, i
		list[i] = tracking.Experiment{
			ID: e.ID, Project: e.Project, Name: e.Name, Location: e.Location,
			Lifecycle: tracking.Lifecycle(e.Lifecycle), CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt,
			Tags: map[string]string{},
		}
	}
	tags, err := s.db.q.ListExperimentTags(ctx, ids)
	if err != nil {
		return nil, mapError(ctx, "read experiment tags", err)
	}
	for _, t := range tags {
		list[at[t.ExperimentID]].Tags[t.Key] = t.Value
	}
	return list, nil
}
