package profile

import (
	"math"
	"slices"

	"gristmill/ml/frame"
)

// numbers gathers a column of numbers. Up to cap values it keeps them all; then
// an even sample: those values whose number in the column, mixed, lies below a
// limit, which is halved whenever the sample is full again. So the sample depends
// on the column only, not on how it was cut into batches.
type numbers struct {
	kind      frame.Type
	cap       int
	seen      int // finite values
	notFinite int
	zeros     int
	min, max  float64
	values    []float64
	keys      []uint64 // of a sample: the mixed numbers of its values
	limit     uint64
	// Of a sample, over all values:
	mean, squares float64 // Welford 1962
	counts        map[float64]int
	different     *sketch
}

// maxCounts is how many different numbers of a sampled column are counted.
const maxCounts = 10_000

func newNumbers(kind frame.Type, limit int) *numbers {
	return &numbers{kind: kind, cap: limit, min: math.Inf(1), max: math.Inf(-1)}
}

func (n *numbers) add(v float64) {
	if v == 0 {
		n.zeros++
		v = 0 // -0 is 0
	}
	n.min, n.max = min(n.min, v), max(n.max, v)
	if n.keys == nil {
		if len(n.values) < n.cap {
			n.values = append(n.values, v)
			n.seen++
			return
		}
		n.overflow()
	}
	key := mix(uint64(n.seen))
	n.seen++
	d := v - n.mean
	n.mean += d / float64(n.seen)
	n.squares += d * (v - n.mean)
	n.count(v)
	if key > n.limit {
		return
	}
	n.values, n.keys = append(n.values, v), append(n.keys, key)
	for len(n.values) > n.cap {
		n.thin()
	}
}

// overflow turns all values into a sample of them.
func (n *numbers) overflow() {
	mean, std := moments(n.values)
	n.mean, n.squares = mean, std*std*float64(n.seen-1)
	if n.seen < 2 {
		n.squares = 0
	}
	n.counts, n.different = map[float64]int{}, newSketch()
	n.keys = make([]uint64, len(n.values), n.cap+1)
	for i, v := range n.values {
		n.keys[i] = mix(uint64(i))
		n.count(v)
	}
	n.limit = math.MaxUint64
	n.thin()
}

// count notes a value of a sampled column.
func (n *numbers) count(v float64) {
	n.different.add(mix(math.Float64bits(v) + nothing))
	if n.counts == nil {
		return
	}
	if n.counts[v]++; len(n.counts) > maxCounts {
		n.counts = nil
	}
}

// thin halves the sample.
func (n *numbers) thin() {
	n.limit /= 2
	kept := 0
	for i, key := range n.keys {
		if key <= n.limit {
			n.values[kept], n.keys[kept] = n.values[i], key
			kept++
		}
	}
	n.values, n.keys = n.values[:kept], n.keys[:kept]
}

// shares are the quantiles of a profile.
func shares() []float64 { return []float64{0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1} }

// finish fills in the column and returns how many values it has.
func (n *numbers) finish(out *Column) int {
	out.NotFinite, out.Zeros = n.notFinite, n.zeros
	if len(n.values) == 0 {
		return n.seen
	}
	slices.Sort(n.values)
	var top []run
	out.Distinct, top = mostFrequent(n.values)
	mean, std := n.mean, math.Sqrt(n.squares/float64(n.seen-1))
	if n.keys == nil {
		mean, std = moments(n.values)
	} else {
		out.Sampled = len(n.values)
		out.Distinct, top = n.estimates(out, top)
	}
	for _, r := range top {
		out.Top = append(out.Top, Count{Value: label(n.kind, r.value), Count: r.count})
	}
	out.Min, out.Max = finite(n.min), finite(n.max)
	out.Mean, out.Std = finite(mean), finite(std)
	for _, share := range shares() {
		q := Quantile{P: share, Value: quantile(n.values, share)}
		switch share { // the ends are known even of a sample
		case 0:
			q.Value = n.min
		case 1:
			q.Value = n.max
		}
		out.Quantiles = append(out.Quantiles, q)
	}
	if n.kind == frame.Timestamp {
		out.First, out.Last = label(n.kind, n.min), label(n.kind, n.max)
	}
	out.Histogram = histogram(n.kind, n.values, n.min, n.max, n.seen)
	return n.seen
}

// estimates returns the different and most frequent values of a sampled column:
// exact ones if they were few enough to count.
func (n *numbers) estimates(out *Column, sampled []run) (distinct int, top []run) {
	if n.counts != nil {
		top = make([]run, 0, len(n.counts))
		for v, c := range n.counts {
			top = append(top, run{v, c})
		}
		slices.SortFunc(top, before)
		return len(n.counts), top[:min(len(top), TopValues)]
	}
	out.Approximate = true
	scale := float64(n.seen) / float64(len(n.values))
	for i := range sampled {
		sampled[i].count = int(math.Round(float64(sampled[i].count) * scale))
	}
	return max(n.different.estimate(), maxCounts+1), sampled
}
