//go:build !lean

package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"gristmill"
	"gristmill/embedded/child"
	"gristmill/embedded/postgres"
	"gristmill/embedded/s3"
	"gristmill/embedded/temporal"
	"gristmill/store/blob"
)

func (a *app) stackCommands() []*cobra.Command {
	return []*cobra.Command{a.upCommand(), a.downCommand(), a.demoCommand(), a.doctorCommand(), a.childCommand()}
}

func (a *app) upCommand() *cobra.Command {
	var detach bool
	cmd := &cobra.Command{
		Use: "up", GroupID: "stack", Short: "Run the whole stack on this machine",
		Long: `Up runs Postgres, Temporal and its UI, an S3 server, the HTTP and inference
servers and the workers, all on loopback, with all state below --data. It says
where everything is, and ends in order on Ctrl-C. What was running then goes on
with the next start.

EXIT STATUS
  0  ended in order
  1  a part of the stack died
  2  it could not start: the one line on stderr says why`,
		Example: "  gristmill up\n  gristmill up -d && gristmill train churn && gristmill down", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if detach {
				return a.upDetached(cmd)
			}
			return a.up(cmd.Context(), nil)
		},
	}
	cmd.Flags().BoolVarP(&detach, "detach", "d", false, "return when the stack is ready; end it with gristmill down")
	a.stackFlags(cmd)
	return cmd
}

// downWithin bounds the orderly end of the stack.
const downWithin = 25 * time.Second

// up runs the stack until ctx ends, or until while returns.
func (a *app) up(ctx context.Context, while func(context.Context) error) error {
	began := time.Now()
	if err := a.precheck(); err != nil {
		return err
	}
	dir, err := openData(a.cfg.Data)
	if err != nil {
		return err
	}
	defer dir.close()
	if err := a.note(dir, false); err != nil {
		return err
	}
	logFile, err := os.OpenFile(dir.join("gristmill.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return unusable(dir.path, err)
	}
	defer logFile.Close()
	log, err := newLog(logFile, a.cfg.LogLevel)
	if err != nil {
		return err
	}
	s := &services{app: a, dir: dir, log: log}
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), downWithin)
		defer cancel()
		s.stop(last)
		if err := dir.forget(); err != nil && !errors.Is(err, os.ErrNotExist) {
			log.Warn("remove state file", "error", err)
		}
	}()
	if err := s.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	s.board.ready(time.Since(began), a)
	for _, m := range s.stack.host.Models() {
		if m.Err != nil {
			a.say("\n  %s is not served: %s", m.Model, gristmill.Public(m.Err))
		}
	}
	// Only now: up -d prints what was said so far as soon as it reads this.
	if err := a.note(dir, true); err != nil {
		return err
	}
	log.Info("ready", "seconds", time.Since(began).Seconds(), "version", version())
	return s.run(ctx, while)
}

// precheck finds what can be found before anything is made.
func (a *app) precheck() error {
	if !leaves(a.cfg.Data) {
		return occupied(a.cfg.Data)
	}
	token, err := a.cfg.secret(a.cfg.Token)
	if err != nil {
		return err
	}
	for _, f := range a.cfg.fields() {
		if !strings.HasSuffix(f.key, "_addr") || loopback(f.value()) {
			continue
		}
		if f.key != "http_addr" && f.key != "inference_addr" {
			return gristmill.Errorf(gristmill.Precondition, "--%s: %s is not on loopback; the embedded services stay on this machine", f.flag(), f.value())
		}
		if token == "" {
			return gristmill.Errorf(gristmill.Precondition, "--%s: %s is not on loopback; a server that others can reach needs a bearer token: --token secret://NAME", f.flag(), f.value())
		}
	}
	if _, err := postgres.Find(); err != nil {
		return err
	}
	return checkPorts(a.cfg)
}

// note writes what runs here and where, for down, demo and doctor.
func (a *app) note(dir *dataDir, ready bool) error {
	self, err := child.Identify(os.Getpid())
	if err != nil {
		return fmt.Errorf("identify own process: %w", err)
	}
	c := a.cfg
	return dir.write(state{Identity: self, Ready: ready, Version: version(), HTTP: "http://" + c.HTTPAddr, Inference: "http://" + c.InferenceAddr,
		Temporal: c.TemporalAddr, UI: "http://" + c.TemporalUIAddr, S3: "http://" + c.S3Addr, Postgres: c.PostgresAddr})
}

func newLog(w io.Writer, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, usageError{fmt.Errorf("--log-level: %q is none of debug, info, warn, error", level)}
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l})), nil
}

// services are the parts of the stack in the order of their start.
type services struct {
	app      *app
	dir      *dataDir
	log      *slog.Logger
	board    *board
	postgres *postgres.Server
	s3       *s3.Server
	temporal *temporal.Server
	stack    *stack
}

