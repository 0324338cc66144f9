package encode

import (
	"errors"
	"slices"

	"gristmill/ml/prep/vec"
)

// Ordinal replaces a category by its position in the byte order of the training
// rows' categories. An unknown category or a null becomes Value under "value"
// and a Problem under "error".
//
// Cost: O(n log k). Source: scikit-learn's OrdinalEncoder
// (use_encoded_value). Left out: an order given by hand.
type Ordinal struct {
	Categories []string `json:"categories"`
	Unknown    string   `json:"unknown"` // "value" or "error"
	Value      float64  `json:"value"`   // for unknown categories under "value"
}

// FitOrdinal learns the categories of a column.
func FitOrdinal(v *vec.Vec, unknown string, value float64) (*Ordinal, error) {
	words, _ := v.Counts()
	if len(words) == 0 {
		return nil, v.EmptyProblem("categories")
	}
	return &Ordinal{Categories: words, Unknown: unknown, Value: value}, nil
}

// Check implements vec.Transformer.
func (o *Ordinal) Check(n int) error {
	if !slices.IsSorted(o.Categories) {
		return errors.New("the categories of ordinal are not sorted")
	}
	return vec.Only("ordinal", n)
}

// Names implements vec.Transformer.
func (*Ordinal) Names(in []string) []string { return in }

// Apply implements vec.Transformer.
func (o *Ordinal) Apply(in []*vec.Vec) ([]*vec.Vec, error) {
	v := in[0]
	out := v.Like()
	for i := range out.Num {
		if !v.Null(i) {
			if k, known := slices.BinarySearch(o.Categories, v.Category(i)); known {
				out.Num[i] = float64(k)
				continue
			}
		}
		if o.Unknown != Value {
			return nil, unknown(v, i)
		}
		out.Num[i] = o.Value
	}
	return []*vec.Vec{out}, nil
}
