package prep

import (
	"math"
	"strconv"
)

// Log1p is log(1 + x), for amounts and counts with a long right tail; 0 stays
// 0. Numbers <= -1 have no logarithm and are a Problem that names column and
// row. Nulls are handed on.
//
// Cost: O(n). Source: the C99 function, without the cancellation of log(1+x).
// Left out: Box-Cox and Yeo-Johnson, which learn a power.
type Log1p struct{}

func (*Log1p) apply(v *vec) (*vec, error) {
	out := &vec{name: v.name, num: make([]float64, len(v.num))}
	for i, x := range v.num {
		if x <= -1 {
			return nil, rowError(v, i, strconv.FormatFloat(x, 'g', -1, 64), "a number > -1 for log1p")
		}
		out.num[i] = math.Log1p(x)
	}
	return out, nil
}
