package postgres

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"gristmill"
	"gristmill/store/postgres/internal/sqlc"
	"gristmill/tracking"
)

// LogMetrics implements tracking.Points, in one statement for any number of
// points: guard, points and latest values.
func (s *Runs) LogMetrics(ctx context.Context, run string, w tracking.Writer, points []tracking.Metric) error {
	if err := tracking.CheckMetrics(points); err != nil {
		return err
	}
	p := sqlc.PutPointsParams{RunID: run, Step: w.Step, Epoch: w.Epoch}
	sorted := slices.Clone(points)
	slices.SortFunc(sorted, func(a, b tracking.Metric) int { return cmp.Or(strings.Compare(a.Key, b.Key), a.Compare(b)) })
	p.Keys, p.Steps, p.Times, p.Vals, p.Nans = columns(sorted)
	p.LastKeys, p.LastSteps, p.LastTimes, p.LastVals, p.LastNans = columns(tracking.Latest(points))
	return s.db.one(ctx, "log metrics", func(q *sqlc.Queries) error {
		row, err := q.PutPoints(ctx, p)
		return mayWrite(run, w, tracking.Lifecycle(row.Lifecycle), row.Epoch, err)
	})
}

// columns turns points into one array a column.
func columns(points []tracking.Metric) (keys []string, steps, times []int64, values []float64, nans []bool) {
	n := len(points)
	keys, steps, times, values, nans = make([]string, n), make([]int64, n), make([]int64, n), make([]float64, n), make([]bool, n)
	for i, m := range points {
		keys[i], steps[i], times[i], values[i] = m.Key, m.Step, m.Time.UnixMilli(), m.Value
		if math.IsNaN(m.Value) {
			values[i], nans[i] = 0, true
		}
	}
	return keys, steps, times, values, nans
}

// TruncateMetrics implements tracking.Points, and brings the latest values back
// to what is left.
func (s *Runs) TruncateMetrics(ctx context.Context, run string, w tracking.Writer, after int64, prefixes ...string) error {
	if len(prefixes) == 0 {
		return gristmill.Errorf(gristmill.Invalid, `no prefix of the metrics to truncate was given; "" means all`)
	}
	return s.write(ctx, "truncate metrics", run, w, func(q *sqlc.Queries) error {
		if err := q.TruncatePoints(ctx, run, after, prefixes); err != nil {
			return err
		}
		keys, err := q.TruncateLatest(ctx, run, after, prefixes)
		if err != nil || len(keys) == 0 {
			return err
		}
		return q.RebuildLatest(ctx, run, keys)
	})
}

// MetricHistory implements tracking.Points. An unknown key is an empty series.
func (s *Runs) MetricHistory(ctx context.Context, run, key string) ([]tracking.Metric, error) {
	if err := s.exists(ctx, run); err != nil {
		return nil, err
	}
	rows, err := s.db.q.MetricHistory(ctx, run, key)
	if err != nil {
		return nil, mapError(ctx, "read metric history", err)
	}
	list := make([]tracking.Metric, len(rows))
	for i, r := range rows {
		list[i] = tracking.Metric{Key: key, Value: valueOf(r.Value, r.IsNan), Time: time.UnixMilli(r.Ts).UTC(), Step: r.Step}
	}
	return list, nil
}

// exists returns NotFound unless there is such a run, deleted or not.
func (s *Runs) exists(ctx context.Context, run string) error {
	_, err := s.db.q.RunLifecycle(ctx, run)
	if noRows(err) {
		return noRun(run)
	}
	return mapError(ctx, "read run", err)
}
