package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/profile"
	"gristmill/ml/frame"
	"gristmill/pipeline"
	"gristmill/registry"
	"gristmill/serving"
	"gristmill/store/blob"
	"gristmill/store/postgres"
	"gristmill/store/postgres/postgrestest"
	"gristmill/tracking"
)

// spec is a small valid spec.
const spec = `name: churn
data: {source: "sample:telco_churn", target: churn, positive: "Yes"}
train: {algorithm: logistic, l2: 1.0}
`

// fakeWork is the workflow door without Temporal.
type fakeWork struct {
	mu       sync.Mutex
	started  []pipeline.Request
	canceled []string
	promoted []pipeline.PromoteRequest
	results  map[string]*pipeline.Result // by workflow ID; nil: failed before it had a run
	err      error                       // of every call
}

func (f *fakeWork) Train(_ context.Context, req pipeline.Request, id string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id == "" {
		id = fmt.Sprintf("train/%s/%d", req.Pipeline, len(f.started))
	}
	if _, ok := f.results[id]; ok {
		return "", gristmill.Errorf(gristmill.Conflict, "start workflow %s: a workflow of this ID runs or has succeeded", id)
	}
	f.started = append(f.started, req)
	return id, f.err
}

func (f *fakeWork) TrainResult(ctx context.Context, id string) (*pipeline.Result, bool, error) {
	f.mu.Lock()
	res, ok := f.results[id]
	err := f.err
	f.mu.Unlock()
	switch {
	case err != nil:
		return nil, false, err
	case ok && res == nil:
		return nil, true, gristmill.Errorf(gristmill.Invalid, "no column is named %q", "chrun")
	case ok:
		return res, true, nil
	}
	<-ctx.Done()
	return nil, false, nil
}

func (f *fakeWork) Cancel(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.canceled = append(f.canceled, id)
	return f.err
}

func (f *fakeWork) Promote(_ context.Context, req pipeline.PromoteRequest) (pipeline.PromoteResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.promoted = append(f.promoted, req)
	return pipeline.PromoteResult{Model: req.Model, Version: req.Version, Deployed: true, Generation: 7}, f.err
}

// fakeChecker checks without looking at data.
type fakeChecker struct{}

func (fakeChecker) Check(_ context.Context, v pipeline.Version, set map[string]any) (pipeline.Report, error) {
	s, err := pipeline.Load(v.Spec, set)
	if err != nil {
		return pipeline.Report{}, err
	}
	plan, err := pipeline.Make(v.Project, s)
	return pipeline.Report{Plan: plan, Steps: []pipeline.StepReport{{ID: "fetch", Kind: pipeline.Fetch, Queue: pipeline.QueueLight}}}, err
}

// stack is a server on a real Postgres and a directory of blobs.
type stack struct {
	t     *testing.T
	s     *server
	url   string
	deps  Deps
	blobs *blob.Store
	work  *fakeWork
	log   *lockedBuffer
}

// lockedBuffer takes the log of a server while a test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newStack(t *testing.T, cfg Config) *stack {
	t.Helper()
	db := postgrestest.Open(t)
	blobs, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	st := &stack{t: t, blobs: blobs, work: &fakeWork{results: map[string]*pipeline.Result{}}, log: &lockedBuffer{}}
	st.deps = Deps{
		Runs: postgres.NewRuns(db), Versions: postgres.NewVersions(db), Deployments: postgres.NewDeployments(db),
		Pipelines: postgres.NewPipelines(db), Datasets: postgres.NewDatasets(db),
		Blobs: blobs, Work: st.work, Checker: fakeChecker{}, Log: slog.New(slog.NewJSONHandler(st.log, nil)),
	}
	if cfg.Poll == 0 {
		cfg.Poll = 2 * time.Millisecond
	}
	st.s = newServer(st.deps, cfg)
	srv := httptest.NewServer(st.s)
	t.Cleanup(srv.Close)
	st.url = srv.URL
	return st
}

// reply is an answer that was read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

// do sends a request; head lines are "Name: value".
func (st *stack) do(method, path, body string, head ...string) reply {
	st.t.Helper()
	req, err := http.NewRequest(method, st.url+path, strings.NewReader(body))
	if err != nil {
		st.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, line := range head {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			req.Host = value
		}
		req.Header.Set(name, value)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		st.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		st.t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(b)}
}

// filled is what fill put into a stack.
type filled struct {
	run, running, foreign tracking.Run
	dataset               dataset.Version
	pipeline              pipeline.Version
	artifact              string // bytes of the artifact model_card.md
	pack                  string // bytes of version 1's package
}

const evil = `<script>alert("x")</script>`

