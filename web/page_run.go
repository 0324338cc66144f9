package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gristmill"
	"gristmill/ml/metric"
	"gristmill/pipeline"
	"gristmill/registry"
	"gristmill/tracking"
)

// runLink is a choice of the list's filter.
type runLink struct {
	Word    string
	Address string
	Current bool
}

func (s *server) runsPage(w http.ResponseWriter, r *http.Request) error {
	f, err := s.runFilter(r)
	if err != nil {
		return err
	}
	list, next, err := s.Runs.ListRuns(r.Context(), f, listPage(r))
	if err != nil {
		return err
	}
	experiments, _, err := s.Runs.ListExperiments(r.Context(), s.cfg.Project, gristmill.Page{Limit: 30})
	if err != nil {
		return err
	}
	names := make([]string, len(experiments))
	for i, e := range experiments {
		names[i] = e.Name
	}
	changing := false
	for _, run := range list {
		changing = changing || !run.Status.Ended()
	}
	return s.pages.show(w, http.StatusOK, "runs", view{Title: "Runs", Nav: "runs", Refresh: refreshWhile(changing), Data: struct {
		Runs                  []tracking.Run
		Experiments, Statuses []runLink
		Filtered              bool
		Pager                 pager
	}{list, links(r, "experiment", names), links(r, "status", runStates), f.Experiment != "" || f.Status != "" || f.Model != "" || f.WorkflowID != "", newPager(r, next)}})
}

// links are the addresses of the list filtered by each value of a key, and by
// none.
func links(r *http.Request, key string, values []string) []runLink {
	now := r.URL.Query().Get(key)
	out := make([]runLink, 0, len(values)+1)
	for _, value := range append([]string{""}, values...) {
		q := r.URL.Query()
		q.Del("page_token")
		q.Set(key, value)
		word := strings.ReplaceAll(value, "_", " ")
		if value == "" {
			q.Del(key)
			word = "all"
		}
		out = append(out, runLink{word, "/runs?" + q.Encode(), now == value})
	}
	return out
}

// runView is what the page of a run shows. What a run does not have is left out.
type runView struct {
	Run       tracking.Run
	Took      time.Duration
	Params    []pair
	Tags      []pair
	Scores    scores            // what was measured on the parts of the data
	Measures  []registry.Metric // other metrics, one row each, with its interval
	Charts    []chart
	Steps     []stepRow
	Gates     []registry.GateResult
	Model     *pipeline.ModelRef
	Card      bool // the model's card is there as a page
	Report    report
	Plots     []plotView
	Slices    *sliceTable
	Costs     []costRow
	Decisions []metric.Decision
	Doubts    int // checks that were not passed
	Relied    []relied
	Unlisted  int // columns that Relied leaves out
	Confusion []confusion
	Artifacts []tracking.Artifact
	Inputs    []inputRow
	Lineage   lineage
	Others    []other
	Lines     []tracking.Line
	Skipped   bool // lines before these are not shown
}

type pair struct{ Key, Value string }

type stepRow struct {
	tracking.Step
	Took time.Duration
	Bar  *bar // nil before the step has begun
}

type inputRow struct {
	tracking.Input
	Stored bool // its digest is one of ours, so that it has a page
}

func (s *server) runPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	run, err := s.Runs.Run(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	now := s.now()
	data := runView{Run: run, Took: span(run.StartedAt, run.EndedAt, now), Params: pairs(run.Params), Tags: pairs(run.Tags), Steps: stepRows(run, now)}
	if data.Artifacts, err = s.Runs.ListArtifacts(ctx, run.ID); err != nil {
		return err
	}
	inputs, err := s.Runs.ListInputs(ctx, run.ID)
	if err != nil {
		return err
	}
	for _, in := range inputs {
		data.Inputs = append(data.Inputs, inputRow{in, gristmill.Digest(in.Digest).Valid()})
	}
	if data.Charts, err = s.charts(ctx, run); err != nil {
		return err
	}
	data.show(s.report(r, data.Artifacts))
	data.Plots = s.plots(r, run, data.Report, data.Artifacts)
	if res := resultOf(run); res != nil {
		data.Gates, data.Model = res.Gates, res.Model
	}
	if data.Gates == nil {
		data.Gates = data.Report.Gates
	}
	data.Card = data.Model != nil && has(data.Artifacts, cardPage)
	data.Lineage = s.lineage(r, run, data.Artifacts)
	if data.Others, err = s.others(ctx, run, data.Lineage.Reproduces); err != nil {
		return err
	}
	if data.Lines, data.Skipped, err = s.lastLines(ctx, run.ID); err != nil {
		return err
	}
	return s.pages.show(w, http.StatusOK, "run", view{Title: run.Name, Nav: "runs", Refresh: refreshWhile(!run.Status.Ended()), Data: data})
}

