package metric

import (
	"math/rand/v2"
	"slices"
)

// Bootstrap draws samples of n rows with replacement and takes the 2.5th and
// 97.5th percentile of each metric over them as its 95 % interval. The zero
// value draws 1,000 samples from seed 0.
//
// A sample is n counts, not n rows: every metric is a sum over rows weighted by
// their counts, and rankings are sorted once for all samples, so that a sample
// costs O(n k). The same seed gives the same interval everywhere (PCG). Samples
// in which a metric is undefined do not count for it. Source: Efron and
// Tibshirani 1993, chapter 13. Left out: BCa correction.
type Bootstrap struct {
	Samples int    `json:"samples,omitempty"` // 0: 1000; below 0: no intervals, Low and High are the value
	Seed    uint64 `json:"seed,omitempty"`
}

func (b Bootstrap) run(n int, m measurer) (Report, error) {
	counts := ones(n)
	results, omitted := m.measure(counts)
	samples := b.Samples
	if samples == 0 {
		samples = 1000
	}
	rng := rand.New(rand.NewPCG(b.Seed, 0x9e3779b97f4a7c15))
	drawn := make(map[string][]float64, len(results))
	for range samples {
		clear(counts)
		for range n {
			counts[rng.IntN(n)]++
		}
		rs, _ := m.measure(counts)
		for _, r := range rs {
			drawn[r.Name] = append(drawn[r.Name], r.Value)
		}
	}
	for i := range results {
		r := &results[i]
		r.Low, r.High = r.Value, r.Value
		if x := drawn[r.Name]; len(x) > 0 {
			slices.Sort(x)
			r.Low, r.High = quantile(x, 0.025), quantile(x, 0.975)
		}
	}
	return Report{Results: results, Omitted: omitted}, nil
}

// quantile interpolates linearly between the order statistics of sorted x
// (Hyndman and Fan's type 7, numpy's default).
func quantile(x []float64, q float64) float64 {
	at := q * float64(len(x)-1)
	i := int(at)
	if i+1 >= len(x) {
		return x[len(x)-1]
	}
	return x[i] + (at-float64(i))*(x[i+1]-x[i])
}
