package check

import (
	"cmp"
	"context"
	"slices"
)

// tree is a small decision tree: greedy splits of a column's bins in two, where
// the sum of squares around the means falls most (of indicators of classes that
// is the Gini impurity). Missing values lie below all numbers; categories are
// put in the order of their mean target, of the most frequent class if there
// are several. A leaf has at least least rows and predicts their mean.
//
// Cost: depth times rows times columns. Source: Breiman and others, CART, 1984.
type tree struct {
	targets [][]float64 // by target, then by training row
	columns []*column
	least   int
}

// predict grows the tree and returns the mean of each target for each test row.
func (t tree) predict(ctx context.Context, depth, tests int) ([][]float64, error) {
	train, test := make([]int32, len(t.targets[0])), make([]int32, tests)
	for i := range train {
		train[i] = int32(i)
	}
	for i := range test {
		test[i] = int32(i)
	}
	out := make([][]float64, tests)
	return out, t.grow(ctx, depth, train, test, out)
}

func (t tree) grow(ctx context.Context, depth int, train, test []int32, out [][]float64) error {
	var left []bool
	var by *column
	if depth > 0 && len(test) > 0 {
		most := 0.0
		for _, c := range t.columns {
			if err := ctx.Err(); err != nil {
				return err
			}
			if gain, side := t.split(c, train); gain > most {
				most, left, by = gain, side, c
			}
		}
	}
	if by == nil {
		mean := make([]float64, len(t.targets))
		for c, y := range t.targets {
			for _, i := range train {
				mean[c] += y[i]
			}
			mean[c] /= float64(len(train))
		}
		for _, i := range test {
			out[i] = mean
		}
		return nil
	}
	divide := func(rows []int32, codes []uint8) (a, b []int32) {
		for _, i := range rows {
			if left[codes[i]] {
				a = append(a, i)
			} else {
				b = append(b, i)
			}
		}
		return a, b
	}
	a, b := divide(train, by.train)
	c, d := divide(test, by.test)
	if err := t.grow(ctx, depth-1, a, c, out); err != nil {
		return err
	}
	return t.grow(ctx, depth-1, b, d, out)
}

// split finds the best division of a column's bins: how much the sum of
// squares falls, and which bins go left. Gain 0: none.
func (t tree) split(c *column, train []int32) (gain float64, left []bool) {
	k := len(t.targets)
	count, sums := make([]float64, c.bins), make([]float64, c.bins*k)
	for _, i := range train {
		count[c.train[i]]++
	}
	all := make([]float64, k)
	for j, y := range t.targets {
		for _, i := range train {
			sums[int(c.train[i])*k+j] += y[i]
		}
		for v := range c.bins {
			all[j] += sums[v*k+j]
		}
	}
	order := make([]int, 0, c.bins)
	for v := range c.bins {
		if count[v] > 0 {
			order = append(order, v)
		}
	}
	if c.text {
		by := slices.Index(all, slices.Max(all))
		slices.SortStableFunc(order, func(a, b int) int {
			return cmp.Compare(sums[a*k+by]/count[a], sums[b*k+by]/count[b])
		})
	}
	// The fall of the sum of squares is n_l n_r / n |mean_l - mean_r|².
	n, nl, cut := float64(len(train)), 0.0, -1
	below := make([]float64, k)
	for at, v := range order {
		nl += count[v]
		for j := range below {
			below[j] += sums[v*k+j]
		}
		nr := n - nl
		if nl < float64(t.least) || nr < float64(t.least) {
			continue
		}
		fall := 0.0
		for j := range below {
			d := below[j]/nl - (all[j]-below[j])/nr
			fall += nl * nr / n * d * d
		}
		if fall > gain*(1+1e-12) {
			gain, cut = fall, at
		}
	}
	if cut < 0 {
		return 0, nil
	}
	// Bins that training rows of this node do not have go with the larger side.
	left = make([]bool, c.bins)
	heavy := 0.0
	for _, v := range order[:cut+1] {
		heavy += count[v]
	}
	for v := range left {
		left[v] = heavy*2 >= n
	}
	for at, v := range order {
		left[v] = at <= cut
	}
	if !c.text { // numbers between seen ones go with their neighbour below
		side := left[order[0]]
		for v := 1; v < c.bins; v++ {
			if count[v] > 0 {
				side = left[v]
			}
			left[v] = side
		}
	}
	return gain, left
}
