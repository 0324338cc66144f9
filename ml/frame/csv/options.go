package csv

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"gristmill/ml/frame"
)

// Options say how to read a file. The zero value reads a comma-separated file
// of any shape and infers its schema.
type Options struct {
	// Separator is one ASCII character other than a quote or line end; 0
	// means a comma.
	Separator rune
	// Decimal is the decimal sign of numbers, '.' or ','; 0 means '.'. With
	// ',' a point between groups of three digits is read over: "1.234,5".
	Decimal rune
	// Schema, if given, is what the columns must be: they are matched by name
	// and come out in the schema's order. Nil infers one.
	Schema *frame.Schema
	// Dates gives the format of times by column, in the signs of
	// frame.NewTimeFormat. Without a schema these columns are timestamps;
	// with one, it is the format of those whose field has none.
	Dates map[string]string
	// Nulls are the texts that stand for no value; nil means only the empty
	// text. In a string column only an unquoted cell can be a null.
	Nulls []string
	// Skip names columns to leave out unread.
	Skip []string
	// Loose, with a schema, leaves columns beyond it unread instead of
	// refusing them.
	Loose bool
	// Workers is how many threads read; 0 means GOMAXPROCS. The result is the
	// same for any number.
	Workers int
	// MaxCell is the largest cell in bytes; 0 means 16 MiB.
	MaxCell int
	// MaxColumns is the largest number of columns; 0 means 20,000.
	MaxColumns int
	// MaxBytes is the largest file in bytes; 0 means no limit.
	MaxBytes int64

	block int // bytes that are read at once; 0 means defaultBlock
}

const (
	defaultMaxCell    = 16 << 20
	defaultMaxColumns = 20_000
	// defaultBlock is small enough for the second-level cache and large
	// enough that what is done once a block does not count.
	defaultBlock = 1 << 20
)

