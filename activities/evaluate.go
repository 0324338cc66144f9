package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"gristmill/ml/bundle"
	"gristmill/ml/evaluate"
	"gristmill/ml/plot"
	"gristmill/ml/recipe"
	"gristmill/pipeline"
	"gristmill/registry"
	"gristmill/tracking"
)

// Evaluation is the document evaluation.json: everything that was measured of a
// candidate, and how it was judged.
type Evaluation struct {
	evaluate.Report
	Gates []registry.GateResult `json:"gates"`
	Folds []FoldMetrics         `json:"folds,omitempty"` // of the cross-validation, in order
}

// registered returns the metrics as the registry keeps them.
func (e Evaluation) registered() []registry.Metric {
	out := make([]registry.Metric, len(e.Metrics))
	for i, m := range e.Metrics {
		out[i] = registry.Metric(m)
	}
	return out
}

// EvaluateModel does an evaluate step: it measures the packed model and the
// trivial baseline, and judges gates and checks. A refused gate is an outcome,
// not an error.
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
		if p.Bootstrap == 0 {
			p.Bootstrap = -1 // an older plan says none so; today's says -1
		}
		var e Evaluation
		if e.Report, err = measure(ctx, tab, model, p.Options, func(doing string) { a.life.progress(doing) }); err != nil {
			return StepOut{}, err
		}
		if err := e.foldIn(in, p.Folds); err != nil {
			return StepOut{}, err
		}
		e.judge(p.Gates)
		return t.keep(ctx, a, e)
	})
}

// measure looks at a model and the trivial baseline on the table's parts.
func measure(ctx context.Context, tab *table, model *bundle.Model, o evaluate.Options, progress func(string)) (evaluate.Report, error) {
	parts := recipe.Courses{Train: tab.course(tab.Parts.Train), Test: tab.course(tab.Parts.Test), By: tab.Data.Parting().By}
	if len(tab.Parts.Validation) > 0 {
		parts.Validation = tab.course(tab.Parts.Validation)
	}
	in, err := recipe.Input(ctx, model, tab.Task, parts)
	if err != nil {
		return evaluate.Report{}, err
	}
	in.Progress = progress
	return evaluate.Run(ctx, in, o)
}

// foldIn takes the metrics of a cross-validation's folds over: their means, and
// under the same name with _std the deviation of the folds.
func (e *Evaluation) foldIn(in StepIn, folds int) error {
	for i := 1; i <= folds; i++ {
		var f FoldMetrics
		if err := in.value(pipeline.FoldStep(i), &f); err != nil {
			return err
		}
		e.Folds = append(e.Folds, f)
	}
	if folds == 0 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(e.Folds[0].Metrics)) {
		values, floor := make([]float64, 0, folds), make([]float64, 0, folds)
		for _, f := range e.Folds {
			v, ok := f.Metrics[name]
			b, also := f.Baseline[name]
			if ok {
				values = append(values, v)
			}
			if also {
				floor = append(floor, b)
			}
		}
		if len(values) < folds {
			continue // not measurable in every fold
		}
		mean, std := spread(values)
		m := evaluate.Metric{Name: "cv_" + name, Value: mean}
		if len(floor) == folds {
			base, _ := spread(floor)
			m.Baseline = &base
		}
		e.Metrics = append(e.Metrics, m, evaluate.Metric{Name: "cv_" + name + "_std", Value: std})
		if name == e.Main {
			title := fmt.Sprintf("Cross-validation, %d folds", folds)
			data, err := json.Marshal(map[string]any{"metric": name, "values": values, "mean": mean, "std": std})
			if err != nil {
				return fmt.Errorf("encode folds: %w", err)
			}
			e.PlotList = append(e.PlotList, evaluate.PlotRef{Name: "folds", Title: title})
			e.Plots = append(e.Plots, evaluate.Plot{Name: "folds", Title: title, Data: data, SVG: plot.Folds(title, name, values)})
		}
	}
	return nil
}

// spread returns the mean and the standard deviation, divided by n-1.
func spread(x []float64) (mean, std float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		std += (v - mean) * (v - mean) / float64(len(x)-1)
	}
	return mean, math.Sqrt(std)
}

// judge applies the gates, and the checks that the spec made gates.
func (e *Evaluation) judge(rules []registry.Rule) {
	e.Gates, _ = registry.Judge(rules, e.registered())
	for _, c := range e.Checks {
		if c.Refuse {
			e.Gates = append(e.Gates, registry.GateResult{Rule: "check " + c.Name, Value: c.Value, Passed: c.Passed, Reason: c.Detail})
		}
	}
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
	for _, p := range e.Plots {
		for name, content := range map[string][]byte{p.Name + ".json": p.Data, p.Name + ".svg": p.SVG} {
			if err := a.artifact(ctx, t.Blobs, "plots/"+name, content); err != nil {
				return StepOut{}, err
			}
		}
	}
	a.say(ctx, "info", "%s", summary(values, "test_roc_auc", "test_accuracy", "test_log_loss", "test_rmse", "test_r2"))
	for _, g := range e.Gates {
		verdict := "passed"
		if !g.Passed {
			verdict = "REFUSED"
		}
		a.say(ctx, "info", "gate %s: %s (%s)", verdict, g.Rule, g.Reason)
	}
	for _, c := range e.Checks {
		if !c.Passed {
			a.say(ctx, "warn", "check %s: %s", c.Name, c.Detail)
		}
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
