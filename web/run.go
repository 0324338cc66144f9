package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/tracking"
)

// Run is a run on the wire.
type Run struct {
	tracking.Run
	Metrics map[string]tracking.Number `json:"metrics"`
}

func wireRun(r tracking.Run) Run {
	out := Run{Run: r, Metrics: make(map[string]tracking.Number, len(r.Metrics))}
	for k, v := range r.Metrics {
		out.Metrics[k] = tracking.Number(v)
	}
	if out.Params == nil {
		out.Params = map[string]string{}
	}
	if out.Tags == nil {
		out.Tags = map[string]string{}
	}
	return out
}

// Runs is a page of runs, newest first, without their steps.
type Runs struct {
	Runs []Run  `json:"runs"`
	Next string `json:"next_page_token,omitempty"`
}

// RunDetail is a run with everything but its series and logs.
type RunDetail struct {
	Run
	Steps     []tracking.Step     `json:"steps"`
	Artifacts []tracking.Artifact `json:"artifacts"`
	Inputs    []tracking.Input    `json:"inputs"`
	Result    *pipeline.Result    `json:"result,omitempty"` // of the workflow that drove it, once it has ended
}

// resultOf reads the result that a run keeps, nil if there is none.
func resultOf(r tracking.Run) *pipeline.Result {
	var res pipeline.Result
	if text := r.Tags[tracking.ResultTag]; text == "" || json.Unmarshal([]byte(text), &res) != nil {
		return nil
	}
	return &res
}

var runStates = []string{
	string(tracking.Scheduled), string(tracking.Running), string(tracking.Succeeded), string(tracking.Rejected),
	string(tracking.Failed), string(tracking.Canceled), string(tracking.AwaitingApproval),
}

func (s *server) runFilter(r *http.Request) (tracking.RunFilter, error) {
	q := r.URL.Query()
	f := tracking.RunFilter{
		Project: s.cfg.Project, Experiment: q.Get("experiment"), Status: tracking.Status(q.Get("status")),
		WorkflowID: q.Get("workflow_id"), Model: q.Get("model"),
	}
	if f.Status == "" || slices.Contains(runStates, string(f.Status)) {
		return f, nil
	}
	want := strings.Join(runStates, ", ")
	return f, gristmill.Problems("the query is not what this route takes", []gristmill.Problem{{
		Path: "status", Given: shorten(string(f.Status)), Want: want,
		Msg: fmt.Sprintf("status: %q is no state of a run; expected one of %s", shorten(string(f.Status)), want)}})
}

func (s *server) listRuns(r *http.Request) (Runs, error) {
	f, err := s.runFilter(r)
	if err != nil {
		return Runs{}, err
	}
	list, next, err := s.Runs.ListRuns(r.Context(), f, pageOf(r))
	out := Runs{Runs: make([]Run, len(list)), Next: next}
	for i, run := range list {
		out.Runs[i] = wireRun(run)
	}
	return out, err
}

func (s *server) showRun(r *http.Request) (RunDetail, error) {
	ctx := r.Context()
	run, err := s.Runs.Run(ctx, r.PathValue("id"))
	if err != nil {
		return RunDetail{}, err
	}
	out := RunDetail{Run: wireRun(run), Steps: orEmpty(run.Steps), Result: resultOf(run)}
	artifacts, err := s.Runs.ListArtifacts(ctx, run.ID)
	if err != nil {
		return RunDetail{}, err
	}
	inputs, err := s.Runs.ListInputs(ctx, run.ID)
	out.Artifacts, out.Inputs = orEmpty(artifacts), orEmpty(inputs)
	return out, err
}

// Canceling answers a request to cancel.
type Canceling struct {
	RunID      string          `json:"run_id"`
	WorkflowID string          `json:"workflow_id"`
	Status     tracking.Status `json:"status"` // when it was asked; the run ends as canceled soon after
}

func (s *server) cancelRun(r *http.Request) (Canceling, error) {
	run, err := s.Runs.Run(r.Context(), r.PathValue("id"))
	if err != nil {
		return Canceling{}, err
	}
	switch {
	case run.Status == tracking.Canceled: // asking twice is as good as once
		return Canceling{run.ID, run.WorkflowID, run.Status}, nil
	case run.Status.Ended():
		return Canceling{}, gristmill.Errorf(gristmill.Precondition, "run %s is %s; only a run that goes on can be canceled", run.ID, run.Status)
	case run.WorkflowID == "":
		return Canceling{}, gristmill.Errorf(gristmill.Precondition, "run %s was logged by a foreign client; no workflow drives it", run.ID)
	}
	err = s.Work.Cancel(r.Context(), run.WorkflowID)
	return Canceling{run.ID, run.WorkflowID, run.Status}, err
}

// MetricHistory is one series, ordered by step, time, value.
type MetricHistory struct {
	RunID  string  `json:"run_id"`
	Key    string  `json:"key"`
	Points []Point `json:"points"`
}

// Point is one point of a series.
type Point struct {
	tracking.Metric
	Value tracking.Number `json:"value"`
}

func (s *server) metricHistory(r *http.Request) (MetricHistory, error) {
	id, key := r.PathValue("id"), r.PathValue("key")
	points, err := s.Runs.MetricHistory(r.Context(), id, key)
	if err != nil {
		return MetricHistory{}, err
	}
	if len(points) == 0 {
		if _, err := s.Runs.Run(r.Context(), id); err != nil {
			return MetricHistory{}, err
		}
		return MetricHistory{}, gristmill.Errorf(gristmill.NotFound, "run %s has no metric %q", id, key)
	}
	out := MetricHistory{RunID: id, Key: key, Points: make([]Point, len(points))}
	for i, p := range points {
		out.Points[i] = Point{Metric: p, Value: tracking.Number(p.Value)}
	}
	return out, nil
}

// isKind reports whether err is of the kind.
func isKind(err error, kind gristmill.Kind) bool {
	var own *gristmill.Error
	return errors.As(err, &own) && own.Kind == kind
}
