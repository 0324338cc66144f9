package ml

import (
	"fmt"
	"math"
	"strings"

	"gristmill/ml/frame"
)

// Check reports what no estimator can work with: no rows, one row, no columns,
// targets or weights of another length, targets that are not numbers or (for a
// classification) not indices into Classes, negative weights.
func (d Data) Check() error {
	if d.X == nil {
		return Problems{{Msg: "there are no features to learn from"}}
	}
	var ps Problems
	add := func(format string, args ...any) { ps = append(ps, Problem{Msg: fmt.Sprintf(format, args...)}) }
	n := d.X.Rows()
	if n < 2 {
		add("%d training rows given, at least 2 are needed", n)
	}
	if d.X.Cols() == 0 {
		add("there are no feature columns")
	}
	if len(d.Y) != n {
		add("%d targets given for %d rows", len(d.Y), n)
	}
	for i, y := range d.Y {
		if math.IsNaN(y) || math.IsInf(y, 0) {
			add("the target of row %d is %v, a finite number is needed", i+1, y)
			break
		}
		if d.Classes != nil && (y != math.Trunc(y) || y < 0 || int(y) >= len(d.Classes)) {
			add("the target of row %d is %v, an index of one of %d classes is needed", i+1, y, len(d.Classes))
			break
		}
	}
	if d.Weight != nil {
		if len(d.Weight) != n {
			add("%d sample weights given for %d rows", len(d.Weight), n)
		}
		sum := 0.0
		for i, w := range d.Weight {
			if !(w >= 0) || math.IsInf(w, 0) {
				add("the sample weight of row %d is %v, a finite number >= 0 is needed", i+1, w)
				break
			}
			sum += w
		}
		if sum == 0 && len(d.Weight) > 0 {
			add("all sample weights are 0")
		}
	}
	return ps.Err()
}

// Dense returns the named columns of x as a row-major matrix of x.Rows() times
// len(in.Fields) numbers, bools as 0 and 1. Missing columns, text, nulls, NaN
// and infinities are Problems that name the column and its first bad row.
func Dense(x *frame.Frame, in frame.Schema) ([]float64, error) {
	n, p := x.Rows(), len(in.Fields)
	out := make([]float64, n*p)
	var ps Problems
	for j, f := range in.Fields {
		col := x.Column(f.Name)
		if col == nil {
			ps = append(ps, Problem{Path: "column " + f.Name, Want: string(f.Type),
				Msg: fmt.Sprintf("column %q is missing", f.Name)})
			continue
		}
		if col.Field.Type == frame.String {
			ps = append(ps, Problem{Path: "column " + f.Name, Given: string(frame.String), Want: "a number",
				Msg: fmt.Sprintf("column %q holds text, a number is needed: encode it with one_hot or ordinal", f.Name)})
			continue
		}
		bad, first := 0, 0
		for i := range n {
			v := col.Float(i)
			if v-v != 0 { // NaN or an infinity
				if bad == 0 {
					first = i
				}
				bad++
			}
			out[i*p+j] = v
		}
		if bad > 0 {
			given := fmt.Sprint(col.Float(first))
			if col.IsNull(first) {
				given = "null"
			}
			rest := ""
			if bad > 1 {
				rest = fmt.Sprintf(" (and in %d more rows)", bad-1)
			}
			ps = append(ps, Problem{Path: "column " + f.Name, Given: given, Want: "a finite number",
				Msg: fmt.Sprintf("column %q is %s in row %d%s, a finite number is needed: impute it first", f.Name, given, first+1, rest)})
		}
	}
	return out, ps.Err()
}

// Numeric returns the schema that a model fitted on x asks for: the columns of
// x, all of them float64 without nulls.
func Numeric(x *frame.Frame) frame.Schema {
	s := frame.Schema{Fields: make([]frame.Field, x.Cols())}
	for j := range s.Fields {
		s.Fields[j] = frame.Field{Name: x.At(j).Field.Name, Type: frame.Float64}
	}
	return s
}

// KindVersion splits an Encoded's kind: "ridge/v1" is ("ridge", "v1").
func KindVersion(kind string) (name, version string) {
	name, version, _ = strings.Cut(kind, "/")
	return name, version
}
