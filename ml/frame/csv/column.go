package csv

import (
	"math"

	"gristmill/ml/frame"
)

// kind is what the values of a column, or of a part of it, are. A column whose
// type is inferred goes up: from unknown to any other, from whole to number,
// and from anything to text.
type kind uint8

const (
	skipped kind = iota // not read
	unknown             // no value so far
	boolean
	whole
	number
	moment
	text
)

func kindOf(t frame.Type) kind {
	switch t {
	case frame.Bool:
		return boolean
	case frame.Int64:
		return whole
	case frame.Float64:
		return number
	case frame.Timestamp:
		return moment
	case frame.String:
		return text
	}
	return unknown
}

// fieldType is the column type of a kind; a column without values is text.
func (k kind) fieldType() frame.Type {
	switch k {
	case boolean:
		return frame.Bool
	case whole:
		return frame.Int64
	case number:
		return frame.Float64
	case moment:
		return frame.Timestamp
	}
	return frame.String
}

// join is the kind of a column with parts of both kinds.
func join(a, b kind) kind {
	switch {
	case a == b || b == unknown:
		return a
	case a == unknown:
		return b
	case a == whole && b == number || a == number && b == whole:
		return number
	}
	return text
}

// part is one column in one block: its values by row of the block, in slices
// with room for all rows that the block can have.
type part struct {
	kind   kind
	floats []float64
	ints   []int64
	bools  []bool
	texts  []string
	valid  frame.Bitmap // nil: no nulls so far
	placed bool         // the values lie at their place in the column's final memory

	plainNull  bool  // there is a null
	quotedNull bool  // there is a null that would be a text in a text column
	again      bool  // text after other values: the block must be read again
	unfit      []int // rows whose cell is no value of a fixed kind; null here
}

// room makes the part's memory for rows.
func (p *part) room(rows int) {
	switch p.kind {
	case boolean:
		p.bools = sized(p.bools, rows)
	case whole, moment:
		p.ints = sized(p.ints, rows)
	case number:
		p.floats = sized(p.floats, rows)
	case text:
		p.texts = sized(p.texts, rows)
	}
}

// sized returns s with length n; what it holds is of no account.
func sized[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	return make([]T, n)
}

// null makes a row a null; rows is the room of the part.
func (p *part) null(row, rows int) {
	if p.valid == nil {
		p.valid = make(frame.Bitmap, (rows+63)/64)
		for i := range p.valid {
			p.valid[i] = ^uint64(0)
		}
	}
	p.valid[row>>6] &^= 1 << (row & 63)
	switch p.kind {
	case boolean:
		p.bools[row] = false
	case whole, moment:
		p.ints[row] = 0
	case number:
		p.floats[row] = math.NaN()
	case text:
		p.texts[row] = ""
	}
}

// begin gives a part of unknown kind, whose rows before row are nulls, its
// kind.
func (p *part) begin(k kind, row, rows int) {
	p.kind = k
	p.room(rows)
	for i := range row {
		p.null(i, rows)
	}
}

// widen turns the whole numbers of the rows before row into floats.
func (p *part) widen(row, rows int) {
	ints := p.ints
	p.kind, p.placed = number, false
	p.floats = make([]float64, rows)
	for i := range row {
		if p.valid.Get(i) {
			p.floats[i] = float64(ints[i])
		} else {
			p.floats[i] = math.NaN()
		}
	}
}

// column is one column of the frame while it is made.
type column struct {
	floats []float64
	ints   []int64
	bools  []bool
	texts  []string
}

// reserve makes memory for rows that are about to come.
func (c *column) reserve(k kind, rows int) {
	switch k {
	case boolean:
		c.bools = make([]bool, rows)
	case whole, moment:
		c.ints = make([]int64, rows)
	case number:
		c.floats = make([]float64, rows)
	case text:
		c.texts = make([]string, rows)
	}
}

