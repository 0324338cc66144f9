package number

import (
	"fmt"
	"math"
	"slices"

	"gristmill/ml/prep/vec"
)

// Robust scales a column by what outliers do not move: z = (x - median) /
// (third quartile - first quartile), quartiles by linear interpolation between
// the sorted training rows. Quartiles that coincide count as a scale of 1.
//
// Cost: O(n log n). Source: scikit-learn's RobustScaler. Nulls are passed over
// and handed on. Left out: other quantiles, unit variance.
type Robust struct {
	Center float64 `json:"center"`
	Scale  float64 `json:"scale"` // never 0
}

// FitRobust learns median and quartiles of a column.
func FitRobust(v *vec.Vec) (*Robust, error) {
	x, err := v.Finite()
	if err != nil {
		return nil, err
	}
	if len(x) == 0 {
		return nil, noScale(v)
	}
	slices.Sort(x)
	center := x[len(x)/2]
	if len(x)%2 == 0 {
		center = (x[len(x)/2-1] + center) / 2
	}
	width := quantile(x, .75) - quantile(x, .25)
	if width-width != 0 || center-center != 0 {
		return nil, v.HugeProblem()
	}
	return &Robust{Center: center, Scale: notZero(width)}, nil
}

// quantile interpolates linearly between the sorted numbers (Hyndman and Fan's
// type 7, numpy's default).
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := int(math.Floor(at))
	t := at - float64(i)
	a, b := sorted[i], sorted[min(i+1, len(sorted)-1)]
	if t >= .5 { // numpy's way, which keeps the ends exact
		return b - (b-a)*(1-t)
	}
	return a + (b-a)*t
}

// Check implements vec.Transformer.
func (s *Robust) Check(n int) error {
	if !(s.Scale != 0) {
		return fmt.Errorf("the scale is %v", s.Scale)
	}
	return vec.Only("scale", n)
}

// Names implements vec.Transformer.
func (*Robust) Names(in []string) []string { return in }

// Apply implements vec.Transformer.
func (s *Robust) Apply(in []*vec.Vec) ([]*vec.Vec, error) {
	if err := vec.Numbers("scale", in); err != nil {
		return nil, err
	}
	v := in[0]
	v.Kind = vec.Number
	for i, x := range v.Num {
		v.Num[i] = (x - s.Center) / s.Scale
	}
	return in, nil
}
