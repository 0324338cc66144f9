package parquet

import (
	"fmt"
	"math"
	"strings"

	"gristmill/ml/frame"
)

// conform checks a table of the columns that the file and the schema have in
// common and returns it as the schema says. Violations are those of
// frame.Check, counted from the file's first row, of which offset rows came
// before f.
func (t *table) conform(f *frame.Frame, offset int) (*frame.Frame, error) {
	want := *t.o.Schema
	first, total := t.names()
	var have frame.Schema
	for _, field := range want.Fields {
		if t.leaf(field.Name) != nil {
			have.Fields = append(have.Fields, field)
		}
	}
	more, n := frame.Check(f, have)
	for _, v := range more {
		if v.Row > 0 && offset > 0 {
			rest := strings.TrimPrefix(v.Msg, fmt.Sprintf("row %d", v.Row))
			v.Row += offset
			v.Msg = fmt.Sprintf("row %d%s", v.Row, rest)
		}
		first = append(first, v)
	}
	if total += n; total > 0 {
		return nil, &frame.SchemaError{Violations: first[:min(len(first), frame.MaxViolations)], Total: total}
	}
	cols := make([]*frame.Column, len(have.Fields))
	for j, field := range have.Fields {
		cols[j] = as(f.Column(field.Name), field)
	}
	return frame.New(cols...)
}

// names finds the columns that are missing or too many.
func (t *table) names() ([]frame.Violation, int) {
	var cols []*frame.Column
	for _, l := range t.all {
		_, known := t.o.Schema.Field(l.name)
		if t.leaf(l.name) == nil || t.o.Loose && !known {
			continue
		}
		f, _ := t.o.Schema.Field(l.name)
		f.Name = l.name
		cols = append(cols, &frame.Column{Field: f})
	}
	f, err := frame.New(cols...)
	if err != nil { // never: the names are distinct, see leaves
		return nil, 0
	}
	return frame.Check(f, *t.o.Schema)
}

// as returns a column that has passed frame.Check as one of the field's type:
// whole numbers become floats, a column without values any type.
func as(c *frame.Column, want frame.Field) *frame.Column {
	out := *c
	out.Field = want
	if c.Field.Type == want.Type {
		return &out
	}
	n := c.Len()
	out = frame.Column{Field: want, Valid: c.Valid}
	switch want.Type {
	case frame.Float64:
		out.Floats = make([]float64, n)
		for i := range out.Floats {
			out.Floats[i] = math.NaN()
			if !c.IsNull(i) {
				out.Floats[i] = c.Float(i)
			}
		}
	case frame.Bool:
		out.Bools = make([]bool, n)
	case frame.String:
		out.Texts = make([]string, n)
	default:
		out.Ints = make([]int64, n)
	}
	return &out
}
