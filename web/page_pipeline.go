package web

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/tracking"
)

func (s *server) pipelinesPage(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Pipelines.ListPipelines(r.Context(), s.cfg.Project)
	if err != nil {
		return err
	}
	return s.pages.show(w, http.StatusOK, "pipelines", view{Title: "Pipelines", Nav: "pipelines", Data: list})
}

// pipelineView is what the page of a pipeline shows.
type pipelineView struct {
	Version  pipeline.Version
	Versions []pipeline.Version
	Spec     pipeline.Spec
	Plan     *planView // nil if today's rules refuse the spec
	Refused  string    // why they do
	Runs     []tracking.Run
	Trend    *trend
}

// Runs that the page lists, and those that its chart shows.
const (
	listedRuns  = 10
	chartedRuns = 50
)

func (s *server) pipelinePage(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	v, err := s.applied(r, name, gristmill.Digest(r.URL.Query().Get("digest")))
	if err != nil {
		return err
	}
	data := pipelineView{Version: v}
	if data.Spec, err = pipeline.Load(v.Spec, nil); err == nil {
		var plan pipeline.Plan
		if plan, err = pipeline.Make(s.cfg.Project, data.Spec); err == nil {
			drawn := newPlan(plan)
			data.Plan = &drawn
		}
	}
	if err != nil {
		data.Refused = gristmill.Public(err)
	}
	if data.Versions, err = s.Pipelines.ListPipelineVersions(r.Context(), s.cfg.Project, name); err != nil {
		return err
	}
	runs, _, err := s.Runs.ListRuns(r.Context(), tracking.RunFilter{Project: s.cfg.Project, Experiment: name}, gristmill.Page{Limit: chartedRuns})
	if err != nil {
		return err
	}
	data.Runs, data.Trend = runs[:min(len(runs), listedRuns)], newTrend(runs)
	changing := slices.ContainsFunc(data.Runs, func(r tracking.Run) bool { return !r.Status.Ended() })
	return s.pages.show(w, http.StatusOK, "pipeline", view{Title: name, Nav: "pipelines", Refresh: refreshWhile(changing), Data: data})
}

// chief are the metrics that lists show of a run, in this order.
var chief = []string{"test_roc_auc", "test_accuracy", "test_rmse", "test_r2"}

// headlines are a run's chief metrics; of one that has none, its first two.
func headlines(run tracking.Run) []namedValue {
	var out []namedValue
	for _, name := range chief {
		if v, ok := run.Metrics[name]; ok && len(out) < 2 {
			out = append(out, namedValue{name, v})
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, name := range sortedKeys(run.Metrics) {
		if len(out) < 2 && !isBound(name, run.Metrics) {
			out = append(out, namedValue{name, run.Metrics[name]})
		}
	}
	return out
}

type namedValue struct {
	Name  string
	Value float64
}

// trend is the chief metric of a list of runs, a dot for each, the oldest at
// the left.
type trend struct {
	Key       string
	Line      string
	Dots      []trendDot
	Low, High string
	Last      string
	Summary   string
}

type trendDot struct {
	X, Y    string
	Run     string // ID
	Tip     string
	Refused bool
}

const (
	trendWidth  = 640.0
	trendHeight = 96.0
	trendPad    = 8.0
)

// newTrend draws the metric that the newest run with one has first in its
// headlines; nil if fewer than two runs have it. The newest run comes first.
func newTrend(runs []tracking.Run) *trend {
	var key string
	for _, name := range chief {
		if slices.ContainsFunc(runs, func(r tracking.Run) bool { _, ok := r.Metrics[name]; return ok }) {
			key = name
			break
		}
	}
	var shown []tracking.Run
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range slices.Backward(runs) {
		if v, ok := r.Metrics[key]; ok && !math.IsNaN(v) && !math.IsInf(v, 0) {
			shown = append(shown, r)
			low, high = min(low, v), max(high, v)
		}
	}
	if len(shown) < 2 {
		return nil
	}
	t := &trend{Key: key, Low: number5(low), High: number5(high)}
	var line []string
	for i, r := range shown {
		v := r.Metrics[key]
		x := trendPad + float64(i)/float64(len(shown)-1)*(trendWidth-2*trendPad)
		y := trendHeight / 2
		if high > low {
			y = trendHeight - trendPad - (v/2-low/2)/(high/2-low/2)*(trendHeight-2*trendPad)
		}
		d := trendDot{X: fmt.Sprintf("%.1f", x), Y: fmt.Sprintf("%.1f", y), Run: r.ID,
			Tip: fmt.Sprintf("%s (%s): %s", r.Name, r.Status, number5(v)), Refused: r.Status != tracking.Succeeded}
		t.Dots = append(t.Dots, d)
		line = append(line, d.X+","+d.Y)
		t.Last = number5(v)
	}
	t.Line = strings.Join(line, " ")
	t.Summary = fmt.Sprintf("%s of the last %s: between %s and %s, last %s", key, plural(len(shown), "run"), t.Low, t.High, t.Last)
	return t
}
