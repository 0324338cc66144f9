//go:build !lean

package temporal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	// Gives Temporal its PostgreSQL drivers; schema.go names the plugin.
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/temporal"

	"gristmill"
	"gristmill/embedded/child"
)

// Config says where Temporal stores and listens.
type Config struct {
	PostgresAddr string // host:port of a PostgreSQL that has the databases temporal and temporal_visibility
	User         string // owner of both databases
	Password     string
	Addr         string       // IP:port of the frontend, e.g. "127.0.0.1:7233"
	UIAddr       string       // IP:port of the web UI, e.g. "127.0.0.1:8233"; "" means no UI
	Log          *slog.Logger // gets Temporal's warnings and errors; nil means none
}

// Server is a running Temporal with its UI.
type Server struct {
	temporal temporal.Server
	ui       *ui
	log      logger
	addr     string
	once     sync.Once
}

// startLimit is generous: a cold machine needs a tenth of it.
const startLimit = 60 * time.Second

// Start brings both databases to this program's schema, starts the server and
// the UI, and returns when the namespace default takes workflows. A busy port
// and a schema of a newer program are Preconditions.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	for _, a := range []struct{ what, addr string }{{"temporal", cfg.Addr}, {"temporal's UI", cfg.UIAddr}} {
		if a.addr == "" && a.addr == cfg.UIAddr {
			continue
		}
		if _, _, err := splitAddr(a.addr); err != nil {
			return nil, gristmill.Errorf(gristmill.Invalid, "%s: %q is no address of the form IP:port", a.what, a.addr)
		}
		if err := child.CheckFree(a.what, a.addr); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	s := &Server{log: newLogger(cfg.Log), addr: cfg.Addr}
	if err := upgrade(cfg, s.log); err != nil {
		return nil, err
	}
	if err := s.startServer(cfg); err != nil {
		return nil, err
	}
	if err := s.open(ctx, cfg); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// upgrade works on both databases at once and returns the first trouble: two
// databases of one server have the same.
func upgrade(cfg Config, log logger) error {
	visible := make(chan error, 1)
	go func() { visible <- visibilityDatabase().upgrade(cfg, log) }()
	err, other := mainDatabase().upgrade(cfg, log), <-visible
	if err != nil {
		return err
	}
	return other
}

// startServer starts the four services; where the server would end the process,
// it returns an error.
func (s *Server) startServer(cfg Config) (err error) {
	conf, hosts, err := serverConfig(cfg)
	if err != nil {
		return err
	}
	defer func() {
		switch p := recover().(type) {
		case nil:
		case fatal:
			err = gristmill.Hide(gristmill.Precondition, p, "temporal does not start at %s", cfg.Addr)
		default:
			panic(p)
		}
	}()
	s.temporal, err = temporal.NewServer(
		temporal.WithConfig(conf), temporal.ForServices(temporal.DefaultServices), temporal.WithStaticHosts(hosts),
		temporal.WithLogger(s.log), temporal.WithNamespaceLogger(s.log), temporal.WithDynamicConfigClient(dynamicConfig()),
	)
	if err != nil {
		return fmt.Errorf("make Temporal's server: %w", err)
	}
	if err := s.temporal.Start(); err != nil {
		return errors.Join(fmt.Errorf("start Temporal's server: %w", err), s.temporal.Stop())
	}
	return nil
}

// open makes the namespace usable while the UI starts.
func (s *Server) open(ctx context.Context, cfg Config) error {
	if cfg.UIAddr == "" {
		return openNamespace(ctx, cfg.Addr)
	}
	type started struct {
		ui  *ui
		err error
	}
	uis := make(chan started, 1)
	go func() {
		u, err := startUI(ctx, cfg.UIAddr, cfg.Addr, cfg.Log)
		uis <- started{u, err}
	}()
	err := openNamespace(ctx, cfg.Addr)
	r := <-uis
	s.ui = r.ui
	return errors.Join(err, r.err)
}

// Addr returns IP:port of the frontend, for Temporal's clients.
func (s *Server) Addr() string { return s.addr }

// Stop ends the UI and then the server: the frontend takes no more calls,
// running ones get a second, then the services end in the order of who needs
// whom. It may be called twice. Stop your workers before.
func (s *Server) Stop() {
	s.once.Do(func() {
		if s.ui != nil {
			s.ui.stop()
		}
		s.log.quiet.Store(true)
		if err := s.temporal.Stop(); err != nil {
			s.log.slog.Warn("Temporal's server did not stop in order", "error", err)
		}
	})
}
