package postgres

import (
	"context"
	"time"

	"gristmill"
	"gristmill/store/postgres/internal/sqlc"
	"gristmill/tracking"
)

// Lease implements tracking.Steps. A step keeps the time of its first attempt's
// beginning.
func (s *Runs) Lease(ctx context.Context, run string, step tracking.Step) (int64, error) {
	if err := tracking.CheckStep(step); err != nil {
		return 0, err
	}
	if step.StartedAt == nil {
		now := time.Now()
		step.StartedAt = &now
	}
	var epoch int64
	err := s.write(ctx, "begin step", run, tracking.Writer{}, func(q *sqlc.Queries) (err error) {
		epoch, err = q.LeaseStep(ctx, sqlc.LeaseStepParams{
			RunID: run, ID: step.ID, Kind: step.Kind, Worker: step.Worker, StartedAt: step.StartedAt,
		})
		return err
	})
	return epoch, err
}

// EndStep implements tracking.Steps.
func (s *Runs) EndStep(ctx context.Context, run string, w tracking.Writer, status tracking.Status, message string, at time.Time) error {
	if err := tracking.CheckStatus(status, message); err != nil {
		return err
	}
	if w.Step == "" {
		return gristmill.Errorf(gristmill.Invalid, "the end of a step cannot be recorded: its writer names no step")
	}
	return s.write(ctx, "end step", run, w, func(q *sqlc.Queries) error {
		return q.EndStep(ctx, sqlc.EndStepParams{RunID: run, ID: w.Step, Status: string(status), Error: message, EndedAt: &at})
	})
}

// SaveCheckpoint implements tracking.Steps. Its writer is the attempt that has
// the checkpoint's epoch.
func (s *Runs) SaveCheckpoint(ctx context.Context, run string, c tracking.Checkpoint) error {
	if err := tracking.CheckCheckpoint(c); err != nil {
		return err
	}
	if c.SavedAt.IsZero() {
		c.SavedAt = time.Now()
	}
	return s.write(ctx, "save checkpoint", run, tracking.Writer{Step: c.Step, Epoch: c.Epoch}, func(q *sqlc.Queries) error {
		return q.PutCheckpoint(ctx, sqlc.PutCheckpointParams{
			RunID: run, Step: c.Step, Epoch: c.Epoch, Iteration: int32(c.Iteration), Digest: c.Digest, Size: c.Size, SavedAt: c.SavedAt,
		})
	})
}

// LatestCheckpoint implements tracking.Steps: the furthest one of the newest
// attempt that saved any.
func (s *Runs) LatestCheckpoint(ctx context.Context, run, step string) (tracking.Checkpoint, bool, error) {
	if err := s.exists(ctx, run); err != nil {
		return tracking.Checkpoint{}, false, err
	}
	c, err := s.db.q.LatestCheckpoint(ctx, run, step)
	if noRows(err) {
		return tracking.Checkpoint{}, false, nil
	}
	if err != nil {
		return tracking.Checkpoint{}, false, mapError(ctx, "read checkpoint", err)
	}
	return tracking.Checkpoint{
		Step: c.Step, Epoch: c.Epoch, Iteration: int(c.Iteration), Digest: c.Digest, Size: c.Size, SavedAt: c.SavedAt,
	}, true, nil
}
