package check

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// simpleModel compares the model with two that a person could work with by
// hand: the target's mean (or the shares of the classes), and a decision tree of
// depth 3 on the raw columns (see tree). Both are fitted to training (at most
// 50,000 rows of it) and measured on the test.
//
// The value is the loss of the model divided by that of the better of them:
// root mean squared error; Brier score; error rate, if there are no
// probabilities. A loss above the simple model's
// fails the check only if the difference, row by row, is beyond chance
// (z > 1.645).
//
// Threshold 1: a model that is worse than a tree of eight leaves has no reason
// to be. Left out: linear models, which need the columns' transformation.
func simpleModel(ctx context.Context, b *bench, o Options, r *Result) error {
	if r.Skipped = b.predicted(); r.Skipped == "" {
		r.Skipped = b.measurable()
	}
	if r.Skipped != "" {
		return nil
	}
	var columns []*column
	for _, name := range b.columns(o) {
		c, err := b.column(ctx, name)
		if err != nil {
			return err
		}
		columns = append(columns, c)
	}
	own, _ := b.losses(b.Test.Y, b.Test.Pred, b.Test.Proba, true)
	ownMean, _ := moments(own)
	targets := b.targets()
	best, bestMean, name := []float64(nil), math.Inf(1), ""
	for _, depth := range []int{0, 3} {
		t := tree{targets: targets, columns: columns, least: max(10, len(b.sample)/200)}
		leaves, err := t.predict(ctx, depth, b.Test.rows())
		if err != nil {
			return err
		}
		loss := b.simpleLosses(leaves)
		if mean, _ := moments(loss); mean < bestMean {
			best, bestMean, name = loss, mean, simpleName(depth, b.classifies())
		}
	}
	what, a, c := b.lossName(b.Test.Proba), ownMean, bestMean
	if !b.classifies() {
		what, a, c = "root mean squared error", math.Sqrt(ownMean), math.Sqrt(bestMean)
	}
	if c > 0 {
		r.Value = a / c
	} else if a > 0 {
		r.Value = math.MaxFloat64
	}
	difference := make([]float64, len(own))
	for i := range own {
		difference[i] = own[i] - best[i]
	}
	mean, variance := moments(difference)
	const z = 1.645
	r.Chance = r.Value > 1 && mean <= z*math.Sqrt(variance/float64(len(own)))
	than := "better than"
	switch {
	case r.Chance:
		than = "within chance of"
	case r.Value == 1:
		than = "as good as"
	case r.Value > 1:
		than = "worse than"
	}
	r.Detail = fmt.Sprintf("The model is %s %s: %s %s against %s on test rows.", than, name, what, number(a), number(c))
	return nil
}

func simpleName(depth int, classes bool) string {
	switch {
	case depth > 0:
		return "a decision tree of depth 3"
	case classes:
		return "the shares of the classes"
	}
	return "the target's mean"
}

// targets are what the tree predicts: the value, or 1 for the class and 0 for
// the others, class by class, of the sampled training rows.
func (b *bench) targets() [][]float64 {
	out := make([][]float64, max(len(b.Classes), 1))
	for c := range out {
		out[c] = make([]float64, len(b.sample))
		for k, i := range b.sample {
			switch {
			case !b.classifies():
				out[c][k] = b.Train.Y[i]
			case int(b.Train.Y[i]) == c:
				out[c][k] = 1
			}
		}
	}
	return out
}

// simpleLosses measures the tree's predictions, one list a row, as the model's.
func (b *bench) simpleLosses(leaves [][]float64) []float64 {
	var pred, proba []float64
	for _, p := range leaves {
		switch {
		case !b.classifies():
			pred = append(pred, p[0])
		case b.Test.Proba != nil:
			proba = append(proba, p...)
		default:
			pred = append(pred, float64(slices.Index(p, slices.Max(p))))
		}
	}
	loss, _ := b.losses(b.Test.Y, pred, proba, true)
	return loss
}
