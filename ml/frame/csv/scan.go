package csv

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// cell is one cell of a record: its text without quotes.
type cell struct {
	b      []byte
	quoted bool
}

// scanner splits a record of a text in memory into cells, which point into it
// and are valid until the next call, and says exactly what is wrong with one
// that is broken. The text may end within the record, unless it is the last.
type scanner struct {
	buf        []byte
	pos        int  // where the record begins
	last       bool // the file ends where buf ends
	comma      byte
	stop       [256]bool // bytes that end the run of an unquoted cell's ordinary ones
	maxCell    int
	maxColumns int
	names      []string // of the columns, once the header is read
	cells      []cell
	scratch    []byte // texts of cells with doubled quotes
	line       int    // 1-based line where the record begins
	row        int    // 1-based number of the record after the header; 0 for the header
}

func newScanner(o Options) *scanner {
	s := &scanner{comma: byte(o.Separator), maxCell: o.MaxCell, maxColumns: o.MaxColumns}
	for _, c := range []byte{s.comma, '\n', '\r', '"', 0} {
		s.stop[c] = true
	}
	return s
}

// errMore says that the text ends within the record.
var errMore = errors.New("the text ends within the record")

// blank reports whether the record is an empty line.
func (s *scanner) blank() bool {
	return len(s.cells) == 1 && len(s.cells[0].b) == 0 && !s.cells[0].quoted
}

// record scans the record at pos into cells. It returns the number of line ends
// that it covers and the position after it.
func (s *scanner) record() (lines, end int, err error) {
	buf, i, stop := s.buf, s.pos, &s.stop
	s.cells = s.cells[:0]
	s.scratch = s.scratch[:0]
	for {
		var c cell
		start := i
		high := byte(0)
		if i < len(buf) && buf[i] == '"' {
			c, i, lines, err = s.quoted(i, lines)
			if err != nil {
				return 0, 0, err
			}
			high = 0x80
		} else {
			for i < len(buf) {
				b := buf[i]
				if stop[b] {
					break
				}
				high |= b
				i++
			}
			if i-start > s.maxCell {
				return 0, 0, s.fail(lines, fmt.Sprintf("the cell is larger than the limit of %d bytes", s.maxCell))
			}
			if i < len(buf) && (buf[i] == '"' || buf[i] == 0) {
				return 0, 0, s.stray(buf[i], lines)
			}
			c.b = buf[start:i:i]
		}
		if i == len(buf) && !s.last {
			return 0, 0, errMore
		}
		if high >= 0x80 {
			if err := s.checkText(c, lines); err != nil {
				return 0, 0, err
			}
		}
		if i < len(buf) && !s.ends(buf[i]) {
			if !s.last && !utf8.FullRune(buf[i:]) {
				return 0, 0, errMore
			}
			return 0, 0, s.fail(lines, fmt.Sprintf("after the closing quote comes %s; expected a separator or the line's end (a quote within a quoted cell is written twice)", shown(buf[i:])))
		}
		s.cells = append(s.cells, c)
		if i == len(buf) {
			return lines, i, nil
		}
		switch buf[i] {
		case s.comma:
			i++
			if len(s.cells) == s.maxColumns {
				return 0, 0, s.tooMany(lines)
			}
		case '\n':
			return lines + 1, i + 1, nil
		case '\r':
			if i+1 == len(buf) && !s.last {
				return 0, 0, errMore
			}
			if i+1 < len(buf) && buf[i+1] == '\n' {
				i++
			}
			return lines + 1, i + 1, nil
		}
	}
}

// ends reports whether c may follow a cell.
func (s *scanner) ends(c byte) bool { return c == s.comma || c == '\n' || c == '\r' }

