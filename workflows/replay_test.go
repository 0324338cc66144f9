package workflows_test

import (
	"encoding/json"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"gristmill/worker"
	"gristmill/workflows"
)

// histories returns the recorded histories by file: all that were ever
// recorded, each by the version of the program that wrote it.
func histories(t *testing.T) map[string]*history.History {
	t.Helper()
	all := map[string]*history.History{}
	err := filepath.WalkDir(filepath.Join("testdata", "history"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		all[path], err = client.HistoryFromJSON(open(t, path), client.HistoryJSONOptions{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// replay replays a history on our workflows, with what laid over them.
func replay(t *testing.T, h *history.History, over ...interceptor.WorkerInterceptor) error {
	t.Helper()
	r, err := sdk.NewWorkflowReplayerWithOptions(sdk.WorkflowReplayerOptions{DisableRegistrationAliasing: true, Interceptors: over})
	if err != nil {
		t.Fatal(err)
	}
	workflows.Register(r)
	return r.ReplayWorkflowHistory(quiet{}, h)
}

func TestReplay(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for file, h := range histories(t) {
		seen[strings.TrimSuffix(filepath.Base(file), ".json")] = true
		t.Run(filepath.ToSlash(file), func(t *testing.T) {
			t.Parallel()
			if err := replay(t, h); err != nil {
				t.Errorf("a recorded history does not replay; keep the old path behind workflow.GetVersion, never record it again: %v", err)
			}
		})
	}
	// The first recording; later ones add to it.
	for _, name := range []string{"train-succeeded", "train-again", "train-rejected", "train-failed", "train-invalid", "train-unknown-pipeline",
		"train-not-deployed", "train-canceled", "train-canceled-late", "train-regression", "train-cross-validated", "train-card-incomplete", "promote-committed", "promote-canceled", "promote-rollback", "promote-forward", "promote-unknown-version"} {
		if !seen[name] {
			t.Errorf("the history %s is gone", name)
		}
	}
}

// skip leaves one activity out of a workflow: the change that replay is to find.
type skip struct {
	interceptor.WorkerInterceptorBase
	activity string
}

func (s *skip) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	i := &skipIn{activity: s.activity}
	i.Next = next
	return i
}

type skipIn struct {
	interceptor.WorkflowInboundInterceptorBase
	activity string
}

func (i *skipIn) Init(out interceptor.WorkflowOutboundInterceptor) error {
	o := &skipOut{activity: i.activity}
	o.Next = out
	return i.Next.Init(o)
}

type skipOut struct {
	interceptor.WorkflowOutboundInterceptorBase
	activity string
}

func (o *skipOut) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	if name != o.activity {
		return o.Next.ExecuteActivity(ctx, name, args...)
	}
	done, settle := workflow.NewFuture(ctx)
	settle.Set(nil, nil)
	return done
}

func TestReplayFindsAChangedWorkflow(t *testing.T) {
	t.Parallel()
	all := histories(t)
	first := filepath.Join("testdata", "history", "0.1.0")
	for _, c := range []struct{ history, activity string }{
		{"train-succeeded.json", "FitTransform"}, {"train-rejected.json", "EvaluateModel"}, {"train-failed.json", "FetchData"},
		{"train-canceled.json", "EndRun"}, {"promote-committed.json", "AwaitReady"}, {"promote-rollback.json", "CommitVersion"},
	} {
		h := all[filepath.Join(first, c.history)]
		if h == nil {
			t.Errorf("no history %s", c.history)
			continue
		}
		if err := replay(t, h, &skip{activity: c.activity}); err == nil {
			t.Errorf("%s replays on a workflow without %s", c.history, c.activity)
		}
	}
}

// credential is what no history may hold.
var credential = regexp.MustCompile(`(?i)password|passwd=|secret_?access|secret_?key|access_?key|bearer |authorization|postgres(ql)?://|aws_|BEGIN [A-Z ]*PRIVATE KEY|"token"|AKIA[0-9A-Z]{12}`)

// reference is the one form in which a credential may be named.
var reference = regexp.MustCompile(`secret://[A-Za-z0-9_.-]+`)

// unfit returns what is wrong with a payload of a history.
func unfit(p *common.Payload) string {
	if len(p.GetData()) > worker.MaxPayload {
		return "is larger than a history takes"
	}
	text := reference.ReplaceAllString(string(p.GetData()), "")
	if found := credential.FindString(text); found != "" {
		return "holds what looks like a credential: " + found
	}
	if strings.Contains(text, "secret://") {
		return "holds a malformed reference to a secret"
	}
	return ""
}

func TestHistoriesHoldNoDataAndNoCredential(t *testing.T) {
	t.Parallel()
	payloads := 0
	for file, h := range histories(t) {
		for _, e := range h.GetEvents() {
			err := proxy.VisitPayloads(t.Context(), e, proxy.VisitPayloadsOptions{Visitor: func(_ *proxy.VisitPayloadsContext, list []*common.Payload) ([]*common.Payload, error) {
				for _, p := range list {
					payloads++
					if problem := unfit(p); problem != "" {
						t.Errorf("%s, event %d: a payload %s", file, e.GetEventId(), problem)
					}
				}
				return list, nil
			}})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if payloads < 100 {
		t.Errorf("only %d payloads were looked at", payloads)
	}
	for _, bad := range []string{`{"dsn":"postgres://u:p@h/d"}`, `{"secret_access_key":"x"}`, `{"k":"AKIAABCDEFGHIJKL"}`, `"secret://"`, strings.Repeat("x", worker.MaxPayload+1)} {
		if unfit(&common.Payload{Data: []byte(bad)}) == "" {
			t.Errorf("%.40s passes", bad)
		}
	}
	if problem := unfit(&common.Payload{Data: []byte(`{"dsn":"secret://WAREHOUSE"}`)}); problem != "" {
		t.Errorf("a reference to a secret %s", problem)
	}
}

func TestRecordedRunsTellWhatTheyRecorded(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		end        enums.EventType
		text       string
		activities []string // some that ran
		never      []string
	}{
		"train-succeeded":    {enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, `"status":"succeeded"`, []string{"RegisterVersion", "EndStep"}, nil},
		"train-rejected":     {enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, `"status":"rejected"`, []string{"EvaluateModel", "EndRun"}, []string{"RegisterVersion", "BeginStep"}},
		"train-failed":       {enums.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED, `no_such_column`, []string{"EndRun"}, []string{"FitModel"}},
		"train-invalid":      {enums.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED, `train.l3`, []string{"BeginRun"}, []string{"EndRun"}},
		"train-canceled":     {enums.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED, "", []string{"EndRun"}, []string{"FitTransform"}},
		"train-not-deployed": {enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, `"deployed":false`, []string{"RegisterVersion", "EndRun"}, []string{"BeginStep"}},
		"promote-canceled":   {enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, `"message":"canceled"`, []string{"AbortVersion"}, []string{"CommitVersion"}},
		"promote-rollback":   {enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, `"deployed":true`, []string{"CommitVersion"}, []string{"AbortVersion"}},
	} {
		h, err := client.HistoryFromJSON(open(t, filepath.Join("testdata", "history", "0.1.0", name+".json")), client.HistoryJSONOptions{})
		if err != nil {
			t.Fatal(err)
		}
		last := h.GetEvents()[len(h.GetEvents())-1]
		text, err := json.Marshal(last)
		if err != nil {
			t.Fatal(err)
		}
		if last.GetEventType() != want.end {
			t.Errorf("%s ends with %s, want %s: %.300s", name, last.GetEventType(), want.end, text)
		}
		said := false
		err = proxy.VisitPayloads(t.Context(), last, proxy.VisitPayloadsOptions{Visitor: func(_ *proxy.VisitPayloadsContext, list []*common.Payload) ([]*common.Payload, error) {
			for _, p := range list {
				said = said || strings.Contains(string(p.GetData()), want.text)
			}
			return list, nil
		}})
		if err != nil || !said && want.text != "" {
			t.Errorf("%s does not end with %s (%v)", name, want.text, err)
		}
		var ran []string
		for _, e := range h.GetEvents() {
			if a := e.GetActivityTaskScheduledEventAttributes(); a != nil {
				ran = append(ran, a.GetActivityType().GetName())
			}
		}
		for _, a := range want.activities {
			if !slices.Contains(ran, a) {
				t.Errorf("%s: %s did not run: %v", name, a, ran)
			}
		}
		for _, a := range want.never {
			if slices.Contains(ran, a) {
				t.Errorf("%s: %s ran: %v", name, a, ran)
			}
		}
	}
}
