package postgres

import (
	"cmp"
	"context"
	"maps"
	"math"
	"time"

	"gristmill"
	"gristmill/store/postgres/internal/sqlc"
	"gristmill/tracking"
)

// runNameTag is kept equal to a run's name, as MLflow's clients expect.
const runNameTag = "mlflow.runName"

// StartRun implements tracking.Runs. The run's name and the tag mlflow.runName
// are the same; NewRun.Name wins if both are given.
func (s *Runs) StartRun(ctx context.Context, n tracking.NewRun) (tracking.Run, error) {
	n.ID = cmp.Or(n.ID, gristmill.NewID())
	n.Name = cmp.Or(n.Name, n.Tags[runNameTag], tracking.DefaultRunName(n.ID))
	if n.StartedAt.IsZero() {
		n.StartedAt = time.Now()
	}
	if err := tracking.CheckNewRun(n); err != nil {
		return tracking.Run{}, err
	}
	id := n.ID
	err := s.db.inTx(ctx, "make run", func(q *sqlc.Queries) error {
		e, err := q.GetExperiment(ctx, n.Experiment)
		if noRows(err) {
			return notFound("there is no experiment %d", n.Experiment)
		}
		if err != nil {
			return err
		}
		if found, err := q.FindRunByKey(ctx, e.Project, n.Key); !noRows(err) {
			id = found // also when its experiment was deleted since
			return err
		}
		if tracking.Lifecycle(e.Lifecycle) != tracking.Active {
			return gristmill.Errorf(gristmill.Precondition, "The experiment %d must be in the 'active' state. Current state is %s.", e.ID, e.Lifecycle)
		}
		id, err = insertRun(ctx, q, e, n)
		return err
	})
	if err != nil {
		return tracking.Run{}, err
	}
	return s.Run(ctx, id)
}

// insertRun makes the run, or returns the id of the one that another writer
// made with the key at the same time.
func insertRun(ctx context.Context, q *sqlc.Queries, e sqlc.Experiment, n tracking.NewRun) (string, error) {
	made, err := q.InsertRun(ctx, sqlc.InsertRunParams{
		ID: n.ID, Project: e.Project, ExperimentID: e.ID, Key: n.Key, Name: n.Name, UserID: n.User,
		Status: string(tracking.Running), WorkflowID: n.WorkflowID, FirstRunID: n.FirstRunID,
		Location: tracking.RunLocation(e.ID, e.Location, n.ID), StartedAt: n.StartedAt,
	})
	if err != nil {
		return "", err
	}
	if made == 0 {
		return q.FindRunByKey(ctx, e.Project, n.Key)
	}
	if err := putParams(ctx, q, n.ID, n.Params); err != nil {
		return "", err
	}
	tags := make(map[string]string, len(n.Tags)+1)
	maps.Copy(tags, n.Tags)
	tags[runNameTag] = n.Name
	return n.ID, putTags(ctx, q, n.ID, tags)
}

// Run implements tracking.Runs.
func (s *Runs) Run(ctx context.Context, id string) (tracking.Run, error) {
	row, err := s.db.q.GetRun(ctx, id)
	if noRows(err) {
		return tracking.Run{}, noRun(id)
	}
	if err != nil {
		return tracking.Run{}, mapError(ctx, "read run", err)
	}
	list, err := s.withData(ctx, []tracking.Run{runOf(row.Run, row.Experiment)})
	if err != nil {
		return tracking.Run{}, err
	}
	steps, err := s.db.q.ListSteps(ctx, id)
	if err != nil {
		return tracking.Run{}, mapError(ctx, "read steps", err)
	}
	for _, st := range steps {
		list[0].Steps = append(list[0].Steps, tracking.Step{
			ID: st.ID, Kind: st.Kind, Status: tracking.Status(st.Status), Attempts: int(st.Attempts),
			Worker: st.Worker, StartedAt: st.StartedAt, EndedAt: st.EndedAt, Error: st.Error,
		})
	}
	return list[0], nil
}

func noRun(id string) error { return notFound("there is no run %q", id) }

// runKey is the place of a run in the list: newest first.
type runKey struct {
	Started time.Time `json:"s"`
	ID      string    `json:"i"`
}

