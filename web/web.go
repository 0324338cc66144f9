package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gristmill"
	"gristmill/dataset"
	"gristmill/pipeline"
	"gristmill/registry"
	"gristmill/serving"
	"gristmill/tracking"
)

// Deps are the rooms behind the doors. All but Ready, Registry and Log are
// required.
type Deps struct {
	Runs        tracking.Store
	Versions    registry.Store
	Deployments serving.Store
	Pipelines   pipeline.Store
	Datasets    dataset.Store
	Blobs       Blobs
	Work        Work
	Checker     Checker

	// Ready says why the server cannot do its work yet: each Problem of its
	// error is a reason. nil is always ready.
	Ready func(ctx context.Context) error
	// Registry takes the doors' metrics and is what /metrics shows; nil makes
	// a private one.
	Registry *prometheus.Registry
	Log      *slog.Logger // nil logs nothing
}

// Blobs are the stored bytes that the doors read and take in.
type Blobs interface {
	// Open opens bytes by their digest; NotFound if they are not stored.
	Open(ctx context.Context, digest gristmill.Digest) (io.ReadCloser, error)
	// OpenAt opens the object under a key; a run's artifacts have readable ones.
	OpenAt(ctx context.Context, key string) (io.ReadCloser, error)
	// Put stores bytes under their digest; the same bytes again change nothing.
	Put(ctx context.Context, r io.Reader, mediaType string) (gristmill.Ref, error)
}

// Work starts and follows workflows; workflows.Starter is the real one.
type Work interface {
	// Train starts a run and returns its workflow's ID. workflowID "" makes
	// "train/<pipeline>/<random>"; one that runs already is a Conflict.
	Train(ctx context.Context, req pipeline.Request, workflowID string) (id string, err error)
	// TrainResult waits until the workflow is done or ctx ends.
	TrainResult(ctx context.Context, workflowID string) (res *pipeline.Result, done bool, err error)
	// Cancel asks the workflow to end.
	Cancel(ctx context.Context, workflowID string) error
	// Promote starts a promotion and waits for its end.
	Promote(ctx context.Context, req pipeline.PromoteRequest) (pipeline.PromoteResult, error)
}

// Checker says what a spec would run, without running it.
type Checker interface {
	Check(ctx context.Context, version pipeline.Version, set map[string]any) (pipeline.Report, error)
}

// Config are the doors' settings; its zero value serves on loopback.
type Config struct {
	Project      string   // "" means gristmill.DefaultProject
	Version      string   // of this build; "" means "dev"
	Token        string   // the bearer token that every route but the open ones wants; "" wants none
	Hosts        []string // Host names, without port, that are answered on loopback beside loopback's own
	TemporalUI   string   // base URL of Temporal's UI, for links; "" makes none
	InferenceURL string   // base URL of the inference server, for the pages' examples
	MaxUpload    int64    // bytes of an uploaded dataset; 0 means 2 GiB
	MaxBody      int64    // bytes of any other body; 0 means 4 MiB
	// Poll is how often a long poll looks at the store; 0 means 200 ms.
	Poll time.Duration
}

const (
	defaultMaxUpload = 2 << 30
	defaultMaxBody   = 4 << 20
	defaultPoll      = 200 * time.Millisecond
	maxWait          = 60 * time.Second
)

type server struct {
	Deps
	cfg      Config
	started  time.Time
	routes   []route
	byRoute  map[string]*route // by pattern, with its method
	mux      *http.ServeMux
	pages    *pages
	document []byte // openapi.json
	cross    *http.CrossOriginProtection
	metrics  *accessMetrics
	now      func() time.Time
}

// New returns the handler of every door.
func New(d Deps, cfg Config) http.Handler { return newServer(d, cfg) }

func newServer(d Deps, cfg Config) *server {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Registry == nil {
		d.Registry = prometheus.NewRegistry()
	}
	if d.Ready == nil {
		d.Ready = func(context.Context) error { return nil }
	}
	if cfg.Project == "" {
		cfg.Project = gristmill.DefaultProject
	}
	if cfg.Version == "" {
		cfg.Version = "dev"
	}
	if cfg.MaxUpload <= 0 {
		cfg.MaxUpload = defaultMaxUpload
	}
	if cfg.MaxBody <= 0 {
		cfg.MaxBody = defaultMaxBody
	}
	if cfg.Poll <= 0 {
		cfg.Poll = defaultPoll
	}
	s := &server{
		Deps: d, cfg: cfg, now: time.Now, started: time.Now(),
		mux: http.NewServeMux(), byRoute: map[string]*route{},
		cross: http.NewCrossOriginProtection(), metrics: newAccessMetrics(d.Registry),
	}
	s.pages = newPages(cfg)
	s.routes = routes()
	for i := range s.routes {
		rt := &s.routes[i]
		s.byRoute[rt.pattern()] = rt
		s.mux.Handle(rt.pattern(), s.serve(rt))
	}
	s.document = openAPI(s.routes, cfg.Version)
	return s
}

// NewHTTPServer returns a server for h with the time limits that these doors
// need: headers must come soon, answers may take long (long polls, downloads).
func NewHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
