package number

import (
	"math"

	"gristmill/ml/prep/vec"
)

// Log1p is log(1 + x), for amounts and counts with a long right tail; 0 stays
// 0. Numbers <= -1 have no logarithm and are a Problem that names column and
// row. Nulls are handed on.
//
// Cost: O(n). Source: the C99 function, without the cancellation of log(1+x).
// Left out: learning the power; see Power.
type Log1p struct{}

// Check implements vec.Transformer.
func (*Log1p) Check(n int) error { return vec.Only("log1p", n) }

// Names implements vec.Transformer.
func (*Log1p) Names(in []string) []string { return in }

// Apply implements vec.Transformer.
func (*Log1p) Apply(in []*vec.Vec) ([]*vec.Vec, error) {
	if err := vec.Numbers("log1p", in); err != nil {
		return nil, err
	}
	v := in[0]
	for i, x := range v.Num {
		if x <= -1 {
			return nil, v.RowProblem(i, vec.Shown(x), "a number > -1 for log1p")
		}
	}
	v.Kind = vec.Number
	for i, x := range v.Num {
		v.Num[i] = math.Log1p(x)
	}
	return in, nil
}
