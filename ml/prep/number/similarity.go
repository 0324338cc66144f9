package number

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"gristmill/ml"
	"gristmill/ml/cluster"
	"gristmill/ml/prep/vec"
)

// Similarity says how near a row is to each of k centres that k-means found in
// the training rows of p columns: s_j = exp(-gamma |x - c_j|^2), a radial basis
// function, 1 at the centre. Columns of different units want a scaler before.
//
// Cost: that of cluster.KMeans to fit, O(p k) a row. Source: ClusterSimilarity
// of Géron's housing project; scikit-learn's KMeans and rbf_kernel. Left out:
// sample weights.
type Similarity struct {
	Gamma   float64     `json:"gamma"`
	Centers [][]float64 `json:"centers"` // k points of p numbers
}

// FitSimilarity finds the centres.
func FitSimilarity(ctx context.Context, in []*vec.Vec, clusters int, gamma float64, seed uint64) (*Similarity, error) {
	n, p := in[0].Len(), len(in)
	x := make([]float64, n*p)
	for j, v := range in {
		for i, a := range v.Num {
			if a-a != 0 {
				if math.IsNaN(a) {
					return nil, v.NullProblem(i)
				}
				return nil, v.RowProblem(i, vec.Shown(a), "a finite number")
			}
			if math.Abs(a) > 1e150 {
				return nil, v.HugeProblem()
			}
			x[i*p+j] = a
		}
	}
	if n < clusters {
		return nil, ml.Problems{{Path: "column " + in[0].Name, Given: fmt.Sprintf("%d rows", n), Want: fmt.Sprintf("at least %d", clusters),
			Msg: fmt.Sprintf("similarity to %d clusters needs as many training rows, there are %d", clusters, n)}}
	}
	fitted, err := cluster.KMeans{Clusters: clusters, Seed: seed}.Fit(ctx, x, p)
	if err != nil {
		return nil, err
	}
	return &Similarity{Gamma: gamma, Centers: fitted.Centers}, nil
}

// Check implements vec.Transformer.
func (s *Similarity) Check(n int) error {
	if n < 1 || len(s.Centers) == 0 {
		return fmt.Errorf("similarity of %d columns to %d centres", n, len(s.Centers))
	}
	for _, c := range s.Centers {
		if len(c) != n {
			return fmt.Errorf("similarity of %d columns to a centre of %d", n, len(c))
		}
	}
	return nil
}

// Names implements vec.Transformer.
func (s *Similarity) Names([]string) []string {
	out := make([]string, len(s.Centers))
	for k := range out {
		out[k] = "similarity_" + strconv.Itoa(k)
	}
	return out
}

// Apply implements vec.Transformer.
func (s *Similarity) Apply(in []*vec.Vec) ([]*vec.Vec, error) {
	if err := vec.Numbers("similarity", in); err != nil {
		return nil, err
	}
	for _, v := range in {
		if i := v.FirstNull(); i >= 0 {
			return nil, v.NullProblem(i)
		}
	}
	out := in[0].Many(len(s.Centers))
	for k, c := range s.Centers {
		for i := range out[k].Num {
			d := 0.0
			for j, v := range in {
				d += (v.Num[i] - c[j]) * (v.Num[i] - c[j])
			}
			out[k].Num[i] = math.Exp(-s.Gamma * d) // 0 for what is far away
		}
	}
	return out, nil
}
