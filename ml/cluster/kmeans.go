package cluster

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gristmill/ml"
)

// KMeans splits n points into k clusters such that the sum of squared distances
// to the clusters' means, the inertia, is small:
//
//	assign  each point to its nearest centre
//	update  each centre to the mean of its points
//
// until no assignment changes or the centres move less than Tolerance. A
// cluster that loses all its points takes the point farthest from its centre.
// The start is greedy k-means++: each next centre is drawn with a probability
// proportional to the squared distance to the nearest centre so far, the best
// of 2 + log k draws.
//
// Cost: O(n k p) an iteration. Source: Lloyd 1957; Arthur and Vassilvitskii
// 2007; scikit-learn's KMeans, from whose start the same clusters come out.
// Left out: sample weights, Elkan's bounds, mini-batches.
type KMeans struct {
	Clusters   int         `json:"clusters"`
	Seed       uint64      `json:"seed,omitempty"`
	Restarts   int         `json:"restarts,omitempty"`   // starts, of which the least inertia wins; 0 means 1
	Iterations int         `json:"iterations,omitempty"` // at most; 0 means 300
	Tolerance  float64     `json:"tolerance,omitempty"`  // squared move of the centres, in mean column variances; 0 means 1e-4
	Start      [][]float64 `json:"start,omitempty"`      // centres to begin with instead of k-means++
}

// Fitted are the clusters that KMeans found.
type Fitted struct {
	Centers    [][]float64 `json:"centers"` // k points of p numbers
	Inertia    float64     `json:"inertia"` // sum of squared distances to the nearest centre
	Iterations int         `json:"iterations"`
}

// Fit finds clusters of the rows of x, row-major with p finite numbers each.
// Fewer rows than clusters, and centres of another width, are ml.Problems.
func (k KMeans) Fit(ctx context.Context, x []float64, p int) (Fitted, error) {
	if err := k.check(x, p); err != nil {
		return Fitted{}, err
	}
	if k.Iterations == 0 {
		k.Iterations = 300
	}
	if k.Tolerance == 0 {
		k.Tolerance = 1e-4
	}
	k.Tolerance *= meanVariance(x, p)
	best := Fitted{Inertia: math.Inf(1)}
	r := rand.New(rand.NewPCG(k.Seed, 0x6b6d65616e73))
	for range max(k.Restarts, 1) {
		centers := make([]float64, 0, k.Clusters*p)
		for _, c := range k.Start {
			centers = append(centers, c...)
		}
		if k.Start == nil {
			centers = seeds(r, x, p, k.Clusters, centers)
		}
		f, err := k.lloyd(ctx, x, p, centers)
		if err != nil {
			return Fitted{}, err
		}
		if f.Inertia < best.Inertia || best.Centers == nil {
			best = f
		}
		if k.Start != nil {
			break
		}
	}
	return best, nil
}

func (k KMeans) check(x []float64, p int) error {
	var ps ml.Problems
	add := func(path, given, want string) {
		ps = append(ps, ml.Problem{Path: path, Given: given, Want: want, Msg: fmt.Sprintf("k-means: %s is %s, want %s", path, given, want)})
	}
	if p < 1 || len(x)%max(p, 1) != 0 {
		add("columns", fmt.Sprint(p), fmt.Sprintf("a width that divides %d numbers", len(x)))
		return ps
	}
	if k.Clusters < 1 || k.Clusters > len(x)/p {
		add("clusters", fmt.Sprint(k.Clusters), fmt.Sprintf("from 1 to the %d rows", len(x)/p))
	}
	if !(k.Tolerance >= 0) || k.Iterations < 0 || k.Restarts < 0 {
		add("tolerance, iterations or restarts", "negative", "0 or more")
	}
	if k.Start != nil && (len(k.Start) != k.Clusters || slices.ContainsFunc(k.Start, func(c []float64) bool { return len(c) != p })) {
		add("start", fmt.Sprintf("%d centres", len(k.Start)), fmt.Sprintf("%d of %d numbers", k.Clusters, p))
	}
	for i, a := range x {
		if a-a != 0 || math.Abs(a) > 1e150 {
			add(fmt.Sprintf("row %d", i/p+1), fmt.Sprint(a), "numbers whose squares are finite")
			break
		}
	}
	return ps.Err()
}

