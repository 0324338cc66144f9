package vec

import (
	"fmt"
	"math"
	"strconv"

	"gristmill/ml"
)

// RowProblem says that a row's value cannot be worked with.
func (v *Vec) RowProblem(row int, given, want string) error {
	return ml.Problems{{Path: fmt.Sprintf("row %d, column %s", row+1, v.Name), Given: given, Want: want,
		Msg: fmt.Sprintf("column %q is %s in row %d, want %s", v.Name, given, row+1, want)}}
}

// NullProblem says that a row has no value where one is needed.
func (v *Vec) NullProblem(row int) error {
	return v.RowProblem(row, "null", "a value (or an imputer before this step, or a policy for unknown values)")
}

// EmptyProblem says that the training rows hold nothing to learn what from.
func (v *Vec) EmptyProblem(what string) error {
	return ml.Problems{{Path: "column " + v.Name, Given: "only nulls", Want: "at least one value",
		Msg: fmt.Sprintf("column %q has no value to learn %s from; leave it out (data.drop)", v.Name, what)}}
}

// HugeProblem says that numbers are too large to reckon with.
func (v *Vec) HugeProblem() error {
	return ml.Problems{{Path: "column " + v.Name, Given: "numbers too large to square", Want: "a smaller unit",
		Msg: fmt.Sprintf("column %q holds numbers whose spread is too large for float64; give them in a larger unit", v.Name)}}
}

// Finite returns a copy of the numbers that are not null; an infinity is a
// Problem.
func (v *Vec) Finite() ([]float64, error) {
	x := make([]float64, 0, len(v.Num))
	for i, a := range v.Num {
		if math.IsInf(a, 0) {
			return nil, v.RowProblem(i, fmt.Sprint(a), "a finite number")
		}
		if !math.IsNaN(a) {
			x = append(x, a)
		}
	}
	return x, nil
}

// Numbers refuses Vecs that are not numbers (or bools, which count as 0 and 1):
// a fitted step that was read from a file may sit on the wrong column.
func Numbers(step string, in []*Vec) error {
	for _, v := range in {
		if v.Kind != Number && v.Kind != Bool {
			return fmt.Errorf("%s of column %q: it is a %s, not a number", step, v.Name, v.Kind)
		}
	}
	return nil
}

// Only refuses another number of Vecs than one.
func Only(step string, n int) error {
	if n != 1 {
		return fmt.Errorf("%s takes 1 column, %d given", step, n)
	}
	return nil
}

// Shown renders a number as a message shows it.
func Shown(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
