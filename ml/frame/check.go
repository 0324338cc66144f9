package frame

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Violation is one place where a table breaks a schema.
type Violation struct {
	Row    int    `json:"row,omitempty"` // 1-based data row; 0: the whole column
	Column string `json:"column"`
	Value  string `json:"value,omitempty"` // what is there, shortened
	Want   string `json:"want"`            // what the schema allows
	Msg    string `json:"message"`         // the whole sentence
}

// String returns the sentence.
func (v Violation) String() string { return v.Msg }

// MaxViolations is how many violations are reported one by one.
const MaxViolations = 20

// SchemaError says that a table breaks its schema.
type SchemaError struct {
	Violations []Violation // the first MaxViolations, by row, then in the schema's order
	Total      int         // how many there are
}

// Error renders all reported violations and how many more there are.
func (e *SchemaError) Error() string {
	lines := make([]string, 0, len(e.Violations)+1)
	for _, v := range e.Violations {
		lines = append(lines, v.Msg)
	}
	if more := e.Total - len(e.Violations); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// Check compares a table with a schema: missing and extra columns, types,
// nulls, ranges, allowed values, and numbers that are not finite. An int64
// column may stand where the schema has float64. It returns the first
// MaxViolations violations, those of whole columns before those of rows, and
// how many there are.
func Check(f *Frame, s Schema) (first []Violation, total int) {
	var v Violations
	have := make(map[string]*Column, f.Cols())
	for j := range f.Cols() {
		have[f.At(j).Field.Name] = f.At(j)
	}
	known := make(map[string]bool, len(s.Fields))
	for _, field := range s.Fields {
		known[field.Name] = true
		c := have[field.Name]
		switch {
		case c == nil:
			v.AddMissing(field)
		case c.Field.Type != field.Type && !(c.Field.Type == Int64 && field.Type == Float64) && !empty(c):
			v.Add(Violation{Column: field.Name, Value: string(c.Field.Type), Want: string(field.Type),
				Msg: fmt.Sprintf("column %q is %s; the schema has %s", field.Name, c.Field.Type, field.Type)})
		default:
			v.CheckColumn(c, field, nil)
		}
	}
	for j := range f.Cols() {
		if name := f.At(j).Field.Name; !known[name] {
			v.AddExtra(name)
		}
	}
	return v.list, v.total
}

// empty reports whether the column has no value at all, and so any type.
func empty(c *Column) bool { return c.Valid != nil && c.Nulls() == c.Len() }

// Violations collects what breaks a schema while a table is read: it keeps the
// first MaxViolations by row, then in order of arrival, and counts the rest.
// The zero value is ready for use.
type Violations struct {
	Before int // rows of the table before those that CheckColumn and AddUnfit count from
	list   []Violation
	total  int
}

// Add counts v and keeps it if it is among the first.
func (l *Violations) Add(v Violation) {
	l.total++
	if len(l.list) == MaxViolations && l.list[MaxViolations-1].Row <= v.Row {
		return
	}
	i, _ := slices.BinarySearchFunc(l.list, v.Row+1, func(have Violation, row int) int { return cmp.Compare(have.Row, row) })
	l.list = slices.Insert(l.list, i, v)
	if len(l.list) > MaxViolations {
		l.list = l.list[:MaxViolations]
	}
}

// full reports whether a violation in the row would only be counted.
func (l *Violations) full(row int) bool {
	return len(l.list) == MaxViolations && l.list[MaxViolations-1].Row <= row
}

// AddMissing adds that the table has no column for f.
func (l *Violations) AddMissing(f Field) { l.Add(missingColumn(f)) }

// AddExtra adds that the schema has no column of that name.
func (l *Violations) AddExtra(name string) { l.Add(extraColumn(name)) }

// AddUnfit adds that value, in the 1-based row, is none of f's type; hint, if
// not empty, says more of what is expected.
func (l *Violations) AddUnfit(row int, f Field, value, hint string) {
	if l.full(l.Before + row) {
		l.total++
		return
	}
	want := f.want()
	if hint != "" {
		want += ", " + hint
	}
	l.Add(violation(l.Before+row, f.Name, value, false, want))
}

// AddMore counts n violations more than were added one by one.
func (l *Violations) AddMore(n int) { l.total += n }

// Total returns how many violations were added.
func (l *Violations) Total() int { return l.total }

// Err returns a *SchemaError with the violations, or nil if there are none.
func (l *Violations) Err() error {
	if l.total == 0 {
		return nil
	}
	return &SchemaError{Violations: l.list, Total: l.total}
}

// CheckColumn adds what breaks f among the values of a column of f's type,
// except in the given rows (0-based, ascending).
func (l *Violations) CheckColumn(c *Column, f Field, except []int) {
	allowed := make(map[string]bool, len(f.Values))
	for _, v := range f.Values {
		allowed[v] = true
	}
	numeric := f.Type.Numeric() && c.Field.Type.Numeric()
	for i := range c.Len() {
		if len(except) > 0 && except[0] == i {
			except = except[1:]
			continue
		}
		var want string
		switch {
		case c.IsNull(i):
			if f.Nullable {
				continue
			}
			want = "a value"
		case numeric:
			if want = unfitNumber(c.Float(i), f); want == "" {
				continue
			}
		case f.Type == String && len(allowed) > 0:
			if allowed[c.Text(i)] {
				continue
			}
			want = oneOf(f.Values)
		default:
			continue
		}
		if l.full(l.Before + i + 1) {
			l.total++
			continue
		}
		l.Add(violation(l.Before+i+1, f.Name, c.Text(i), c.IsNull(i), want))
	}
}

// Bounded reports whether not every value of the field's type is allowed.
func (f Field) Bounded() bool { return f.Min != nil || f.Max != nil || len(f.Values) > 0 }

// unfitNumber says what the field wants instead of v, or "".
func unfitNumber(v float64, f Field) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "a finite number"
	case f.Min != nil && v < *f.Min, f.Max != nil && v > *f.Max:
		return bounds(f)
	default:
		return ""
	}
}

