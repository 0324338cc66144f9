// Package trackingtest proves that a tracking.Store keeps its promises: every
// sentence of the contract, every write done twice, and writers at the same time.
package trackingtest

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"gristmill"
	"gristmill/tracking"
)

// Store runs the suite; open returns an empty store and is called once per test.
func Store(t *testing.T, open func(t *testing.T) tracking.Store) {
	for _, group := range []map[string]func(*testing.T, tracking.Store){runTests, pointTests, stepTests, artifactTests} {
		for name, test := range group {
			t.Run(name, func(t *testing.T) { test(t, open(t)) })
		}
	}
}

var at = time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)

// begin makes a run in the experiment "churn".
func begin(t *testing.T, s tracking.Store, key string) tracking.Run {
	t.Helper()
	e := must(s.EnsureExperiment(context.Background(), "", "churn"))(t)
	return must(s.StartRun(context.Background(), tracking.NewRun{Key: key, Experiment: e.ID, StartedAt: at}))(t)
}

// must returns what a call returned, and ends the test if it failed.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// twice does a write two times, as every write may be.
func twice(t *testing.T, write func() error) {
	t.Helper()
	for i := range 2 {
		if err := write(); err != nil {
			t.Fatalf("write %d: %v", i+1, err)
		}
	}
}

