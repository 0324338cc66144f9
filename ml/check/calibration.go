package check

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"gristmill/ml/stat"
)

// calibration compares probabilities with what happened: of the test rows to
// which the model gives 0.8, eight of ten should be positive.
//
// The rows are put into ten groups of about one size by the probability of the
// positive class (several classes: by that of the likeliest, compared with
// whether it is right). The value is the expected calibration error, the mean
// over rows of |mean probability - observed share| of their group. Few rows
// have a large one by chance: above the threshold the check fails only if
// the statistic of Hosmer and Lemeshow, sum (O - E)² / sum p (1 - p) over the
// groups, has p < 0.01 (chi-squared, a degree of freedom for each group, since
// the test fitted nothing).
//
// Threshold 0.1: probabilities that are a tenth off. Sources: Naeini, Cooper,
// Hauskrecht 2015; Hosmer, Lemeshow 1980. Left out: regressions, and which way
// a model is wrong within a group.
func calibration(_ context.Context, b *bench, _ Options, r *Result) error {
	const least, bins = 50, 10
	n, k := b.Test.rows(), len(b.Classes)
	switch {
	case k == 0:
		r.Skipped = "a regression has no probabilities"
	case b.Test.Proba == nil:
		r.Skipped = "there are no probabilities of the test rows"
	case n < least:
		r.Skipped = fmt.Sprintf("%d test rows, at least %d are needed", n, least)
	}
	if r.Skipped != "" {
		return nil
	}
	type row struct {
		p   float64
		hit float64
	}
	rows := make([]row, n)
	for i := range rows {
		p := b.Test.Proba[i*k : (i+1)*k]
		class := b.Positive
		if k > 2 {
			class = slices.Index(p, slices.Max(p))
		}
		rows[i].p = p[class]
		if int(b.Test.Y[i]) == class {
			rows[i].hit = 1
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.p, b.p) })
	var ece, statistic, worst, worstP, worstO float64
	used := 0.0
	for from, g := 0, 1; from < n; g++ {
		to := max(from+1, g*n/bins)
		for to < n && rows[to].p == rows[to-1].p { // equal ones stay together
			to++
		}
		part := rows[from:to]
		from = to
		var p, hits, variance float64
		for _, x := range part {
			p += x.p
			hits += x.hit
			variance += x.p * (1 - x.p)
		}
		size := float64(len(part))
		gap := math.Abs(p-hits) / size
		ece += gap * size / float64(n)
		if gap > worst {
			worst, worstP, worstO = gap, p/size, hits/size
		}
		if variance > 1e-12 || gap > 1e-9 {
			statistic += (p - hits) * (p - hits) / max(variance, 1e-12)
			used++
		}
	}
	p := 1.0
	if used > 0 {
		p = stat.ChiSquareTail(statistic, used)
	}
	r.Value, r.Chance = ece, p >= 0.01
	r.Detail = fmt.Sprintf("Probabilities are %s off on average; the most where the model says %s and %s come true (Hosmer-Lemeshow p %s).",
		number(ece), number(worstP), number(worstO), number(p))
	return nil
}
