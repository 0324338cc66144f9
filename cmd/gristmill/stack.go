package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"gristmill"
	"gristmill/activities"
	"gristmill/dataset"
	"gristmill/dataset/remote"
	"gristmill/pipeline"
	"gristmill/registry"
	"gristmill/serving"
	"gristmill/store/blob"
	"gristmill/store/postgres"
	"gristmill/tracking"
	"gristmill/web"
	"gristmill/web/inference"
	"gristmill/worker"
	"gristmill/workflows"
)

// outside says where the services that a stack is wired to are.
type outside struct {
	DSN         string // of the database gristmill
	Temporal    string // host:port
	S3          blob.S3Config
	TemporalUI  string // base URL, for links
	Version     string
	Token       string
	AllowPath   []string
	DataDir     string // never a source of data
	Identity    string
	Log         *slog.Logger
	WorkerDrain time.Duration
}

// stack is our own part of a running system: stores, doors and workers.
type stack struct {
	o        outside
	cfg      Config
	db       *postgres.DB
	blobs    *blob.Store
	temporal client.Client
	host     *serving.Host
	workers  *worker.Group
	registry *prometheus.Registry
	servers  []*http.Server
	stopHost context.CancelFunc
	polls    context.Context // of requests that wait for something; ends first
	endPolls context.CancelFunc
	hostDone chan struct{}
	failed   chan error // a server that died

	runs        tracking.Store
	versions    registry.Store
	deployments serving.Store
	pipelines   pipeline.Store
	datasets    dataset.Store
	sources     dataset.Sources
}

// openStack opens the stores: the database must answer, and is migrated.
func openStack(ctx context.Context, cfg Config, o outside) (*stack, error) {
	db, err := postgres.Open(ctx, postgres.Config{DSN: o.DSN})
	if err != nil {
		return nil, err
	}
	s := &stack{o: o, cfg: cfg, db: db, failed: make(chan error, 4), registry: prometheus.NewRegistry()}
	s.polls, s.endPolls = context.WithCancel(context.Background())
	if err := db.Migrate(ctx); err != nil {
		s.db.Close()
		return nil, err
	}
	s.runs, s.versions, s.deployments = postgres.NewRuns(db), postgres.NewVersions(db), postgres.NewDeployments(db)
	s.pipelines, s.datasets = postgres.NewPipelines(db), postgres.NewDatasets(db)
	if s.blobs, err = blob.NewS3(ctx, o.S3); err != nil {
		s.db.Close()
		return nil, err
	}
	files, err := dataset.NewFiles(o.AllowPath, o.DataDir)
	if err != nil {
		s.db.Close()
		return nil, err
	}
	var allowed []string
	if cfg.AllowURL != "" {
		allowed = strings.Split(cfg.AllowURL, ",")
	}
	reach, err := remote.NewReach(allowed)
	if err != nil {
		s.db.Close()
		return nil, err
	}
	s.sources = dataset.Sources{dataset.FromSample: dataset.Samples{}, dataset.FromFile: files, dataset.FromStore: dataset.Stored{Blobs: s.blobs},
		dataset.FromHTTP: remote.NewHTTP(reach, cfg.sourceSecret, remote.HTTPConfig{}), dataset.FromS3: blob.NewSource(reach, cfg.sourceSecret, blob.SourceConfig{Own: o.S3}),
		dataset.FromPostgres: postgres.NewSource(cfg.sourceSecret, postgres.SourceConfig{})}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "gristmill_build_info", Help: "1, with the version of this program."}, []string{"version"})
	info.WithLabelValues(o.Version).Set(1)
	s.registry.MustRegister(info)
	return s, nil
}

// connect dials Temporal, which must be up.
func (s *stack) connect(ctx context.Context) error {
	c, err := client.DialContext(ctx, client.Options{HostPort: s.o.Temporal, Identity: s.o.Identity, Logger: sdklog.NewStructuredLogger(s.o.Log)})
	if err != nil {
		return gristmill.Hide(gristmill.Unavailable, err, "Temporal at %s does not answer", s.o.Temporal)
	}
	s.temporal = c
	return nil
}

