package number

import (
	"errors"
	"math"
	"slices"
	"sort"
	"strconv"

	"gristmill/ml/prep/vec"
)

// Bins puts a number into one of k intervals: its number (0 to k-1), or with
// OneHot a 0/1 column each, name_bin0 and so on. Edges are quantiles of the
// training rows (half of them below the median edge) or split their range into
// equal widths. A number on an edge belongs to the upper interval; numbers
// outside the training rows' range belong to the outermost ones. Quantile edges
// that lie within 1e-8 of each other are merged; a constant column has one bin.
//
// Cost: O(n log n) to fit, O(log k) a number. Source: scikit-learn's
// KBinsDiscretizer with quantile_method averaged_inverted_cdf (Hyndman and Fan
// 1996, type 2), its default. A null stays null in ordinal numbers; one-hot
// refuses it. Left out: edges by k-means.
type Bins struct {
	Edges  []float64 `json:"edges"` // the inner ones, ascending; k-1
	OneHot bool      `json:"one_hot,omitempty"`
}

// FitBins learns the edges of at most count bins.
func FitBins(v *vec.Vec, count int, quantiles, oneHot bool) (*Bins, error) {
	x, err := v.Finite()
	if err != nil {
		return nil, err
	}
	if len(x) == 0 {
		return nil, v.EmptyProblem("the bins")
	}
	if i := v.FirstNull(); oneHot && i >= 0 {
		return nil, v.NullProblem(i)
	}
	slices.Sort(x)
	low, high := x[0], x[len(x)-1]
	b := &Bins{Edges: []float64{}, OneHot: oneHot}
	if low == high {
		return b, nil
	}
	if math.IsInf(high-low, 0) {
		return nil, v.HugeProblem()
	}
	edges, before := make([]float64, 0, count+1), math.Inf(-1)
	for i := range count + 1 {
		e := low + float64(i)*((high-low)/float64(count))
		if quantiles {
			e = averaged(x, float64(i)*(100/float64(count))/100)
		}
		if i == count {
			e = high
		}
		if !quantiles || e-before > 1e-8 {
			edges = append(edges, e)
		}
		before = e
	}
	if len(edges) > 2 {
		b.Edges = edges[1 : len(edges)-1]
	}
	return b, nil
}

// averaged is the p-quantile of sorted numbers by the inverse of their
// distribution, averaged where it jumps.
func averaged(sorted []float64, p float64) float64 {
	n := len(sorted)
	at := float64(n)*min(p, 1) - 1
	i := int(math.Floor(at))
	a, b := sorted[min(max(i, 0), n-1)], sorted[min(max(i+1, 0), n-1)]
	if at == math.Floor(at) {
		return b - (b-a)*.5
	}
	return b
}

// Check implements vec.Transformer.
func (b *Bins) Check(n int) error {
	for i, e := range b.Edges {
		if e-e != 0 || i > 0 && !(e > b.Edges[i-1]) {
			return errors.New("the edges of bins do not ascend")
		}
	}
	return vec.Only("bins", n)
}

// Names implements vec.Transformer.
func (b *Bins) Names(in []string) []string {
	if !b.OneHot {
		return in
	}
	out := make([]string, len(b.Edges)+1)
	for k := range out {
		out[k] = in[0] + "_bin" + strconv.Itoa(k)
	}
	return out
}

// Apply implements vec.Transformer.
func (b *Bins) Apply(in []*vec.Vec) ([]*vec.Vec, error) {
	if err := vec.Numbers("bins", in); err != nil {
		return nil, err
	}
	v := in[0]
	var out []*vec.Vec
	if b.OneHot {
		out = v.Many(len(b.Edges) + 1)
	}
	for i, x := range v.Num {
		// The bin is the number of inner edges that are not above x.
		k := sort.Search(len(b.Edges), func(k int) bool { return b.Edges[k] > x })
		switch {
		case b.OneHot && math.IsNaN(x):
			return nil, v.NullProblem(i)
		case b.OneHot:
			out[k].Num[i] = 1
		case !math.IsNaN(x):
			v.Num[i] = float64(k)
		}
	}
	if b.OneHot {
		return out, nil
	}
	v.Kind = vec.Number
	return in, nil
}
