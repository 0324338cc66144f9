package web

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"gristmill/pipeline"
	"gristmill/tracking"
)

func planOf(t *testing.T, text string) pipeline.Plan {
	t.Helper()
	s := must(pipeline.Parse([]byte(text)))(t)
	return must(pipeline.Make("default", s))(t)
}

func TestPlansAreDrawnFromLeftToRight(t *testing.T) {
	t.Parallel()
	v := newPlan(planOf(t, strings.Replace(spec, "l2: 1.0", "l2: 1.0, cv: {kind: kfold, folds: 3}", 1)))
	at := map[string]planBox{}
	for _, b := range v.Boxes {
		at[b.Name] = b
		if b.X < 0 || b.Y < 0 || b.X+boxWidth > v.Width || b.Y+boxHeight > v.Height {
			t.Errorf("%s lies outside of the picture: %+v in %dx%d", b.Name, b, v.Width, v.Height)
		}
	}
	for _, pair := range [][2]string{{"fetch", "transform"}, {"transform", "train"}, {"train", "evaluate"}, {"evaluate", "register"}, {"register", "deploy"}} {
		if at[pair[0]].X >= at[pair[1]].X {
			t.Errorf("%s is not left of %s", pair[0], pair[1])
		}
	}
	if at["fold-1"].X != at["train"].X || at["fold-1"].Y == at["fold-2"].Y {
		t.Error("the folds are not beside the training")
	}
	// fetch-transform, transform-(train, 3 folds), (train, 3 folds)-evaluate, evaluate-register, register-deploy
	if len(v.Arrows) != 11 {
		t.Errorf("%d arrows, want 11: needs that a longer way explains are not drawn", len(v.Arrows))
	}
	if want := "fetch on queue gristmill, then transform on queue gristmill-cpu, then train on queue gristmill-cpu beside fold-1"; !strings.HasPrefix(v.Summary, want) {
		t.Errorf("summary %q", v.Summary)
	}
}

func TestManyFoldsAreDrawnAsOne(t *testing.T) {
	t.Parallel()
	v := newPlan(planOf(t, strings.Replace(spec, "l2: 1.0", "l2: 1.0, cv: {kind: kfold, folds: 20}", 1)))
	if len(v.Boxes) != 6+maxDrawn || !strings.Contains(v.Summary, "fold-6 … fold-20") || len(v.Arrows) != 1+5+2+5+2 {
		t.Errorf("%d boxes, %d arrows: %s", len(v.Boxes), len(v.Arrows), v.Summary)
	}
	if none := newPlan(pipeline.Plan{}); len(none.Boxes) > 0 || none.Width <= 0 {
		t.Errorf("no steps: %+v", none)
	}
	twisted := newPlan(pipeline.Plan{Steps: []pipeline.Step{{ID: "a", Needs: []string{"a", "b", "none"}}, {ID: "b", Needs: []string{"a"}}}})
	if len(twisted.Boxes) != 2 {
		t.Errorf("steps in a circle: %+v", twisted)
	}
}

func TestPipelinePageShowsPlanAndRuns(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	ctx := context.Background()
	at := time.Now()
	worse := must(st.deps.Runs.StartRun(ctx, tracking.NewRun{Key: "worse", Experiment: f.run.ExperimentID, Name: evil, StartedAt: at}))(t)
	check(t, st.deps.Runs.LogMetrics(ctx, worse.ID, tracking.Writer{}, []tracking.Metric{{Key: "test_roc_auc", Value: 0.5, Time: at}}))
	check(t, st.deps.Runs.SetStatus(ctx, worse.ID, tracking.Rejected, "", &at))
	body := st.do(get, "/pipelines/churn", "", browser).body
	for what, want := range map[string]string{
		"the plan": `<svg class="plan" width="1028"`, "a step": `<text x="12" y="20">evaluate</text>`, "an arrow": `<path class="arrow" d="M`,
		"the chart": `aria-label="test_roc_auc of the last 2 runs: between 0.5 and 0.8431, last 0.5"`, "a dot": `<a href="/runs/` + f.run.ID + `"><circle cx=`,
		"a rejected run": `<circle class="refused"`, "a run's name": `<title>&lt;script&gt;`, "main metrics": `<code dir="auto">test_roc_auc</code> 0.8431`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%s: the page has no %s", what, want)
		}
	}
	if strings.Contains(body, "<script") || strings.Contains(body, "ZgotmplZ") {
		t.Error("the page lets a script in")
	}
}

func TestASpecThatTodaysRulesRefuseHasAPageStill(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	v := must(pipeline.Applied("default", spec, "ada", time.Now()))(t)
	v.Spec = []byte(strings.Replace(string(v.Spec), "logistic", "oracle"+`\u003cscript\u003e`, 1))
	must(st.deps.Pipelines.Apply(context.Background(), v))(t)
	got := st.do(get, "/pipelines/churn", "", browser)
	if got.status != 200 || !strings.Contains(got.body, "today&#39;s refuse it") && !strings.Contains(got.body, "today's refuse it") || strings.Contains(got.body, `class="plan"`) || strings.Contains(got.body, "<script") {
		t.Errorf("%d %.2000s", got.status, got.body)
	}
}

func TestATrendNeedsTwoRuns(t *testing.T) {
	t.Parallel()
	run := func(v float64) tracking.Run {
		return tracking.Run{ID: fmt.Sprint(v), Status: tracking.Succeeded, Metrics: map[string]float64{"test_rmse": v, "loss": 1}}
	}
	for _, list := range [][]tracking.Run{nil, {run(1)}, {run(1), run(math.NaN()), run(math.Inf(1))}, {{}, {}}} {
		if got := newTrend(list); got != nil {
			t.Errorf("%d runs: %+v", len(list), got)
		}
	}
	got := newTrend([]tracking.Run{run(math.MaxFloat64), {}, run(-math.MaxFloat64)})
	if got == nil || got.Line != "8.0,88.0 632.0,8.0" || got.Key != "test_rmse" {
		t.Errorf("got %+v", got)
	}
}

func TestListsShowMainMetrics(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	st.fill()
	for _, path := range []string{"/", "/runs", "/experiments"} {
		if body := st.do(get, path, "", browser).body; !strings.Contains(body, `<code dir="auto">test_roc_auc</code> 0.8431`) {
			t.Errorf("%s does not show the main metric", path)
		}
	}
	if body := st.do(get, "/experiments", "", browser).body; !strings.Contains(body, `<code dir="auto">loss/nan</code> NaN`) {
		t.Error("a foreign run's metrics are not shown")
	}
}
