//go:build !lean

package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"gristmill"
	"gristmill/embedded/child"
)

// postmaster is what a server writes into postmaster.pid in its directory.
type postmaster struct {
	pid    int
	dir    string
	status string // "starting", "ready", "stopping"; "" before it is written
}

func readPostmaster(dir string) (postmaster, error) {
	b, err := os.ReadFile(filepath.Join(dir, "postmaster.pid"))
	if err != nil {
		return postmaster{}, fmt.Errorf("read postmaster.pid: %w", err)
	}
	lines := strings.Split(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil {
		return postmaster{}, fmt.Errorf("read postmaster.pid: %w", err)
	}
	m := postmaster{pid: pid}
	if len(lines) > 1 {
		m.dir = strings.TrimSpace(lines[1])
	}
	if len(lines) > 7 {
		m.status = strings.TrimSpace(lines[7])
	}
	return m, nil
}

// clearOrphan ends the server that a killed parent left behind in dir, and
// removes a pid file that names a process which is not that server: process ids
// are used again, and PostgreSQL would take the stranger for its twin and refuse
// to start. Call it with the cluster's lock held.
func clearOrphan(ctx context.Context, dir string, log *slog.Logger) error {
	file := filepath.Join(dir, "postmaster.pid")
	m, err := readPostmaster(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		log.Warn("pid file of PostgreSQL is unreadable; removing it", "file", file, "error", err)
		return removeStale(file)
	}
	id, err := child.Identify(m.pid)
	if errors.Is(err, child.ErrNoProcess) {
		return removeStale(file)
	}
	if err != nil {
		return err
	}
	// The server works in its data directory as long as it lives. Its record,
	// where there is one, must name the same process; without one (the parent
	// was killed between the start and the record) the directory decides.
	recorded, err := child.ReadIdentity(dir + ".pid")
	known := err == nil && recorded == id
	if !child.WorksIn(m.pid, dir) {
		log.Warn("pid file of PostgreSQL names a stranger; removing it", "file", file, "pid", m.pid)
		return removeStale(file)
	}
	if !known && err == nil && recorded.PID == m.pid {
		return gristmill.Errorf(gristmill.Precondition, "process %d works in %s and is not the PostgreSQL that was started there; end it first", m.pid, dir)
	}
	log.Info("ending the PostgreSQL that an earlier run left behind", "pid", m.pid)
	if err := id.End(ctx, stopSteps()...); err != nil {
		return gristmill.Hide(gristmill.Precondition, err, "a PostgreSQL of an earlier run (process %d) still uses %s and does not end", m.pid, dir)
	}
	return nil
}

func removeStale(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove stale pid file: %w", err)
	}
	return nil
}

// explain says why a server ended before it was ready, in its own words.
func explain(log *child.Log, exit error) error {
	b, err := log.Latest()
	if err != nil {
		return errors.Join(exit, err)
	}
	for line := range strings.Lines(string(b)) {
		if _, reason, ok := strings.Cut(line, "FATAL:"); ok {
			return gristmill.Hide(gristmill.Precondition, exit, "PostgreSQL does not start: %s (its log: %s)", strings.TrimSpace(reason), log.Path())
		}
	}
	return gristmill.Hide(gristmill.Precondition, exit, "PostgreSQL does not start (its log: %s)", log.Path())
}
