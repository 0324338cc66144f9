package ml_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"gristmill/ml"
	"gristmill/ml/frame"
)

func TestNearestFindsWhatWasMeant(t *testing.T) {
	t.Parallel()
	known := []string{"iterations", "l2", "tolerance", "no_intercept"}
	for given, want := range map[string]string{
		"iteration": "iterations", "L2": "l2", "tolerence": "tolerance", "toleranec": "tolerance", "no-intercept": "no_intercept",
		"learning_rate": "", "zzzzzzzz": "", "xy": "", "": ""} {
		if got := ml.Nearest(given, known); got != want {
			t.Errorf("nearest to %q is %q, want %q", given, got, want)
		}
	}
}

func TestProblemsAreAnErrorOnlyWhenThereAreSome(t *testing.T) {
	t.Parallel()
	if err := (ml.Problems{}).Err(); err != nil {
		t.Errorf("no problems are the error %v", err)
	}
	err := fmt.Errorf("fit: %w", ml.Problems{{Msg: "one"}, {Msg: "two"}}.Err())
	var ps ml.Problems
	if !errors.As(err, &ps) || len(ps) != 2 || err.Error() != "fit: one\ntwo" {
		t.Errorf("error %v", err)
	}
}

func TestFloatsComeBackBitByBit(t *testing.T) {
	t.Parallel()
	want := []float64{0, math.Copysign(0, -1), 1, -math.Pi, 5e-324, math.MaxFloat64, math.Inf(-1)}
	b := ml.PutFloats(want)
	if b[16+7] != 0x3f || b[16+6] != 0xf0 {
		t.Errorf("1 is % x, want it little-endian", b[16:24])
	}
	got, err := ml.Floats(b, len(want))
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
			t.Errorf("%v became %v", want[i], got[i])
		}
	}
	for _, n := range []int{-1, 0, 6, 8, math.MaxInt} {
		if _, err := ml.Floats(b, n); err == nil {
			t.Errorf("%d bytes were read as %d numbers", len(b), n)
		}
	}
}

func TestDenseReportsEveryBadColumn(t *testing.T) {
	t.Parallel()
	f, err := frame.New(
		&frame.Column{Field: frame.Field{Name: "ok", Type: frame.Bool}, Bools: []bool{true, false, true}},
		&frame.Column{Field: frame.Field{Name: "nan", Type: frame.Float64}, Floats: []float64{1, math.NaN(), math.Inf(1)}},
		&frame.Column{Field: frame.Field{Name: "null", Type: frame.Int64, Nullable: true}, Ints: []int64{1, 2, 0}, Valid: frame.Bitmap{3}},
		&frame.Column{Field: frame.Field{Name: "text", Type: frame.String}, Texts: []string{"a", "b", "c"}})
	if err != nil {
		t.Fatal(err)
	}
	s := f.Schema()
	s.Fields = append(s.Fields, frame.Field{Name: "gone", Type: frame.Float64})
	_, err = ml.Dense(f, s)
	want := `column "nan" is NaN in row 2 (and in 1 more rows), a finite number is needed: impute it first
column "null" is null in row 3, a finite number is needed: impute it first
column "text" holds text, a number is needed: encode it with one_hot or ordinal
column "gone" is missing`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func ExampleDense() {
	f, _ := frame.New(
		&frame.Column{Field: frame.Field{Name: "a", Type: frame.Int64}, Ints: []int64{1, 2}},
		&frame.Column{Field: frame.Field{Name: "b", Type: frame.Bool}, Bools: []bool{true, false}})
	x, err := ml.Dense(f, f.Schema())
	fmt.Println(x, err)
	// Output: [1 1 2 0] <nil>
}

func ExampleUnknown() {
	fmt.Println(ml.Unknown("train", "key", "iteratons", []string{"l2", "iterations"}))
	// Output: train: unknown key "iteratons", allowed: iterations, l2 (did you mean "iterations"?)
}

func TestKindVersion(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string][]string{"ridge/v1": {"ridge", "v1"}, "ridge": {"ridge", ""}} {
		if a, b := ml.KindVersion(kind); !slices.Equal([]string{a, b}, want) {
			t.Errorf("%q is %q, %q", kind, a, b)
		}
	}
}