// work starts the workers of every queue.
func (s *stack) work() error {
	log := s.o.Log
	group, err := worker.New(s.temporal, worker.Activities{
		Runs:       &activities.Runs{Tracking: s.runs, Pipelines: s.pipelines, Blobs: s.blobs, Version: s.o.Version},
		Dataset:    &activities.Dataset{Tracking: s.runs, Datasets: s.datasets, Blobs: s.blobs, Sources: s.sources, Log: log},
		Training:   &activities.Training{Tracking: s.runs, Blobs: s.blobs, Version: s.o.Version, Log: log},
		Registry:   &activities.Registry{Tracking: s.runs, Versions: s.versions, Blobs: s.blobs, Version: s.o.Version, Log: log},
		Deployment: &activities.Deployment{Tracking: s.runs, Versions: s.versions, Serving: s.deployments, Packages: packages{s.blobs}, Log: log},
	}, worker.Config{Identity: s.o.Identity, Stop: s.o.WorkerDrain, Registry: s.registry, Log: s.o.Log})
	if err != nil {
		return err
	}
	if err := group.Start(); err != nil {
		return err
	}
	s.workers = group
	s.listen("worker", s.cfg.WorkerAddr, s.workerHandler())
	return nil
}

// workerHandler answers for the health and the metrics of the workers.
func (s *stack) workerHandler() http.Handler {
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }
	mux.HandleFunc("GET /healthz", ok)
	mux.HandleFunc("GET /readyz", ok) // it listens once its workers poll
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	return mux
}

// serve starts the inference host and the two HTTP servers.
func (s *stack) serve() {
	ctx, stop := context.WithCancel(context.Background())
	s.stopHost, s.hostDone = stop, make(chan struct{})
	s.host = serving.NewHost(s.deployments, packages{s.blobs}, s.o.Identity, serving.HostConfig{Observe: inference.LogEvents(s.o.Log)})
	go func() {
		defer close(s.hostDone)
		if err := s.host.Run(ctx); err != nil {
			s.fail(err)
		}
	}()
	s.listen("inference", s.cfg.InferenceAddr, inference.New(s.host, inference.Config{
		Version: s.o.Version, Token: s.o.Token, Registry: s.registry, Log: s.o.Log}))
	s.listen("http", s.cfg.HTTPAddr, web.New(web.Deps{
		Runs: s.runs, Versions: s.versions, Deployments: s.deployments, Pipelines: s.pipelines, Datasets: s.datasets,
		Blobs: s.blobs, Work: &workflows.Starter{Client: s.temporal, Runs: s.runs}, Checker: &checker{s.sources},
		Ready: s.ready, Registry: s.registry, Log: s.o.Log,
	}, web.Config{Version: s.o.Version, Token: s.o.Token, TemporalUI: s.o.TemporalUI, InferenceURL: "http://" + s.cfg.InferenceAddr}))
}

// ready says whether every part is up and every deployed model is loaded.
func (s *stack) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	problems := s.services(ctx)
	if err := s.host.Ready(); err != nil {
		problems = append(problems, missing("serving", err))
	}
	return gristmill.Problems("not ready", problems)
}

// services says which of the services that everything stands on do not answer.
func (s *stack) services(ctx context.Context) (problems []gristmill.Problem) {
	if _, err := s.deployments.ListDeployments(ctx, gristmill.DefaultProject); err != nil {
		problems = append(problems, missing("postgres", err))
	}
	if _, err := s.temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		problems = append(problems, missing("temporal", gristmill.Hide(gristmill.Unavailable, err, "does not answer")))
	}
	if err := s.blobs.Check(ctx); err != nil {
		problems = append(problems, missing("s3", err))
	}
	return problems
}

func missing(what string, err error) gristmill.Problem {
	return gristmill.Problem{Path: what, Msg: what + ": " + gristmill.Public(err)}
}

// settled says whether the services answer and every deployed model is loaded or
// cannot be.
func (s *stack) settled(ctx context.Context) bool {
	models := s.host.Models()
	for _, m := range models {
		if m.Traffic == nil && m.Err == nil {
			return false
		}
	}
	return len(models) > 0 && len(s.services(ctx)) == 0
}

