package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	sdk "go.temporal.io/sdk/worker"

	"gristmill/worker"
)

// guarded is an environment for activities with the guard in it.
func guarded(t *testing.T, r prometheus.Registerer) *testsuite.TestActivityEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(sdk.Options{Interceptors: []interceptor.WorkerInterceptor{worker.NewGuard(r)}})
	return env
}

type output struct {
	Text string `json:"text"`
}

// says is an activity whose output takes n bytes of a history.
func says(_ context.Context, n int) (output, error) {
	return output{strings.Repeat("x", n-len(`{"text":""}`))}, nil
}

func TestTheGuardRefusesOutputsThatAreTooLargeForAHistory(t *testing.T) {
	t.Parallel()
	env := guarded(t, nil)
	env.RegisterActivityWithOptions(says, activity.RegisterOptions{Name: "Says"})
	if _, err := env.ExecuteActivity(says, worker.MaxPayload); err != nil {
		t.Errorf("an output of the most that is allowed: %v", err)
	}
	_, err := env.ExecuteActivity(says, worker.MaxPayload+1)
	var app *temporal.ApplicationError
	if !errors.As(err, &app) || !app.NonRetryable() {
		t.Fatalf("one byte more: %v", err)
	}
	if want := "the output of Says is 65537 bytes; a history takes at most 65536: store it and return its reference"; app.Message() != want {
		t.Errorf("message %q, want %q", app.Message(), want)
	}
}

// count reads a counter of attempts by its outcome.
func count(t *testing.T, r *prometheus.Registry, outcome string) (n float64) {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "gristmill_activity_attempts_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["activity"] == "" || labels["queue"] == "" {
				t.Errorf("labels %v", labels)
			}
			if labels["outcome"] == outcome {
				n += m.GetCounter().GetValue()
			}
		}
	}
	return n
}

func TestAttemptsAreCountedByOutcome(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	env := guarded(t, r)
	fails := func(context.Context) error { return errors.New("no") }
	stops := func(context.Context) error { return temporal.NewCanceledError() }
	for _, fn := range []any{says, fails, stops} {
		env.RegisterActivity(fn)
	}
	for _, n := range []int{100, 200, worker.MaxPayload + 1} {
		_, _ = env.ExecuteActivity(says, n) // outcomes are what is looked at
	}
	_, _ = env.ExecuteActivity(fails)
	_, _ = env.ExecuteActivity(stops)
	for outcome, want := range map[string]float64{"succeeded": 2, "failed": 2, "stopped": 1} {
		if got := count(t, r, outcome); got != want {
			t.Errorf("%s %g, want %g", outcome, got, want)
		}
	}
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "gristmill_activities_running" && m.GetGauge().GetValue() != 0 {
				t.Errorf("%v still runs", m)
			}
		}
	}
}

func TestANewGroupNeedsAnIdentity(t *testing.T) {
	t.Parallel()
	if _, err := worker.New(nil, worker.Activities{}, worker.Config{}); err == nil || err.Error() != "make workers: the identity is missing" {
		t.Errorf("error %v", err)
	}
}

// TestAGroupRegistersWithTheSDK finds names that the SDK refuses, on every queue.
func TestAGroupRegistersWithTheSDK(t *testing.T) {
	t.Parallel()
	c, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1", Logger: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := prometheus.NewRegistry()
	g, err := worker.New(c, worker.Activities{}, worker.Config{Identity: "me", Registry: r, Log: slog.New(slog.DiscardHandler)})
	if err != nil || g == nil {
		t.Fatal(err)
	}
	if _, err := worker.New(c, worker.Activities{}, worker.Config{Identity: "me", Queues: []string{"gristmill-gpu"}}); err != nil {
		t.Error(err)
	}
}

// quiet drops the SDK's log.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
