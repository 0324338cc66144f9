package metric

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// Strategy says how probabilities are put into bins.
type Strategy string

// The strategies.
const (
	Uniform  Strategy = "uniform"  // bins of equal width
	Quantile Strategy = "quantile" // bins of about equally many rows
)

// CalibrationBin is a group of rows with like probabilities.
type CalibrationBin struct {
	Rows      int     `json:"rows"`
	Predicted float64 `json:"predicted"` // mean probability
	Observed  float64 `json:"observed"`  // share of positives
	Low       float64 `json:"low"`       // Wilson's 95 % interval of Observed
	High      float64 `json:"high"`
}

// Calibration puts rows into bins by their probability and compares it with
// what happened: scikit-learn's calibration_curve. Bins without rows are left
// out. A probability on an edge belongs to the lower bin.
//
// Cost: O(n log bins), for Quantile O(n log n). Left out: bins of a kernel.
func Calibration(truth []bool, proba []float64, bins int, s Strategy) ([]CalibrationBin, error) {
	switch {
	case len(truth) == 0:
		return nil, errNoRows
	case len(truth) != len(proba):
		return nil, fmt.Errorf("calibrate: %d targets and %d probabilities, want equally many", len(truth), len(proba))
	case bins < 1:
		return nil, fmt.Errorf("calibrate: %d bins, want at least 1", bins)
	case s != Uniform && s != Quantile:
		return nil, fmt.Errorf("calibrate: unknown strategy %q, want uniform or quantile", s)
	}
	for i, p := range proba {
		if !(p >= 0 && p <= 1) {
			return nil, fmt.Errorf("calibrate: row %d has probability %v, want a number from 0 to 1", i+1, p)
		}
	}
	edges := make([]float64, bins-1) // the inner ones
	step := 1 / float64(bins)
	for i := range edges {
		edges[i] = float64(i+1) * step
	}
	if s == Quantile {
		sorted := slices.Sorted(slices.Values(proba))
		for i, q := range edges {
			edges[i] = percentile(sorted, q*100/100) // numpy goes by percent; the rounding decides ties
		}
	}
	sums, hits, rows := make([]float64, bins), make([]float64, bins), make([]float64, bins)
	for i, p := range proba {
		b := sort.SearchFloat64s(edges, p)
		sums[b] += p
		rows[b]++
		if truth[i] {
			hits[b]++
		}
	}
	var out []CalibrationBin
	for b, n := range rows {
		if n > 0 {
			low, high := Wilson(hits[b], n)
			out = append(out, CalibrationBin{Rows: int(n), Predicted: sums[b] / n, Observed: hits[b] / n, Low: low, High: high})
		}
	}
	return out, nil
}

// CalibrationError is the expected calibration error: the mean over rows of how
// far a bin's mean probability lies from its share of positives. Source:
// Naeini, Cooper and Hauskrecht 2015.
func CalibrationError(bins []CalibrationBin) float64 {
	sum, n := 0.0, 0.0
	for _, b := range bins {
		sum += float64(b.Rows) * math.Abs(b.Predicted-b.Observed)
		n += float64(b.Rows)
	}
	return ratio(sum, n)
}

// Wilson returns the 95 % score interval of a share of hits among n rows.
// Source: Wilson 1927.
func Wilson(hits, n float64) (low, high float64) {
	const z = 1.959963984540054
	if n <= 0 {
		return 0, 1
	}
	p := hits / n
	mid := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	low, high = max(0, mid-half), min(1, mid+half)
	if hits == 0 {
		low = 0
	}
	if hits == n {
		high = 1
	}
	return low, high
}

// percentile interpolates as numpy does: from the nearer of two neighbours, so
// that an edge is the same number there and here.
func percentile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	a, b, t := sorted[i], sorted[i+1], at-math.Floor(at)
	if t >= 0.5 {
		return b - (b-a)*(1-t)
	}
	return a + (b-a)*t
}
