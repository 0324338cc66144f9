package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"gristmill/ml"
	"gristmill/ml/bundle"
	"gristmill/ml/catalog"
	"gristmill/ml/frame"
	"gristmill/ml/metric"
	"gristmill/pipeline"
	"gristmill/registry"
	"gristmill/tracking"
)

// Evaluation is the document evaluation.json: everything that was measured of a
// candidate.
type Evaluation struct {
	Task      catalog.Task          `json:"task"`
	Metrics   []registry.Metric     `json:"metrics"`
	Omitted   []metric.Omission     `json:"omitted,omitempty"`
	Gates     []registry.GateResult `json:"gates"`
	Classes   []string              `json:"classes,omitempty"`
	Confusion map[string][][]int    `json:"confusion,omitempty"` // by part; row: actual, column: predicted class
	Rows      map[string]int        `json:"rows"`                // by part
}

// EvaluateModel does an evaluate step: it measures the packed model and the
// trivial baseline on validation and test rows, and judges the gates. A refused
// gate is an outcome, not an error.
func (t *Training) EvaluateModel(ctx context.Context, in StepIn) (StepOut, error) {
	return in.do(ctx, t.Tracking, t.Log, func(ctx context.Context, a *attempt) (StepOut, error) {
		var p pipeline.EvaluateParams
		if err := in.params(&p); err != nil {
			return StepOut{}, err
		}
		tab, err := load(ctx, t.Blobs, in)
		if err != nil {
			return StepOut{}, err
		}
		ref, err := in.ref("package")
		if err != nil {
			return StepOut{}, err
		}
		model, err := unpack(ctx, t.Blobs, ref.Digest)
		if err != nil {
			return StepOut{}, err
		}
		e, err := evaluate(ctx, a, tab, model, p)
		if err != nil {
			return StepOut{}, err
		}
		e.Gates, _ = registry.Judge(p.Gates, e.Metrics)
		return t.keep(ctx, a, e)
	})
}

// evaluate measures model and baseline on every part that has rows.
func evaluate(ctx context.Context, a *attempt, tab *table, model *bundle.Model, p pipeline.EvaluateParams) (Evaluation, error) {
	e := Evaluation{Task: tab.Task, Classes: tab.Classes, Confusion: map[string][][]int{}, Rows: map[string]int{}}
	raw, y := tab.rows(tab.Parts.Train)
	features, err := model.Prep.Apply(ctx, raw) // the baseline sees what the model sees
	if err != nil {
		return e, fmt.Errorf("transform training rows: %w", err)
	}
	base, err := catalog.Baseline(tab.Task).Fit(ctx, ml.Data{X: features, Y: y, Classes: tab.Classes}, ml.FitOptions{})
	if err != nil {
		return e, fmt.Errorf("fit baseline: %w", err)
	}
	for _, part := range []struct {
		name string
		rows []int
	}{{"train", tab.Parts.Train}, {"val", tab.Parts.Validation}, {"test", tab.Parts.Test}} {
		e.Rows[part.name] = len(part.rows)
		if len(part.rows) == 0 {
			continue
		}
		a.life.progress("evaluating " + part.name)
		x, y := tab.rows(part.rows)
		got, err := model.Predict(ctx, x)
		if err != nil {
			return e, fmt.Errorf("predict %s rows: %w", part.name, err)
		}
		resamples := p.Bootstrap
		if part.name == "train" || resamples == 0 {
			resamples = -1 // intervals are for rows that the model has not seen, and only if wanted
		}
		found, err := measure(tab, y, got.Values, got.Proba, metric.Bootstrap{Samples: resamples, Seed: p.Seed})
		if err != nil {
			return e, fmt.Errorf("measure %s rows: %w", part.name, err)
		}
		trivially, err := tab.ask(ctx, base, x)
		if err != nil {
			return e, fmt.Errorf("predict %s rows by the baseline: %w", part.name, err)
		}
		floor, err := measure(tab, y, trivially.values, trivially.proba, metric.Bootstrap{Samples: -1})
		if err != nil {
			return e, fmt.Errorf("measure the baseline on %s rows: %w", part.name, err)
		}
		e.add(part.name, found, floor, resamples > 0)
		if tab.Task == catalog.Classification {
			e.Confusion[part.name] = metric.Confusion(y, got.Proba, len(tab.Classes))
		}
	}
	return e, nil
}

