package frame

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// CSVOptions say how to read a CSV file. The zero value reads a comma-separated
// file of any shape and infers its schema.
type CSVOptions struct {
	// Separator is one ASCII character other than a quote or line end; 0
	// means a comma.
	Separator rune
	// Schema, if given, is what the columns must be: they are matched by name
	// and come out in the schema's order. Nil infers one.
	Schema *Schema
	// Nulls are the texts that stand for no value; nil means only the empty
	// text. In a string column only an unquoted cell can be a null.
	Nulls []string
	// Skip names columns to leave out unread.
	Skip []string
	// Loose, with a schema, leaves columns beyond it unread instead of
	// refusing them.
	Loose bool
	// MaxCell is the largest cell in bytes; 0 means 16 MiB.
	MaxCell int
	// MaxColumns is the largest number of columns; 0 means 20,000.
	MaxColumns int
	// MaxBytes is the largest file in bytes; 0 means no limit.
	MaxBytes int64
}

const (
	defaultMaxCell    = 16 << 20
	defaultMaxColumns = 20_000
)

func (o CSVOptions) withDefaults() CSVOptions {
	if o.Separator == 0 {
		o.Separator = ','
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
	return o
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
			place += " " + strconv.Quote(Shorten(e.Name))
		}
	}
	return place
}

// ReadCSV reads a table in CSV: RFC 4180 with a header line of distinct names,
// in UTF-8 with or without a byte order mark, lines that end in LF, CRLF or CR.
// Cells may be quoted and then hold separators, line ends and doubled quotes;
// spaces belong to the cell. Empty lines are no rows, except in a table of one
// column, where they are nulls.
//
// Without a schema, a column is the first of these that all its values are:
// bool (true and false in any case), int64, float64, string. Whole numbers
// beyond int64 make a float64 column; numbers with leading zeros ("007") are
// strings, and so are NaN, Inf and numbers that overflow a float64. A column
// without any value is a nullable string; a column is nullable if it has a
// null. A quoted empty cell is the empty text in a string column and a null in
// any other.
//
// With a schema, values must fit it; leading zeros are then allowed in
// numbers, and 0 and 1 in bools. The error is a *ReadError where the file is no
// table, a *SchemaError where its values break the schema, and otherwise the
// reader's own.
func ReadCSV(r io.Reader, o CSVOptions) (*Frame, error) {
	o = o.withDefaults()
	if !validSeparator(o.Separator) {
		return nil, fmt.Errorf("read csv: separator %q; expected one ASCII character, not a quote, a line end or NUL", o.Separator)
	}
	if o.MaxBytes > 0 {
		r = &limitReader{r: r, left: o.MaxBytes, limit: o.MaxBytes}
	}
	if o.Schema != nil {
		return readTyped(r, o)
	}
	return readInferred(r, o)
}

func validSeparator(r rune) bool {
	return r > 0 && r < 0x80 && r != '"' && r != '\n' && r != '\r'
}

// header reads the first record and checks the names.
func (s *scanner) header(o CSVOptions) ([]string, error) {
	cells, err := s.next()
	if err == io.EOF {
		return nil, &ReadError{Msg: "the file is empty; expected a header line with the columns' names"}
	}
	if err != nil {
		return nil, err
	}
	names := make([]string, len(cells))
	first := make(map[string]int, len(cells))
	for j, c := range cells {
		name := string(c.b)
		if strings.TrimSpace(name) == "" {
			return nil, &ReadError{Line: s.line, Column: j + 1, Msg: "the column has no name"}
		}
		if i, ok := first[name]; ok {
			return nil, &ReadError{Line: s.line, Column: j + 1, Name: name, Msg: fmt.Sprintf("column %d has the same name", i+1)}
		}
		first[name] = j
		names[j] = name
	}
	s.names = names
	for _, name := range o.Skip {
		if _, ok := first[name]; !ok {
			return nil, &ReadError{Line: s.line, Msg: fmt.Sprintf("there is no column %q to leave out", name)}
		}
	}
	return names, nil
}

// readTyped reads in one pass and constant memory beside the frame.
func readTyped(r io.Reader, o CSVOptions) (*Frame, error) {
	s := newScanner(r, o)
	names, err := s.header(o)
	if err != nil {
		return nil, err
	}
	var broken violations
	b := NewBuilder(*o.Schema, 0)
	to := make([]*colBuilder, len(names)) // nil: not read
	for j, name := range names {
		if i := o.Schema.Index(name); i >= 0 {
			to[j] = &b.cols[i]
		} else if !o.Loose && !slices.Contains(o.Skip, name) {
			broken.add(extraColumn(name))
		}
	}
	for _, f := range o.Schema.Fields {
		if !slices.Contains(names, f.Name) {
			broken.add(missingColumn(f))
		}
	}
	if broken.total > 0 {
		return nil, broken.err()
	}
	texts := newInterner()
	size := 0
	if l, ok := r.(interface{ Len() int }); ok {
		size = l.Len() + len(s.buf)
	}
	for row := 1; ; row++ {
		cells, err := s.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if row == sampled && size > 0 {
			for i := range b.cols {
				b.cols[i].grow(estimate(size, s.slid+s.pos))
			}
		}
		for j, c := range cells {
			if to[j] == nil || to[j].parse(c, o.Nulls, texts) {
				continue
			}
			to[j].null()
			broken.add(unfitValue(row, to[j].field, string(c.b)))
			to[j].unfit = append(to[j].unfit, row-1)
		}
	}
	f, err := b.Frame()
	if err != nil {
		return nil, fmt.Errorf("read csv: %w", err)
	}
	for i, field := range o.Schema.Fields {
		// What did not parse is a null in f, reported already.
		if c := f.At(i); c.Valid != nil || field.bounded() {
			broken.checkColumn(c, field, b.cols[i].unfit)
		}
	}
	if broken.total > 0 {
		return nil, broken.err()
	}
	return f, nil
}

// parse appends a cell as a value of the column's type, or reports that it is
// none.
func (c *colBuilder) parse(x cell, nulls []string, texts *interner) bool {
	if isNull(x.b, nulls) && (!x.quoted || c.field.Type != String) {
		c.null()
		return true
	}
	switch c.field.Type {
	case Float64:
		v, kind := parseFloat(x.b)
		if kind != notNumber {
			c.float(v)
		}
		return kind != notNumber
	case Int64:
		v, kind := parseInt(x.b)
		if kind != notNumber {
			c.int(v)
		}
		return kind != notNumber
	case Bool:
		v, ok := parseBool(x.b)
		if !ok && len(x.b) == 1 && (x.b[0] == '0' || x.b[0] == '1') {
			v, ok = x.b[0] == '1', true
		}
		if ok {
			c.bool(v)
		}
		return ok
	default:
		c.text(texts.get(x.b))
		return true
	}
}

func isNull(b []byte, nulls []string) bool {
	return slices.Contains(nulls, string(b))
}

// limitReader refuses a file beyond its limit, unlike io.LimitReader, which
// ends it early.
type limitReader struct {
	r           io.Reader
	left, limit int64
}

// Read implements io.Reader.
func (l *limitReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, &ReadError{Msg: fmt.Sprintf("the file is larger than the limit of %d bytes", l.limit)}
	}
	return n, err
}
