//go:build record

package workflows_test

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/workflows"
)

// How histories are recorded: start a stack (gristmill up), then
//
//	go test -tags record -run TestRecord ./workflows -args -temporal 127.0.0.1:7233 -release 0.2.0
//
// It is done when a workflow first lands and at each release, into a directory
// of its own. A file that is there is never written again: a change that cannot
// replay it needs a version marker (workflow.GetVersion), not another recording.
var (
	address = flag.String("temporal", "127.0.0.1:7233", "address of the Temporal of a running stack")
	release = flag.String("release", "", "version of the program that runs there: the directory to record into")
)

func TestRecord(t *testing.T) {
	if *release == "" {
		t.Fatal("-release is missing")
	}
	dir := filepath.Join("testdata", "history", *release)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c, err := client.Dial(client.Options{HostPort: *address, Logger: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := &recorder{t: t, c: c, dir: dir}

	churn := func(set map[string]any) pipeline.Request { return pipeline.Request{Pipeline: "churn", Set: set} }
	first := r.train("train-succeeded", churn(nil))
	r.history("promote-committed", "promote/churn/"+version(first))
	second := r.train("train-again", churn(map[string]any{"train.l2": 2}))
	r.train("train-rejected", churn(map[string]any{"evaluate.gates.test_roc_auc": "> 0.99"}))
	r.train("train-failed", churn(map[string]any{"data.target": "no_such_column"}))
	r.train("train-invalid", churn(map[string]any{"train.l3": 1}))
	r.train("train-unknown-pipeline", pipeline.Request{Pipeline: "no-such-pipeline"})
	r.train("train-not-deployed", churn(map[string]any{"deploy": false}))
	r.cancel("train-canceled", workflows.TrainName, churn(map[string]any{"train.seed": 7}), "FetchData")
	r.cancel("train-canceled-late", workflows.TrainName, churn(map[string]any{"train.seed": 8}), "EvaluateModel")
	r.promote("promote-rollback", first)
	r.promote("promote-forward", second)
	r.cancel("promote-canceled", workflows.PromoteName, pipeline.PromoteRequest{Model: first.Name, Version: first.Version}, "ProposeVersion")
	r.promote("promote-unknown-version", &pipeline.ModelRef{Name: "churn", Version: 1 << 20})
	r.train("train-regression", pipeline.Request{Pipeline: "housing"})
	r.train("train-cross-validated", churn(map[string]any{"train.cv": map[string]any{"folds": 3}}))
	r.train("train-card-incomplete", churn(map[string]any{"register.card": map[string]any{"required": []string{"owner"}}}))
}

type recorder struct {
	t   *testing.T
	c   client.Client
	dir string
}

func (r *recorder) start(workflow string, arg any) client.WorkflowRun {
	r.t.Helper()
	ctx, stop := context.WithTimeout(r.t.Context(), 2*time.Minute)
	defer stop()
	run, err := r.c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "record/" + gristmill.NewID()[:12], TaskQueue: pipeline.QueueLight}, workflow, arg)
	if err != nil {
		r.t.Fatal(err)
	}
	return run
}

func (r *recorder) train(name string, req pipeline.Request) *pipeline.ModelRef {
	r.t.Helper()
	run := r.start(workflows.TrainName, req)
	var res pipeline.Result
	err := run.Get(r.t.Context(), &res)
	r.t.Logf("%s: %s %s %v", name, res.Status, res.Message, err)
	r.history(name, run.GetID())
	return res.Model
}

func (r *recorder) promote(name string, v *pipeline.ModelRef) {
	r.t.Helper()
	run := r.start(workflows.PromoteName, pipeline.PromoteRequest{Model: v.Name, Version: v.Version, Reason: "rollback"})
	var res pipeline.PromoteResult
	err := run.Get(r.t.Context(), &res)
	r.t.Logf("%s: %+v %v", name, res, err)
	r.history(name, run.GetID())
}

// cancel cancels a workflow once the activity is scheduled.
func (r *recorder) cancel(name, workflow string, arg any, during string) {
	r.t.Helper()
	run := r.start(workflow, arg)
	for events := r.c.GetWorkflowHistory(r.t.Context(), run.GetID(), "", true, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		e, err := events.Next()
		if err != nil {
			r.t.Fatal(err)
		}
		if e.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == during {
			if err := r.c.CancelWorkflow(r.t.Context(), run.GetID(), ""); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	r.history(name, run.GetID())
}

// machine is what a history says of the machine that it was recorded on: the
// identities of its workers, and its name in those of sticky queues.
var (
	machine = regexp.MustCompile(`"(identity|workerInstanceKey)":\s*"[^"]*"`)
	sticky  = regexp.MustCompile(`"[^":/]+:([0-9a-f]{8}-[0-9a-f-]{27})"`)
)

// history downloads a history once.
func (r *recorder) history(name, id string) {
	r.t.Helper()
	file := filepath.Join(r.dir, name+".json")
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		r.t.Logf("%s is there and stays", file)
		return
	}
	h := &history.History{}
	for events := r.c.GetWorkflowHistory(r.t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		e, err := events.Next()
		if err != nil {
			r.t.Fatal(err)
		}
		h.Events = append(h.Events, e)
	}
	text, err := protojson.MarshalOptions{}.Marshal(h)
	if err != nil {
		r.t.Fatal(err)
	}
	text = sticky.ReplaceAll(machine.ReplaceAll(text, []byte(`"$1":"recorder"`)), []byte(`"recorder:$1"`))
	if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func version(m *pipeline.ModelRef) string {
	if m == nil {
		return "?"
	}
	return text(m.Version)
}
