package frame

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// Builder makes a frame of a known schema value by value, in any order of
// columns. A value that does not fit its column is refused with a *ValueError
// and not appended; the caller may append Null in its place and go on, so that
// all errors of a request come out at once. A Builder must not be copied or
// used concurrently.
type Builder struct {
	cols []colBuilder
}

// NewBuilder returns a builder of frames of schema s with room for capacity
// rows before it grows.
func NewBuilder(s Schema, capacity int) *Builder {
	b := &Builder{cols: make([]colBuilder, len(s.Fields))}
	for j, f := range s.Fields {
		b.cols[j].field = f
		b.cols[j].reserve(capacity)
	}
	return b
}

// ValueError says that a value does not fit its column.
type ValueError struct {
	Column string // the column's name
	Given  string // the value, shortened
	Want   string // what the column takes
}

// Error renders the column, what was given and what was expected.
func (e *ValueError) Error() string {
	return fmt.Sprintf("column %q: %s given, expected %s", e.Column, e.Given, e.Want)
}

func (c *colBuilder) refuse(given string) error {
	return &ValueError{Column: c.field.Name, Given: given, Want: c.field.Type.want()}
}

// Float appends a number to column j: to a float64 column as it is (NaN counts
// as a null), to an int64 column if it is a whole number in range.
func (b *Builder) Float(j int, v float64) error {
	c := &b.cols[j]
	switch c.field.Type {
	case Float64:
		if v != v {
			c.null()
			return nil
		}
		c.float(v)
		return nil
	case Int64:
		// -2^63 is exact; 2^63 is the first float beyond the range.
		if v == math.Trunc(v) && v >= math.MinInt64 && v < math.MaxInt64 {
			c.int(int64(v))
			return nil
		}
	}
	return c.refuse("number " + formatFloat(v))
}

// Int appends a whole number to column j, of type int64 or float64.
func (b *Builder) Int(j int, v int64) error {
	c := &b.cols[j]
	switch c.field.Type {
	case Int64:
		c.int(v)
		return nil
	case Float64:
		c.float(float64(v))
		return nil
	}
	return c.refuse("number " + strconv.FormatInt(v, 10))
}

// Bool appends a truth value to column j, of type bool.
func (b *Builder) Bool(j int, v bool) error {
	c := &b.cols[j]
	if c.field.Type != Bool {
		return c.refuse(strconv.FormatBool(v))
	}
	c.bool(v)
	return nil
}

// Time appends a moment to column j, of type timestamp, in microseconds since
// 1970 UTC.
func (b *Builder) Time(j int, micros int64) error {
	c := &b.cols[j]
	if c.field.Type != Timestamp {
		return c.refuse("time " + FormatTime(micros))
	}
	c.int(micros)
	return nil
}

// Text appends a text to column j, of type string, or of type timestamp if
// ParseTime reads it.
func (b *Builder) Text(j int, v string) error {
	c := &b.cols[j]
	if c.field.Type == Timestamp {
		if micros, ok := ParseTime(v); ok {
			c.int(micros)
			return nil
		}
	}
	if c.field.Type != String {
		return c.refuse("text " + strconv.Quote(Shorten(v)))
	}
	c.text(v)
	return nil
}

// Null appends a row without a value to column j. Whether the column allows it
// is for Check to say.
func (b *Builder) Null(j int) { b.cols[j].null() }

// Value appends a value as encoding/json decodes it to column j: nil, bool,
// string, float64 or json.Number, and any of Go's int64 and int beside. A
// json.Number keeps all digits of a whole number.
func (b *Builder) Value(j int, v any) error {
	switch v := v.(type) {
	case nil:
		b.Null(j)
		return nil
	case bool:
		return b.Bool(j, v)
	case string:
		return b.Text(j, v)
	case float64:
		return b.Float(j, v)
	case int64:
		return b.Int(j, v)
	case int:
		return b.Int(j, int64(v))
	case json.Number:
		if i, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			return b.Int(j, i)
		}
		f, err := v.Float64()
		if err != nil {
			return b.cols[j].refuse("number " + Shorten(string(v)))
		}
		return b.Float(j, f)
	case []any:
		return b.cols[j].refuse("a list")
	case map[string]any:
		return b.cols[j].refuse("an object")
	default:
		return b.cols[j].refuse(fmt.Sprintf("%T", v))
	}
}

// Len returns the number of values in column j.
func (b *Builder) Len(j int) int { return b.cols[j].n }

// Frame returns the frame of all values so far. The builder must not be used
// afterwards. It fails when the columns differ in length.
func (b *Builder) Frame() (*Frame, error) {
	cols := make([]*Column, len(b.cols))
	for j := range b.cols {
		cols[j] = b.cols[j].column()
	}
	return New(cols...)
}

// want says in words what a column of the type takes.
func (t Type) want() string {
	switch t {
	case Float64:
		return "a number (float64)"
	case Int64:
		return "a whole number (int64)"
	case Bool:
		return "true or false (bool)"
	case Timestamp:
		return "a date or time (timestamp, such as 2001-01-22 or 2001-01-22T10:30:00Z)"
	default:
		return "a text (string)"
	}
}

// Shorten cuts a value to 60 characters, for messages.
func Shorten(s string) string {
	const most = 60
	n := 0
	for i := range s {
		if n == most {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// colBuilder grows one column. Its bitmap appears with the first null.
type colBuilder struct {
	field  Field
	floats []float64
	ints   []int64
	bools  []bool
	texts  []string
	valid  Bitmap
	n      int
}

func (c *colBuilder) reserve(n int) {
	switch c.field.Type {
	case Float64:
		c.floats = make([]float64, 0, n)
	case Int64, Timestamp:
		c.ints = make([]int64, 0, n)
	case Bool:
		c.bools = make([]bool, 0, n)
	default:
		c.texts = make([]string, 0, n)
	}
}

func (c *colBuilder) float(v float64) { c.floats = append(c.floats, v); c.mark() }
func (c *colBuilder) int(v int64)     { c.ints = append(c.ints, v); c.mark() }
func (c *colBuilder) bool(v bool)     { c.bools = append(c.bools, v); c.mark() }
func (c *colBuilder) text(v string)   { c.texts = append(c.texts, v); c.mark() }

// mark counts a row that holds a value.
func (c *colBuilder) mark() {
	if c.valid != nil {
		if c.n>>6 == len(c.valid) {
			c.valid = append(c.valid, 0)
		}
		c.valid[c.n>>6] |= 1 << (c.n & 63)
	}
	c.n++
}

func (c *colBuilder) null() {
	switch c.field.Type {
	case Float64:
		c.floats = append(c.floats, math.NaN())
	case Int64, Timestamp:
		c.ints = append(c.ints, 0)
	case Bool:
		c.bools = append(c.bools, false)
	default:
		c.texts = append(c.texts, "")
	}
	if c.valid == nil {
		c.valid = ones(c.n)
	}
	if c.n>>6 == len(c.valid) {
		c.valid = append(c.valid, 0)
	}
	c.n++
}

// ones returns a bitmap whose first n bits are set.
func ones(n int) Bitmap {
	b := make(Bitmap, (n+63)/64)
	for i := range b {
		b[i] = ^uint64(0)
	}
	if n&63 != 0 {
		b[len(b)-1] = 1<<(n&63) - 1
	}
	return b
}

func (c *colBuilder) column() *Column {
	return &Column{Field: c.field, Floats: c.floats, Ints: c.ints, Bools: c.bools, Texts: c.texts, Valid: c.valid}
}