// add takes a part's metrics over, beside the baseline's.
func (e *Evaluation) add(part string, found, floor metric.Report, intervals bool) {
	base := floor.Map()
	for _, r := range found.Results {
		m := registry.Metric{Name: part + "_" + r.Name, Value: r.Value}
		if intervals {
			low, high := r.Low, r.High
			m.Low, m.High = &low, &high
		}
		if b, ok := base[r.Name]; ok {
			m.Baseline = &b
		}
		e.Metrics = append(e.Metrics, m)
	}
	for _, o := range found.Omitted {
		e.Omitted = append(e.Omitted, metric.Omission{Name: part + "_" + o.Name, Reason: o.Reason})
	}
}

func measure(tab *table, y, values, proba []float64, b metric.Bootstrap) (metric.Report, error) {
	if tab.Task == catalog.Classification {
		return metric.EvaluateClassification(y, proba, len(tab.Classes), tab.positive(), b)
	}
	return metric.EvaluateRegression(y, values, b)
}

// answer is a model's predictions on some rows.
type answer struct{ values, proba []float64 }

// ask asks a bare estimator for raw rows.
func (t *table) ask(ctx context.Context, m ml.Model, raw *frame.Frame) (answer, error) {
	a := answer{values: make([]float64, raw.Rows())}
	x, err := t.p.Apply(ctx, raw)
	if err != nil {
		return a, err
	}
	if err := m.Predict(ctx, x, a.values); err != nil {
		return a, err
	}
	if c, ok := m.(ml.Classifier); ok {
		a.proba = make([]float64, x.Rows()*len(t.Classes))
		return a, c.PredictProba(ctx, x, a.proba)
	}
	return a, nil
}

// keep stores the evaluation, logs its metrics and makes the step's outputs.
func (t *Training) keep(ctx context.Context, a *attempt, e Evaluation) (StepOut, error) {
	now := time.Now()
	values := map[string]float64{}
	for _, m := range e.Metrics {
		values[m.Name] = m.Value
		if m.Low != nil {
			values[m.Name+"_low"], values[m.Name+"_high"] = *m.Low, *m.High
		}
	}
	var points []tracking.Metric
	for key, v := range values {
		points = append(points, tracking.Metric{Key: key, Value: v, Time: now})
	}
	if err := a.runs.TruncateMetrics(ctx, a.in.RunID, a.writer, -1, slices.Sorted(maps.Keys(values))...); err != nil {
		return StepOut{}, fmt.Errorf("delete an earlier attempt's metrics: %w", err)
	}
	if err := a.runs.LogMetrics(ctx, a.in.RunID, a.writer, points); err != nil {
		return StepOut{}, fmt.Errorf("log metrics: %w", err)
	}
	text, err := json.MarshalIndent(e, "", " ")
	if err != nil {
		return StepOut{}, fmt.Errorf("encode evaluation: %w", err)
	}
	if err := a.artifact(ctx, t.Blobs, "evaluation.json", text); err != nil {
		return StepOut{}, err
	}
	a.say(ctx, "info", "%s", summary(values, "test_roc_auc", "test_accuracy", "test_log_loss", "test_rmse", "test_r2"))
	for _, g := range e.Gates {
		verdict := "passed"
		if !g.Passed {
			verdict = "REFUSED"
		}
		a.say(ctx, "info", "gate %s: %s (%s)", verdict, g.Rule, g.Reason)
	}
	ref, err := putJSON(ctx, t.Blobs, e, "evaluation")
	if err != nil {
		return StepOut{}, err
	}
	metrics, err := ValueOutput(finite(values))
	if err != nil {
		return StepOut{}, err
	}
	gates, err := ValueOutput(e.Gates)
	return StepOut{Out: map[string]Output{"evaluation": RefOutput(ref), "metrics": metrics, "gates": gates}}, err
}
