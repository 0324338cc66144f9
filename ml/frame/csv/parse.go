package csv

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"gristmill/ml/frame"
	"gristmill/ml/frame/csv/decimal"
)

// parser turns blocks into parts of columns. Rows that are as they should be go
// a fast way; any other is scanned again by the scanner, which knows the whole
// grammar and every message. A parser is for one goroutine.
type parser struct {
	comma     byte
	decimal   bool // numbers have a decimal comma
	quick     bool // numbers may be read up to where they end, without looking for the cell's end first
	onlyEmpty bool // the empty text is the only null
	nulls     []string
	maxCell   int
	typesOnly bool // texts are not kept
	lenient   bool // leading zeros in numbers, and 0 and 1 in bools, are allowed
	stop      [256]bool
	scan      *scanner
	texts     interner
	habits    []habit
	scratch   []byte

	cols []plan
	out  []part
	room int // rows of the parts
}

// newParser returns a parser of blocks after a header with the columns.
func newParser(cols []plan, o Options) *parser {
	p := &parser{
		comma: byte(o.Separator), decimal: o.Decimal == ',', nulls: o.Nulls, maxCell: o.MaxCell, lenient: o.Schema != nil,
		onlyEmpty: len(o.Nulls) == 1 && o.Nulls[0] == "", scan: newScanner(o), cols: cols, habits: make([]habit, len(cols)),
	}
	p.stop = p.scan.stop
	p.scan.names = make([]string, len(cols))
	for j, c := range cols {
		p.scan.names[j] = c.name
	}
	p.quick = p.onlyEmpty && !p.decimal && !strings.ContainsRune("0123456789+-.eE", o.Separator)
	return p
}

// misfit is a cell that is no value of its column's fixed kind.
type misfit struct {
	row   int // 0-based, in the block
	field frame.Field
	value string
	hint  string // what else is expected, or ""
}

// parsed is what came of a block.
type parsed struct {
	parts   []part
	rows    int
	misfits []misfit // the first frame.MaxViolations
	total   int      // how many misfits there are
	err     error    // a *ReadError counts rows and lines from the block's start
}

// parse reads a block into parts, which have their kinds and room for b.room
// rows, up to most rows.
func (p *parser) parse(b block, parts []part, most int) parsed {
	p.out, p.room = parts, b.room
	if !p.typesOnly {
		p.texts.fit(len(b.data))
	}
	res := parsed{parts: parts}
	buf := b.data
	for i := 0; i < len(buf) && res.rows < most; {
		if c := buf[i]; (c == '\n' || c == '\r') && len(p.cols) != 1 {
			i++ // an empty line, or the second half of a line end
			continue
		}
		end, ok := p.row(buf, i, res.rows)
		if !ok {
			if end, ok = p.slow(buf, i, b.last, &res); !ok {
				return res
			}
		}
		i = end
		res.rows++
	}
	return res
}

// row reads the record at buf[i:] as row of the block and returns the position
// after it. It gives up, having spoilt nothing but that row, on any record that
// is not plainly right.
func (p *parser) row(buf []byte, i, row int) (end int, ok bool) {
	last := len(p.cols) - 1
	for j := range p.cols {
		out := &p.out[j]
		next := -1
		if p.quick {
			switch out.kind {
			case whole:
				next = p.wholeAt(buf, i, row, out)
			case number:
				next = p.numberAt(buf, i, row, out)
			}
		}
		if next < 0 {
			if next = p.cellAt(buf, i, row, j); next < 0 {
				return 0, false
			}
		}
		i = next
		if j == last {
			break
		}
		if i == len(buf) || buf[i] != p.comma {
			return 0, false
		}
		i++
	}
	switch {
	case i == len(buf):
		return i, true
	case buf[i] == '\n':
		return i + 1, true
	case buf[i] == '\r':
		if i+1 < len(buf) && buf[i+1] == '\n' {
			i++
		}
		return i + 1, true
	}
	return 0, false
}

// ends reports whether a cell that is no record's last in the block may end at
// buf[i].
func (p *parser) ends(buf []byte, i int) bool {
	return i < len(buf) && (buf[i] == p.comma || buf[i] == '\n' || buf[i] == '\r')
}

// wholeAt reads a whole number of up to 18 digits that fills the cell at i, and
// returns the cell's end, or -1 if it is anything else.
func (p *parser) wholeAt(buf []byte, i, row int, out *part) int {
	neg := false
	if i < len(buf) && buf[i] == '-' {
		neg = true
		i++
	}
	start := i
	v := int64(0)
	for i < len(buf) {
		d := buf[i] - '0'
		if d > 9 {
			break
		}
		v = v*10 + int64(d)
		i++
	}
	n := i - start
	if n == 0 || n > 18 || buf[start] == '0' && (n > 1 || neg) || !p.ends(buf, i) {
		return -1
	}
	if neg {
		v = -v
	}
	out.ints[row] = v
	return i
}

