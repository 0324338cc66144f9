package activities_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"gristmill"
	"gristmill/activities"
	"gristmill/dataset"
	"gristmill/pipeline"
	"gristmill/registry"
	"gristmill/store/blob"
	"gristmill/store/postgres"
	"gristmill/store/postgres/postgrestest"
	"gristmill/tracking"
)

// lab is the activities on a real Postgres and a directory of objects, in the
// SDK's environment for activities.
type lab struct {
	t         testing.TB
	env       *testsuite.TestActivityEnvironment
	runs      tracking.Store
	versions  registry.Store
	serving   *postgres.Deployments
	pipelines *postgres.Pipelines
	blobs     *blob.Store
	objects   string // the directory of blobs
	dir       string // the allowed directory

	run      *activities.Runs
	data     *activities.Dataset
	training *activities.Training
	registry *activities.Registry
	deploy   *activities.Deployment

	runID string
	plan  pipeline.Plan
	out   map[string]activities.StepOut // by step
}

func newLab(t testing.TB) *lab {
	t.Helper()
	db := postgrestest.Open(t)
	objects := t.TempDir()
	blobs, err := blob.NewDir(objects)
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, runs: postgres.NewRuns(db), versions: postgres.NewVersions(db), serving: postgres.NewDeployments(db),
		pipelines: postgres.NewPipelines(db), blobs: blobs, objects: objects, dir: t.TempDir(), out: map[string]activities.StepOut{}}
	files, err := dataset.NewFiles([]string{l.dir}, "")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	sources := dataset.Sources{dataset.FromSample: dataset.Samples{}, dataset.FromFile: files, dataset.FromStore: dataset.Stored{Blobs: blobs}}
	l.run = &activities.Runs{Tracking: l.runs, Pipelines: l.pipelines, Blobs: blobs, Version: "test"}
	l.data = &activities.Dataset{Tracking: l.runs, Datasets: postgres.NewDatasets(db), Blobs: blobs, Sources: sources, Log: log}
	l.training = &activities.Training{Tracking: l.runs, Blobs: blobs, Version: "test", Log: log}
	l.registry = &activities.Registry{Tracking: l.runs, Versions: l.versions, Blobs: blobs, Version: "test", Log: log}
	l.deploy = &activities.Deployment{Tracking: l.runs, Versions: l.versions, Serving: l.serving, Packages: packages{blobs}, Alone: time.Nanosecond, Log: log}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	l.env = suite.NewTestActivityEnvironment()
	l.env.SetTestTimeout(time.Minute)
	for _, fn := range []any{l.run.BeginRun, l.run.EndRun, l.data.FetchData, l.training.FitTransform, l.training.FitModel, l.training.FitFold, l.training.EvaluateModel,
		l.registry.RegisterVersion, l.deploy.ProposeVersion, l.deploy.AwaitReady, l.deploy.AwaitServing, l.deploy.CommitVersion,
		l.deploy.AbortVersion, l.deploy.BeginStep, l.deploy.EndStep} {
		l.env.RegisterActivity(fn)
	}
	return l
}

// packages reads packed models as the inference server does.
type packages struct{ blobs *blob.Store }

func (p packages) Package(ctx context.Context, d gristmill.Digest) ([]byte, error) {
	return p.blobs.Get(ctx, d, 1<<30)
}

// do runs an activity once.
func do[I, O any](l *lab, fn func(context.Context, I) (O, error), in I) (O, error) {
	l.t.Helper()
	var out O
	v, err := l.env.ExecuteActivity(fn, in)
	if err != nil {
		return out, err
	}
	if err := v.Get(&out); err != nil {
		l.t.Fatal(err)
	}
	return out, nil
}

// apply stores a spec.
func (l *lab) apply(spec string) pipeline.Version {
	l.t.Helper()
	v, err := pipeline.Applied(gristmill.DefaultProject, spec, "test", time.Now())
	if err != nil {
		l.t.Fatalf("%v\n%s", err, spec)
	}
	if v, err = l.pipelines.Apply(l.t.Context(), v); err != nil {
		l.t.Fatal(err)
	}
	return v
}

// begin begins a run of a spec; every call makes another one.
func (l *lab) begin(spec string) *lab {
	l.t.Helper()
	v := l.apply(spec)
	begun, err := do(l, l.run.BeginRun, activities.BeginIn{Request: pipeline.Request{Pipeline: v.Name}, WorkflowID: "w-" + gristmill.NewID(), FirstRunID: "f"})
	if err != nil {
		l.t.Fatal(err)
	}
	l.runID, l.plan, l.out = begun.RunID, begun.Plan, map[string]activities.StepOut{pipeline.RunOutputs: {Out: begun.Out}}
	return l
}

