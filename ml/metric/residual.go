package metric

import (
	"fmt"
	"math"
	"slices"
)

// Summary describes the distribution of numbers, such as residuals.
type Summary struct {
	Rows     int     `json:"rows"`
	Mean     float64 `json:"mean"`
	Std      float64 `json:"std"`      // of a sample: divided by n - 1; 0 for one row
	Skew     float64 `json:"skew"`     // third standardized moment; 0 without spread
	Kurtosis float64 `json:"kurtosis"` // fourth, less 3; 0 without spread
	Min      float64 `json:"min"`
	P01      float64 `json:"p01"` // quantiles as numpy interpolates them
	P05      float64 `json:"p05"`
	P25      float64 `json:"p25"`
	P50      float64 `json:"p50"`
	P75      float64 `json:"p75"`
	P95      float64 `json:"p95"`
	P99      float64 `json:"p99"`
	Max      float64 `json:"max"`
}

// Summarize describes x. Skewness and kurtosis are scipy.stats.skew and
// kurtosis, without correction of their bias. Numbers that are not finite and
// an empty x are errors.
func Summarize(x []float64) (Summary, error) {
	if len(x) == 0 {
		return Summary{}, errNoRows
	}
	n := float64(len(x))
	mean := 0.0
	for i, v := range x {
		if v-v != 0 {
			return Summary{}, fmt.Errorf("summarize: row %d is %v, want a finite number", i+1, v)
		}
		mean += v / n
	}
	var m1, m2, m3, m4 float64
	for _, v := range x {
		d := v - mean
		m1, m2, m3, m4 = m1+d, m2+d*d, m3+d*d*d, m4+d*d*d*d
	}
	mean += m1 / n // what rounding left
	s := Summary{Rows: len(x), Mean: mean}
	m2 /= n
	if len(x) > 1 {
		s.Std = math.Sqrt(m2 * n / (n - 1))
	}
	if eps := 0x1p-52 * mean; m2 > eps*eps {
		s.Skew, s.Kurtosis = m3/n/(m2*math.Sqrt(m2)), m4/n/(m2*m2)-3
	}
	sorted := slices.Sorted(slices.Values(x))
	s.Min, s.Max = sorted[0], sorted[len(sorted)-1]
	for q, to := range map[float64]*float64{.01: &s.P01, .05: &s.P05, .25: &s.P25, .5: &s.P50, .75: &s.P75, .95: &s.P95, .99: &s.P99} {
		*to = percentile(sorted, q)
	}
	return s, nil
}

// Bins returns how many of x lie between equally wide edges from the least to
// the greatest: len(edges) is len(counts)+1, and the last bin has both its
// edges. Their width is that of Freedman and Diaconis 1981, but there are at
// least 10 and at most 60; numbers that are all alike make one bin around them.
func Bins(x []float64) (edges, counts []float64) {
	if len(x) == 0 {
		return nil, nil
	}
	sorted := slices.Sorted(slices.Values(x))
	low, high := sorted[0], sorted[len(sorted)-1]
	if low == high {
		return []float64{low - 0.5, high + 0.5}, []float64{float64(len(x))}
	}
	bins := 60
	if width := 2 * (percentile(sorted, .75) - percentile(sorted, .25)) / math.Cbrt(float64(len(x))); width > 0 {
		bins = int(min(max(math.Ceil((high-low)/width), 10), 60))
	}
	edges, counts = make([]float64, bins+1), make([]float64, bins)
	for i := range edges {
		edges[i] = low + float64(i)*((high-low)/float64(bins))
	}
	edges[bins] = high
	at := 0
	for _, v := range sorted {
		for at+1 < bins && v >= edges[at+1] {
			at++
		}
		counts[at]++
	}
	return edges, counts
}

// QQ are the points of a normal quantile plot.
type QQ struct {
	Normal    []float64 // n quantiles of the standard normal distribution, rising
	Ordered   []float64 // the n numbers, rising
	Slope     float64   // of the least-squares line through the points
	Intercept float64
	R         float64 // correlation of the points; near 1: normal; 0 without spread
}

// NormalQQ returns the points of scipy.stats.probplot: quantiles at Filliben's
// estimates of the medians of order statistics. It needs two finite numbers.
// Source: Filliben 1975.
func NormalQQ(x []float64) (QQ, error) {
	if len(x) < 2 {
		return QQ{}, fmt.Errorf("compare with normal quantiles: %d rows, want at least 2", len(x))
	}
	for i, v := range x {
		if v-v != 0 {
			return QQ{}, fmt.Errorf("compare with normal quantiles: row %d is %v, want a finite number", i+1, v)
		}
	}
	n := float64(len(x))
	q := QQ{Normal: make([]float64, len(x)), Ordered: slices.Sorted(slices.Values(x))}
	last := math.Pow(0.5, 1/n)
	for i := range q.Normal {
		p := (float64(i+1) - 0.3175) / (n + 0.365)
		switch i {
		case 0:
			p = 1 - last
		case len(x) - 1:
			p = last
		}
		q.Normal[i] = NormalQuantile(p)
	}
	mx, my := mean(q.Normal), mean(q.Ordered)
	var xx, xy, yy float64
	for i, a := range q.Normal {
		dx, dy := a-mx, q.Ordered[i]-my
		xx, xy, yy = xx+dx*dx, xy+dx*dy, yy+dy*dy
	}
	q.Slope = xy / xx
	q.Intercept = my - q.Slope*mx
	if yy > 0 {
		q.R = xy / math.Sqrt(xx) / math.Sqrt(yy)
	}
	return q, nil
}

// NormalQuantile returns the z below which a standard normal variable lies with
// probability p, accurate to a few units in the last place for p down to 1e-300:
// Halley's iteration on the complementary error function. It is -Inf at 0, +Inf
// at 1 and NaN outside.
func NormalQuantile(p float64) float64 {
	switch {
	case !(p >= 0 && p <= 1):
		return math.NaN()
	case p == 0:
		return -inf
	case p == 1:
		return inf
	case p > 0.5:
		return -NormalQuantile(1 - p) // exact: 1 - p has no rounding above a half
	}
	z := math.Sqrt2 * math.Erfinv(2*p-1)
	if p < 1e-10 { // 2p - 1 has lost p's digits: start from the tail's asymptote
		t := -2 * math.Log(p)
		z = -math.Sqrt(t - math.Log(2*math.Pi*t))
	}
	for range 5 {
		e := (0.5*math.Erfc(-z/math.Sqrt2) - p) * math.Sqrt(2*math.Pi) * math.Exp(z*z/2)
		step := e / (1 + z*e/2)
		z -= step
		if math.Abs(step) <= 1e-16*math.Abs(z) {
			break
		}
	}
	return z
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}