// must ends the test for an error.
func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fill gives every noun something to show: an ended run with all that a run can
// have, one that goes on, and a foreign client's with hostile names.
func (st *stack) fill() (f filled) {
	t, ctx := st.t, context.Background()
	t.Helper()
	runs := st.deps.Runs
	v := must(pipeline.Applied("default", spec, "ada", time.Now()))(t)
	f.pipeline = must(st.deps.Pipelines.Apply(ctx, v))(t)
	csv := must(st.blobs.Put(ctx, strings.NewReader("a,b\n1,x\n"), "text/csv"))(t)
	mean, half := 1.0, 0.5
	encoded, digest, err := profile.Profile{Rows: 1, Columns: []profile.Column{
		{Name: "a", Type: frame.Int64, Distinct: 1, Min: &mean, Max: &mean, Mean: &mean, Std: &half,
			Quantiles: []profile.Quantile{{P: 0.5, Value: 1}}, Top: []profile.Count{{Value: evil, Count: 1}}},
		{Name: "b", Type: frame.String, Missing: 2, Distinct: 1}}}.Encode()
	check(t, err)
	must(st.blobs.Put(ctx, bytes.NewReader(encoded), "application/json"))(t)
	f.dataset = must(st.deps.Datasets.Put(ctx, dataset.Version{Project: "default", Digest: csv.Digest, Name: "telco.csv", Source: "upload:telco.csv",
		Size: csv.Size, Rows: 1, Schema: frame.Schema{Fields: []frame.Field{{Name: "a", Type: frame.Int64}, {Name: "b", Type: frame.String}}}, Profile: digest}))(t)
	f.run = st.fillRun(csv.Digest)
	exp := must(runs.EnsureExperiment(ctx, "default", "churn"))(t)
	f.running = must(runs.StartRun(ctx, tracking.NewRun{Key: "w2/1", Experiment: exp.ID, Name: "running-run", WorkflowID: "train/churn/2", FirstRunID: "1", StartedAt: time.Now()}))(t)
	check(t, runs.SetStatus(ctx, f.running.ID, tracking.Running, "", nil))
	foreign := must(runs.EnsureExperiment(ctx, "default", "mine "+evil))(t)
	f.foreign = must(runs.StartRun(ctx, tracking.NewRun{Key: "k3", Experiment: foreign.ID, Name: evil, User: evil, StartedAt: time.Now(),
		Params: map[string]string{"p": evil}, Tags: map[string]string{"t": evil}}))(t)
	check(t, runs.LogMetrics(ctx, f.foreign.ID, tracking.Writer{}, []tracking.Metric{{Key: "loss/nan", Value: math.NaN(), Time: time.Now()}, {Key: "up", Value: math.Inf(1), Time: time.Now()}}))
	f.artifact = "# Card\n"
	ref := must(st.blobs.PutAt(ctx, "1/"+f.run.ID+"/artifacts/docs/model_card.md", strings.NewReader(f.artifact)))(t)
	check(t, runs.PutArtifact(ctx, tracking.Artifact{RunID: f.run.ID, Path: "docs/model_card.md", URI: ref.URI, Digest: ref.Digest, Size: ref.Size, Type: "text/markdown"}))
	f.pack = st.fillModel(f.run.ID)
	return f
}

