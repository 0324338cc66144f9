//go:build !lean

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// board shows the parts of the stack while they start: a live table on a
// terminal, one line a part elsewhere.
type board struct {
	mu    sync.Mutex
	out   io.Writer
	live  bool
	began time.Time
	parts []boardPart
	drawn bool
}

type boardPart struct {
	name, where, state string
	took               time.Duration
}

func newBoard(out io.Writer, c Config) *board {
	b := &board{out: out, live: isTerminal(out), began: time.Now(), parts: []boardPart{
		{name: "postgres", where: c.PostgresAddr}, {name: "s3", where: c.S3Addr}, {name: "temporal", where: c.TemporalAddr + ", UI http://" + c.TemporalUIAddr},
		{name: "workers", where: "http://" + c.WorkerAddr + "/metrics"}, {name: "inference", where: "http://" + c.InferenceAddr}, {name: "http", where: "http://" + c.HTTPAddr},
	}}
	for i := range b.parts {
		b.parts[i].state = "starting"
	}
	b.draw()
	return b
}

// part notes the begin of a part's start and returns what notes its end.
func (b *board) part(name string) func(*error) {
	began := time.Now()
	return func(err *error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		for i := range b.parts {
			p := &b.parts[i]
			if p.name != name {
				continue
			}
			p.took, p.state = time.Since(began), "ready"
			switch {
			case errors.Is(*err, context.Canceled):
				p.state = "stopped"
			case *err != nil:
				p.state = "failed"
			}
			if !b.live {
				fmt.Fprintf(b.out, "%-10s %-8s %s\n", p.name, p.state, p.where)
			}
		}
		b.draw()
	}
}

// draw replaces the table on the terminal.
func (b *board) draw() {
	if !b.live {
		return
	}
	if b.drawn {
		fmt.Fprintf(b.out, "\x1b[%dA\x1b[J", len(b.parts))
	}
	b.drawn = true
	for _, p := range b.parts {
		took := ""
		if p.took > 0 {
			took = short(p.took)
		}
		fmt.Fprintf(b.out, "%-10s %-9s %7s  %s\n", p.name, p.state, took, p.where)
	}
}

// ready ends the table with the first lines of use.
func (b *board) ready(took time.Duration, a *app) {
	fmt.Fprintf(b.out, "ready in %.1f s; state in %s\n\n", took.Seconds(), a.cfg.Data)
	fmt.Fprint(b.out, strings.Join([]string{
		"  pages and API   http://" + a.cfg.HTTPAddr,
		"  predictions     http://" + a.cfg.InferenceAddr,
		"  Temporal's UI   http://" + a.cfg.TemporalUIAddr,
		"  begin with      " + self() + " train churn" + a.elsewhere(),
		"",
	}, "\n"))
}
