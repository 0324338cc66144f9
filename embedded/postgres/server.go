//go:build !lean

package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"gristmill"
	"gristmill/embedded/child"
)

// Config says where the cluster lives and listens.
type Config struct {
	Dir  string       // the cluster's directory; made if missing, its parent must exist
	Addr string       // host:port to listen on, e.g. "127.0.0.1:5433"
	Log  *slog.Logger // nil means none; PostgreSQL's own log is the file DIR.log
}

// Server is a running cluster. When PostgreSQL dies it is started again.
type Server struct {
	addr     string
	password string
	lock     *os.File
	process  *child.Process
}

// startLimit leaves time for recovery after a crash.
const startLimit = 60 * time.Second

// Start opens or makes the cluster, ends the server that a killed parent left
// behind, starts PostgreSQL, and makes the databases gristmill, temporal and
// temporal_visibility if they are missing. What the user can mend (no
// PostgreSQL, a directory of another version or in use, a busy port) is a
// Precondition.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	host, port, err := net.SplitHostPort(cfg.Addr)
	if err != nil {
		return nil, gristmill.Errorf(gristmill.Invalid, "postgres: %q is no address of the form host:port", cfg.Addr)
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("find cluster directory: %w", err)
	}
	lock, err := child.Lock(dir+".lock", "the PostgreSQL cluster in "+dir)
	if err != nil {
		return nil, err
	}
	s := &Server{addr: cfg.Addr, lock: lock}
	if err := s.start(ctx, cfg.Log, dir, host, port); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, log *slog.Logger, dir, host, port string) error {
	if err := clearOrphan(ctx, dir, log); err != nil {
		return err
	}
	if err := child.CheckFree("postgres", s.addr); err != nil {
		return err
	}
	c, err := openCluster(ctx, dir)
	if err != nil {
		return err
	}
	s.password = c.password
	if s.process, err = c.run(ctx, log, host, port); err != nil {
		return err
	}
	if err := c.makeDatabases(ctx, host, port); err != nil {
		return errors.Join(err, s.process.Stop(ctx))
	}
	return nil
}

// run starts the server process and keeps it running. A first start that meets
// the last moments of an orphan's helpers is tried again.
func (c *cluster) run(ctx context.Context, log *slog.Logger, host, port string) (*child.Process, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	w, err := child.NewLog(c.dir + ".log")
	if err != nil {
		return nil, err
	}
	cfg := child.Config{
		Name:    "postgres",
		Prepare: func(ctx context.Context) error { return clearOrphan(ctx, c.dir, log) },
		Command: func() (*exec.Cmd, error) { return c.command(w, host, port) },
		Ready:   c.ready,
		Explain: func(exit error) error { return explain(w, exit) },
		Death:   syscall.SIGINT,
		Stop:    stopSteps(),
		PIDFile: c.dir + ".pid",
		Log:     log,
	}
	for {
		p, err := child.Start(ctx, cfg)
		if err == nil || !strings.Contains(err.Error(), "is still in use") {
			return p, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stopSteps asks for a fast shutdown (sessions end, data is flushed), then for
// an immediate one (the next start recovers from the log).
func stopSteps() []child.Step {
	return []child.Step{{Signal: syscall.SIGINT, Wait: 10 * time.Second}, {Signal: syscall.SIGQUIT, Wait: 5 * time.Second}}
}

// command is the server's. Settings come as arguments, so that they are ours
// whatever the cluster's file says.
func (c *cluster) command(w *child.Log, host, port string) (*exec.Cmd, error) {
	args := []string{"-D", c.dir}
	for _, setting := range []string{
		"listen_addresses=" + host, "port=" + port, "unix_socket_directories=",
		"max_connections=200", "shared_buffers=128MB", "fsync=on", "synchronous_commit=on",
		"password_encryption=scram-sha-256", "timezone=UTC", "log_timezone=UTC",
		"logging_collector=off", "log_destination=stderr", "log_min_messages=warning", "lc_messages=C",
		"jit=off", // our queries are short; compiling them costs more than it gains
	} {
		args = append(args, "-c", setting)
	}
	cmd := c.user.command(filepath.Join(c.install.Dir, "postgres"), args...)
	f, err := w.Open()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = f, f
	return cmd, nil
}

// ready waits until the server's pid file says so; the server writes its state
// there, on line 8.
func (c *cluster) ready(ctx context.Context, pid int) error {
	tick := time.NewTicker(3 * time.Millisecond)
	defer tick.Stop()
	for {
		if f, err := readPostmaster(c.dir); err == nil && f.pid == pid && f.status == "ready" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for PostgreSQL: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// makeDatabases makes what is missing, with psql: this room has no driver.
func (c *cluster) makeDatabases(ctx context.Context, host, port string) error {
	var sql bytes.Buffer
	for _, name := range databases() {
		fmt.Fprintf(&sql, "SELECT 'CREATE DATABASE %[1]s' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '%[1]s') \\gexec\n", name)
	}
	cmd := exec.Command(filepath.Join(c.install.Dir, "psql"), "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1",
		"--host", host, "--port", port, "--username", superuser, "--dbname", "postgres")
	cmd.Env = append(cmd.Environ(), "PGPASSWORD="+c.password, "PGCONNECT_TIMEOUT=10", "PGSSLMODE=disable", "LC_ALL=C")
	cmd.Stdin = &sql
	if out, err := output(ctx, cmd); err != nil {
		return gristmill.Hide(gristmill.Precondition, err, "cannot prepare the PostgreSQL cluster in %s: %s", c.dir, lastLine(out))
	}
	return nil
}

// output runs a short program to its end and returns what it wrote; ctx kills it.
func output(ctx context.Context, cmd *exec.Cmd) ([]byte, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(cmd.Path), err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() }) // Wait reports it
	defer stop()
	if err := cmd.Wait(); err != nil {
		return out.Bytes(), fmt.Errorf("run %s: %w", filepath.Base(cmd.Path), errors.Join(err, ctx.Err()))
	}
	return out.Bytes(), nil
}

// DSN returns the connection string of a database for pgx and libpq.
func (s *Server) DSN(database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(superuser, s.password), Host: s.addr, Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

// Addr returns host:port of the server.
func (s *Server) Addr() string { return s.addr }

// User returns the name of the superuser that owns the databases.
func (s *Server) User() string { return superuser }

// Password returns the superuser's password.
func (s *Server) Password() string { return s.password }

// PID returns the process id of the server, 0 while it is down.
func (s *Server) PID() int { return s.process.PID() }

// Done is closed when the server is gone for good: after Stop, or when it could
// not be started again.
func (s *Server) Done() <-chan struct{} { return s.process.Done() }

// Err says why the server is gone; nil before Done is closed and after Stop.
func (s *Server) Err() error { return s.process.Err() }

// Stop ends the server: sessions are cut, data is flushed. When ctx ends first
// the server is killed, which loses nothing but time at the next start.
func (s *Server) Stop(ctx context.Context) error {
	return errors.Join(s.process.Stop(ctx), closeOnce(s.lock))
}

func closeOnce(c io.Closer) error {
	if err := c.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("release lock: %w", err)
	}
	return nil
}
