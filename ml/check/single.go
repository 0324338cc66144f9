package check

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// singleFeature looks for a column that alone predicts the target. Such a
// column as a rule is the target under another name, or is known only after it.
//
// For each column one-column models are fitted to training and measured on the
// test: the mean target of each bin (of numbers up to 250 quantiles of 20 rows
// and more, the levels of categories, missing values apart), shrunk to the mean
// of all as if two more rows had it; for numbers a straight line too. Strength
// is R² of a regression, of the target or of its rank (which tails do not
// disturb), and 2 AUC - 1 of a classification (Gini; several classes: the mean
// of each against the rest), whichever model is better, on all test rows or on
// those with a value, if these are at least half.
//
// Threshold 0.95, of a classification an AUC of 0.975: a copy of the target has
// 1, columns that are merely good rarely have as much (breast cancer's best has
// 0.93; that of iris has 1). Left out: two columns that predict it together.
func singleFeature(ctx context.Context, b *bench, o Options, r *Result) error {
	if why := b.measurable(); why != "" {
		r.Skipped = why
		return nil
	}
	what := "R²"
	if b.classifies() {
		what = "AUC"
	}
	best := -1
	for _, name := range b.columns(o) {
		c, err := b.column(ctx, name)
		if err != nil {
			return err
		}
		s := b.strength(c)
		if s < 0.3*r.Threshold && s <= r.Value {
			continue
		}
		shown := s
		if b.classifies() {
			shown = (s + 1) / 2
		}
		f := Finding{Subject: name, Columns: []string{name}, Value: s, Passed: s <= r.Threshold,
			Detail: fmt.Sprintf("%s alone predicts %s on test rows with %s %s", quoted(name), quoted(b.Target), what, number(shown))}
		r.Findings = append(r.Findings, f)
		if best < 0 || s > r.Value {
			best, r.Value = len(r.Findings)-1, max(s, 0)
		}
	}
	if best < 0 {
		r.Detail = "No column alone predicts the target."
		return nil
	}
	r.Detail = r.Findings[best].Detail
	if r.Value > r.Threshold {
		r.Detail += "; is it known at the time of a prediction?"
	} else {
		r.Detail += ", the strongest of all columns."
	}
	return nil
}

// measurable says why test rows do not do to measure a model by, or "".
func (b *bench) measurable() string {
	const least = 20
	if n := min(len(b.sample), b.Test.rows()); n < least {
		return fmt.Sprintf("%d training and %d test rows, at least %d of each are needed", b.Train.rows(), b.Test.rows(), least)
	}
	if !b.classifies() {
		if slices.Min(b.Test.Y) == slices.Max(b.Test.Y) {
			return "the target is constant in the test"
		}
		return ""
	}
	counts := make([]int, len(b.Classes))
	for _, y := range b.Test.Y {
		counts[int(y)]++
	}
	for c, n := range counts {
		if n < 5 && len(counts) == 2 {
			return fmt.Sprintf("%s of class %s in the test, at least 5 are needed", rowsOf(n, "row"), quoted(b.Classes[c]))
		}
	}
	return ""
}

// strength measures one column: on all test rows, and where values are missing
// also on those that have one, if they are half of the rows or more.
func (b *bench) strength(c *column) float64 {
	all := make([]int, len(c.test))
	var there []int
	for i, bin := range c.test {
		all[i] = i
		if bin > 0 {
			there = append(there, i)
		}
	}
	s := b.strengthOn(c, all)
	if len(there) < len(all) && len(there) >= 20 && 2*len(there) >= len(all) {
		s = max(s, b.strengthOn(c, there))
	}
	return s
}

func (b *bench) strengthOn(c *column, rows []int) float64 {
	truth := make([]float64, len(rows))
	if !b.classifies() {
		best := 0.0
		for _, y := range b.rankedTargets() {
			for k, i := range rows {
				truth[k] = y.test[i]
			}
			best = max(best, rSquared(truth, pick(shrunk(c, y.train), c.test, rows)))
			if line := b.line(c, y.train, rows); line != nil {
				best = max(best, rSquared(truth, line))
			}
		}
		return best
	}
	total, n := 0.0, 0.0
	for class := range b.Classes {
		if len(b.Classes) == 2 && class != b.Positive {
			continue
		}
		is, positives := make([]float64, len(b.sample)), 0
		for k, i := range b.sample {
			if int(b.Train.Y[i]) == class {
				is[k] = 1
			}
		}
		for k, i := range rows {
			truth[k] = 0
			if int(b.Test.Y[i]) == class {
				truth[k] = 1
				positives++
			}
		}
		if positives < 5 || len(rows)-positives < 5 {
			continue
		}
		auc := areaUnder(truth, pick(shrunk(c, is), c.test, rows))
		if line := b.line(c, is, rows); line != nil {
			auc = max(auc, areaUnder(truth, line))
		}
		total, n = total+2*auc-1, n+1
	}
	if n == 0 {
		return 0
	}
	return total / n
}