// numberAt reads a number of up to 18 digits without an exponent, as wholeAt
// does.
func (p *parser) numberAt(buf []byte, i, row int, out *part) int {
	neg := false
	if i < len(buf) && buf[i] == '-' {
		neg = true
		i++
	}
	start := i
	mant := uint64(0)
	for i < len(buf) {
		d := buf[i] - '0'
		if d > 9 {
			break
		}
		mant = mant*10 + uint64(d)
		i++
	}
	n := i - start
	if n > 1 && buf[start] == '0' {
		return -1
	}
	fraction := 0
	if i < len(buf) && buf[i] == '.' {
		i++
		point := i
		for i < len(buf) {
			d := buf[i] - '0'
			if d > 9 {
				break
			}
			mant = mant*10 + uint64(d)
			i++
		}
		fraction = i - point
		n += fraction
	}
	if n == 0 || n > 18 || mant >= 1<<53 || !p.ends(buf, i) {
		return -1
	}
	v := decimal.Down(mant, fraction)
	if neg {
		v = -v
	}
	out.floats[row] = v
	return i
}

// cellAt reads the cell at i into column j and returns its end, or -1 if it
// needs the scanner.
func (p *parser) cellAt(buf []byte, i, row, j int) int {
	var c cell
	end := i
	if i < len(buf) && buf[i] == '"' {
		n := bytes.IndexByte(buf[i+1:], '"')
		if n < 0 {
			return -1
		}
		c = cell{b: buf[i+1 : i+1+n], quoted: true}
		end = i + n + 2
		if end < len(buf) && !p.ends(buf, end) || bytes.IndexByte(c.b, 0) >= 0 || !utf8.Valid(c.b) {
			return -1
		}
	} else {
		high := byte(0)
		for end < len(buf) {
			b := buf[end]
			if p.stop[b] {
				break
			}
			high |= b
			end++
		}
		if end < len(buf) && (buf[end] == '"' || buf[end] == 0) {
			return -1
		}
		c.b = buf[i:end]
		if high >= 0x80 && !utf8.Valid(c.b) {
			return -1
		}
		if p.onlyEmpty && end-i <= p.maxCell {
			// What put does, for the kinds that are most of all cells.
			switch out := &p.out[j]; {
			case end == i && out.kind > unknown && !out.again:
				out.plainNull = true
				out.null(row, p.room)
				return end
			case out.kind == text && end > i && !out.again && !p.typesOnly:
				out.texts[row] = p.texts.get(c.b, &p.habits[j])
				return end
			case out.kind == moment && p.cols[j].format == nil && end > i:
				if v, ok := frame.ParseTime(string(c.b)); ok {
					out.ints[row] = v
					return end
				}
			}
		}
	}
	if len(c.b) > p.maxCell {
		return -1
	}
	if !p.put(c, row, j) {
		return -1 // a misfit is counted the slow way, where the whole record is known to be right
	}
	return end
}

// slow reads the record at buf[i:] with the scanner.
func (p *parser) slow(buf []byte, i int, last bool, res *parsed) (end int, ok bool) {
	s := p.scan
	s.buf, s.pos, s.last, s.line, s.row = buf, i, true, 1, res.rows+1
	_, end, err := s.record()
	if err == nil && len(s.cells) != len(p.cols) {
		err = s.ragged()
	}
	if err != nil {
		var e *ReadError
		if errors.As(err, &e) {
			e.Line += countLines(buf[:i])
		}
		res.err = err
		return 0, false
	}
	for j, c := range s.cells {
		if p.put(c, res.rows, j) {
			continue
		}
		out := &p.out[j]
		out.null(res.rows, p.room)
		out.unfit = append(out.unfit, res.rows)
		if res.total++; len(res.misfits) < frame.MaxViolations {
			res.misfits = append(res.misfits, misfit{row: res.rows, field: p.cols[j].field, value: string(c.b), hint: p.decimalHint(c.b, out.kind)})
		}
	}
	return end, true
}

// decimalHint says which decimal sign is expected of a text that would be a
// number with the other one.
func (p *parser) decimalHint(b []byte, k kind) string {
	if k != whole && k != number {
		return ""
	}
	if p.decimal {
		if _, k := decimal.Float(b); k != decimal.NotNumber {
			return "with a decimal comma (of a file with decimal points: no data.decimal)"
		}
	} else if bytes.IndexByte(b, ',') >= 0 {
		if _, k := decimal.Float(decimal.Pointed(b, nil)); k != decimal.NotNumber {
			return `with a decimal point (of a file with decimal commas: data.decimal ",")`
		}
	}
	return ""
}

