package number

import "gristmill/ml/prep/vec"

// Missing says where a column is null: 1 there, else 0, as name_missing. That a
// value is missing often tells more than any fill.
//
// Cost: O(n). Source: scikit-learn's MissingIndicator with features="all": a
// column without nulls in the training rows gets its zeros too.
type Missing struct{}

// Check implements vec.Transformer.
func (*Missing) Check(n int) error { return vec.Only("missing", n) }

// Names implements vec.Transformer.
func (*Missing) Names(in []string) []string { return []string{in[0] + "_missing"} }

// Apply implements vec.Transformer.
func (*Missing) Apply(in []*vec.Vec) ([]*vec.Vec, error) { return []*vec.Vec{missing(in[0])}, nil }

func missing(v *vec.Vec) *vec.Vec {
	out := v.Like()
	for i := range out.Num {
		if v.Null(i) {
			out.Num[i] = 1
		}
	}
	return out
}
