package worker_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"gristmill/worker"
)

// frontend is a Temporal that has no tasks, but three that wait on every queue.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer
	mu     sync.Mutex
	polls  map[string]bool // "workflow gristmill"
	polled chan struct{}   // a poll of a kind and queue for the first time
	hidden string          // a queue that is not described
}

func (f *frontend) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{}, nil
}

func (f *frontend) DescribeNamespace(context.Context, *workflowservice.DescribeNamespaceRequest) (*workflowservice.DescribeNamespaceResponse, error) {
	return &workflowservice.DescribeNamespaceResponse{}, nil
}

// wait notes a poll and waits until the worker gives it up.
func (f *frontend) wait(ctx context.Context, kind string, q *taskqueue.TaskQueue) {
	name := q.GetName()
	if q.GetNormalName() != "" {
		name = q.GetNormalName() // of a sticky queue
	}
	f.mu.Lock()
	if !f.polls[kind+" "+name] {
		f.polls[kind+" "+name] = true
		f.polled <- struct{}{}
	}
	f.mu.Unlock()
	<-ctx.Done()
}

func (f *frontend) PollWorkflowTaskQueue(ctx context.Context, r *workflowservice.PollWorkflowTaskQueueRequest) (*workflowservice.PollWorkflowTaskQueueResponse, error) {
	f.wait(ctx, "workflow", r.GetTaskQueue())
	return &workflowservice.PollWorkflowTaskQueueResponse{}, nil
}

func (f *frontend) PollActivityTaskQueue(ctx context.Context, r *workflowservice.PollActivityTaskQueueRequest) (*workflowservice.PollActivityTaskQueueResponse, error) {
	f.wait(ctx, "activity", r.GetTaskQueue())
	return &workflowservice.PollActivityTaskQueueResponse{}, nil
}

func (f *frontend) DescribeTaskQueue(_ context.Context, r *workflowservice.DescribeTaskQueueRequest) (*workflowservice.DescribeTaskQueueResponse, error) {
	if r.GetTaskQueue().GetName() == f.hidden {
		return nil, io.EOF
	}
	return &workflowservice.DescribeTaskQueueResponse{Stats: &taskqueue.TaskQueueStats{ApproximateBacklogCount: 3, ApproximateBacklogAge: durationpb.New(7 * time.Second)}}, nil
}

// serve starts the frontend and returns a client of it.
func serve(t *testing.T, f *frontend) client.Client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(s, f)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	c, err := client.DialContext(t.Context(), client.Options{HostPort: l.Addr().String(), Logger: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestAGroupPollsEveryQueueAndEnds(t *testing.T) {
	t.Parallel()
	f := &frontend{polls: map[string]bool{}, polled: make(chan struct{}, 16), hidden: "gristmill-gpu"}
	r := prometheus.NewRegistry()
	g, err := worker.New(serve(t, f), worker.Activities{}, worker.Config{Identity: "me", Stop: time.Second, Registry: r, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	want := []string{"activity gristmill", "activity gristmill-cpu", "activity gristmill-gpu", "workflow gristmill"}
	for range want {
		<-f.polled
	}
	g.Stop()
	f.mu.Lock()
	defer f.mu.Unlock()
	var got []string
	for p := range f.polls {
		got = append(got, p)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("polled %q, want %q", got, want)
	}
}

func TestAGroupThatCannotReachTemporalSaysSo(t *testing.T) {
	t.Parallel()
	f := &frontend{polls: map[string]bool{}, polled: make(chan struct{}, 16)}
	c := serve(t, f)
	c.Close()
	g, err := worker.New(c, worker.Activities{}, worker.Config{Identity: "me", Stop: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Start(); err == nil {
		t.Error("a group started on a closed connection")
	}
}

func TestTheDepthOfEveryQueueIsScraped(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	c := serve(t, &frontend{hidden: "gristmill-gpu"})
	if _, err := worker.New(c, worker.Activities{}, worker.Config{Identity: "me", Registry: r}); err != nil {
		t.Fatal(err)
	}
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var queue, kind string
			for _, l := range m.GetLabel() {
				switch l.GetName() {
				case "queue":
					queue = l.GetValue()
				case "type":
					kind = l.GetValue()
				}
			}
			seen[f.GetName()+" "+queue+" "+kind] = m.GetGauge().GetValue()
		}
	}
	for _, queue := range []string{"gristmill", "gristmill-cpu"} {
		for _, kind := range []string{"workflow", "activity"} {
			if n, age := seen["gristmill_queue_depth "+queue+" "+kind], seen["gristmill_queue_oldest_task_age_seconds "+queue+" "+kind]; n != 3 || age != 7 {
				t.Errorf("%s tasks on %s: %g, the oldest %g s old; want 3 and 7", kind, queue, n, age)
			}
		}
	}
	if len(seen) != 8 {
		t.Errorf("a queue that was not described is there: %v", seen)
	}
}