// lloyd iterates from the given centres, which it owns.
func (k KMeans) lloyd(ctx context.Context, x []float64, p int, centers []float64) (Fitted, error) {
	n := len(x) / p
	label, dist := make([]int, n), make([]float64, n)
	old, next, count := make([]int, n), make([]float64, len(centers)), make([]int, k.Clusters)
	for i := range label {
		label[i] = -1
	}
	iterations, settled := 0, false
	for iterations < k.Iterations && !settled {
		if err := ctx.Err(); err != nil {
			return Fitted{}, err
		}
		iterations++
		copy(old, label)
		nearest(x, p, centers, label, dist)
		clear(next)
		clear(count)
		for i, l := range label {
			count[l]++
			for j, a := range x[i*p : (i+1)*p] {
				next[l*p+j] += a
			}
		}
		refill(x, p, label, dist, next, count)
		moved := 0.0
		for l, c := range count {
			for j := range p {
				if c > 0 {
					next[l*p+j] /= float64(c)
				} else {
					next[l*p+j] = centers[l*p+j]
				}
				d := next[l*p+j] - centers[l*p+j]
				moved += d * d
			}
		}
		centers, next = next, centers
		settled = slices.Equal(old, label) || moved <= k.Tolerance
	}
	nearest(x, p, centers, label, dist)
	f := Fitted{Iterations: iterations, Centers: make([][]float64, k.Clusters)}
	for _, d := range dist {
		f.Inertia += d
	}
	for l := range f.Centers {
		f.Centers[l] = centers[l*p : (l+1)*p : (l+1)*p]
	}
	return f, nil
}

// refill gives each cluster without points the point farthest from its centre.
func refill(x []float64, p int, label []int, dist []float64, sums []float64, count []int) {
	for l, c := range count {
		if c > 0 {
			continue
		}
		far := -1
		for i, d := range dist {
			if count[label[i]] > 1 && (far < 0 || d > dist[far]) {
				far = i
			}
		}
		if far < 0 || dist[far] == 0 {
			return // fewer distinct points than clusters: the centre stays
		}
		from := label[far]
		for j, a := range x[far*p : (far+1)*p] {
			sums[from*p+j] -= a
			sums[l*p+j] = a
		}
		count[from]--
		count[l], label[far], dist[far] = 1, l, 0
	}
}

// nearest fills label and squared distance of every point's nearest centre, the
// first of equally near ones.
func nearest(x []float64, p int, centers []float64, label []int, dist []float64) {
	for i := range label {
		best, at := math.Inf(1), 0
		for c := 0; c < len(centers); c += p {
			if d := squared(x[i*p:(i+1)*p], centers[c:c+p]); d < best {
				best, at = d, c/p
			}
		}
		label[i], dist[i] = at, best
	}
}

// seeds draws k centres by greedy k-means++ and appends them to out.
func seeds(r *rand.Rand, x []float64, p, k int, out []float64) []float64 {
	n := len(x) / p
	row := func(i int) []float64 { return x[i*p : (i+1)*p] }
	first := r.IntN(n)
	out = append(out, row(first)...)
	dist, total := make([]float64, n), 0.0
	for i := range dist {
		dist[i] = squared(row(i), row(first))
		total += dist[i]
	}
	trial, best := make([]float64, n), make([]float64, n)
	for len(out) < k*p {
		bestSum, bestAt := math.Inf(1), 0
		for range 2 + int(math.Log(float64(k))) {
			at, sum := draw(r, dist, total), 0.0
			for i := range trial {
				trial[i] = min(dist[i], squared(row(i), row(at)))
				sum += trial[i]
			}
			if sum < bestSum {
				bestSum, bestAt = sum, at
				trial, best = best, trial
			}
		}
		dist, best = best, dist
		total = bestSum
		out = append(out, row(bestAt)...)
	}
	return out
}

// draw picks a point with a probability proportional to its distance.
func draw(r *rand.Rand, dist []float64, total float64) int {
	u, sum := r.Float64()*total, 0.0
	for i, d := range dist {
		if sum += d; sum > u {
			return i
		}
	}
	return r.IntN(len(dist)) // every point is a centre already
}

func squared(a, b []float64) float64 {
	s := 0.0
	for j, x := range a {
		s += (x - b[j]) * (x - b[j])
	}
	return s
}

// meanVariance is the mean of the columns' variances, the unit of Tolerance.
func meanVariance(x []float64, p int) float64 {
	n, sum := float64(len(x)/p), 0.0
	for j := range p {
		m, v := 0.0, 0.0
		for i := j; i < len(x); i += p {
			m += x[i] / n
		}
		for i := j; i < len(x); i += p {
			v += (x[i] - m) * (x[i] - m) / n
		}
		sum += v
	}
	return sum / float64(p)
}