// ranked is a target of training (the sampled rows) and test.
type ranked struct{ train, test []float64 }

// rankedTargets are the target, and its rank among those of training.
func (b *bench) rankedTargets() []ranked {
	if b.ranks != nil {
		return b.ranks
	}
	plain := ranked{test: b.Test.Y}
	for _, i := range b.sample {
		plain.train = append(plain.train, b.Train.Y[i])
	}
	sorted := slices.Sorted(slices.Values(plain.train))
	rank := func(list []float64) []float64 {
		out := make([]float64, len(list))
		for i, v := range list {
			at, _ := slices.BinarySearch(sorted, v)
			out[i] = float64(at)
		}
		return out
	}
	b.ranks = []ranked{plain, {rank(plain.train), rank(plain.test)}}
	return b.ranks
}

// shrunk returns the mean of y in each bin, as if each had two rows more with
// the mean of all.
func shrunk(c *column, y []float64) []float64 {
	sum, count := make([]float64, c.bins), make([]float64, c.bins)
	all := 0.0
	for k, bin := range c.train {
		sum[bin] += y[k]
		count[bin]++
		all += y[k]
	}
	all /= float64(len(c.train))
	for i := range sum {
		sum[i] = (sum[i] + 2*all) / (count[i] + 2)
	}
	return sum
}

func pick(table []float64, codes []uint8, rows []int) []float64 {
	out := make([]float64, len(rows))
	for k, i := range rows {
		out[k] = table[codes[i]]
	}
	return out
}

// line predicts test rows by the least-squares line of y through the column's
// values, missing ones at their mean. Nil: the column has no line.
func (b *bench) line(c *column, y []float64, rows []int) []float64 {
	if c.text {
		return nil
	}
	train, test := b.Train.X.Column(c.name), b.Test.X.Column(c.name)
	var mx, my, n float64
	for k, i := range b.sample {
		if v := train.Float(i); !notFinite(v) {
			n++
			mx += (v - mx) / n
			my += (y[k] - my) / n
		}
	}
	var xx, xy float64
	for k, i := range b.sample {
		if v := train.Float(i); !notFinite(v) {
			xx += (v - mx) * (v - mx)
			xy += (v - mx) * (y[k] - my)
		}
	}
	if !(xx > 0) || notFinite(xx) || notFinite(xy) {
		return nil
	}
	out := make([]float64, len(rows))
	for k, i := range rows {
		out[k] = my
		if v := test.Float(i); !notFinite(v) {
			out[k] += xy / xx * (v - mx)
		}
	}
	return out
}

// areaUnder is the area under the ROC curve: the share of pairs of a row with
// truth 1 and one with 0 that the score puts in order, ties counting half. It
// is 1/2 if there are no such pairs.
func areaUnder(truth, score []float64) float64 {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(score[a], score[b]) })
	var below, pairs, positives float64
	for i := 0; i < len(order); {
		j, p := i, 0.0
		for ; j < len(order) && score[order[j]] == score[order[i]]; j++ {
			p += truth[order[j]]
		}
		n := float64(j-i) - p
		pairs += p * (below + n/2)
		below += n
		positives += p
		i = j
	}
	if positives == 0 || below == 0 {
		return 0.5
	}
	return pairs / (positives * below)
}

// rSquared is the share of the variance of y that p explains; below 0 it is 0.
func rSquared(y, p []float64) float64 {
	_, variance := moments(y)
	rest := 0.0
	for i := range y {
		rest += (y[i] - p[i]) * (y[i] - p[i])
	}
	all := variance * float64(max(len(y)-1, 1))
	if !(all > 0) || notFinite(rest) {
		return 0
	}
	return max(0, 1-rest/all)
}