func (p *parser) isNull(b []byte) bool {
	if p.onlyEmpty {
		return len(b) == 0
	}
	return slices.Contains(p.nulls, string(b))
}

// put stores a cell in its column. It is false if the cell is no value of the
// column's fixed kind; of an inferred kind, the kind gives way.
func (p *parser) put(c cell, row, j int) bool {
	out := &p.out[j]
	if out.kind == skipped || out.again {
		return true
	}
	if p.isNull(c.b) && (!c.quoted || out.kind != text) {
		out.quotedNull = out.quotedNull || c.quoted
		out.plainNull = out.plainNull || !c.quoted
		out.null(row, p.room)
		return true
	}
	if out.kind == text {
		if !p.typesOnly {
			out.texts[row] = p.texts.get(c.b, &p.habits[j])
		}
		return true
	}
	if p.cols[j].fixed {
		return p.value(c.b, row, j)
	}
	p.infer(c.b, row, j)
	return true
}

// value stores a text as a value of its column's kind, other than text, or
// reports that it is none.
func (p *parser) value(b []byte, row, j int) bool {
	out := &p.out[j]
	switch out.kind {
	case boolean:
		v, ok := parseBool(b)
		if !ok && p.lenient && len(b) == 1 && (b[0] == '0' || b[0] == '1') {
			v, ok = b[0] == '1', true
		}
		out.bools[row] = v
		return ok
	case moment:
		var v int64
		var ok bool
		if format := p.cols[j].format; format != nil {
			v, ok = format.Parse(string(b))
		} else {
			v, ok = frame.ParseTime(string(b))
		}
		out.ints[row] = v
		return ok
	}
	if p.decimal {
		p.scratch = decimal.Pointed(b, p.scratch)
		b = p.scratch
	}
	least := decimal.Plain
	if p.lenient {
		least = decimal.Padded
	}
	if out.kind == whole {
		v, k := decimal.Int(b)
		out.ints[row] = v
		return k >= least
	}
	v, k := decimal.Float(b)
	out.floats[row] = v
	return k >= least
}

// infer stores a text in a column whose kind is inferred, and lifts the kind to
// the first that holds all values so far.
func (p *parser) infer(b []byte, row, j int) {
	out := &p.out[j]
	if out.kind == unknown {
		if k := p.kindOf(b); k != text {
			out.begin(k, row, p.room)
			p.value(b, row, j)
			return
		}
		p.toText(b, row, j)
		return
	}
	if p.value(b, row, j) {
		return
	}
	if out.kind == whole {
		if _, k := p.float(b); k == decimal.Plain {
			out.widen(row, p.room)
			p.value(b, row, j)
			return
		}
	}
	p.toText(b, row, j)
}

// kindOf is the first kind that a text is a value of.
func (p *parser) kindOf(b []byte) kind {
	if _, ok := parseBool(b); ok {
		return boolean
	}
	if _, ok := frame.ParseTime(string(b)); ok {
		return moment
	}
	if p.decimal {
		p.scratch = decimal.Pointed(b, p.scratch)
		b = p.scratch
	}
	if _, k := decimal.Int(b); k == decimal.Plain {
		return whole
	}
	if _, k := decimal.Float(b); k == decimal.Plain {
		return number
	}
	return text
}

func (p *parser) float(b []byte) (float64, decimal.Kind) {
	if p.decimal {
		p.scratch = decimal.Pointed(b, p.scratch)
		b = p.scratch
	}
	return decimal.Float(b)
}

// toText makes the column text: at once where nothing but nulls came before.
func (p *parser) toText(b []byte, row, j int) {
	out := &p.out[j]
	was := out.kind
	out.kind, out.placed = text, false
	switch {
	case p.typesOnly:
		out.room(p.room)
	case was == unknown && !out.quotedNull:
		out.begin(text, row, p.room)
		out.texts[row] = p.texts.get(b, &p.habits[j])
	default:
		out.again = true
	}
}

// parseBool reads true or false in any case.
func parseBool(b []byte) (v, ok bool) {
	if len(b) == 4 && b[0]|0x20 == 't' && b[1]|0x20 == 'r' && b[2]|0x20 == 'u' && b[3]|0x20 == 'e' {
		return true, true
	}
	if len(b) == 5 && b[0]|0x20 == 'f' && b[1]|0x20 == 'a' && b[2]|0x20 == 'l' && b[3]|0x20 == 's' && b[4]|0x20 == 'e' {
		return false, true
	}
	return false, false
}
