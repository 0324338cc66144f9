package web

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"time"

	"gristmill"
	"gristmill/tracking"
)

// Logs are lines of a run's log.
type Logs struct {
	Lines []tracking.Line `json:"lines"`
	After int64           `json:"after"` // ask for the lines after this next
	Ended bool            `json:"ended"` // the run has ended and no lines follow these
}

func (s *server) readLogs(r *http.Request) (Logs, error) {
	q, id := r.URL.Query(), r.PathValue("id")
	out := Logs{After: numberOf(r, "after")}
	most := pageOf(r).Limit
	if most == 0 {
		most = gristmill.MaxLimit
	}
	err := s.until(r.Context(), waitOf(r), func(ctx context.Context) (bool, error) {
		// The state is read before the lines: lines that an ended run still
		// had are then in this answer or follow in the next one.
		run, err := s.Runs.Run(ctx, id)
		if err != nil {
			return false, err
		}
		out.Lines, err = s.Runs.ReadLog(ctx, id, q.Get("step"), out.After, most)
		out.Ended = run.Status.Ended() && len(out.Lines) < most
		return len(out.Lines) > 0 || out.Ended, err
	})
	if n := len(out.Lines); n > 0 {
		out.After = out.Lines[n-1].Seq
	}
	out.Lines = orEmpty(out.Lines)
	return out, err
}

// until calls look until it is content, fails, or wait is over.
func (s *server) until(ctx context.Context, wait time.Duration, look func(context.Context) (bool, error)) error {
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	tick := time.NewTicker(s.cfg.Poll)
	defer tick.Stop()
	for {
		content, err := look(ctx)
		if content || err != nil || wait <= 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return nil
		case <-tick.C:
		}
	}
}

func (s *server) logText(w http.ResponseWriter, r *http.Request) error {
	ctx, id, step := r.Context(), r.PathValue("id"), r.URL.Query().Get("step")
	if _, err := s.Runs.Run(ctx, id); err != nil {
		return err
	}
	lines, err := s.Runs.ReadLog(ctx, id, step, 0, gristmill.MaxLimit)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	out := bufio.NewWriter(w)
	defer out.Flush()
	for len(lines) > 0 {
		for _, l := range lines {
			fmt.Fprintf(out, "%s %-5s %s#%d %s\n", l.Time.UTC().Format("2006-01-02T15:04:05.000Z"), l.Level, l.Step, l.Attempt, l.Text)
		}
		if len(lines) < gristmill.MaxLimit {
			return nil
		}
		lines, err = s.Runs.ReadLog(ctx, id, step, lines[len(lines)-1].Seq, gristmill.MaxLimit)
		if err != nil { // the answer has begun: an error can only cut it off
			panic(http.ErrAbortHandler)
		}
	}
	return nil
}