func (st *stack) fillRun(data gristmill.Digest) tracking.Run {
	t, ctx := st.t, context.Background()
	t.Helper()
	runs, began := st.deps.Runs, time.Now().Add(-3*time.Minute)
	exp := must(runs.EnsureExperiment(ctx, "default", "churn"))(t)
	run := must(runs.StartRun(ctx, tracking.NewRun{Key: "w1/1", Experiment: exp.ID, Name: "brave-mill", User: "ada", WorkflowID: "train/churn/1", FirstRunID: "1", StartedAt: began,
		Params: map[string]string{"train.algorithm": "logistic", "train.l2": "1"}, Tags: map[string]string{"gristmill.pipeline": "churn"}}))(t)
	check(t, runs.SetStatus(ctx, run.ID, tracking.Running, "", nil))
	at := began
	for _, kind := range []pipeline.Kind{pipeline.Fetch, pipeline.Transform, pipeline.Train, pipeline.Evaluate, pipeline.Register, pipeline.Deploy} {
		step := string(kind)
		start := at
		epoch := must(runs.Lease(ctx, run.ID, tracking.Step{ID: step, Kind: step, Worker: "host-1", StartedAt: &start}))(t)
		w := tracking.Writer{Step: step, Epoch: epoch}
		if kind == pipeline.Train {
			var points []tracking.Metric
			for i := range 20 {
				points = append(points, tracking.Metric{Key: "train_loss", Value: 1 / float64(i+1), Time: at.Add(time.Duration(i) * time.Second), Step: int64(i + 1)})
			}
			check(t, runs.LogMetrics(ctx, run.ID, w, points))
		}
		check(t, runs.AppendLog(ctx, run.ID, w, []tracking.Line{{Step: step, Attempt: 1, Time: at, Level: "info", Text: step + " began"}, {Step: step, Attempt: 1, Time: at, Level: "warn", Text: evil}}))
		at = at.Add(25 * time.Second)
		check(t, runs.EndStep(ctx, run.ID, w, tracking.Succeeded, "", at))
	}
	check(t, runs.LogMetrics(ctx, run.ID, tracking.Writer{}, []tracking.Metric{
		{Key: "test_roc_auc", Value: 0.8431, Time: at}, {Key: "test_roc_auc_low", Value: 0.82, Time: at}, {Key: "test_roc_auc_high", Value: 0.866, Time: at}, {Key: "test_log_loss", Value: 0.42117, Time: at}}))
	half := 0.5
	b, err := json.Marshal(map[string]any{"classes": []string{"No", "Yes"}, "confusion": map[string]any{"test": [][]int{{930, 105}, {170, 204}}},
		"metrics": []registry.Metric{{Name: "test_roc_auc", Value: 0.8431, Baseline: &half}}})
	check(t, err)
	ref := must(st.blobs.PutAt(ctx, "1/"+run.ID+"/artifacts/evaluation.json", bytes.NewReader(b)))(t)
	check(t, runs.PutArtifact(ctx, tracking.Artifact{RunID: run.ID, Path: "evaluation.json", URI: ref.URI, Digest: ref.Digest, Size: ref.Size, Type: "application/json"}))
	check(t, runs.LogInput(ctx, run.ID, tracking.Input{Name: "telco.csv", Digest: string(data), SourceType: "upload", Source: "upload:telco.csv"}))
	result := must(json.Marshal(pipeline.Result{WorkflowID: "train/churn/1", RunID: run.ID, Status: tracking.Succeeded, Model: &pipeline.ModelRef{Name: "churn", Version: 1},
		Metrics: map[string]float64{"test_roc_auc": 0.8431}, Gates: []registry.GateResult{{Rule: "test_roc_auc > 0.8", Value: 0.8431, Passed: true, Reason: "test_roc_auc 0.8431 is > 0.8"}}, Deployed: true}))(t)
	check(t, runs.SetTags(ctx, run.ID, map[string]string{tracking.ResultTag: string(result)}))
	check(t, runs.SetStatus(ctx, run.ID, tracking.Succeeded, "", &at))
	return must(runs.Run(ctx, run.ID))(t)
}

// fillModel registers two versions of churn; the second takes traffic after the
// first. It returns the bytes of the first's package.
func (st *stack) fillModel(run string) string {
	t, ctx := st.t, context.Background()
	t.Helper()
	pack := strings.Repeat("packed model ", 9000)
	low, high, half := 0.82, 0.866, 0.5
	for i := range 2 {
		ref := must(st.blobs.Put(ctx, strings.NewReader(pack[i:]), "application/x-tar"))(t)
		must(st.deps.Versions.Register(ctx, "default", fmt.Sprint("k", i), registry.Version{Model: "churn", RunID: run, Package: ref, WeightsSHA256: string(ref.Digest),
			Signature: frame.Signature{Inputs: frame.Schema{Fields: []frame.Field{{Name: "tenure", Type: frame.Int64, Min: &half}, {Name: "it's", Type: frame.String, Values: []string{"Month-to-month", evil}}}},
				Outputs: frame.Schema{Fields: []frame.Field{{Name: "prediction", Type: frame.String}}}, Classes: []string{"No", "Yes"}},
			Metrics: []registry.Metric{{Name: "test_roc_auc", Value: 0.8431, Low: &low, High: &high, Baseline: &half}, {Name: "test_nan", Value: math.NaN()}},
			Gates:   []registry.GateResult{{Rule: "test_roc_auc > 0.8", Value: 0.8431, Passed: true, Reason: "test_roc_auc 0.8431 is > 0.8"}},
			Lineage: registry.Lineage{Pipeline: "churn", RunID: run, WorkflowID: "train/churn/1", DatasetDigest: ref.Digest, DatasetSource: "sample:telco_churn", SpecDigest: ref.Digest, Gristmill: "test", Commit: "0123456789abcdef", Dirty: true},
			Card:    "# churn\n\nPredicts *churn*. " + evil + "\n\n| metric | value |\n|---|---:|\n| `test_roc_auc` | 0.8431 |\n\n- one\n- two **strong**\n"}))(t)
	}
	for i := range 2 {
		by := fmt.Sprintf("promote/churn/%d", i+1)
		d := must(st.deps.Deployments.Propose(ctx, "default", "churn", i+1, by))(t)
		check(t, st.deps.Deployments.Observe(ctx, "default", "host-1/1", []serving.Observation{{Server: "host-1/1", Model: "churn", Generation: d.Generation, Version: i + 1, Ready: true}}, time.Hour))
		must(st.deps.Deployments.Commit(ctx, "default", "churn", d.Generation, by))(t)
	}
	return pack
}
