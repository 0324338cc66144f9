package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"gristmill/activities"
	"gristmill/pipeline"
	"gristmill/workflows"
)

// Activities are the hands that a process lends to the queues.
type Activities struct {
	Runs       *activities.Runs
	Dataset    *activities.Dataset
	Training   *activities.Training
	Registry   *activities.Registry
	Deployment *activities.Deployment
}

// Config are the settings of a Group; its zero value works every queue.
type Config struct {
	Queues   []string      // nil: every queue
	Identity string        // shown with every attempt; required
	Stop     time.Duration // how long a stopping worker waits for its activities; 0: 60 s
	CPU      int           // attempts at once on the cpu queue; 0: one a core
	Registry prometheus.Registerer
	Log      *slog.Logger
}

// Group is the workers of one process, one a queue.
type Group struct {
	workers []worker.Worker
}

// New makes the workers. It registers the metrics of the activities.
func New(c client.Client, a Activities, cfg Config) (*Group, error) {
	if cfg.Identity == "" {
		return nil, errors.New("make workers: the identity is missing")
	}
	if cfg.Stop == 0 {
		cfg.Stop = 60 * time.Second
	}
	if cfg.CPU == 0 {
		cfg.CPU = runtime.GOMAXPROCS(0)
	}
	if len(cfg.Queues) == 0 {
		cfg.Queues = []string{pipeline.QueueLight, pipeline.QueueCPU, pipeline.QueueGPU}
	}
	watch := newWatch(cfg.Registry)
	if cfg.Registry != nil {
		cfg.Registry.MustRegister(newDepth(c, cfg.Queues))
	}
	g := &Group{}
	for _, queue := range cfg.Queues {
		o := worker.Options{
			Identity:                         cfg.Identity,
			WorkerStopTimeout:                cfg.Stop,
			MaxHeartbeatThrottleInterval:     10 * time.Second,
			DisableRegistrationAliasing:      true,
			BackgroundActivityContext:        activities.WithWorker(context.Background(), cfg.Identity),
			Interceptors:                     []interceptor.WorkerInterceptor{newGuard(watch)},
			DisableWorkflowWorker:            queue != pipeline.QueueLight,
			MaxConcurrentActivityTaskPollers: 4,
		}
		o.MaxConcurrentActivityExecutionSize = lightAtOnce
		if queue != pipeline.QueueLight {
			o.MaxConcurrentActivityExecutionSize = cfg.CPU
			o.MaxConcurrentActivityTaskPollers = 2
		}
		w := worker.New(c, queue, o)
		if queue == pipeline.QueueLight {
			workflows.Register(w)
		}
		Register(w, a)
		g.workers = append(g.workers, w)
	}
	return g, nil
}

// lightAtOnce bounds the attempts at once on the light queue; some of them wait
// on a database connection of their own.
const lightAtOnce = 64

// Register registers every activity under its permanent name.
func Register(r worker.ActivityRegistry, a Activities) {
	add := func(name string, fn any) { r.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name}) }
	add("BeginRun", a.Runs.BeginRun)
	add("EndRun", a.Runs.EndRun)
	add("FetchData", a.Dataset.FetchData)
	add("FitTransform", a.Training.FitTransform)
	add("FitModel", a.Training.FitModel)
	add("FitFold", a.Training.FitFold)
	add("EvaluateModel", a.Training.EvaluateModel)
	add("RegisterVersion", a.Registry.RegisterVersion)
	add("ProposeVersion", a.Deployment.ProposeVersion)
	add("AwaitReady", a.Deployment.AwaitReady)
	add("AwaitServing", a.Deployment.AwaitServing)
	add("CommitVersion", a.Deployment.CommitVersion)
	add("AbortVersion", a.Deployment.AbortVersion)
	add("BeginStep", a.Deployment.BeginStep)
	add("EndStep", a.Deployment.EndStep)
}

// Start begins polling on every queue.
func (g *Group) Start() error {
	for i, w := range g.workers {
		if err := w.Start(); err != nil {
			for _, started := range g.workers[:i] {
				started.Stop()
			}
			return fmt.Errorf("start worker: %w", err)
		}
	}
	return nil
}

// Stop stops polling and waits for what runs, for at most the configured time.
func (g *Group) Stop() {
	done := make(chan struct{})
	for _, w := range g.workers {
		go func() { w.Stop(); done <- struct{}{} }()
	}
	for range g.workers {
		<-done
	}
}
