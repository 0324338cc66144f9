package number

import (
	"fmt"
	"math"

	"gristmill/ml/prep/vec"
)

// Ratio divides the first of two columns by the second: rooms per household. A
// division by zero is a Problem that names the row, or a null with ZeroIsNull.
// A null in either column gives a null.
//
// Cost: O(n). Source: the ratio features of Géron's housing project. Left out:
// ratios of more than two columns.
type Ratio struct {
	Name       string `json:"name"` // of the feature
	ZeroIsNull bool   `json:"zero_is_null,omitempty"`
}

// Check implements vec.Transformer.
func (r *Ratio) Check(n int) error {
	if n != 2 {
		return fmt.Errorf("ratio takes 2 columns, %d given", n)
	}
	return nil
}

// Names implements vec.Transformer.
func (r *Ratio) Names(in []string) []string {
	if r.Name != "" {
		return []string{r.Name}
	}
	return []string{in[0] + "_per_" + in[1]}
}

// Apply implements vec.Transformer.
func (r *Ratio) Apply(in []*vec.Vec) ([]*vec.Vec, error) {
	if err := vec.Numbers("ratio", in); err != nil {
		return nil, err
	}
	a, b := in[0], in[1]
	for i, x := range a.Num {
		y := b.Num[i]
		q := x / y
		switch {
		case y == 0 && r.ZeroIsNull:
			q = math.NaN()
		case y == 0:
			return nil, b.RowProblem(i, "0", "a number to divide by (or ratio: {by_zero: missing} and an imputer after it)")
		case math.IsInf(x, 0) || math.IsInf(y, 0) || math.IsInf(q, 0):
			return nil, b.RowProblem(i, vec.Shown(y), fmt.Sprintf("numbers whose ratio is finite, %s per %s is not", vec.Shown(x), vec.Shown(y)))
		}
		a.Num[i] = q
	}
	a.Kind = vec.Number
	return in[:1], nil
}