// start starts everything; what does not depend on each other, at once.
func (s *services) start(ctx context.Context) error {
	a := s.app
	s.board = newBoard(a.progress(), a.cfg)
	key, err := s.s3Key()
	if err != nil {
		return err
	}
	paths, err := allowedPaths(a.cfg)
	if err != nil {
		return err
	}
	token, err := a.cfg.secret(a.cfg.Token)
	if err != nil {
		return err
	}
	both, bothCtx := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		defer s.board.part("postgres")(&err)
		s.postgres, err = postgres.Start(bothCtx, postgres.Config{Dir: s.dir.join("postgres"), Addr: a.cfg.PostgresAddr, Log: s.log.With("part", "postgres")})
		return err
	})
	both.Go(func() (err error) {
		defer s.board.part("s3")(&err)
		s.s3, err = s3.Start(bothCtx, s3.Config{Dir: s.dir.join("s3"), Addr: a.cfg.S3Addr, AccessKey: s3User, SecretKey: key,
			Args: []string{childName}, Log: s.log.With("part", "s3")})
		return err
	})
	if err := both.Wait(); err != nil {
		return flagged(err, a.cfg)
	}
	o := outside{DSN: s.postgres.DSN("gristmill"), Temporal: a.cfg.TemporalAddr, TemporalUI: "http://" + a.cfg.TemporalUIAddr,
		S3:      blob.S3Config{Endpoint: a.cfg.S3Addr, AccessKey: s3User, SecretKey: key, Bucket: "gristmill"},
		Version: version(), Token: token, AllowPath: paths, DataDir: s.dir.path, Identity: identity(), Log: s.log, WorkerDrain: 12 * time.Second}
	rest, restCtx := errgroup.WithContext(ctx)
	rest.Go(func() (err error) {
		defer s.board.part("temporal")(&err)
		s.temporal, err = temporal.Start(restCtx, temporal.Config{PostgresAddr: a.cfg.PostgresAddr, User: s.postgres.User(), Password: s.postgres.Password(),
			Addr: a.cfg.TemporalAddr, UIAddr: a.cfg.TemporalUIAddr, Log: s.log.With("part", "temporal")})
		return err
	})
	rest.Go(func() (err error) {
		s.stack, err = openStack(restCtx, a.cfg, o)
		if err == nil {
			err = s.stack.ship(restCtx)
		}
		return err
	})
	if err := rest.Wait(); err != nil {
		return flagged(err, a.cfg)
	}
	return s.join(ctx)
}

// join starts our own parts on the services that are up.
func (s *services) join(ctx context.Context) error {
	if err := s.stack.connect(ctx); err != nil {
		return err
	}
	working := s.board.part("workers")
	err := s.stack.work()
	working(&err)
	if err != nil {
		return err
	}
	serving, answering := s.board.part("inference"), s.board.part("http")
	s.stack.serve()
	err = s.stack.awaitReady(ctx)
	serving(&err)
	answering(&err)
	return err
}

// run waits for the end: of ctx, of while, or of a part that must not die.
func (s *services) run(ctx context.Context, while func(context.Context) error) error {
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if while != nil {
		go func() { done <- while(ctx) }()
	}
	select {
	case <-ctx.Done():
		s.app.say("\nending…")
		return nil
	case err := <-done:
		return err
	case err := <-s.stack.failed:
		return err
	case <-s.postgres.Done():
		return gristmill.Errorf(gristmill.Unavailable, "PostgreSQL died and could not be restarted; see %s", s.dir.join("postgres.log"))
	case <-s.s3.Done():
		return gristmill.Errorf(gristmill.Unavailable, "the S3 server died and could not be restarted; see %s", s.dir.join("s3.log"))
	}
}

// stop ends the parts in the reverse order of their start.
func (s *services) stop(ctx context.Context) {
	if s.stack != nil {
		s.stack.close(ctx)
	}
	if s.temporal != nil {
		s.temporal.Stop()
	}
	if s.s3 != nil {
		if err := s.s3.Stop(ctx); err != nil {
			s.log.Warn("stop s3", "error", err)
		}
	}
	if s.postgres != nil {
		if err := s.postgres.Stop(ctx); err != nil {
			s.log.Warn("stop postgres", "error", err)
		}
	}
	s.log.Info("ended")
}

// s3User is the access key of the private S3 server; its secret is made at the
// first start and kept in a file of mode 0600.
const s3User = "gristmill"

func (s *services) s3Key() (string, error) {
	file := s.dir.join("s3.secret")
	b, err := os.ReadFile(file)
	if err == nil && len(b) > 0 {
		return strings.TrimSpace(string(b)), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", unusable(s.dir.path, err)
	}
	var raw [24]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand ends the program instead
	key := hex.EncodeToString(raw[:])
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		return "", unusable(s.dir.path, err)
	}
	return key, nil
}

// identity names this process among all that work and serve.
func identity() string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), time.Now().UTC().Format("20060102T150405"))
}

// flagged names the flag of an address that a part could not listen on.
func flagged(err error, c Config) error {
	for _, f := range c.fields() {
		if strings.HasSuffix(f.key, "_addr") && strings.Contains(err.Error(), f.value()) && strings.Contains(err.Error(), "use") {
			return gristmill.Errorf(gristmill.Precondition, "--%s: %s", f.flag(), gristmill.Public(err))
		}
	}
	return err
}

// childName is the hidden command that runs the S3 server.
const childName = "internal-s3"

func (a *app) childCommand() *cobra.Command {
	return &cobra.Command{
		Use: childName, Hidden: true, Args: cobra.NoArgs,
		// It reads its orders from stdin and must not be disturbed by flags.
		PersistentPreRunE: func(*cobra.Command, []string) error { return nil },
		RunE:              func(cmd *cobra.Command, _ []string) error { return s3.ChildMain(cmd.Context(), a.in) },
	}
}
