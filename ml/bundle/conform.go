package bundle

import (
	"fmt"
	"math"

	"gristmill/ml"
	"gristmill/ml/frame"
)

// Conform returns the rows of f with exactly the columns of a schema, in its
// order and of its types: columns it does not name are left out, whole numbers
// become floats, floats that are whole become whole numbers, and texts that are
// times (ISO 8601, see frame.ParseTime, or in the field's format) become
// timestamps. It reports all
// that cannot be helped as ml.Problems: every missing column, every column of
// another type, and nulls where none are allowed, with the first row. A float
// that is NaN counts as null; a column of nothing but nulls fits any type.
// Ranges and allowed values are not checked: those are for monitoring to watch.
func Conform(f *frame.Frame, s frame.Schema) (*frame.Frame, error) {
	var ps ml.Problems
	cols := make([]*frame.Column, 0, len(s.Fields))
	for _, want := range s.Fields {
		path := "column " + want.Name
		col := f.Column(want.Name)
		if col == nil {
			ps = append(ps, ml.Problem{Path: path, Want: string(want.Type), Msg: fmt.Sprintf("column %q (%s) is missing", want.Name, want.Type)})
			continue
		}
		out, problem := convert(col, want)
		if problem != nil {
			ps = append(ps, *problem)
			continue
		}
		if !want.Nullable {
			nulls, first := 0, 0
			for i := range out.Len() {
				if isNull(out, i) {
					if nulls == 0 {
						first = i
					}
					nulls++
				}
			}
			if nulls > 0 {
				ps = append(ps, ml.Problem{Path: path, Given: "null", Want: string(want.Type),
					Msg: fmt.Sprintf("column %q is null in row %d (%d in all), but must not be", want.Name, first+1, nulls)})
			}
		}
		cols = append(cols, out)
	}
	if len(ps) > 0 {
		return nil, ps
	}
	return frame.New(cols...)
}

func isNull(c *frame.Column, i int) bool {
	return c.IsNull(i) || c.Field.Type == frame.Float64 && math.IsNaN(c.Floats[i])
}

func convert(c *frame.Column, want frame.Field) (*frame.Column, *ml.Problem) {
	out := *c
	out.Field = want
	n := c.Len()
	switch {
	case c.Field.Type == want.Type:
		return &out, nil
	case c.Nulls() == n:
		out = frame.Column{Field: want, Valid: make(frame.Bitmap, (n+63)/64)}
		switch want.Type {
		case frame.Float64:
			out.Floats = make([]float64, n)
			for i := range out.Floats {
				out.Floats[i] = math.NaN()
			}
		case frame.Int64, frame.Timestamp:
			out.Ints = make([]int64, n)
		case frame.Bool:
			out.Bools = make([]bool, n)
		default:
			out.Texts = make([]string, n)
		}
		return &out, nil
	case c.Field.Type == frame.String && want.Type == frame.Timestamp:
		return moments(c, want)
	case c.Field.Type == frame.Int64 && want.Type == frame.Float64:
		out.Ints, out.Floats = nil, make([]float64, n)
		for i := range out.Floats {
			out.Floats[i] = c.Float(i)
		}
		return &out, nil
	case c.Field.Type == frame.Float64 && want.Type == frame.Int64:
		out.Floats, out.Ints = nil, make([]int64, n)
		out.Valid = make(frame.Bitmap, (n+63)/64)
		for i := range out.Ints {
			v := c.Float(i)
			if math.IsNaN(v) {
				continue
			}
			if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
				return nil, &ml.Problem{Path: fmt.Sprintf("row %d, column %s", i+1, want.Name), Given: fmt.Sprint(v), Want: "a whole number",
					Msg: fmt.Sprintf("column %q is %v in row %d, want a whole number", want.Name, v, i+1)}
			}
			out.Ints[i] = int64(v)
			out.Valid[i>>6] |= 1 << (i & 63)
		}
		return &out, nil
	}
	return nil, &ml.Problem{Path: "column " + want.Name, Given: string(c.Field.Type), Want: string(want.Type),
		Msg: fmt.Sprintf("column %q is %s, want %s", want.Name, c.Field.Type, want.Type)}
}

// moments reads a column of texts as times: in ISO 8601, or in the field's
// format, which is how the training data had them.
func moments(c *frame.Column, want frame.Field) (*frame.Column, *ml.Problem) {
	format, err := frame.NewTimeFormat(want.Format)
	if err != nil {
		return nil, &ml.Problem{Path: "column " + want.Name, Given: want.Format, Want: "a format of times",
			Msg: fmt.Sprintf("column %q: %v", want.Name, err)}
	}
	out := &frame.Column{Field: want, Ints: make([]int64, c.Len()), Valid: c.Valid}
	for i, text := range c.Texts {
		if c.IsNull(i) {
			continue
		}
		t, ok := frame.ParseTime(text)
		if !ok {
			t, ok = format.Parse(text)
		}
		if !ok {
			return nil, &ml.Problem{Path: fmt.Sprintf("row %d, column %s", i+1, want.Name), Given: frame.Shorten(text), Want: "a date or time",
				Msg: fmt.Sprintf("column %q is %q in row %d, want a date or time such as 2001-01-22 or 2001-01-22T10:30:00Z", want.Name, frame.Shorten(text), i+1)}
		}
		out.Ints[i] = t
	}
	return out, nil
}
