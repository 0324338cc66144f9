package number

import (
	"fmt"
	"slices"

	"gristmill/ml"
	"gristmill/ml/prep/vec"
)

// MinMax moves the training rows of a column to the range 0 to 1: z = x scale -
// min scale with scale = 1 / (max - min). Other rows may lie outside; they are
// not clipped. A constant column gets scale 1 and becomes 0.
//
// Cost: O(n). Source: scikit-learn's MinMaxScaler, in whose order of operations
// this is computed. Nulls are passed over and handed on. Left out: another
// range, clipping.
type MinMax struct {
	Min   float64 `json:"min"`
	Scale float64 `json:"scale"` // never 0
}

// FitMinMax learns the range of a column.
func FitMinMax(v *vec.Vec) (*MinMax, error) {
	x, err := v.Finite()
	if err != nil {
		return nil, err
	}
	if len(x) == 0 {
		return nil, noScale(v)
	}
	low := slices.Min(x)
	width := slices.Max(x) - low
	if width-width != 0 {
		return nil, v.HugeProblem()
	}
	return &MinMax{Min: low, Scale: 1 / notZero(width)}, nil
}

// notZero replaces a width that is nothing but rounding by 1, as scikit-learn
// does.
func notZero(width float64) float64 {
	if width < 10*0x1p-52 {
		return 1
	}
	return width
}

func noScale(v *vec.Vec) error {
	return ml.Problems{{Path: "column " + v.Name, Given: "only nulls", Want: "at least one value",
		Msg: fmt.Sprintf("column %q has no value to learn the scale from", v.Name)}}
}

// Check implements vec.Transformer.
func (s *MinMax) Check(n int) error {
	if !(s.Scale != 0) {
		return fmt.Errorf("the scale is %v", s.Scale)
	}
	return vec.Only("scale", n)
}

// Names implements vec.Transformer.
func (*MinMax) Names(in []string) []string { return in }

// Apply implements vec.Transformer.
func (s *MinMax) Apply(in []*vec.Vec) ([]*vec.Vec, error) {
	if err := vec.Numbers("scale", in); err != nil {
		return nil, err
	}
	v := in[0]
	v.Kind = vec.Number
	shift := 0 - s.Min*s.Scale
	for i, x := range v.Num {
		v.Num[i] = x*s.Scale + shift
	}
	return in, nil
}