// ListRuns implements tracking.Runs.
func (s *Runs) ListRuns(ctx context.Context, f tracking.RunFilter, page gristmill.Page) ([]tracking.Run, string, error) {
	before := runKey{Started: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}
	if err := gristmill.DecodeToken(page.Token, &before); err != nil {
		return nil, "", err
	}
	rows, err := s.db.q.ListRuns(ctx, sqlc.ListRunsParams{
		Project: project(f.Project), Experiment: f.Experiment, Status: string(f.Status), WorkflowID: f.WorkflowID, Model: f.Model,
		Before: before.Started, BeforeID: before.ID, Size: fetch(page),
	})
	if err != nil {
		return nil, "", mapError(ctx, "list runs", err)
	}
	rows, next := cut(rows, page, func(r sqlc.ListRunsRow) any { return runKey{r.Run.StartedAt, r.Run.ID} })
	list := make([]tracking.Run, len(rows))
	for i, r := range rows {
		list[i] = runOf(r.Run, r.Experiment)
	}
	list, err = s.withData(ctx, list)
	return list, next, err
}

func runOf(r sqlc.Run, experiment string) tracking.Run {
	return tracking.Run{
		ID: r.ID, Project: r.Project, ExperimentID: r.ExperimentID, Experiment: experiment, Name: r.Name, User: r.UserID,
		Status: tracking.Status(r.Status), Message: r.Message, WorkflowID: r.WorkflowID, FirstRunID: r.FirstRunID,
		Location: r.Location, Lifecycle: tracking.Lifecycle(r.Lifecycle), StartedAt: r.StartedAt, EndedAt: r.EndedAt,
		Params: map[string]string{}, Metrics: map[string]float64{}, Tags: map[string]string{},
	}
}

// withData adds params, latest metrics and tags: three queries, whatever the
// number of runs.
func (s *Runs) withData(ctx context.Context, runs []tracking.Run) ([]tracking.Run, error) {
	ids, at := make([]string, len(runs)), map[string]int{}
	for i, r := range runs {
		ids[i], at[r.ID] = r.ID, i
	}
	params, err := s.db.q.ListParams(ctx, ids)
	if err != nil {
		return nil, mapError(ctx, "read params", err)
	}
	for _, p := range params {
		runs[at[p.RunID]].Params[p.Key] = p.Value
	}
	tags, err := s.db.q.ListTags(ctx, ids)
	if err != nil {
		return nil, mapError(ctx, "read tags", err)
	}
	for _, t := range tags {
		runs[at[t.RunID]].Tags[t.Key] = t.Value
	}
	latest, err := s.db.q.ListLatest(ctx, ids)
	if err != nil {
		return nil, mapError(ctx, "read metrics", err)
	}
	for _, m := range latest {
		runs[at[m.RunID]].Metrics[m.Key] = valueOf(m.Value, m.IsNan)
	}
	return runs, nil
}

// valueOf undoes the flag that NaN is stored as.
func valueOf(v float64, isNaN bool) float64 {
	if isNaN {
		return math.NaN()
	}
	return v
}

// SetStatus implements tracking.Runs.
func (s *Runs) SetStatus(ctx context.Context, id string, status tracking.Status, message string, end *time.Time) error {
	if err := tracking.CheckStatus(status, message); err != nil {
		return err
	}
	return s.write(ctx, "set run status", id, tracking.Writer{}, func(q *sqlc.Queries) error {
		_, err := q.SetStatus(ctx, sqlc.SetStatusParams{ID: id, Status: string(status), Message: message, EndedAt: end})
		return err
	})
}

// write runs a write to an active run in a transaction in which the writer's
// lease cannot be taken over.
func (s *Runs) write(ctx context.Context, verb, run string, w tracking.Writer, do func(*sqlc.Queries) error) error {
	return s.db.inTx(ctx, verb, func(q *sqlc.Queries) error {
		row, err := q.LockLease(ctx, run, w.Step)
		if err := mayWrite(run, w, tracking.Lifecycle(row.Lifecycle), row.Epoch, err); err != nil {
			return err
		}
		return do(q)
	})
}

// mayWrite judges what a guard read: err of the query, the run's stage, and the
// epoch of the step's lease, nil where there is none.
func mayWrite(run string, w tracking.Writer, stage tracking.Lifecycle, epoch *int64, err error) error {
	if noRows(err) {
		return noRun(run)
	}
	if err != nil {
		return err
	}
	if err := tracking.CheckActive(run, stage); err != nil {
		return err
	}
	if epoch == nil {
		return tracking.CheckWriter(run, w, 0, false)
	}
	return tracking.CheckWriter(run, w, *epoch, true)
}
