package frame

import (
	"fmt"
	"math"
	"slices"
)

// Equal reports whether two frames have the same columns in the same order,
// with the same descriptions, nulls and values (floats bit by bit, so that NaN
// equals NaN and 0 differs from -0).
func Equal(f, g *Frame) bool { return Diff(f, g) == "" }

// Diff says in a line what the first difference between two frames is, or ""
// if they are equal.
func Diff(f, g *Frame) string {
	if f.Rows() != g.Rows() || f.Cols() != g.Cols() {
		return fmt.Sprintf("%d rows x %d columns against %d x %d", f.Rows(), f.Cols(), g.Rows(), g.Cols())
	}
	for j := range f.Cols() {
		a, b := f.At(j), g.At(j)
		if !sameField(a.Field, b.Field) {
			return fmt.Sprintf("column %d: %s against %s", j+1, describe(a.Field), describe(b.Field))
		}
		for i := range f.Rows() {
			if !sameValue(a, b, i) {
				return fmt.Sprintf("row %d, column %q: %s against %s", i+1, a.Field.Name, shownValue(a, i), shownValue(b, i))
			}
		}
	}
	return ""
}

func sameField(a, b Field) bool {
	bound := func(x, y *float64) bool { return x == y || x != nil && y != nil && *x == *y }
	return a.Name == b.Name && a.Type == b.Type && a.Nullable == b.Nullable &&
		bound(a.Min, b.Min) && bound(a.Max, b.Max) && slices.Equal(a.Values, b.Values) && a.Format == b.Format
}

func sameValue(a, b *Column, i int) bool {
	if a.IsNull(i) || b.IsNull(i) {
		return a.IsNull(i) == b.IsNull(i)
	}
	switch a.Field.Type {
	case Float64:
		return math.Float64bits(a.Floats[i]) == math.Float64bits(b.Floats[i])
	case Int64, Timestamp:
		return a.Ints[i] == b.Ints[i]
	case Bool:
		return a.Bools[i] == b.Bools[i]
	default:
		return a.Texts[i] == b.Texts[i]
	}
}

func describe(f Field) string {
	s := fmt.Sprintf("%q %s", f.Name, f.Type)
	if f.Nullable {
		s += " nullable"
	}
	if f.Min != nil || f.Max != nil {
		s += ", " + bounds(f)
	}
	if len(f.Values) > 0 {
		s += ", " + oneOf(f.Values)
	}
	return s
}

func shownValue(c *Column, i int) string {
	if c.IsNull(i) {
		return "null"
	}
	return fmt.Sprintf("%q", Shorten(c.Text(i)))
}