// listen starts a server; a failure to listen is reported like a server's death.
func (s *stack) listen(what, addr string, h http.Handler) {
	srv := web.NewHTTPServer(h, s.o.Log)
	if what == "http" { // a prediction in flight is finished; a long poll is not waited for
		srv.BaseContext = func(net.Listener) context.Context { return s.polls }
	}
	s.servers = append(s.servers, srv)
	l, err := net.Listen("tcp", addr)
	if err != nil {
		s.fail(gristmill.Hide(gristmill.Precondition, err, "%s: cannot listen on %s", what, addr))
		return
	}
	go func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.fail(fmt.Errorf("serve %s: %w", what, err))
		}
	}()
}

func (s *stack) fail(err error) {
	select {
	case s.failed <- err:
	default:
		s.o.Log.Error("part failed", "error", err)
	}
}

// close ends everything in the reverse order of its start: no new requests,
// then the workers (what runs goes back to its queue), then the stores.
func (s *stack) close(ctx context.Context) {
	s.endPolls()
	limited, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for _, srv := range s.servers {
		all.Go(func() {
			if err := srv.Shutdown(limited); err != nil {
				_ = srv.Close() // what has not ended by now is cut off
			}
		})
	}
	all.Wait()
	if s.stopHost != nil {
		s.stopHost()
		<-s.hostDone
	}
	if s.workers != nil {
		s.workers.Stop()
	}
	if s.temporal != nil {
		s.temporal.Close()
	}
	s.db.Close()
}

// ship applies the pipelines that come with the program, unless a user has
// applied a pipeline of the same name.
func (s *stack) ship(ctx context.Context) error {
	for _, text := range pipeline.Shipped() {
		v, err := pipeline.Applied(gristmill.DefaultProject, text, shippedBy, time.Now())
		if err != nil {
			return fmt.Errorf("read shipped pipeline: %w", err)
		}
		current, err := s.pipelines.Pipeline(ctx, v.Project, v.Name, "")
		if gristmill.KindOf(err) != gristmill.NotFound && err != nil {
			return err
		}
		if err == nil && (current.AppliedBy != shippedBy || current.Digest == v.Digest) {
			continue
		}
		if _, err := s.pipelines.Apply(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

// shippedBy marks the pipelines that come with the program.
const shippedBy = "gristmill"

// awaitReady waits until every part of the stack is ready. A model that cannot
// be loaded does not keep the stack down: its requests are refused by name.
func (s *stack) awaitReady(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(30 * time.Second)
	defer limit.Stop()
	for {
		err := s.ready(ctx)
		if err == nil || s.settled(ctx) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			s.o.Log.Error("not ready", "error", err)
			return nil
		case err := <-s.failed:
			return err
		case <-tick.C:
		}
	}
}

// packages reads packed models by their digest.
type packages struct{ blobs *blob.Store }

// maxPackage bounds the memory that one packed model may take.
const maxPackage = 4 << 30

// Package returns the bytes that the digest names.
func (p packages) Package(ctx context.Context, d gristmill.Digest) ([]byte, error) {
	return p.blobs.Get(ctx, d, maxPackage)
}

// allowedPaths is where absolute paths of specs may lie: what was given, else
// the working directory, but never the root.
func allowedPaths(cfg Config) ([]string, error) {
	if cfg.AllowPath == "" {
		dir, err := os.Getwd()
		if err != nil {
			return nil, fmt.Errorf("find working directory: %w", err)
		}
		if filepath.Dir(dir) == dir {
			return nil, nil // the root itself allows nothing
		}
		return []string{dir}, nil
	}
	var roots []string
	for _, p := range filepath.SplitList(cfg.AllowPath) {
		abs, err := filepath.Abs(strings.TrimSpace(p))
		if err != nil || filepath.Dir(abs) == abs {
			return nil, usageError{fmt.Errorf("--allow-path: %q is not a directory that may be allowed", p)}
		}
		roots = append(roots, abs)
	}
	return roots, nil
}
