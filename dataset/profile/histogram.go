package profile

import (
	"math"
	"slices"
	"time"

	"gristmill/ml/frame"
)

// bins is about how many bins a histogram has at most; round edges make fewer.
const bins = 30

// histogram counts sorted values, a sample of all perhaps, in bins on round
// edges; low and high are the smallest and largest of all. Nil for a constant.
func histogram(kind frame.Type, sorted []float64, low, high float64, all int) *Histogram {
	if inner, outer := quantile(sorted, 0.01), quantile(sorted, 0.99); outer > inner && (high-low)/5 > outer-inner {
		low, high = inner, outer
	}
	if low == high || math.IsInf(high-low, 0) {
		return nil
	}
	var h Histogram
	if kind == frame.Timestamp {
		h.Edges = timeEdges(low, high)
	} else {
		h.Edges = roundEdges(low, high, kind == frame.Int64)
	}
	h.Counts = make([]int, len(h.Edges)-1)
	from, _ := slices.BinarySearch(sorted, h.Edges[0])
	h.Below = from
	for i := range h.Counts {
		end, _ := slices.BinarySearch(sorted, h.Edges[i+1])
		if i == len(h.Counts)-1 {
			for end < len(sorted) && sorted[end] <= h.Edges[i+1] {
				end++
			}
		}
		h.Counts[i] = end - from
		from = end
	}
	h.Above = len(sorted) - from
	if all != len(sorted) {
		h.scale(float64(all) / float64(len(sorted)))
	}
	return &h
}

// scale makes of the counts of a sample those of all values, about.
func (h *Histogram) scale(by float64) {
	times := func(n int) int { return int(math.Round(float64(n) * by)) }
	h.Below, h.Above = times(h.Below), times(h.Above)
	for i, n := range h.Counts {
		h.Counts[i] = times(n)
	}
}

// roundEdges returns multiples of 1, 2, 2.5 or 5 times a power of ten that
// enclose low and high; of integers whole ones, the last above high.
func roundEdges(low, high float64, whole bool) []float64 {
	raw := (high - low) / bins
	power := int(math.Floor(math.Log10(raw)))
	digits, shift := 100.0, power-1 // the step is digits * 10^shift
	for _, d := range []float64{10, 20, 25, 50} {
		if scaled(d, shift) >= raw && (!whole || scaled(d, shift) == math.Trunc(scaled(d, shift))) {
			digits = d
			break
		}
	}
	if whole && scaled(digits, shift) < 1 {
		digits, shift = 1, 0
	}
	step := scaled(digits, shift)
	first, last := math.Floor(low/step), math.Ceil(high/step)
	if whole {
		last = math.Floor(high/step) + 1
	}
	if last-first > 4*bins || last-first < 1 || first < -1<<52 || last > 1<<52 {
		return []float64{low, high} // the numbers are too large for their range
	}
	var edges []float64
	for k := first; k <= last; k++ {
		edges = append(edges, scaled(k*digits, shift))
	}
	for i := 1; i < len(edges); i++ {
		if edges[i] <= edges[i-1] || math.IsInf(edges[i], 0) {
			return []float64{low, high}
		}
	}
	return edges
}

// scaled returns v * 10^shift, rounded once, so that 3 * 10^-1 is 0.3.
func scaled(v float64, shift int) float64 {
	if shift < 0 && shift >= -300 {
		return v / math.Pow10(-shift)
	}
	return v * math.Pow10(shift)
}

// timeEdges returns round moments, in seconds since 1970 UTC, that enclose low
// and high: seconds to weeks, else whole months or years.
func timeEdges(low, high float64) []float64 {
	const minute, hour, day = 60, 3600, 86400
	raw := (high - low) / bins
	if raw < 1 {
		return roundEdges(low, high, false)
	}
	steps := []float64{1, 5, 15, 30, minute, 5 * minute, 15 * minute, 30 * minute, hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day}
	if i := slices.IndexFunc(steps, func(s float64) bool { return s >= raw }); i >= 0 {
		step := steps[i]
		offset := 0.0
		if step == 7*day {
			offset = 4 * day // 1970 began on a Thursday; weeks begin on Mondays
		}
		var edges []float64
		for k := math.Floor((low - offset) / step); ; k++ {
			edges = append(edges, k*step+offset)
			if len(edges) > 1 && edges[len(edges)-1] >= high {
				return edges
			}
		}
	}
	months := 1
	for _, m := range []int{1, 3, 6, 12, 24, 60, 120, 240, 600, 1200} {
		months = m
		if float64(m)*30*day >= raw {
			break
		}
	}
	begin := time.Unix(int64(math.Floor(low)), 0).UTC()
	since := begin.Year()*12 + int(begin.Month()) - 1
	var edges []float64
	for k := since - (since%months+months)%months; len(edges) < 10*bins; k += months {
		edges = append(edges, float64(time.Date(0, time.Month(k+1), 1, 0, 0, 0, 0, time.UTC).Unix()))
		if len(edges) > 1 && edges[len(edges)-1] >= high {
			return edges
		}
	}
	return []float64{low, high}
}