// in makes the input of a step from the outputs of the earlier ones.
func (l *lab) in(id string) activities.StepIn {
	l.t.Helper()
	for _, s := range l.plan.Steps {
		if s.ID != id {
			continue
		}
		in := activities.StepIn{Project: l.plan.Project, RunID: l.runID, Pipeline: l.plan.Pipeline, SpecDigest: l.plan.SpecDigest,
			WorkflowID: "w", Step: s, In: map[string]activities.Output{}}
		for name, from := range s.In {
			step, output := pipeline.Source(from)
			in.In[name] = l.out[step].Out[output]
		}
		return in
	}
	l.t.Fatalf("the plan has no step %s", id)
	return activities.StepIn{}
}

// step does a step of the plan and keeps its outputs.
func (l *lab) step(id string) (activities.StepOut, error) {
	l.t.Helper()
	fn := map[string]func(context.Context, activities.StepIn) (activities.StepOut, error){"fetch": l.data.FetchData, "transform": l.training.FitTransform,
		"train": l.training.FitModel, "evaluate": l.training.EvaluateModel, "register": l.registry.RegisterVersion}[id]
	if strings.HasPrefix(id, string(pipeline.Fold)) {
		fn = l.training.FitFold
	}
	out, err := do(l, fn, l.in(id))
	if err == nil {
		l.out[id] = out
	}
	return out, err
}

// steps does several steps, which must go well.
func (l *lab) steps(ids ...string) *lab {
	l.t.Helper()
	for _, id := range ids {
		if _, err := l.step(id); err != nil {
			l.t.Fatalf("step %s: %v", id, err)
		}
	}
	return l
}

// read reads a stored object.
func (l *lab) read(d gristmill.Digest) []byte {
	l.t.Helper()
	b, err := l.blobs.Get(l.t.Context(), d, 1<<30)
	if err != nil {
		l.t.Fatal(err)
	}
	return b
}

// state reads the run.
func (l *lab) state() tracking.Run {
	l.t.Helper()
	run, err := l.runs.Run(l.t.Context(), l.runID)
	if err != nil {
		l.t.Fatal(err)
	}
	return run
}

// artifact reads a file of the run.
func (l *lab) artifact(name string) []byte {
	l.t.Helper()
	a, err := l.runs.Artifact(l.t.Context(), l.runID, name)
	if err != nil {
		l.t.Fatalf("artifact %s: %v", name, err)
	}
	r, err := l.blobs.OpenAt(l.t.Context(), strings.TrimPrefix(a.URI, "blob:"))
	if err != nil {
		l.t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		l.t.Fatal(err)
	}
	return b
}

// file writes a file below the allowed directory and returns its path.
func (l *lab) file(name, content string) string {
	l.t.Helper()
	path := filepath.Join(l.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		l.t.Fatal(err)
	}
	return path
}

// customers is a small table with signal: who pays much and is new leaves.
func customers(rows int) string {
	dice := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("age,bill,contract,churn\n")
	for range rows {
		age, bill := dice.Float64()*60, 20+dice.Float64()*80
		contract := []string{"month", "year"}[dice.IntN(2)]
		label := "No"
		if bill-age+20*dice.NormFloat64() > 30 {
			label = "Yes"
		}
		fmt.Fprintf(&b, "%.1f,%.2f,%s,%s\n", age, bill, contract, label)
	}
	return b.String()
}

// spec is a small classification of a source, with more lines below it.
func spec(source string, more ...string) string {
	return fmt.Sprintf(`
name: small
data: {source: %q, target: churn, positive: "Yes", split: {kind: stratified, seed: 3}}
transform:
  - {columns: {type: number}, apply: [{impute: median}, {scale: standard}]}
  - {columns: {type: category}, apply: [{one_hot: {unknown: ignore}}]}
train: {algorithm: logistic, l2: 0.001, checkpoint_every: 2}
register: {model: small}
%s`, source, strings.Join(more, "\n"))
}

// refused checks that err is an error of that kind, not to be repeated, that a
// user may read.
func refused(t *testing.T, err error, kind gristmill.Kind, want string) {
	t.Helper()
	f, ok := activities.FailureOf(err)
	if !ok {
		t.Fatalf("error %v carries no failure", err)
	}
	if later := kind == gristmill.Unavailable; f.Kind != kind || retryable(err) != later {
		t.Errorf("kind %s, retryable %v; want %s", f.Kind, retryable(err), kind)
	}
	if got := f.Error().Public(); got != want {
		t.Errorf("message\n got %q\nwant %q", got, want)
	}
}

// quiet drops the SDK's log, which tells of every failure that a test wants.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
