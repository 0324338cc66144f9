package number

import (
	"fmt"
	"math"

	"gristmill/ml/prep/vec"
)

// Standard moves a column to mean 0 and variance 1: z = (x - mean) / scale,
// where scale is the standard deviation of the training rows with divisor n. A
// constant column gets scale 1, so that it becomes 0 instead of a division by
// nothing; as constant counts a variance that rounding alone could have made:
// var <= n eps var + (n eps mean)^2.
//
// Cost: O(n), two passes. Source: scikit-learn's StandardScaler, whose rule for
// constant columns this is; the two-pass variance with correction is Chan,
// Golub, LeVeque 1983. Nulls are passed over and handed on. Left out: sample
// weights.
type Standard struct {
	Mean  float64 `json:"mean"`
	Scale float64 `json:"scale"` // never 0
}

// FitStandard learns mean and deviation of a column.
func FitStandard(v *vec.Vec) (*Standard, error) {
	x, err := v.Finite()
	if err != nil {
		return nil, err
	}
	if len(x) == 0 {
		return nil, noScale(v)
	}
	m := vec.Mean(x)
	variance := vec.Variance(x, m)
	if variance-variance != 0 || m-m != 0 { // not finite
		return nil, v.HugeProblem()
	}
	s := &Standard{Mean: m, Scale: math.Sqrt(variance)}
	if vec.Constant(variance, m, len(x)) {
		s.Scale = 1
	}
	return s, nil
}

// Check implements vec.Transformer.
func (s *Standard) Check(n int) error {
	if !(s.Scale != 0) {
		return fmt.Errorf("the scale is %v", s.Scale)
	}
	return vec.Only("scale", n)
}

// Names implements vec.Transformer.
func (*Standard) Names(in []string) []string { return in }

// Apply implements vec.Transformer.
func (s *Standard) Apply(in []*vec.Vec) ([]*vec.Vec, error) {
	if err := vec.Numbers("scale", in); err != nil {
		return nil, err
	}
	v := in[0]
	v.Kind = vec.Number
	for i, x := range v.Num {
		v.Num[i] = (x - s.Mean) / s.Scale
	}
	return in, nil
}
