package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"gristmill/client"
	"gristmill/tracking"
)

// view shows a run while it goes on: a live block on a terminal, one line an
// event elsewhere.
type view struct {
	out    io.Writer
	live   bool
	height int // lines of the live block on the screen
	seen   map[string]tracking.Status
}

func (a *app) newView() *view {
	out := a.progress()
	return &view{out: out, live: isTerminal(out), seen: map[string]tracking.Status{}}
}

func (v *view) update(p client.Progress) {
	v.erase()
	for _, l := range p.Lines {
		fmt.Fprintf(v.out, "%s  %-9s  %s\n", l.Time.Local().Format("15:04:05"), l.Step, l.Text)
	}
	if p.Run == nil {
		return
	}
	if !v.live {
		v.events(p)
		return
	}
	lines := block(p, time.Now())
	v.height = len(lines)
	fmt.Fprint(v.out, strings.Join(lines, "\n"), "\n")
}

// events prints a line when a step changes its state.
func (v *view) events(p client.Progress) {
	for _, s := range p.Run.Steps {
		if v.seen[s.ID] == s.Status {
			continue
		}
		v.seen[s.ID] = s.Status
		fmt.Fprintln(v.out, stepLine(s, p.Run.Metrics, time.Now()))
	}
}

// block is the live picture of a run: a line a step.
func block(p client.Progress, now time.Time) []string {
	lines := make([]string, 0, len(p.Run.Steps))
	for _, s := range p.Run.Steps {
		lines = append(lines, stepLine(s, p.Run.Metrics, now))
	}
	return lines
}

func mark(s tracking.Status) string {
	return map[tracking.Status]string{
		tracking.Running: "…", tracking.Succeeded: "✓", tracking.Failed: "✗", tracking.Rejected: "✗", tracking.Canceled: "✗",
	}[s]
}

func stepLine(s tracking.Step, metrics map[string]tracking.Number, now time.Time) string {
	took := ""
	if s.StartedAt != nil {
		end := now
		if s.EndedAt != nil {
			end = *s.EndedAt
		}
		took = short(end.Sub(*s.StartedAt))
	}
	line := fmt.Sprintf("%s %-9s  %-9s  %8s", mark(s.Status), s.ID, s.Status, took)
	if s.Attempts > 1 {
		line += fmt.Sprintf("  attempt %d", s.Attempts)
	}
	if loss, ok := metrics["train_loss"]; ok && s.Kind == "train" {
		line += fmt.Sprintf("  loss %.5g", float64(loss))
	}
	return line
}

func (v *view) erase() {
	if v.height > 0 {
		fmt.Fprintf(v.out, "\x1b[%dA\x1b[J", v.height)
		v.height = 0
	}
}

// close leaves the last picture on the screen.
func (v *view) close() { v.height = 0 }
