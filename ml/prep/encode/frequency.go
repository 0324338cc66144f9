package encode

import (
	"errors"
	"slices"

	"gristmill/ml/prep/vec"
)

// Frequency replaces a category by its share of the training rows, nulls
// counted among the rows: one number a column for any number of categories,
// without a look at the target. A category that the training rows did not have,
// and a null, is 0.
//
// Cost: O(n log k). Source: count encoding, normalized. Left out: encodings by
// the target, which leak it unless they are cross-fitted.
type Frequency struct {
	Categories []string  `json:"categories"`
	Shares     []float64 `json:"shares"` // of the training rows, one a category
}

// FitFrequency counts the categories of a column.
func FitFrequency(v *vec.Vec) (*Frequency, error) {
	words, counts := v.Counts()
	if len(words) == 0 {
		return nil, v.EmptyProblem("categories")
	}
	f := &Frequency{Categories: words, Shares: make([]float64, len(words))}
	for k, n := range counts {
		f.Shares[k] = float64(n) / float64(v.Len())
	}
	return f, nil
}

// Check implements vec.Transformer.
func (f *Frequency) Check(n int) error {
	if !slices.IsSorted(f.Categories) || len(f.Shares) != len(f.Categories) {
		return errors.New("the categories of frequency are not sorted or have no shares")
	}
	return vec.Only("frequency", n)
}

// Names implements vec.Transformer.
func (*Frequency) Names(in []string) []string { return in }

// Apply implements vec.Transformer.
func (f *Frequency) Apply(in []*vec.Vec) ([]*vec.Vec, error) {
	v := in[0]
	out := v.Like()
	for i := range out.Num {
		if v.Null(i) {
			continue
		}
		if k, known := slices.BinarySearch(f.Categories, v.Category(i)); known {
			out.Num[i] = f.Shares[k]
		}
	}
	return []*vec.Vec{out}, nil
}