// place lets a part lie in the column's memory from row at on, if it is of the
// same kind and fits.
func (c *column) place(p *part, at, rows int) {
	switch {
	case p.kind == boolean && at+rows <= len(c.bools):
		p.bools = c.bools[at : at+rows : at+rows]
	case (p.kind == whole || p.kind == moment) && at+rows <= len(c.ints):
		p.ints = c.ints[at : at+rows : at+rows]
	case p.kind == number && at+rows <= len(c.floats):
		p.floats = c.floats[at : at+rows : at+rows]
	case p.kind == text && at+rows <= len(c.texts):
		p.texts = c.texts[at : at+rows : at+rows]
	default:
		p.room(rows)
		return
	}
	p.placed = true
}

// gather makes the column of kind k from its parts, whose rows are sizes and
// whose places in the reserved memory begin at places.
func (c *column) gather(f frame.Field, k kind, parts []*part, sizes, places []int) *frame.Column {
	f.Type = k.fieldType()
	out := &frame.Column{Field: f}
	rows := 0
	for _, n := range sizes {
		rows += n
	}
	switch k {
	case boolean:
		out.Bools = lay(c.bools, rows, parts, sizes, places, func(p *part) []bool { return p.bools })
	case whole, moment:
		out.Ints = lay(c.ints, rows, parts, sizes, places, func(p *part) []int64 { return p.ints })
	case number:
		for i, p := range parts {
			if p.kind == whole {
				p.widen(sizes[i], sizes[i])
			}
		}
		out.Floats = lay(c.floats, rows, parts, sizes, places, func(p *part) []float64 { return p.floats })
		fillNaN(out.Floats, parts, sizes)
	default:
		out.Texts = lay(c.texts, rows, parts, sizes, places, func(p *part) []string { return p.texts })
	}
	out.Valid = bits(rows, parts, sizes)
	return out
}

// fillNaN writes the nulls of parts that never had a value.
func fillNaN(floats []float64, parts []*part, sizes []int) {
	at := 0
	for i, p := range parts {
		if p.kind == unknown {
			for row := at; row < at+sizes[i]; row++ {
				floats[row] = math.NaN()
			}
		}
		at += sizes[i]
	}
}

// lay puts the parts' values side by side, in the reserved memory if all fit,
// else in new. A part's place is where it would begin if every part before it
// were full, so in the reserved memory parts only move down, and none onto one
// that has yet to move.
func lay[T any](memory []T, rows int, parts []*part, sizes, places []int, values func(*part) []T) []T {
	out, moved := memory, false
	if len(parts) == 1 && parts[0].kind != unknown {
		return values(parts[0])[:rows:rows]
	}
	if len(memory) < rows {
		out, moved = make([]T, rows), true
	}
	at := 0
	for i, p := range parts {
		switch {
		case p.kind == unknown:
			clear(out[at : at+sizes[i]])
		case moved || !p.placed || at != places[i]:
			copy(out[at:at+sizes[i]], values(p))
		}
		at += sizes[i]
	}
	return out[:rows:rows]
}

// bits joins the bitmaps of parts; nil if there is no null.
func bits(rows int, parts []*part, sizes []int) frame.Bitmap {
	whole := true
	for i, p := range parts {
		whole = whole && (p.valid == nil && p.kind != unknown || sizes[i] == 0)
	}
	if whole {
		return nil
	}
	out := make(frame.Bitmap, (rows+63)/64)
	at := 0
	for i, p := range parts {
		if p.kind != unknown {
			orBits(out, at, p.valid, sizes[i])
		}
		at += sizes[i]
	}
	return out
}

// orBits sets n bits of out from bit at on as in.
func orBits(out frame.Bitmap, at int, in frame.Bitmap, n int) {
	for i := 0; i < n; i += 64 {
		word := ^uint64(0)
		if in != nil {
			word = in[i>>6]
		}
		if left := n - i; left < 64 {
			word &= 1<<left - 1
		}
		to, shift := (at+i)>>6, (at+i)&63
		out[to] |= word << shift
		if shift > 0 && to+1 < len(out) {
			out[to+1] |= word >> (64 - shift)
		}
	}
}
