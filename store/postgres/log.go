package postgres

import (
	"context"
	"crypto/sha256"
	"fmt"

	"gristmill"
	"gristmill/store/postgres/internal/sqlc"
	"gristmill/tracking"
)

// AppendLog implements tracking.Steps. A line is the same if step, attempt,
// time, level, text and its number among equal lines of the call are: such a
// line is stored once.
func (s *Runs) AppendLog(ctx context.Context, run string, w tracking.Writer, lines []tracking.Line) error {
	if err := tracking.CheckLines(lines); err != nil {
		return err
	}
	p := sqlc.PutLinesParams{RunID: run}
	seen := map[string]int{}
	for _, l := range lines {
		identity := fmt.Sprintf("%s\x00%d\x00%d\x00%s\x00%s", l.Step, l.Attempt, l.Time.UnixNano(), l.Level, l.Text)
		mark := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", identity, seen[identity]))
		seen[identity]++
		p.Steps, p.Attempts, p.Times = append(p.Steps, l.Step), append(p.Attempts, int32(l.Attempt)), append(p.Times, l.Time)
		p.Levels, p.Lines, p.Marks = append(p.Levels, l.Level), append(p.Lines, l.Text), append(p.Marks, mark[:16])
	}
	return s.write(ctx, "append log", run, w, func(q *sqlc.Queries) error {
		if len(lines) == 0 {
			return nil
		}
		last, err := q.TakeLogNumbers(ctx, run, int64(len(lines)))
		if err != nil {
			return err
		}
		p.Seqs = make([]int64, len(lines))
		for i := range lines {
			p.Seqs[i] = last - int64(len(lines)-1-i)
		}
		return q.PutLines(ctx, p)
	})
}

// maxLines bounds one answer of ReadLog.
const maxLines = 10000

// ReadLog implements tracking.Steps; limit 0 means gristmill.MaxLimit.
func (s *Runs) ReadLog(ctx context.Context, run, step string, after int64, limit int) ([]tracking.Line, error) {
	if limit <= 0 {
		limit = gristmill.MaxLimit
	}
	if err := s.exists(ctx, run); err != nil {
		return nil, err
	}
	size := int32(min(limit, maxLines))
	var list []tracking.Line
	if step != "" {
		rows, err := s.db.q.ReadStepLog(ctx, sqlc.ReadStepLogParams{RunID: run, Step: step, After: after, Size: size})
		for _, r := range rows {
			list = append(list, tracking.Line{Seq: r.Seq, Step: r.Step, Attempt: int(r.Attempt), Time: r.At, Level: r.Level, Text: r.Line})
		}
		return list, mapError(ctx, "read log", err)
	}
	rows, err := s.db.q.ReadLog(ctx, run, after, size)
	for _, r := range rows {
		list = append(list, tracking.Line{Seq: r.Seq, Step: r.Step, Attempt: int(r.Attempt), Time: r.At, Level: r.Level, Text: r.Line})
	}
	return list, mapError(ctx, "read log", err)
}
