//go:build !lean

package s3

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"gristmill"
	"gristmill/embedded/child"
)

// Region is the region that the server takes part of.
const Region = "us-east-1"

// Config says where the objects live and who may read them.
type Config struct {
	Dir       string // one directory a bucket below it; made if missing, its parent must exist
	Addr      string // host:port to listen on, e.g. "127.0.0.1:9000"
	AccessKey string
	SecretKey string

	Executable string   // program that calls ChildMain; "" means this one
	Args       []string // its arguments, e.g. "internal-s3"
	LogFile    string   // what the child writes; "" means DIR.log

	Log *slog.Logger // nil means none
}

// Server is a running S3 server. When the child dies it is started again.
type Server struct {
	addr    string
	lock    *os.File
	process *child.Process
}

// startLimit is more than a healthy child ever needs.
const startLimit = 30 * time.Second

// Start makes the directory, ends the child that a killed parent left behind,
// and returns when the server answers. What the user can mend (a busy port, a
// directory in use or not writable) is a Precondition.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if _, _, err := net.SplitHostPort(cfg.Addr); err != nil {
		return nil, gristmill.Errorf(gristmill.Invalid, "s3: %q is no address of the form host:port", cfg.Addr)
	}
	if cfg.AccessKey == "" || cfg.SecretKey == "" {
		return nil, gristmill.Errorf(gristmill.Invalid, "s3: access key and secret key must not be empty")
	}
	var err error
	if cfg.Dir, err = filepath.Abs(cfg.Dir); err != nil {
		return nil, fmt.Errorf("find S3 directory: %w", err)
	}
	if cfg.Executable == "" {
		if cfg.Executable, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("find own program: %w", err)
		}
	}
	if cfg.LogFile == "" {
		cfg.LogFile = cfg.Dir + ".log"
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, gristmill.Hide(gristmill.Precondition, err, "s3: cannot make the directory %s", cfg.Dir)
	}
	lock, err := child.Lock(cfg.Dir+".lock", "the S3 directory "+cfg.Dir)
	if err != nil {
		return nil, err
	}
	s := &Server{addr: cfg.Addr, lock: lock}
	if err := s.start(ctx, cfg); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, cfg Config) error {
	pidFile := cfg.Dir + ".pid"
	if err := clearOrphan(ctx, pidFile, cfg.Log); err != nil {
		return err
	}
	if err := child.CheckFree("s3", cfg.Addr); err != nil {
		return err
	}
	side, err := chooseMetadata(cfg.Dir, probeAttributes)
	if err != nil {
		return err
	}
	o, err := json.Marshal(order{Dir: cfg.Dir, SideDir: side, Addr: cfg.Addr, AccessKey: cfg.AccessKey, SecretKey: cfg.SecretKey})
	if err != nil {
		return fmt.Errorf("encode order of the S3 child: %w", err)
	}
	w, err := child.NewLog(cfg.LogFile)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	s.process, err = child.Start(ctx, child.Config{
		Name:    "s3",
		Command: func() (*exec.Cmd, error) { return command(cfg, append(o, '\n'), w) },
		Ready:   s.ready,
		Explain: func(exit error) error { return explain(w, exit) },
		Death:   syscall.SIGTERM,
		Stop:    stopSteps(),
		PIDFile: pidFile,
		Log:     cfg.Log,
	})
	return err
}

// stopSteps lets the child finish what it is answering.
func stopSteps() []child.Step { return []child.Step{{Signal: syscall.SIGTERM, Wait: 5 * time.Second}} }

// clearOrphan ends the child that a killed parent left behind.
func clearOrphan(ctx context.Context, pidFile string, log *slog.Logger) error {
	id, err := child.ReadIdentity(pidFile)
	if errors.Is(err, child.ErrNoProcess) || err == nil && !id.Alive() {
		return nil
	}
	if err != nil {
		return err
	}
	log.Info("ending the S3 server that an earlier run left behind", "pid", id.PID)
	if err := id.End(ctx, append(stopSteps(), child.Step{Signal: syscall.SIGKILL, Wait: 5 * time.Second})...); err != nil {
		return gristmill.Hide(gristmill.Precondition, err, "the S3 server of an earlier run (process %d) does not end", id.PID)
	}
	return nil
}

// command starts the child with its order in a pipe. The parent keeps the
// writing end as long as it lives: the end of the pipe is the end of the child.
func command(cfg Config, o []byte, w *child.Log) (*exec.Cmd, error) {
	cmd := exec.Command(cfg.Executable, cfg.Args...)
	f, err := w.Open()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = f, f
	in, err := cmd.StdinPipe() // closed by Wait
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make pipe to the S3 child: %w", err), f.Close())
	}
	if _, err := in.Write(o); err != nil { // a pipe takes so little at once
		return nil, errors.Join(fmt.Errorf("write order of the S3 child: %w", err), f.Close())
	}
	return cmd, nil
}

// ready waits until the server answers over HTTP.
func (s *Server) ready(ctx context.Context, _ int) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if s.healthy(ctx, client) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the S3 server: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}

func (s *Server) healthy(ctx context.Context, client *http.Client) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint()+healthPath, nil)
	if err != nil {
		return false
	}
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close() // nothing in it
	return res.StatusCode == http.StatusOK
}

// Addr returns host:port of the server.
func (s *Server) Addr() string { return s.addr }

// Endpoint returns the URL that S3 clients are given.
func (s *Server) Endpoint() string { return "http://" + s.addr }

// PID returns the process id of the child, 0 while it is down.
func (s *Server) PID() int { return s.process.PID() }

// Done is closed when the server is gone for good: after Stop, or when it could
// not be started again.
func (s *Server) Done() <-chan struct{} { return s.process.Done() }

// Err says why the server is gone; nil before Done is closed and after Stop.
func (s *Server) Err() error { return s.process.Err() }

// Stop ends the server once it has answered what it was asked; when ctx ends
// first it is killed. Objects are whole or absent either way.
func (s *Server) Stop(ctx context.Context) error {
	err := s.process.Stop(ctx)
	if cerr := s.lock.Close(); cerr != nil && !errors.Is(cerr, os.ErrClosed) {
		err = errors.Join(err, fmt.Errorf("release lock: %w", cerr))
	}
	return err
}

// explain says why a child ended before it was ready, in its last words.
func explain(log *child.Log, exit error) error {
	b, err := log.Latest()
	if err != nil {
		return errors.Join(exit, err)
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return gristmill.Hide(gristmill.Precondition, exit, "the S3 server does not start: %s (its log: %s)",
		strings.TrimSpace(string(lines[len(lines)-1])), log.Path())
}
