package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"gristmill"
)

// MaxPayload is the most that one activity may put into a history: histories
// carry references, never data.
const MaxPayload = 64 << 10

// watch is what the workers count.
type watch struct {
	attempts *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	running  *prometheus.GaugeVec
}

func newWatch(r prometheus.Registerer) *watch {
	w := &watch{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "gristmill_activity_attempts_total", Help: "Attempts at activities by outcome."}, []string{"activity", "queue", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "gristmill_activity_duration_seconds", Help: "Duration of attempts at activities.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200}}, []string{"activity", "queue"}),
		running: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "gristmill_activities_running", Help: "Attempts at activities that run now."}, []string{"activity", "queue"}),
	}
	if r != nil {
		r.MustRegister(w.attempts, w.seconds, w.running)
	}
	return w
}

// guard refuses outputs that are too large for a history, turns panics into
// errors by the SDK's own means, and counts attempts.
type guard struct {
	interceptor.WorkerInterceptorBase
	watch *watch
}

func newGuard(w *watch) *guard { return &guard{watch: w} }

// InterceptActivity wraps every activity.
func (g *guard) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &guarded{watch: g.watch}
	i.Next = next
	return i
}

type guarded struct {
	interceptor.ActivityInboundInterceptorBase
	watch *watch
}

// ExecuteActivity runs one attempt.
func (g *guarded) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	name, queue := info.ActivityType.Name, info.TaskQueue
	running := g.watch.running.WithLabelValues(name, queue)
	running.Inc()
	defer running.Dec()
	began := time.Now()
	out, err := g.Next.ExecuteActivity(ctx, in)
	if err == nil {
		err = checkSize(name, out)
	}
	g.watch.seconds.WithLabelValues(name, queue).Observe(time.Since(began).Seconds())
	outcome := "succeeded"
	switch {
	case temporal.IsCanceledError(err) || ctx.Err() != nil:
		outcome = "stopped"
	case err != nil:
		outcome = "failed"
	}
	g.watch.attempts.WithLabelValues(name, queue, outcome).Inc()
	return out, err
}

func checkSize(name string, out any) error {
	b, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("encode output of %s: %w", name, err)
	}
	if len(b) > MaxPayload {
		return temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("the output of %s is %d bytes; a history takes at most %d: store it and return its reference", name, len(b), MaxPayload), string(gristmill.Internal), nil)
	}
	return nil
}