// show takes over what was measured.
func (v *runView) show(e report) {
	v.Report, v.Confusion, v.Slices, v.Costs, v.Decisions = e, confusions(e), newSlices(e), costRows(e), decisions(e)
	v.Relied, v.Unlisted = importances(e)
	for _, c := range e.Checks {
		if !c.Passed {
			v.Doubts++
		}
	}
	var rest []registry.Metric
	v.Scores, rest = newScores(e.registered(), e.Main)
	known := map[string]bool{}
	for _, m := range e.Metrics {
		known[m.Name] = true
	}
	for _, m := range rest {
		known[m.Name] = false
	}
	if len(v.Scores.Rows) > 0 {
		for _, c := range v.Charts {
			known[c.Key] = true
		}
	}
	v.Measures = slices.DeleteFunc(measures(v.Run.Metrics), func(m registry.Metric) bool { return known[m.Name] })
}

// Measured says on how many rows the scores were measured.
func (v runView) Measured() string { return v.Report.measured() }

func stepRows(run tracking.Run, now time.Time) []stepRow {
	whole := span(run.StartedAt, run.EndedAt, now)
	var out []stepRow
	for _, st := range run.Steps {
		row := stepRow{Step: st}
		if st.StartedAt != nil {
			row.Took = span(*st.StartedAt, st.EndedAt, now)
			b := newBar(*st.StartedAt, st.StartedAt.Add(row.Took), run.StartedAt, whole)
			row.Bar = &b
		}
		out = append(out, row)
	}
	return out
}

func has(list []tracking.Artifact, path string) bool {
	return slices.ContainsFunc(list, func(a tracking.Artifact) bool { return a.Path == path })
}

// pairs are a map's entries by key, without what the page shows elsewhere.
func pairs(m map[string]string) []pair {
	out := make([]pair, 0, len(m))
	for _, k := range sortedKeys(m) {
		if k != tracking.ResultTag {
			out = append(out, pair{k, m[k]})
		}
	}
	return out
}

// measures puts each metric in one row with its bounds "_low" and "_high".
func measures(metrics map[string]float64) []registry.Metric {
	var out []registry.Metric
	for _, name := range sortedKeys(metrics) {
		if isBound(name, metrics) {
			continue
		}
		m := registry.Metric{Name: name, Value: metrics[name]}
		if low, ok := metrics[name+"_low"]; ok {
			m.Low = &low
		}
		if high, ok := metrics[name+"_high"]; ok {
			m.High = &high
		}
		out = append(out, m)
	}
	return out
}

// isBound reports whether name is the end of another metric's interval.
func isBound(name string, metrics map[string]float64) bool {
	of, low := strings.CutSuffix(name, "_low")
	if !low {
		var high bool
		if of, high = strings.CutSuffix(name, "_high"); !high {
			return false
		}
	}
	_, ok := metrics[of]
	return ok
}

// maxCharts bounds the series that one page reads.
const maxCharts = 40

func (s *server) charts(ctx context.Context, run tracking.Run) ([]chart, error) {
	var out []chart
	read := 0
	for _, key := range sortedKeys(run.Metrics) {
		if isBound(key, run.Metrics) || read == maxCharts {
			continue
		}
		read++
		series, err := s.Runs.MetricHistory(ctx, run.ID, key)
		if err != nil {
			return nil, err
		}
		if c, ok := newChart(key, series); ok {
			out = append(out, c)
		}
	}
	return out, nil
}

// confusion is a confusion matrix of one part of the data.
type confusion struct {
	Part    string
	Classes []string
	Rows    []confusionRow
}

type confusionRow struct {
	Class string
	Cells []confusionCell
}

// confusionCell is a count and its share of the actual class in tenths, which
// is its shade.
type confusionCell struct {
	Count int
	Heat  int
	Right bool // actual and predicted class are the same
}

// maxClasses bounds the matrices that a page shows.
const maxClasses = 30

func confusions(e report) []confusion {
	var out []confusion
	for _, part := range sortedKeys(e.Confusion) {
		matrix := e.Confusion[part]
		if len(matrix) != len(e.Classes) || len(matrix) > maxClasses {
			continue
		}
		c := confusion{Part: part, Classes: e.Classes}
		for i, counts := range matrix {
			sum := 0
			for _, n := range counts {
				sum += n
			}
			row := confusionRow{Class: e.Classes[i]}
			for j, n := range counts {
				row.Cells = append(row.Cells, confusionCell{n, 10 * n / max(1, sum), i == j})
			}
			c.Rows = append(c.Rows, row)
		}
		out = append(out, c)
	}
	return out
}

// The page shows the end of a log. The store reads forwards only, so that a
// very long log is not read to its end.
const (
	shownLines = 500
	readPages  = 50
)

func (s *server) lastLines(ctx context.Context, run string) (lines []tracking.Line, skipped bool, err error) {
	var after int64
	for range readPages {
		next, err := s.Runs.ReadLog(ctx, run, "", after, gristmill.MaxLimit)
		if err != nil {
			return nil, false, err
		}
		lines = append(lines, next...)
		if over := len(lines) - shownLines; over > 0 {
			lines, skipped = lines[over:], true
		}
		if len(next) < gristmill.MaxLimit {
			return lines, skipped, nil
		}
		after = next[len(next)-1].Seq
	}
	return lines, true, nil
}

// LogAddress is where the whole log is.
func (v runView) LogAddress() string { return api + "/runs/" + url.PathEscape(v.Run.ID) + "/logs.txt" }
