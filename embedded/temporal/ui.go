//go:build !lean

package temporal

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"

	"gristmill/embedded/child"
)

// ui is Temporal's web UI.
type ui struct {
	addr     string
	server   *server.Server
	ended    chan error
	stopping atomic.Bool
}

// startUI starts the UI and returns when it answers.
func startUI(ctx context.Context, addr, frontend string, log *slog.Logger) (u *ui, err error) {
	host, port, err := splitAddr(addr)
	if err != nil {
		return nil, err
	}
	// The UI ends the process when its port is busy, so look first.
	if err := child.CheckFree("temporal's UI", addr); err != nil {
		return nil, err
	}
	u = &ui{addr: addr, ended: make(chan error, 1)}
	if u.server, err = newUI(&config.Config{
		Host: host, Port: port, TemporalGRPCAddress: frontend, EnableUI: true, DefaultNamespace: Namespace,
		CORS:             config.CORS{CookieInsecure: true}, // plain HTTP on loopback
		DisableNewsFetch: true, HideLogs: true,
	}); err != nil {
		return nil, err
	}
	go u.serve(log)
	if err := u.ready(ctx, addr); err != nil {
		u.stop()
		return nil, err
	}
	return u, nil
}

// newUI turns the panics of the UI's constructor into errors.
func newUI(cfg *config.Config) (s *server.Server, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("make Temporal's UI: %v", p)
		}
	}()
	return server.NewServer(server_options.WithConfigProvider(cfg)), nil
}

func (u *ui) serve(log *slog.Logger) {
	defer close(u.ended)
	defer func() {
		if p := recover(); p != nil {
			u.ended <- fmt.Errorf("serve Temporal's UI: %v", p)
			if !u.stopping.Load() {
				log.Error("Temporal's UI has ended", "panic", p)
			}
		}
	}()
	if err := u.server.Start(); err != nil {
		u.ended <- fmt.Errorf("serve Temporal's UI: %w", err)
	}
}

func (u *ui) ready(ctx context.Context, addr string) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return retry(ctx, func() error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/healthz", nil)
		if err != nil {
			return fmt.Errorf("ask Temporal's UI: %w", err)
		}
		res, err := client.Do(req)
		if err != nil {
			return fmt.Errorf("ask Temporal's UI: %w", err)
		}
		_ = res.Body.Close() // of no interest
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("ask Temporal's UI: it answers %s", res.Status)
		}
		return nil
	})
}

// stop ends the UI; open pages are cut.
func (u *ui) stop() {
	u.stopping.Store(true)
	u.server.Stop()
	select {
	case <-u.ended:
	case <-time.After(5 * time.Second):
	}
}