// bounds says in words what range a field has.
func bounds(f Field) string {
	switch {
	case f.Min != nil && f.Max != nil:
		return fmt.Sprintf("a number from %s to %s", formatFloat(*f.Min), formatFloat(*f.Max))
	case f.Min != nil:
		return fmt.Sprintf("a number of at least %s", formatFloat(*f.Min))
	default:
		return fmt.Sprintf("a number of at most %s", formatFloat(*f.Max))
	}
}

// oneOf says in words which texts a field allows.
func oneOf(values []string) string {
	const most = 10
	quoted := make([]string, 0, most)
	for _, v := range values[:min(len(values), most)] {
		quoted = append(quoted, strconv.Quote(Shorten(v)))
	}
	text := "one of " + strings.Join(quoted, ", ")
	if more := len(values) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func violation(row int, column, value string, null bool, want string) Violation {
	v := Violation{Row: row, Column: column, Want: want}
	if null {
		v.Msg = fmt.Sprintf("row %d, column %q: no value; expected %s", row, column, want)
		return v
	}
	v.Value = Shorten(value)
	v.Msg = fmt.Sprintf("row %d, column %q: %q; expected %s", row, column, v.Value, want)
	return v
}

// want says in words what a cell of the field has to be.
func (f Field) want() string {
	if f.Type == Timestamp && f.Format != "" {
		return fmt.Sprintf("a time in the format %q", f.Format)
	}
	return f.Type.want()
}

func missingColumn(f Field) Violation {
	return Violation{Column: f.Name, Want: string(f.Type),
		Msg: fmt.Sprintf("column %q (%s) is missing", f.Name, f.Type)}
}

func extraColumn(name string) Violation {
	return Violation{Column: name, Want: "only the schema's columns",
		Msg: fmt.Sprintf("column %q is not in the schema", name)}
}