// complete checks the options and fills in the defaults.
func (o Options) complete() (Options, error) {
	if o.Separator == 0 {
		o.Separator = ','
	}
	if o.Decimal == 0 {
		o.Decimal = '.'
	}
	if o.Nulls == nil {
		o.Nulls = []string{""}
	}
	if o.MaxCell == 0 {
		o.MaxCell = defaultMaxCell
	}
	if o.MaxColumns == 0 {
		o.MaxColumns = defaultMaxColumns
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.block == 0 {
		o.block = defaultBlock
	}
	switch {
	case o.Separator < 0 || o.Separator >= 0x80 || o.Separator == '"' || o.Separator == '\n' || o.Separator == '\r':
		return o, fmt.Errorf("read csv: separator %q; expected one ASCII character, not a quote, a line end or NUL", o.Separator)
	case o.Decimal != '.' && o.Decimal != ',':
		return o, fmt.Errorf("read csv: decimal sign %q; expected '.' or ','", o.Decimal)
	case o.Decimal == ',' && o.Separator == ',':
		return o, fmt.Errorf("read csv: a comma is both the separator and the decimal sign; expected another separator, such as ';'")
	}
	return o, nil
}

// ReadError says what makes a file no table, and where.
type ReadError struct {
	Line   int    // 1-based line of the file; 0: no line in particular
	Row    int    // 1-based data row, the header not counted; 0: the header
	Column int    // 1-based; 0: no column in particular
	Name   string // the column's name, where it is known
	Msg    string // what is wrong and what is expected there
}

// Error renders place and message: `row 3 (line 4), column 2 "age": ...`.
func (e *ReadError) Error() string {
	if place := e.Place(); place != "" {
		return place + ": " + e.Msg
	}
	return e.Msg
}

// Place renders where the error is, or "" if it is in no particular place.
func (e *ReadError) Place() string {
	var place string
	switch {
	case e.Row > 0:
		place = fmt.Sprintf("row %d (line %d)", e.Row, e.Line)
	case e.Line > 0:
		place = fmt.Sprintf("header (line %d)", e.Line)
	default:
		return ""
	}
	if e.Column > 0 {
		place += fmt.Sprintf(", column %d", e.Column)
		if e.Name != "" {
			place += " " + strconv.Quote(frame.Shorten(e.Name))
		}
	}
	return place
}

// plan is what to do with one column of the file.
type plan struct {
	name   string
	kind   kind // to begin with
	fixed  bool // the kind is not inferred: what does not fit breaks the schema
	field  frame.Field
	format *frame.TimeFormat // nil: ISO
}

// plans matches the header with the options. The error is a *ReadError, a
// *frame.SchemaError, or of a format in the options.
func plans(names []string, line int, o Options) ([]plan, error) {
	for _, name := range o.Skip {
		if !slices.Contains(names, name) {
			return nil, &ReadError{Line: line, Msg: fmt.Sprintf("there is no column %q to leave out", name)}
		}
	}
	cols := make([]plan, len(names))
	skip := set(o.Skip)
	var broken frame.Violations
	fields := make(map[string]frame.Field)
	if o.Schema != nil {
		for _, f := range o.Schema.Fields {
			fields[f.Name] = f
		}
	}
	for j, name := range names {
		c := &cols[j]
		c.name = name
		f, known := fields[name]
		switch {
		case o.Schema == nil && skip[name]:
			c.kind = skipped
			continue
		case o.Schema == nil:
			c.field = frame.Field{Name: name}
			if format, ok := o.Dates[name]; ok {
				c.field.Type, c.field.Format = frame.Timestamp, format
			}
		case known:
			c.field = f
			if format, ok := o.Dates[name]; ok && f.Type == frame.Timestamp && f.Format == "" {
				c.field.Format = format
			}
		default:
			c.kind = skipped
			if !o.Loose && !skip[name] {
				broken.AddExtra(name)
			}
			continue
		}
		c.kind = kindOf(c.field.Type)
		c.fixed = c.kind != unknown
		if c.field.Format != "" {
			format, err := frame.NewTimeFormat(c.field.Format)
			if err != nil {
				return nil, fmt.Errorf("read csv: column %q: %w", name, err)
			}
			c.format = format
		}
	}
	have := set(names)
	for _, name := range sortedKeys(o.Dates) {
		if !have[name] && o.Schema == nil {
			return nil, &ReadError{Line: line, Msg: fmt.Sprintf("there is no column %q to read as dates", name)}
		}
	}
	if o.Schema != nil {
		for _, f := range o.Schema.Fields {
			if !have[f.Name] {
				broken.AddMissing(f)
			}
		}
	}
	return cols, broken.Err()
}

func set(names []string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// header checks the names of the first record.
func header(cells []cell, line int, o Options) ([]string, error) {
	names := make([]string, len(cells))
	first := make(map[string]int, len(cells))
	for j, c := range cells {
		name := string(c.b)
		if strings.TrimSpace(name) == "" {
			return nil, &ReadError{Line: line, Column: j + 1, Msg: "the column has no name"}
		}
		if i, ok := first[name]; ok {
			return nil, &ReadError{Line: line, Column: j + 1, Name: name, Msg: fmt.Sprintf("column %d has the same name", i+1)}
		}
		first[name] = j
		names[j] = name
	}
	if len(cells) == 1 && !cells[0].quoted && (o.Schema == nil || o.Schema.Index(names[0]) < 0) {
		if sign := otherSeparator(names[0], o.Separator); sign != "" {
			return nil, &ReadError{Line: line, Column: 1, Name: names[0],
				Msg: fmt.Sprintf("the header is one column whose name holds %s; if that separates the columns, say so (data.separator: %s), else put the name in quotes", spoken(sign), strconv.Quote(sign))}
		}
	}
	return names, nil
}

// otherSeparator returns a character in the name that separates columns in many
// files, or "".
func otherSeparator(name string, separator rune) string {
	for _, sign := range []string{";", "\t", "|", ","} {
		if sign != string(separator) && strings.Contains(name, sign) {
			return sign
		}
	}
	return ""
}

func spoken(sign string) string {
	if sign == "\t" {
		return "a tab"
	}
	return strconv.Quote(sign)
}
