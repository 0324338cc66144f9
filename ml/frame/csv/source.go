package csv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

// block is a run of whole records.
type block struct {
	data  []byte
	lines int  // line ends in it
	room  int  // the most rows that it can have
	last  bool // the file ends with it
}

// source cuts a file into blocks. Outside quotes the number of quotes so far is
// even; so a line end after an even number of quotes ends a record, unless the
// file broke the grammar before, which is found where the block is parsed.
type source struct {
	r     io.Reader // nil: the whole file is in buf
	buf   []byte    // read and not yet given out, from pos on
	pos   int
	eof   bool // buf has all that is left
	size  int  // bytes read at once
	lines int  // line ends given out
	total int  // of the file in bytes, as far as is known; 0: unknown
	scan  *scanner
	spare chan []byte // buffers of blocks that are done with
}

func newSource(r io.Reader, o Options) *source {
	s := &source{r: r, size: o.block, scan: newScanner(o), spare: make(chan []byte, o.Workers+2)}
	switch r := r.(type) {
	case interface{ Len() int }:
		s.total = r.Len()
	case interface{ Stat() (fs.FileInfo, error) }:
		if info, err := r.Stat(); err == nil && info.Mode().IsRegular() {
			s.total = int(info.Size())
		}
	}
	if s.total > 0 {
		s.size = min(s.size, max(s.total+1, 1<<9)) // a byte more sees the end
	}
	if o.MaxBytes > 0 {
		s.r = &limitReader{r: r, left: o.MaxBytes, limit: o.MaxBytes}
	}
	return s
}

// newMemory is a source of bytes in memory, which are not copied.
func newMemory(data []byte, o Options) (*source, error) {
	s := &source{buf: data, eof: true, size: o.block, total: len(data), scan: newScanner(o)}
	if o.MaxBytes > 0 && int64(len(data)) > o.MaxBytes {
		return nil, tooLarge(o.MaxBytes)
	}
	return s, nil
}

// widen makes the blocks of a table of very many columns larger, so that they
// have some rows each.
func (s *source) widen(columns int) {
	const aCell = 1 << 10
	if s.total == 0 || s.total > s.size {
		s.size = max(s.size, columns*aCell)
	}
}

// more reads until the buffer holds want bytes from pos on, or the file ends.
func (s *source) more(want int) error {
	if s.eof || len(s.buf)-s.pos >= want {
		return nil
	}
	if cap(s.buf)-s.pos < want {
		grown := s.buffer(want)
		s.buf = append(grown, s.buf[s.pos:]...)
		s.pos = 0
	}
	for idle := 0; len(s.buf)-s.pos < want; {
		n, err := s.r.Read(s.buf[len(s.buf) : s.pos+want])
		s.buf = s.buf[:len(s.buf)+n]
		if err == io.EOF {
			s.eof = true
			return nil
		}
		if err != nil {
			var e *ReadError
			if errors.As(err, &e) {
				return e
			}
			return fmt.Errorf("read csv after line %d: %w", s.lines+1, err)
		}
		if n > 0 {
			idle = 0
		} else if idle++; idle == 100 {
			return fmt.Errorf("read csv after line %d: %w", s.lines+1, io.ErrNoProgress)
		}
	}
	return nil
}

// buffer returns an empty buffer with room for n bytes.
func (s *source) buffer(n int) []byte {
	select {
	case b := <-s.spare:
		if cap(b) >= n {
			return b[:0]
		}
	default:
	}
	return make([]byte, 0, n)
}

// done gives the memory of a block back.
func (s *source) done(b block) {
	if s.r == nil || cap(b.data) > 2*s.size {
		return
	}
	select {
	case s.spare <- b.data:
	default:
	}
}

// header reads the first record and returns its cells and line. The cells are
// valid until the next call.
func (s *source) header() ([]cell, int, error) {
	if err := s.more(min(s.size, 3)); err != nil {
		return nil, 0, err
	}
	if err := s.more(3); err != nil {
		return nil, 0, err
	}
	head := s.buf[s.pos:]
	if bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) {
		return nil, 0, &ReadError{Msg: "the text is in UTF-16; expected UTF-8, or the file's encoding by name (data.encoding: utf-16)"}
	}
	if bytes.HasPrefix(head, []byte("\ufeff")) {
		s.pos += 3
	}
	for want := s.size; ; {
		if err := s.more(want); err != nil {
			return nil, 0, err
		}
		if s.pos == len(s.buf) {
			return nil, 0, &ReadError{Msg: "the file is empty; expected a header line with the columns' names"}
		}
		s.scan.buf, s.scan.pos, s.scan.last, s.scan.line = s.buf, s.pos, s.eof, s.lines+1
		lines, end, err := s.scan.record()
		if err == errMore {
			want = 2 * max(want, len(s.buf)-s.pos)
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		s.pos = end
		s.lines += lines
		if !s.scan.blank() {
			return s.scan.cells, s.scan.line, nil
		}
	}
}

// next returns the next block, or io.EOF. Its errors come after those in the
// blocks before; a *ReadError counts rows and lines from the block's start.
func (s *source) next() (block, error) {
	for want := s.size; ; want *= 2 {
		if err := s.more(want); err != nil {
			return block{}, err
		}
		data := s.buf[s.pos:]
		if len(data) == 0 {
			return block{}, io.EOF
		}
		window := data[:min(want, len(data))]
		whole := s.eof && len(window) == len(data)
		end := len(window)
		if !whole {
			end = boundary(window)
		}
		if end > 0 {
			b := block{data: data[:end], lines: countLines(data[:end]), last: whole}
			b.room = b.lines
			if c := data[end-1]; c != '\n' && c != '\r' {
				b.room++
			}
			// A record has a separator or line end for each column; lines
			// that are empty have no room.
			b.room = min(b.room, end/max(1, len(s.scan.names))+1)
			s.lines += b.lines
			s.leave(end)
			return b, nil
		}
		// One record fills the window: is it one that may go on?
		s.scan.buf, s.scan.pos, s.scan.last = window, 0, false
		s.scan.line, s.scan.row = 1, 1
		if _, _, err := s.scan.record(); err != nil && err != errMore {
			return block{}, err
		}
	}
}

// leave takes n bytes off the buffer for a block. The rest goes to a buffer of
// its own, since others read the block from now on.
func (s *source) leave(n int) {
	if s.r == nil {
		s.pos += n
		return
	}
	rest := s.buf[s.pos+n:]
	if len(rest) == 0 && s.eof {
		s.buf, s.pos = nil, 0
		return
	}
	s.buf = append(s.buffer(max(s.size, len(rest))), rest...)
	s.pos = 0
}

// boundary returns the end of the last record that ends in the window, which
// begins with a record, or 0. A carriage return at the window's end is left to
// the next one, since a line feed may follow.
func boundary(window []byte) int {
	quotes := bytes.Count(window, []byte{'"'})
	for i, w := range slices.Backward(window) {
		switch w {
		case '"':
			quotes--
		case '\n':
			if quotes&1 == 0 {
				return i + 1
			}
		case '\r':
			if quotes&1 == 0 && i+1 < len(window) && window[i+1] != '\n' {
				return i + 1
			}
		}
	}
	return 0
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
		return 0, tooLarge(l.limit)
	}
	return n, err
}

func tooLarge(limit int64) error {
	return &ReadError{Msg: fmt.Sprintf("the file is larger than the limit of %d bytes", limit)}
}
