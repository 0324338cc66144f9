package frame

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
)

// readInferred reads the whole file into memory, since a column that turns out
// to be text after many numbers is read again from its first row. All others
// are parsed in the first pass.
func readInferred(r io.Reader, o CSVOptions) (*Frame, error) {
	var data bytes.Buffer
	if l, ok := r.(interface{ Len() int }); ok {
		data.Grow(l.Len() + bytes.MinRead)
	}
	if _, err := data.ReadFrom(r); err != nil {
		var e *ReadError
		if errors.As(err, &e) {
			return nil, e
		}
		return nil, fmt.Errorf("read csv: %w", err)
	}
	texts := newInterner()
	s := newScannerOf(data.Bytes(), o)
	names, err := s.header(o)
	if err != nil {
		return nil, err
	}
	cols := make([]guess, len(names))
	for j, name := range names {
		cols[j].col.field.Name = name
		for _, skip := range o.Skip {
			if name == skip {
				cols[j].skip = true
			}
		}
	}
	rows := 0
	for {
		cells, err := s.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		for j := range cells {
			if g := &cols[j]; !g.skip && !g.again {
				g.add(cells[j], o.Nulls, texts)
			}
		}
		if rows++; rows == sampled {
			reserve(cols, estimate(data.Len(), s.pos))
		}
	}
	if err := readAgain(data.Bytes(), o, cols, texts, rows); err != nil {
		return nil, err
	}
	out := make([]*Column, 0, len(cols))
	for j := range cols {
		if cols[j].skip {
			continue
		}
		c := cols[j].finish(rows).column()
		c.Field.Nullable = c.Valid != nil
		out = append(out, c)
	}
	f, err := New(out...)
	if err != nil {
		return nil, fmt.Errorf("read csv: %w", err)
	}
	f.rows = rows // also when every column was left out
	return f, nil
}

// sampled is the number of rows from whose length the number of all is
// estimated.
const sampled = 1000

// estimate returns how many rows a file will have, a little more rather than
// less.
func estimate(size, read int) int { return size/(read/sampled+1)*17/16 + sampled }

// reserve makes room, so that columns do not grow step by step.
func reserve(cols []guess, rows int) {
	for j := range cols {
		if !cols[j].skip && !cols[j].again {
			cols[j].col.grow(rows)
		}
	}
}

// newScannerOf scans bytes in memory: one window, never filled.
func newScannerOf(b []byte, o CSVOptions) *scanner {
	s := newScanner(nil, o)
	s.buf = b[:len(b):len(b)]
	s.eof = true
	return s
}

// readAgain reads the columns that turned out to be text.
func readAgain(data []byte, o CSVOptions, cols []guess, texts *interner, rows int) error {
	var again []int
	for j := range cols {
		if g := &cols[j]; g.again || g.col.field.Type == "" && g.emptyText {
			cols[j].col = colBuilder{field: Field{Name: cols[j].col.field.Name, Type: String}}
			cols[j].col.reserve(rows)
			again = append(again, j)
		}
	}
	if len(again) == 0 {
		return nil
	}
	s := newScannerOf(data, o)
	if _, err := s.header(o); err != nil {
		return err
	}
	for {
		cells, err := s.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for _, j := range again {
			cols[j].col.parse(cells[j], o.Nulls, texts)
		}
	}
}

// guess is a column whose type is not known yet. The type is "" until the first
// value; int64 may become float64, anything may become string.
type guess struct {
	col       colBuilder
	skip      bool
	again     bool // text after other values: to be read again
	emptyText bool // a quoted null text was taken for a null
	leadNulls int  // rows before the first value
}

func (g *guess) add(c cell, nulls []string, texts *interner) {
	if isNull(c.b, nulls) && (!c.quoted || g.col.field.Type != String) {
		g.emptyText = g.emptyText || c.quoted
		if g.col.field.Type == "" {
			g.leadNulls++
		} else {
			g.col.null()
		}
		return
	}
	switch g.col.field.Type {
	case "":
		g.start(c, nulls, texts)
	case Int64:
		if v, kind := parseInt(c.b); kind == plainNumber {
			g.col.int(v)
		} else if v, kind := parseFloat(c.b); kind == plainNumber {
			g.widen()
			g.col.float(v)
		} else {
			g.again = true
		}
	case Float64:
		if v, kind := parseFloat(c.b); kind == plainNumber {
			g.col.float(v)
		} else {
			g.again = true
		}
	case Bool:
		if v, ok := parseBool(c.b); ok {
			g.col.bool(v)
		} else {
			g.again = true
		}
	default:
		g.col.text(texts.get(c.b))
	}
}

// start takes the first value of the column.
func (g *guess) start(c cell, nulls []string, texts *interner) {
	t := String
	if _, ok := parseBool(c.b); ok {
		t = Bool
	} else if _, kind := parseInt(c.b); kind == plainNumber {
		t = Int64
	} else if _, kind := parseFloat(c.b); kind == plainNumber {
		t = Float64
	}
	g.col.field.Type = t
	if t == String && g.emptyText {
		g.again = true
		return
	}
	g.col.nulls(g.leadNulls)
	g.col.parse(c, nulls, texts)
}

// widen turns whole numbers into floats.
func (g *guess) widen() {
	c := &g.col
	c.field.Type = Float64
	c.floats = make([]float64, len(c.ints), max(cap(c.ints), 1))
	for i, v := range c.ints {
		c.floats[i] = float64(v)
		if !c.valid.Get(i) {
			c.floats[i] = math.NaN()
		}
	}
	c.ints = nil
}

// finish returns the column's values; a column without any is text.
func (g *guess) finish(rows int) *colBuilder {
	if g.col.field.Type == "" {
		g.col.field.Type = String
		g.col.nulls(rows)
	}
	return &g.col
}