// quoted scans a quoted cell whose opening quote is at i. It returns the cell,
// the position after the closing quote, and the count of lines so far.
func (s *scanner) quoted(i, lines int) (cell, int, int, error) {
	buf := s.buf
	start := i + 1
	kept := -1 // where the cell's text begins in scratch, if it has doubled quotes
	from := start
	opened := lines
	for {
		n := bytes.IndexByte(buf[from:], '"')
		if n < 0 {
			if len(buf)-start > s.maxCell {
				return cell{}, 0, 0, s.endless(opened)
			}
			if !s.last {
				return cell{}, 0, 0, errMore
			}
			return cell{}, 0, 0, s.fail(opened, "the quote that opens this cell is never closed")
		}
		end := from + n
		if end+1 == len(buf) && !s.last {
			return cell{}, 0, 0, errMore
		}
		doubled := end+1 < len(buf) && buf[end+1] == '"'
		if doubled {
			if kept < 0 {
				kept = len(s.scratch)
			}
			s.scratch = append(s.scratch, buf[from:end+1]...)
			from = end + 2
			continue
		}
		if end-start > s.maxCell {
			return cell{}, 0, 0, s.endless(opened)
		}
		text := buf[start:end:end]
		if kept >= 0 {
			s.scratch = append(s.scratch, buf[from:end]...)
			// Appending may move scratch; cells made before keep the old
			// array, which nobody writes to any more.
			text = s.scratch[kept:len(s.scratch):len(s.scratch)]
		}
		return cell{b: text, quoted: true}, end + 1, lines + countLines(buf[start:end]), nil
	}
}

// countLines counts the line ends LF, CRLF and CR.
func countLines(b []byte) int {
	n := bytes.Count(b, []byte{'\n'})
	if bytes.IndexByte(b, '\r') < 0 {
		return n
	}
	for i, c := range b {
		if c == '\r' && (i+1 == len(b) || b[i+1] != '\n') {
			n++
		}
	}
	return n
}

// endless refuses a quoted cell beyond the limit, in the same words whether its
// end is in sight or not: how far one sees depends on how the file is read.
func (s *scanner) endless(lines int) error {
	return s.fail(lines, fmt.Sprintf("the cell is larger than the limit of %d bytes, or its quote is never closed", s.maxCell))
}

// checkText refuses bad UTF-8 and, in quoted cells, NUL. lines counts the line
// ends up to the cell's end.
func (s *scanner) checkText(c cell, lines int) error {
	if nul := bytes.IndexByte(c.b, 0); nul >= 0 { // only in a quoted cell
		return s.stray(0, lines-countLines(c.b[nul:]))
	}
	if utf8.Valid(c.b) {
		return nil
	}
	bad := 0
	for bad < len(c.b) {
		r, n := utf8.DecodeRune(c.b[bad:])
		if r == utf8.RuneError && n <= 1 {
			break
		}
		bad += n
	}
	return s.fail(lines-countLines(c.b[bad:]), fmt.Sprintf("byte 0x%02X at position %d of the cell is not UTF-8; convert the file, or name its encoding (data.encoding: windows-1252)", c.b[bad], bad+1))
}

// stray refuses a quote or NUL in a cell.
func (s *scanner) stray(c byte, lines int) error {
	if c == 0 {
		return s.fail(lines, "the cell holds a NUL byte; expected text")
	}
	return s.fail(lines, `a quote within an unquoted cell; expected the whole cell in quotes, and the quote within it written twice`)
}

// fail makes the error for the cell after those in s.cells, in the line that is
// lines after the record's first.
func (s *scanner) fail(lines int, msg string) error {
	e := &ReadError{Line: s.line + lines, Row: s.row, Column: len(s.cells) + 1, Msg: msg}
	if len(s.cells) < len(s.names) {
		e.Name = s.names[len(s.cells)]
	}
	return e
}

func (s *scanner) tooMany(lines int) error {
	e := &ReadError{Line: s.line + lines, Row: s.row, Msg: fmt.Sprintf("more than %d columns, the limit", s.maxColumns)}
	if s.names != nil {
		e.Msg = fmt.Sprintf("more than %d cells; the header has %d columns", s.maxColumns, len(s.names))
	}
	return e
}

// ragged makes the error for a record whose length is not the header's.
func (s *scanner) ragged() error {
	e := &ReadError{Line: s.line, Row: s.row}
	got, want := len(s.cells), len(s.names)
	if got < want {
		e.Column, e.Name = got+1, s.names[got]
		e.Msg = fmt.Sprintf("the row ends before this column: %s, but the header has %s", count(got, "cell"), count(want, "column"))
	} else {
		e.Column = want + 1
		e.Msg = fmt.Sprintf("one cell too many: %s, but the header has %s", count(got, "cell"), count(want, "column"))
	}
	if got > want+1 {
		e.Msg = strings.Replace(e.Msg, "one cell too many", "more cells than columns", 1)
	}
	return e
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// shown renders the first character of b, for messages.
func shown(b []byte) string {
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError && n <= 1 {
		return fmt.Sprintf("byte 0x%02X", b[0])
	}
	return fmt.Sprintf("%q", r)
}
