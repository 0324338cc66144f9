package web

import (
	"errors"
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gristmill"
)

// Health answers /healthz.
type Health struct {
	Status string `json:"status"` // "ok"
}

func (s *server) health(*http.Request) (Health, error) { return Health{Status: "ok"}, nil }

func (s *server) ready(r *http.Request) (Health, error) {
	err := s.Ready(r.Context())
	if err == nil {
		return Health{Status: "ok"}, nil
	}
	out := gristmill.Hide(gristmill.Unavailable, err, "not ready")
	var own *gristmill.Error
	if errors.As(err, &own) {
		out.Problems = own.Problems
	}
	if len(out.Problems) == 0 {
		out.Problems = []gristmill.Problem{{Msg: gristmill.Public(err)}}
	}
	return Health{}, out
}

// Version answers /api/v1/version.
type Version struct {
	Version    string `json:"version"`
	Go         string `json:"go"`
	Project    string `json:"project"`
	TemporalUI string `json:"temporal_ui,omitempty"`
	Inference  string `json:"inference,omitempty"`
}

func (s *server) version(*http.Request) (Version, error) {
	return Version{Version: s.cfg.Version, Go: runtime.Version(), Project: s.cfg.Project,
		TemporalUI: s.cfg.TemporalUI, Inference: s.cfg.InferenceURL}, nil
}

func (s *server) promMetrics(w http.ResponseWriter, r *http.Request) error {
	promhttp.HandlerFor(s.Registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	return nil
}

func (s *server) openapi(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write(s.document)
	return ignoreGone(err)
}

// ignoreGone drops the error of a write to a caller that is gone: there is
// nobody to tell.
func ignoreGone(error) error { return nil }
