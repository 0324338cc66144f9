package profile

import (
	"cmp"
	"math"
	"slices"

	"gristmill/ml/frame"
)

// run is a value of a sorted list and how often it comes.
type run struct {
	value float64
	count int
}

// before orders runs: the most frequent first, equal ones by value.
func before(a, b run) int {
	return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.value, b.value))
}

// mostFrequent returns how many different values there are, and the TopValues
// most frequent, equal ones by value.
func mostFrequent(sorted []float64) (distinct int, top []run) {
	top = make([]run, 0, TopValues+1)
	for i := 0; i < len(sorted); {
		r := run{value: sorted[i]}
		for ; i < len(sorted) && sorted[i] == r.value; i++ {
			r.count++
		}
		distinct++
		if len(top) == TopValues && r.count <= top[TopValues-1].count {
			continue // of equal counts the smaller value came before
		}
		at, _ := slices.BinarySearchFunc(top, r, before)
		top = slices.Insert(top, at, r)
		top = top[:min(len(top), TopValues)]
	}
	return distinct, top
}

// label renders a value as its column would.
func label(t frame.Type, v float64) string {
	c := frame.Column{Field: frame.Field{Type: t}}
	switch t {
	case frame.Int64:
		c.Ints = []int64{int64(v)}
	case frame.Timestamp:
		c.Ints = []int64{int64(math.Round(v * 1e6))}
	default:
		c.Floats = []float64{v}
	}
	return c.Text(0)
}

// moments returns the mean and the sample deviation (NaN for one value), each
// from a compensated sum (Neumaier 1974), the second about the mean.
func moments(values []float64) (mean, std float64) {
	n := float64(len(values))
	mean = sum(values, func(v float64) float64 { return v }) / n
	squares := sum(values, func(v float64) float64 { return (v - mean) * (v - mean) })
	return mean, math.Sqrt(squares / (n - 1))
}

// sum adds f of all values, and what rounding lost on the way.
func sum(values []float64, f func(float64) float64) float64 {
	var total, lost float64
	for _, v := range values {
		x := f(v)
		t := total + x
		if math.Abs(total) >= math.Abs(x) {
			lost += (total - t) + x
		} else {
			lost += (x - t) + total
		}
		total = t
	}
	return total + lost
}

// quantile interpolates in sorted values, which are not empty.
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	low := int(at)
	if low >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	t := at - float64(low)
	return sorted[low]*(1-t) + sorted[low+1]*t
}

// finite returns v, or nil if JSON has no form for it.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
