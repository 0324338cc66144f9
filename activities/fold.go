package activities

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"

	"gristmill"
	"gristmill/dataset/split"
	"gristmill/ml"
	"gristmill/ml/catalog"
	"gristmill/ml/metric"
	"gristmill/ml/recipe"
	"gristmill/pipeline"
)

// FoldMetrics is what one fold of a cross-validation measured.
type FoldMetrics struct {
	Rows     map[string]int     `json:"rows"`    // by part: train, test
	Metrics  map[string]float64 `json:"metrics"` // "rmse", "roc_auc"
	Baseline map[string]float64 `json:"baseline"`
}

// FitFold does a fold step: on the fold's own rows it fits transforms and
// algorithm anew, and measures the model and the trivial baseline on the rows
// held out. Nothing that it fits is kept.
func (t *Training) FitFold(ctx context.Context, in StepIn) (StepOut, error) {
	return in.do(ctx, t.Tracking, t.Log, func(ctx context.Context, a *attempt) (StepOut, error) {
		var p pipeline.FoldParams
		if err := in.params(&p); err != nil {
			return StepOut{}, err
		}
		ref, err := in.ref("folding")
		if err != nil {
			return StepOut{}, err
		}
		var common pipeline.Folding
		if err := getJSON(ctx, t.Blobs, ref.Digest, &common); err != nil {
			return StepOut{}, err
		}
		tab, raw, err := loadRaw(ctx, t.Blobs, in)
		if err != nil {
			return StepOut{}, err
		}
		a.life.progress("read")
		folds, err := split.Folds(raw, tab.Parts.Train, tab.Data.Target, common.Fold)
		if err != nil {
			return StepOut{}, err
		}
		if p.Index < 1 || p.Index > len(folds) {
			return StepOut{}, gristmill.Errorf(gristmill.Internal, "step %s is fold %d of %d", in.Step.ID, p.Index, len(folds))
		}
		found, err := tab.fold(ctx, a, folds[p.Index-1], common)
		if err != nil {
			return StepOut{}, err
		}
		a.say(ctx, "info", "fold %d of %d: %d rows to fit on, %d held out; %s", p.Index, len(folds), found.Rows["train"], found.Rows["test"],
			summary(found.Metrics, slices.Sorted(maps.Keys(found.Metrics))...))
		out, err := ValueOutput(found)
		return StepOut{Out: map[string]Output{"metrics": out}}, err
	})
}

// fold fits and measures one fold.
func (t *table) fold(ctx context.Context, a *attempt, f split.Fold, common pipeline.Folding) (FoldMetrics, error) {
	out := FoldMetrics{Rows: map[string]int{"train": len(f.Train), "test": len(f.Test)}}
	r := recipe.Recipe{Rules: common.Rules, Algorithm: common.Algorithm, Params: common.Params, TargetTransform: common.TargetTransform,
		Threshold: common.Threshold, Cost: common.Cost}
	rows, held := t.course(f.Train), t.course(f.Test)
	model, err := r.Fit(ctx, "fold", rows, recipe.Course{}, ml.FitOptions{Workers: runtime.GOMAXPROCS(0), Seed: common.Seed,
		Trace: func(p ml.Progress) error {
			a.life.progress(map[string]int{"iteration": p.Iteration, "of": p.Of})
			return ctx.Err()
		}})
	if err != nil {
		return out, err
	}
	base, err := recipe.Baseline(ctx, model.Prep, t.Task, rows)
	if err != nil {
		return out, err
	}
	measure := func(y, values, proba []float64) (metric.Report, error) {
		none := metric.Bootstrap{Samples: -1}
		if t.Task == catalog.Classification {
			return metric.EvaluateDecisions(ctx, y, values, proba, len(t.Classes), recipe.Positive(t.Classes, t.Data.Positive), none)
		}
		return metric.EvaluateRegression(ctx, y, values, none)
	}
	got, err := model.Predict(ctx, held.X)
	if err != nil {
		return out, fmt.Errorf("predict held out rows: %w", err)
	}
	found, err := measure(held.Y, got.Values, got.Proba)
	if err != nil {
		return out, fmt.Errorf("measure held out rows: %w", err)
	}
	if got, err = base.Predict(ctx, held.X); err != nil {
		return out, fmt.Errorf("predict held out rows by the baseline: %w", err)
	}
	floor, err := measure(held.Y, got.Values, got.Proba)
	out.Metrics, out.Baseline = finite(found.Map()), finite(floor.Map())
	return out, err
}
