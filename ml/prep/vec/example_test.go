package vec_test

import (
	"fmt"
	"math"
	"testing"

	"gristmill/ml/frame"
	"gristmill/ml/prep/vec"
)

func ExampleVec_Counts() {
	v := vec.Of(&frame.Column{Field: frame.Field{Name: "rooms", Type: frame.Int64}, Ints: []int64{3, 12, 3}})
	fmt.Println(v.Counts())
	fmt.Println(v.RowProblem(1, "12", "fewer rooms"))
	// Output:
	// [12 3] [1 2]
	// column "rooms" is 12 in row 2, want fewer rooms
}

func TestAVecOwnsItsNumbers(t *testing.T) {
	t.Parallel()
	c := &frame.Column{Field: frame.Field{Name: "x", Type: frame.Float64}, Floats: []float64{1, math.NaN()}, Valid: frame.Bitmap{1}}
	v := vec.Of(c)
	v.Num[0] = 7
	if c.Floats[0] != 1 {
		t.Error("the frame was written to")
	}
	if v.FirstNull() != 1 || v.Nulls() != 1 {
		t.Errorf("the nulls of %v", v.Num)
	}
}

func TestManyVecsDoNotRunIntoEachOther(t *testing.T) {
	t.Parallel()
	out := (&vec.Vec{Kind: vec.Number, Num: make([]float64, 3)}).Many(2)
	out[0].Num = append(out[0].Num, 9)
	if out[1].Num[0] != 0 {
		t.Error("an appended number landed in the next column")
	}
}

func TestMomentsKeepTheirDigits(t *testing.T) {
	t.Parallel()
	x := []float64{1e16, 1, -1e16}
	if m := vec.Mean(x); m != 1.0/3 {
		t.Errorf("mean %v", m)
	}
	y := []float64{1e9 + 1, 1e9 + 2, 1e9 + 3}
	m := vec.Mean(y)
	if v := vec.Variance(y, m); math.Abs(v-2.0/3) > 1e-15 || vec.Constant(v, m, 3) {
		t.Errorf("variance %v", v)
	}
	if !vec.Constant(1e-20, 1e9, 3) || !vec.Constant(0, 0, 3) {
		t.Error("what rounding alone makes is constant")
	}
}
