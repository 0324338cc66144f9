package check

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gristmill/ml/frame"
	"gristmill/ml/stat"
)

// driftChance is how often chance alone may find a drift in a table of any
// number of columns.
const driftChance = 0.01

// drift compares the columns of training and test, and the target.
//
// Numbers: the Kolmogorov-Smirnov distance D of the values that are there, with
// its p-value. Categories: the Jensen-Shannon distance (base 2), with the
// p-value of the chi-squared test of homogeneity, categories expected less than
// five times in the test together. Missing values: the difference of their
// shares, with the p-value of two proportions. The effect has to be above the
// threshold and p times the number of columns below 0.01 (Bonferroni): with a
// million rows everything is significant, with twenty everything is large.
//
// Threshold 0.1: D is 0.1 when a normal column moves by a quarter of its
// standard deviation; for a share that moves from 50 % to 62 % the
// Jensen-Shannon distance is 0.1. Sources: Evidently's and NannyML's defaults
// are 0.1 as well. Left out: timestamps, unless named, since a split by time
// moves them by intent; texts that are nearly all distinct; drift of several
// columns together (a domain classifier).
func drift(ctx context.Context, b *bench, o Options, r *Result) error {
	const least = 20
	if n := min(b.Train.rows(), b.Test.rows()); n < least {
		r.Skipped = fmt.Sprintf("%d training and %d test rows, at least %d of each are needed", b.Train.rows(), b.Test.rows(), least)
		return nil
	}
	var all []shift
	for _, name := range b.columns(o) {
		if err := ctx.Err(); err != nil {
			return err
		}
		train, test := b.Train.X.Column(name), b.Test.X.Column(name)
		if train.Field.Type == frame.Timestamp && len(o.Columns) == 0 {
			continue
		}
		all = append(all, missingShift(name, train, test))
		if text(train) {
			a, c := categories(train), categories(test)
			if 2*len(a) < train.Len() || len(a) <= 2 {
				all = append(all, categoryShift(name, a, c))
			}
		} else {
			all = append(all, numberShift(name, numbers(train), numbers(test)))
		}
	}
	if len(o.Columns) == 0 {
		if b.classifies() {
			all = append(all, categoryShift(b.Target, b.classCounts(b.Train.Y), b.classCounts(b.Test.Y)))
		} else {
			all = append(all, numberShift(b.Target, b.Train.Y, b.Test.Y))
		}
	}
	var top, sure *shift
	for i := range all {
		s := &all[i]
		s.sure = s.p*float64(len(all)) < driftChance
		if top == nil || s.effect > top.effect {
			top = s
		}
		if s.sure && (sure == nil || s.effect > sure.effect) {
			sure = s
		}
		if s.sure && s.effect > r.Threshold {
			r.Findings = append(r.Findings, Finding{Subject: s.name, Columns: []string{s.name}, Value: s.effect, Detail: s.sentence()})
		}
	}
	switch {
	case sure != nil && (sure.effect > r.Threshold || top.effect <= r.Threshold):
		r.Value = sure.effect
		r.Detail = "The largest difference: " + sure.sentence() + "."
		if more := len(r.Findings) - 1; more > 0 {
			r.Detail = fmt.Sprintf("%s drift; the most: %s.", rowsOf(len(r.Findings), "column"), sure.sentence())
		}
	case top != nil:
		r.Value, r.Chance = top.effect, true
		r.Detail = "The largest difference: " + top.sentence() + "."
		if top.effect > r.Threshold {
			r.Detail = "No difference beyond chance; the largest: " + top.sentence() + "."
		}
	default:
		r.Detail = "There is no column to compare."
	}
	return nil
}

// shift is the difference of one column between training and test.
type shift struct {
	name      string
	what      string // of the effect
	effect, p float64
	how       string // what moved
	sure      bool
}

func (s shift) sentence() string {
	return fmt.Sprintf("%s %s, %s %s (p %s)", quoted(s.name), s.how, s.what, number(s.effect), number(s.p))
}

func numbers(c *frame.Column) []float64 {
	out := make([]float64, 0, c.Len())
	for i := range c.Len() {
		if v := c.Float(i); !math.IsNaN(v) {
			out = append(out, v)
		}
	}
	return out
}

func categories(c *frame.Column) map[string]int {
	counts := map[string]int{}
	for i := range c.Len() {
		if !c.IsNull(i) {
			counts[c.Text(i)]++
		}
	}
	return counts
}

func (b *bench) classCounts(y []float64) map[string]int {
	counts := map[string]int{}
	for _, v := range y {
		counts[b.Classes[int(v)]]++
	}
	return counts
}

func numberShift(name string, a, c []float64) shift {
	a, c = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(c))
	d, p := stat.KolmogorovSmirnov(a, c)
	how := "has no numbers"
	if len(a) > 0 && len(c) > 0 {
		how = fmt.Sprintf("has the median %s in training and %s in the test", number(median(a)), number(median(c)))
	}
	return shift{name: name, what: "KS distance", effect: d, p: p, how: how}
}

// median of sorted numbers, the lower of two.
func median(sorted []float64) float64 { return sorted[(len(sorted)-1)/2] }

func missingShift(name string, train, test *frame.Column) shift {
	n, m := float64(train.Len()), float64(test.Len())
	x, y := float64(train.Nulls()), float64(test.Nulls())
	_, _, p := stat.ChiSquare([]float64{x, n - x}, []float64{y, m - y})
	return shift{name: name, what: "difference", effect: math.Abs(x/n - y/m), p: p,
		how: fmt.Sprintf("is missing in %s of training and %s of test rows", share(x/n), share(y/m))}
}

func share(v float64) string { return number(math.Round(v*1000)/10) + " %" }

func categoryShift(name string, a, c map[string]int) shift {
	n, m := 0, 0
	both := map[string]int{}
	for l, k := range a {
		n, both[l] = n+k, both[l]+k
	}
	for l, k := range c {
		m, both[l] = m+k, both[l]+k
	}
	var x, y []float64
	restX, restY := 0.0, 0.0
	moved, most := "", 0.0
	for _, l := range frequent(both, len(both)) {
		u, v := float64(a[l]), float64(c[l])
		if float64(both[l])*float64(min(n, m))/float64(n+m) < 5 {
			restX, restY = restX+u, restY+v
			continue
		}
		x, y = append(x, u), append(y, v)
		if d := math.Abs(u/float64(max(n, 1)) - v/float64(max(m, 1))); d > most {
			most, moved = d, l
		}
	}
	x, y = append(x, restX), append(y, restY)
	how := "has the same shares"
	if moved != "" {
		how = fmt.Sprintf("is %s in %s of training and %s of test rows", quoted(moved), share(float64(a[moved])/float64(n)), share(float64(c[moved])/float64(m)))
	} else if restX+restY > 0 {
		how = "has other rare values"
	}
	_, _, p := stat.ChiSquare(x, y)
	return shift{name: name, what: "Jensen-Shannon distance", effect: stat.JensenShannon(x, y), p: p, how: how}
}