func wantKind(t *testing.T, what string, err error, kind gristmill.Kind) {
	t.Helper()
	if gristmill.KindOf(err) != kind {
		t.Errorf("%s: kind %q of error %v, want %q", what, gristmill.KindOf(err), err, kind)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

var runTests = map[string]func(*testing.T, tracking.Store){
	"ExperimentsAreMadeOnce":          ensureExperiment,
	"ExperimentZeroIsThere":           defaultExperiment,
	"ExperimentsAreListedInPages":     listExperiments,
	"RunsAreMadeOncePerKey":           startRun,
	"RunsMadeAtTheSameTimeWithOneKey": startRunRace,
	"RunsAreListedNewestFirst":        listRuns,
	"StatusChanges":                   setStatus,
	"UnknownRunsAreNotFound":          unknownRun,
	"BadInputIsRefusedAllAtOnce":      badInput,
}

func ensureExperiment(t *testing.T, s tracking.Store) {
	ctx := context.Background()
	first := must(s.EnsureExperiment(ctx, "", "churn"))(t)
	if first.ID == 0 || first.Name != "churn" || first.Project != gristmill.DefaultProject || first.Lifecycle != tracking.Active || first.CreatedAt.IsZero() {
		t.Errorf("made %+v", first)
	}
	same(t, "the same name again", must(s.EnsureExperiment(ctx, gristmill.DefaultProject, "churn"))(t), first)
	same(t, "by id", must(s.Experiment(ctx, first.ID))(t), first)
	second := must(s.EnsureExperiment(ctx, "", "housing"))(t)
	if second.ID != first.ID+1 {
		t.Errorf("numbers have a gap: %d, then %d", first.ID, second.ID)
	}
	if other := must(s.EnsureExperiment(ctx, "team-b", "churn"))(t); other.ID == first.ID {
		t.Error("two projects share an experiment")
	}
	_, err := s.Experiment(ctx, 999)
	wantKind(t, "unknown id", err, gristmill.NotFound)
	for _, name := range []string{"", "  ", strings.Repeat("x", 501), "a\x00b", "\xff"} {
		_, err := s.EnsureExperiment(ctx, "", name)
		wantKind(t, fmt.Sprintf("name %.10q", name), err, gristmill.Invalid)
	}
	ids := concurrently(t, 8, func(int) (int64, error) {
		e, err := s.EnsureExperiment(ctx, "", "at once")
		return e.ID, err
	})
	for _, id := range ids {
		same(t, "made at the same time", id, ids[0])
	}
}

func defaultExperiment(t *testing.T, s tracking.Store) {
	e := must(s.Experiment(context.Background(), 0))(t)
	if e.Name != "Default" || e.Project != gristmill.DefaultProject {
		t.Errorf("experiment 0 is %+v", e)
	}
	same(t, "by name", must(s.EnsureExperiment(context.Background(), "", "Default"))(t), e)
}

func listExperiments(t *testing.T, s tracking.Store) {
	ctx := context.Background()
	want := []string{"Default"}
	for i := range 6 {
		want = append(want, must(s.EnsureExperiment(ctx, "", fmt.Sprintf("e%d", i)))(t).Name)
	}
	must(s.EnsureExperiment(ctx, "elsewhere", "hidden"))(t)
	for _, size := range []int{0, 1, 2, 3, 7, 100} {
		var got []string
		for token, pages := "", 0; ; pages++ {
			list, next, err := s.ListExperiments(ctx, "", gristmill.Page{Limit: size, Token: token})
			if err != nil || pages > 10 {
				t.Fatalf("page %d: %v", pages, err)
			}
			for _, e := range list {
				got = append(got, e.Name)
			}
			if token = next; token == "" {
				break
			}
		}
		same(t, fmt.Sprintf("pages of %d", size), got, want)
	}
	_, _, err := s.ListExperiments(ctx, "", gristmill.Page{Token: "no token"})
	wantKind(t, "foreign token", err, gristmill.Invalid)
}

func startRun(t *testing.T, s tracking.Store) {
	ctx := context.Background()
	e := must(s.EnsureExperiment(ctx, "", "churn"))(t)
	n := tracking.NewRun{
		Key: "wf/1", Experiment: e.ID, Name: "first", User: "ada", WorkflowID: "wf", FirstRunID: "1", StartedAt: at,
		Params: map[string]string{"train.l2": "1", "empty": ""}, Tags: map[string]string{"gristmill.pipeline": "churn"},
	}
	r := must(s.StartRun(ctx, n))(t)
	want := tracking.Run{
		ID: r.ID, Project: gristmill.DefaultProject, ExperimentID: e.ID, Experiment: "churn", Name: "first", User: "ada",
		Status: tracking.Running, WorkflowID: "wf", FirstRunID: "1", Lifecycle: tracking.Active, StartedAt: at,
		Location: tracking.RunLocation(e.ID, "", r.ID), Params: n.Params, Metrics: map[string]float64{},
		Tags: map[string]string{"gristmill.pipeline": "churn", "mlflow.runName": "first"},
	}
	same(t, "made", r, want)
	if len(r.ID) != 32 || strings.Trim(r.ID, "0123456789abcdef") != "" {
		t.Errorf("run id %q is not 32 hex digits", r.ID)
	}
	n.Name, n.StartedAt, n.Params, n.ID = "other", at.Add(time.Hour), map[string]string{"train.l2": "2"}, gristmill.NewID()
	same(t, "the same key again", must(s.StartRun(ctx, n))(t), want)
	same(t, "read", must(s.Run(ctx, r.ID))(t), want)

	mine := must(s.StartRun(ctx, tracking.NewRun{Key: "wf/2", Experiment: 0, ID: strings.Repeat("ab", 16)}))(t)
	if mine.ID != strings.Repeat("ab", 16) || mine.Experiment != "Default" || mine.StartedAt.IsZero() {
		t.Errorf("with an id of its own: %+v", mine)
	}
	if mine.Name == "" || mine.Tags["mlflow.runName"] != mine.Name {
		t.Errorf("a run without a name is called %q, its tag %q", mine.Name, mine.Tags["mlflow.runName"])
	}
	_, err := s.StartRun(ctx, tracking.NewRun{Key: "wf/3", ID: mine.ID})
	wantKind(t, "an id that is taken", err, gristmill.Conflict)
	_, err = s.StartRun(ctx, tracking.NewRun{Key: "wf/4", Experiment: 999})
	wantKind(t, "an unknown experiment", err, gristmill.NotFound)
	elsewhere := must(s.EnsureExperiment(ctx, "team-b", "churn"))(t)
	if b := must(s.StartRun(ctx, tracking.NewRun{Key: "wf/1", Experiment: elsewhere.ID}))(t); b.ID == r.ID || b.Project != "team-b" {
		t.Errorf("two projects share a key: %+v", b)
	}
}

func startRunRace(t *testing.T, s tracking.Store) {
	ids := concurrently(t, 16, func(i int) (string, error) {
		r, err := s.StartRun(context.Background(), tracking.NewRun{Key: fmt.Sprintf("key %d", i%2), Params: map[string]string{"a": fmt.Sprint(i)}})
		return r.ID, err
	})
	for i, id := range ids {
		if id == "" || id != ids[i%2] || id == ids[(i+1)%2] {
			t.Errorf("writer %d got run %q of %v", i, id, ids[:2])
		}
	}
}

func listRuns(t *testing.T, s tracking.Store) {
	ctx := context.Background()
	churn, housing := must(s.EnsureExperiment(ctx, "", "churn"))(t), must(s.EnsureExperiment(ctx, "", "housing"))(t)
	var want []string
	for i := range 7 {
		e := churn
		if i%3 == 0 {
			e = housing
		}
		r := must(s.StartRun(ctx, tracking.NewRun{
			Key: fmt.Sprint(i), Name: fmt.Sprintf("r%d", i), Experiment: e.ID, WorkflowID: fmt.Sprintf("wf%d", i%2),
			StartedAt: at.Add(time.Duration(i/2) * time.Second), Params: map[string]string{"i": fmt.Sprint(i)}, // pairs begin at the same time
		}))(t)
		if i == 4 {
			end := at.Add(time.Minute)
			twice(t, func() error { return s.SetStatus(ctx, r.ID, tracking.Failed, "boom", &end) })
		}
		if err := s.LogMetrics(ctx, r.ID, tracking.Writer{}, []tracking.Metric{{Key: "m", Value: float64(i), Time: at}}); err != nil {
			t.Fatal(err)
		}
		want = append(want, r.Name)
	}
	all := names(t, s, tracking.RunFilter{}, 100)
	if len(all) != 7 {
		t.Fatalf("%d runs of 7: %v", len(all), all)
	}
	for i := 1; i < 7; i++ { // newest first; the order of equal times is the store's, but stable
		if rank(want, all[i-1])/2 < rank(want, all[i])/2 {
			t.Errorf("%v is not newest first", all)
		}
	}
	for _, size := range []int{1, 2, 3, 6, 7} {
		same(t, fmt.Sprintf("pages of %d", size), names(t, s, tracking.RunFilter{}, size), all)
	}
	for _, c := range []struct {
		f    tracking.RunFilter
		want string
	}{
		{tracking.RunFilter{Experiment: "housing"}, "r6 r3 r0"},
		{tracking.RunFilter{Status: tracking.Failed}, "r4"},
		{tracking.RunFilter{WorkflowID: "wf1", Experiment: "housing"}, "r3"},
		{tracking.RunFilter{Project: "elsewhere"}, ""},
		{tracking.RunFilter{Experiment: "nothing"}, ""},
		{tracking.RunFilter{Model: "unregistered"}, ""},
	} {
		same(t, fmt.Sprintf("%+v", c.f), strings.Join(names(t, s, c.f, 2), " "), c.want)
	}
	list, _, err := s.ListRuns(ctx, tracking.RunFilter{Status: tracking.Failed}, gristmill.Page{})
	if err != nil || len(list) != 1 || list[0].Params["i"] != "4" || list[0].Metrics["m"] != 4 || list[0].Tags["mlflow.runName"] != "r4" || list[0].Message != "boom" {
		t.Errorf("a listed run lacks its data: %+v, %v", list, err)
	}
	_, _, err = s.ListRuns(ctx, tracking.RunFilter{}, gristmill.Page{Token: "%%%"})
	wantKind(t, "foreign token", err, gristmill.Invalid)
}

func rank(list []string, name string) int {
	for i, n := range list {
		if n == name {
			return i
		}
	}
	return -1
}

func names(t *testing.T, s tracking.Store, f tracking.RunFilter, size int) []string {
	t.Helper()
	var got []string
	for page := (gristmill.Page{Limit: size}); ; {
		list, next, err := s.ListRuns(context.Background(), f, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			got = append(got, r.Name)
		}
		if page.Token = next; next == "" || len(got) > 1000 {
			return got
		}
	}
}

func setStatus(t *testing.T, s tracking.Store) {
	ctx, r, end := context.Background(), begin(t, s, "k"), at.Add(time.Minute)
	twice(t, func() error { return s.SetStatus(ctx, r.ID, tracking.Rejected, "test_rmse 5 is not < 4", &end) })
	got := must(s.Run(ctx, r.ID))(t)
	if got.Status != tracking.Rejected || got.Message != "test_rmse 5 is not < 4" || got.EndedAt == nil || !got.EndedAt.Equal(end) {
		t.Errorf("ended as %+v", got)
	}
	twice(t, func() error { return s.SetStatus(ctx, r.ID, tracking.Running, "", nil) })
	if got := must(s.Run(ctx, r.ID))(t); got.Status != tracking.Running || got.EndedAt != nil || got.Message != "" {
		t.Errorf("resumed as %+v", got)
	}
	wantKind(t, "an unknown state", s.SetStatus(ctx, r.ID, "finished", "", nil), gristmill.Invalid)
	wantKind(t, "a message with NUL", s.SetStatus(ctx, r.ID, tracking.Failed, "a\x00", nil), gristmill.Invalid)
}

func unknownRun(t *testing.T, s tracking.Store) {
	ctx, id, none := context.Background(), gristmill.NewID(), tracking.Writer{}
	digest := gristmill.DigestOf(nil)
	for what, err := range map[string]error{
		"Run": errOf(s.Run(ctx, id)), "SetStatus": s.SetStatus(ctx, id, tracking.Failed, "", nil),
		"LogParams": s.LogParams(ctx, id, map[string]string{"a": "b"}), "SetTags": s.SetTags(ctx, id, map[string]string{"a": "b"}),
		"LogMetrics":      s.LogMetrics(ctx, id, none, []tracking.Metric{{Key: "m", Time: at}}),
		"TruncateMetrics": s.TruncateMetrics(ctx, id, none, 0, "m"), "MetricHistory": errOf(s.MetricHistory(ctx, id, "m")),
		"Lease":     errOf(s.Lease(ctx, id, tracking.Step{ID: "train", Kind: "train"})),
		"EndStep":   s.EndStep(ctx, id, tracking.Writer{Step: "train", Epoch: 1}, tracking.Failed, "", at),
		"AppendLog": s.AppendLog(ctx, id, none, []tracking.Line{{Step: "train", Level: "info", Time: at}}),
		"ReadLog":   errOf(s.ReadLog(ctx, id, "", 0, 10)), "SaveCheckpoint": s.SaveCheckpoint(ctx, id, tracking.Checkpoint{Step: "train", Epoch: 1, Digest: string(digest)}),
		"PutArtifact":   s.PutArtifact(ctx, tracking.Artifact{RunID: id, Path: "a", URI: "blob:a", Digest: digest}),
		"Artifact":      errOf(s.Artifact(ctx, id, "a")),
		"ListArtifacts": errOf(s.ListArtifacts(ctx, id)), "LogInput": s.LogInput(ctx, id, tracking.Input{Name: "d", Digest: "1"}),
		"ListInputs": errOf(s.ListInputs(ctx, id)),
	} {
		wantKind(t, what, err, gristmill.NotFound)
	}
	_, _, err := s.LatestCheckpoint(ctx, id, "train")
	wantKind(t, "LatestCheckpoint", err, gristmill.NotFound)
	wantKind(t, "an id with a NUL byte", errOf(s.Run(ctx, "a\x00b")), gristmill.Invalid)
}

func errOf[T any](_ T, err error) error { return err }

func badInput(t *testing.T, s tracking.Store) {
	ctx, r := context.Background(), begin(t, s, "k")
	long := strings.Repeat("x", 251)
	_, noKey := s.StartRun(ctx, tracking.NewRun{ID: "../x", Params: map[string]string{long: "", "p": strings.Repeat("x", 6001)}, Tags: map[string]string{"/": "\xff"}})
	for what, c := range map[string]struct {
		err      error
		problems int
	}{
		"run":        {noKey, 6},
		"params":     {s.LogParams(ctx, r.ID, map[string]string{"": "", "a//b": "", "../up": "", "ok": "a\x00", "fine": "1"}), 4},
		"tags":       {s.SetTags(ctx, r.ID, map[string]string{"a\nb": "", "k": strings.Repeat("x", 8001)}), 2},
		"metrics":    {s.LogMetrics(ctx, r.ID, tracking.Writer{}, []tracking.Metric{{Key: "", Time: at}, {Key: "ok", Time: at}, {Key: "b", Time: time.Unix(-1, 0)}}), 2},
		"step":       {errOf(s.Lease(ctx, r.ID, tracking.Step{ID: "", Kind: "\xff"})), 2},
		"lines":      {s.AppendLog(ctx, r.ID, tracking.Writer{}, []tracking.Line{{Step: "s", Level: "loud", Text: "\x00"}}), 2},
		"checkpoint": {s.SaveCheckpoint(ctx, r.ID, tracking.Checkpoint{Step: "train", Digest: "abc", Iteration: -1}), 2},
		"artifact":   {s.PutArtifact(ctx, tracking.Artifact{RunID: r.ID, Path: "../up", Digest: "abc", Size: -1}), 3},
		"input":      {s.LogInput(ctx, r.ID, tracking.Input{Name: "n", Digest: strings.Repeat("d", 65), Tags: map[string]string{"t": "\x00"}}), 2},
	} {
		wantKind(t, what, c.err, gristmill.Invalid)
		if e, ok := c.err.(*gristmill.Error); !ok || len(e.Problems) != c.problems {
			t.Errorf("%s: %v, want %d problems at once", what, c.err, c.problems)
		}
	}
	if got := must(s.Run(ctx, r.ID))(t); len(got.Params)+len(got.Metrics)+len(got.Steps) != 0 {
		t.Errorf("a refused write left %+v", got)
	}
}

// concurrently calls do n times at the same time and returns what came out.
func concurrently[T any](t *testing.T, n int, do func(i int) (T, error)) []T {
	t.Helper()
	type result struct {
		i   int
		v   T
		err error
	}
	start, results, list := make(chan struct{}), make(chan result), make([]T, n)
	for i := range n {
		go func() {
			<-start
			v, err := do(i)
			results <- result{i, v, err}
		}()
	}
	close(start)
	for range n {
		r := <-results
		if r.err != nil {
			t.Errorf("writer %d: %v", r.i, r.err)
		}
		list[r.i] = r.v
	}
	return list
}

// equalValue compares values, NaN equal to itself.
func equalValue(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
