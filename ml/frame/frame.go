package frame

import (
	"fmt"
	"math"
)

// Bitmap holds one bit a row, little-endian within each word: Arrow's layout.
// A nil Bitmap means that every row is valid.
type Bitmap []uint64

// Get reports bit i; every bit of a nil Bitmap is set.
func (b Bitmap) Get(i int) bool { return b == nil || b[i>>6]&(1<<(i&63)) != 0 }

// Column is one column: a typed slice, of which exactly the one of its field's
// type is used, and which rows are valid. A null row holds the zero value (NaN
// for float64). Columns are immutable once they are in a Frame.
type Column struct {
	Field  Field
	Floats []float64
	Ints   []int64 // of int64; of timestamp: microseconds since 1970 UTC
	Bools  []bool
	Texts  []string
	Valid  Bitmap // nil: no nulls
}

// Len returns the number of rows.
func (c *Column) Len() int {
	switch c.Field.Type {
	case Float64:
		return len(c.Floats)
	case Int64, Timestamp:
		return len(c.Ints)
	case Bool:
		return len(c.Bools)
	default:
		return len(c.Texts)
	}
}

// IsNull reports whether row i holds no value.
func (c *Column) IsNull(i int) bool { return !c.Valid.Get(i) }

// Nulls returns the number of rows without a value.
func (c *Column) Nulls() int {
	if c.Valid == nil {
		return 0
	}
	n := 0
	for i := range c.Len() {
		if c.IsNull(i) {
			n++
		}
	}
	return n
}

// Float returns row i as a number: NaN for a null, 0 or 1 for a bool, seconds
// since 1970 for a timestamp. It must
// not be called on a string column, for which it returns NaN.
func (c *Column) Float(i int) float64 {
	if c.IsNull(i) {
		return math.NaN()
	}
	switch c.Field.Type {
	case Float64:
		return c.Floats[i]
	case Int64:
		return float64(c.Ints[i])
	case Timestamp:
		return float64(c.Ints[i]) / 1e6
	case Bool:
		if c.Bools[i] {
			return 1
		}
		return 0
	default:
		return math.NaN()
	}
}

// Text returns row i in its canonical text: "" for a null, the shortest decimal
// that reads back as the same number, "true" and "false", see FormatTime.
func (c *Column) Text(i int) string {
	if c.IsNull(i) {
		return ""
	}
	switch c.Field.Type {
	case Float64:
		return formatFloat(c.Floats[i])
	case Int64:
		return fmt.Sprint(c.Ints[i])
	case Timestamp:
		return FormatTime(c.Ints[i])
	case Bool:
		return fmt.Sprint(c.Bools[i])
	default:
		return c.Texts[i]
	}
}

// Frame is a table: columns of one length. It is immutable and safe for
// concurrent use.
type Frame struct {
	cols  []*Column
	rows  int
	index map[string]int // position by name; nil where a search is as fast
}

// wide is the number of columns from which on names are looked up in a map.
const wide = 16

// indexed adds the index to a frame whose columns are complete.
func (f *Frame) indexed() *Frame {
	if len(f.cols) >= wide {
		f.index = make(map[string]int, len(f.cols))
		for j, c := range f.cols {
			f.index[c.Field.Name] = j
		}
	}
	return f
}

// New makes a frame of columns; their lengths must be equal and their names
// distinct.
func New(cols ...*Column) (*Frame, error) {
	f := &Frame{cols: cols}
	seen := make(map[string]bool, len(cols))
	for i, c := range cols {
		if i == 0 {
			f.rows = c.Len()
		}
		if c.Len() != f.rows {
			return nil, fmt.Errorf("make frame: column %q has %d rows, column %q has %d", c.Field.Name, c.Len(), cols[0].Field.Name, f.rows)
		}
		if seen[c.Field.Name] {
			return nil, fmt.Errorf("make frame: column %q twice", c.Field.Name)
		}
		seen[c.Field.Name] = true
	}
	return f.indexed(), nil
}

// Rows returns the number of rows.
func (f *Frame) Rows() int { return f.rows }

// Cols returns the number of columns.
func (f *Frame) Cols() int { return len(f.cols) }

// At returns column j.
func (f *Frame) At(j int) *Column { return f.cols[j] }

// Column returns the named column, or nil.
func (f *Frame) Column(name string) *Column {
	if f.index != nil {
		if j, ok := f.index[name]; ok {
			return f.cols[j]
		}
		return nil
	}
	for _, c := range f.cols {
		if c.Field.Name == name {
			return c
		}
	}
	return nil
}

// Schema returns the description of the columns.
func (f *Frame) Schema() Schema {
	s := Schema{Fields: make([]Field, len(f.cols))}
	for i, c := range f.cols {
		s.Fields[i] = c.Field
	}
	return s
}

// Select returns the named columns in that order, sharing their memory.
func (f *Frame) Select(names ...string) (*Frame, error) {
	cols := make([]*Column, len(names))
	for i, name := range names {
		if cols[i] = f.Column(name); cols[i] == nil {
			return nil, fmt.Errorf("select columns: no column %q", name)
		}
	}
	out := &Frame{cols: cols, rows: f.rows}
	return out.indexed(), nil
}

// Without returns the frame without the named columns.
func (f *Frame) Without(names ...string) *Frame {
	drop := make(map[string]bool, len(names))
	for _, n := range names {
		drop[n] = true
	}
	out := &Frame{rows: f.rows}
	for _, c := range f.cols {
		if !drop[c.Field.Name] {
			out.cols = append(out.cols, c)
		}
	}
	return out.indexed()
}

// Take returns the rows with the given indices, in that order.
func (f *Frame) Take(rows []int) *Frame {
	out := &Frame{rows: len(rows), cols: make([]*Column, len(f.cols)), index: f.index}
	for j, c := range f.cols {
		out.cols[j] = c.take(rows)
	}
	return out
}

func (c *Column) take(rows []int) *Column {
	out := &Column{Field: c.Field}
	switch c.Field.Type {
	case Float64:
		out.Floats = pick(c.Floats, rows)
	case Int64, Timestamp:
		out.Ints = pick(c.Ints, rows)
	case Bool:
		out.Bools = pick(c.Bools, rows)
	default:
		out.Texts = pick(c.Texts, rows)
	}
	if c.Valid != nil {
		out.Valid = make(Bitmap, (len(rows)+63)/64)
		for i, r := range rows {
			if c.Valid.Get(r) {
				out.Valid[i>>6] |= 1 << (i & 63)
			}
		}
	}
	return out
}

func pick[T any](from []T, rows []int) []T {
	to := make([]T, len(rows))
	for i, r := range rows {
		to[i] = from[r]
	}
	return to
}
