package postgres

import (
	"context"
	"slices"
	"strings"
	"time"

	"gristmill"
	"gristmill/serving"
	"gristmill/store/postgres/internal/sqlc"
)

// Observe implements serving.Observations. Who waits for changes is told only if
// a report changed or the server was not live before, not at every renewal.
func (s *Deployments) Observe(ctx context.Context, in, server string, list []serving.Observation, lease time.Duration) error {
	if server == "" || lease <= 0 {
		return gristmill.Errorf(gristmill.Invalid, "an observation needs a server and a lease above 0, got %q and %s", server, lease)
	}
	in = project(in)
	now, err := observations(in, server, list)
	if err != nil {
		return err
	}
	return s.db.inTx(ctx, "record observations", func(q *sqlc.Queries) error {
		live, err := q.RenewServer(ctx, in, server, lease.Seconds())
		if err != nil {
			return err
		}
		before, err := q.ServerObservations(ctx, in, server)
		if err != nil {
			return err
		}
		if live && slices.Equal(before, now) {
			return nil
		}
		if err := q.DeleteObservations(ctx, in, server); err != nil {
			return err
		}
		for _, o := range now {
			if err := q.InsertObservation(ctx, sqlc.InsertObservationParams(o)); err != nil {
				return err
			}
		}
		if !live {
			if err := q.ForgetServers(ctx); err != nil {
				return err
			}
		}
		return q.NotifyDeployments(ctx)
	})
}

// observations returns the rows of a report, by model.
func observations(in, server string, list []serving.Observation) ([]sqlc.Observation, error) {
	rows := make([]sqlc.Observation, len(list))
	for i, o := range list {
		rows[i] = sqlc.Observation{
			Project: in, Server: server, Model: o.Model, Generation: o.Generation, Version: int32(o.Version), Ready: o.Ready,
			Error: strings.ReplaceAll(strings.ToValidUTF8(o.Error, "\uFFFD"), "\x00", "\uFFFD"), // it may quote anything
		}
	}
	slices.SortFunc(rows, func(a, b sqlc.Observation) int { return strings.Compare(a.Model, b.Model) })
	for i := range rows {
		if rows[i].Model == "" || i > 0 && rows[i].Model == rows[i-1].Model {
			return nil, gristmill.Errorf(gristmill.Invalid, "the report of server %s names model %q twice or not at all", server, rows[i].Model)
		}
	}
	return rows, nil
}

// Leave implements serving.Observations.
func (s *Deployments) Leave(ctx context.Context, in, server string) error {
	return s.db.inTx(ctx, "withdraw server", func(q *sqlc.Queries) error {
		n, err := q.DeleteServer(ctx, project(in), server)
		if err != nil || n == 0 {
			return err
		}
		return q.NotifyDeployments(ctx)
	})
}

// LiveServers implements serving.Observations.
func (s *Deployments) LiveServers(ctx context.Context, in string) ([]string, error) {
	list, err := s.db.q.LiveServers(ctx, project(in))
	return list, mapError(ctx, "read servers", err)
}
