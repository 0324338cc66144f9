package metric

import (
	"context"
	"fmt"
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
	// Progress is told how many of the samples are done, about every second
	// of a long run; may be nil.
	Progress func(done, of int) `json:"-"`
}

// progressRows is how many drawn rows take about a second.
const progressRows = 10_000_000

func (b Bootstrap) run(ctx context.Context, n int, m measurer) (Report, error) {
	counts := ones(n)
	results, omitted := m.measure(counts)
	rng := b.rng()
	drawn := make(map[string][]float64, len(results))
	for i := range b.samples() {
		if err := b.draw(ctx, rng, counts, i); err != nil {
			return Report{}, err
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

// samples returns how many samples to draw.
func (b Bootstrap) samples() int {
	if b.Samples == 0 {
		return 1000
	}
	return max(b.Samples, 0)
}

func (b Bootstrap) rng() *rand.Rand { return rand.New(rand.NewPCG(b.Seed, 0x9e3779b97f4a7c15)) }

// draw makes counts those of sample i, of as many rows. It gives up soon after
// ctx ends, also with millions of rows.
func (b Bootstrap) draw(ctx context.Context, rng *rand.Rand, counts []float64, i int) error {
	clear(counts)
	n := len(counts)
	if every := progressRows/n + 1; b.Progress != nil && i > 0 && i%every == 0 {
		b.Progress(i, b.samples())
	}
	for i := range n {
		if i&0xfffff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		counts[rng.IntN(n)]++
	}
	return nil
}

// Means returns the mean of each column of n numbers with its interval, without
// names. Every sample draws the same rows of all columns, so that a column of
// differences has the interval of paired rows.
func (b Bootstrap) Means(ctx context.Context, columns ...[]float64) ([]Result, error) {
	if len(columns) == 0 || len(columns[0]) == 0 {
		return nil, errNoRows
	}
	n := len(columns[0])
	out := make([]Result, len(columns))
	for j, c := range columns {
		if len(c) != n {
			return nil, fmt.Errorf("average columns: column %d has %d rows, column 1 has %d", j+1, len(c), n)
		}
		v := mean(c)
		out[j] = Result{Value: v, Low: v, High: v}
	}
	rng, counts := b.rng(), make([]float64, n)
	drawn := make([][]float64, len(columns))
	for i := range b.samples() {
		if err := b.draw(ctx, rng, counts, i); err != nil {
			return nil, err
		}
		for j, c := range columns {
			sum := 0.0
			for i, w := range counts {
				sum += w * c[i]
			}
			drawn[j] = append(drawn[j], sum/float64(n))
		}
	}
	for j, x := range drawn {
		if len(x) > 0 {
			slices.Sort(x)
			out[j].Low, out[j].High = quantile(x, 0.025), quantile(x, 0.975)
		}
	}
	return out, nil
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
