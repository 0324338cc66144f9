package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gristmill"
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

// runView is what the page of a run shows.
type runView struct {
	Run       tracking.Run
	Took      time.Duration
	Params    []pair
	Tags      []pair
	Measures  []registry.Metric // one row a metric, with its interval
	Charts    []chart
	Steps     []stepRow
	Gates     []registry.GateResult
	Model     *pipeline.ModelRef
	Confusion []confusion
	Artifacts []tracking.Artifact
	Inputs    []inputRow
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
	data := runView{Run: run, Took: span(run.StartedAt, run.EndedAt, now), Params: pairs(run.Params), Tags: pairs(run.Tags)}
	if res := resultOf(run); res != nil {
		data.Gates, data.Model = res.Gates, res.Model
	}
	for _, st := range run.Steps {
		row := stepRow{Step: st}
		if st.StartedAt != nil {
			row.Took = span(*st.StartedAt, st.EndedAt, now)
			b := newBar(*st.StartedAt, st.StartedAt.Add(row.Took), run.StartedAt, data.Took)
			row.Bar = &b
		}
		data.Steps = append(data.Steps, row)
	}
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
	e := s.evaluation(r, data.Artifacts)
	data.Confusion = confusions(e)
	data.Measures = measures(run.Metrics, e.Metrics)
	if data.Charts, err = s.charts(ctx, run); err != nil {
		return err
	}
	if data.Lines, data.Skipped, err = s.lastLines(ctx, run.ID); err != nil {
		return err
	}
	return s.pages.show(w, http.StatusOK, "run", view{Title: run.Name, Nav: "runs", Refresh: refreshWhile(!run.Status.Ended()), Data: data})
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

// measures puts each metric in one row with its bounds "_low" and "_high", and
// with the trivial baseline's value where the evaluation has one.
func measures(metrics map[string]float64, evaluated []registry.Metric) []registry.Metric {
	baseline := map[string]*float64{}
	for _, m := range evaluated {
		baseline[m.Name] = m.Baseline
	}
	var out []registry.Metric
	for _, name := range sortedKeys(metrics) {
		if isBound(name, metrics) {
			continue
		}
		m := registry.Metric{Name: name, Value: metrics[name], Baseline: baseline[name]}
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

// evaluated is the part of the artifact evaluation.json that the page shows.
type evaluated struct {
	Metrics   []registry.Metric  `json:"metrics"`
	Classes   []string           `json:"classes"`
	Confusion map[string][][]int `json:"confusion"`
}

// evaluation reads what an evaluate step measured. A run without it, or with
// one that cannot be read, is shown without it.
func (s *server) evaluation(r *http.Request, list []tracking.Artifact) (e evaluated) {
	for _, a := range list {
		if a.Path != "evaluation.json" || a.Size > maxSmall {
			continue
		}
		body, err := s.openArtifact(r, a)
		if err == nil {
			defer body.Close()
			var b []byte
			if b, err = readVerified(body, a.Digest); err == nil {
				err = json.Unmarshal(b, &e)
			}
		}
		if err != nil {
			s.Log.WarnContext(r.Context(), "evaluation not shown", "request_id", requestID(r), "run_id", a.RunID, "error", err)
			return evaluated{}
		}
	}
	return e
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

func confusions(e evaluated) []confusion {
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
