package prep

import (
	"fmt"
	"math"

	"gristmill/ml"
)

// Scaler moves a column to mean 0 and variance 1: z = (x - mean) / scale, where
// scale is the standard deviation of the training rows with divisor n. A
// constant column gets scale 1, so that it becomes 0 instead of a division by
// nothing; as constant counts a variance that rounding alone could have made:
// var <= n eps var + (n eps mean)^2.
//
// Cost: O(n), two passes. Source: scikit-learn's StandardScaler, whose rule for
// constant columns this is; the two-pass variance with correction is Chan,
// Golub, LeVeque 1983. Nulls are passed over and handed on. Left out: sample
// weights, robust and min-max scaling.
type Scaler struct {
	Mean  float64 `json:"mean"`
	Scale float64 `json:"scale"` // never 0
}

func fitScaler(v *vec) (*Scaler, error) {
	x := make([]float64, 0, len(v.num))
	for i, a := range v.num {
		if math.IsInf(a, 0) {
			return nil, rowError(v, i, fmt.Sprint(a), "a finite number")
		}
		if !math.IsNaN(a) {
			x = append(x, a)
		}
	}
	if len(x) == 0 {
		return nil, ml.Problems{{Path: "column " + v.name, Given: "only nulls", Want: "at least one value",
			Msg: fmt.Sprintf("column %q has no value to learn the scale from", v.name)}}
	}
	n, m := float64(len(x)), mean(x)
	sq, dev := 0.0, 0.0
	for _, a := range x {
		d := a - m
		sq += d * d
		dev += d
	}
	variance := (sq - dev*dev/n) / n
	if variance-variance != 0 || m-m != 0 { // not finite
		return nil, ml.Problems{{Path: "column " + v.name, Given: "numbers too large to square", Want: "a smaller unit",
			Msg: fmt.Sprintf("column %q holds numbers whose spread is too large for float64; give them in a larger unit", v.name)}}
	}
	const eps = 0x1p-52
	s := &Scaler{Mean: m, Scale: math.Sqrt(variance)}
	if bound := n*eps*variance + (n*eps*m)*(n*eps*m); variance <= bound {
		s.Scale = 1
	}
	return s, nil
}

func (s *Scaler) apply(v *vec) (*vec, error) {
	out := &vec{name: v.name, num: make([]float64, len(v.num))}
	for i, x := range v.num {
		out.num[i] = (x - s.Mean) / s.Scale
	}
	return out, nil
}
