package postgres

import (
	"context"

	"gristmill/store/postgres/internal/sqlc"
	"gristmill/tracking"
)

// LogParams implements tracking.Points: all of them or none.
func (s *Runs) LogParams(ctx context.Context, run string, params map[string]string) error {
	if err := tracking.CheckParams(params); err != nil {
		return err
	}
	return s.write(ctx, "log params", run, tracking.Writer{}, func(q *sqlc.Queries) error {
		return putParams(ctx, q, run, params)
	})
}

// putParams inserts what is new and then compares: of two writers at the same
// time the second waits for the first and sees its value.
func putParams(ctx context.Context, q *sqlc.Queries, run string, params map[string]string) error {
	if len(params) == 0 {
		return nil
	}
	keys, values := pairs(params)
	if err := q.PutParams(ctx, run, keys, values); err != nil {
		return err
	}
	rows, err := q.FindParams(ctx, run, keys)
	if err != nil {
		return err
	}
	logged := make(map[string]string, len(rows))
	for _, r := range rows {
		logged[r.Key] = r.Value
	}
	return tracking.CheckParamChange(run, logged, params)
}

// SetTags implements tracking.Points. The tag mlflow.runName renames the run.
func (s *Runs) SetTags(ctx context.Context, run string, tags map[string]string) error {
	if err := tracking.CheckTags(tags); err != nil {
		return err
	}
	return s.write(ctx, "set tags", run, tracking.Writer{}, func(q *sqlc.Queries) error {
		return putTags(ctx, q, run, tags)
	})
}

func putTags(ctx context.Context, q *sqlc.Queries, run string, tags map[string]string) error {
	if len(tags) == 0 {
		return nil
	}
	keys, values := pairs(tags)
	if err := q.PutTags(ctx, run, keys, values); err != nil {
		return err
	}
	if name, ok := tags[runNameTag]; ok && name != "" {
		return q.SetRunName(ctx, name, run)
	}
	return nil
}

// pairs returns keys in order, and their values.
func pairs(m map[string]string) (keys, values []string) {
	keys = tracking.SortedKeys(m)
	values = make([]string, len(keys))
	for i, k := range keys {
		values[i] = m[k]
	}
	return keys, values
}
