// Package charset turns text of other encodings into UTF-8, strictly: a byte
// that is no character is an error that says where, never a question mark in
// somebody's name.
//
// Glossary. The mark is the byte order mark, U+FEFF, with which files of UTF-16
// and some of UTF-8 begin.
package charset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"gristmill"
)

// The encodings.
const (
	UTF8        = "utf-8"
	UTF16       = "utf-16" // in the order that the mark says
	UTF16LE     = "utf-16le"
	UTF16BE     = "utf-16be"
	Windows1252 = "windows-1252"
	Latin1      = "latin-1" // ISO 8859-1
)

// Names returns the encodings that NewReader reads.
func Names() []string { return []string{UTF8, UTF16, UTF16LE, UTF16BE, Windows1252, Latin1} }

// block is how many bytes are decoded at once.
const block = 64 << 10

// marks are the byte order marks. UTF-32's come before UTF-16's, which they
// begin with.
var marks = []struct{ bytes, name string }{
	{"\xef\xbb\xbf", UTF8}, {"\xff\xfe\x00\x00", "utf-32"}, {"\x00\x00\xfe\xff", "utf-32"}, {"\xff\xfe", UTF16LE}, {"\xfe\xff", UTF16BE},
}

// NewReader returns the text of r in UTF-8, without a mark of UTF-16. The name is
// one of Names, or "" for UTF-8 unless a mark says UTF-16. UTF-8 is passed on as
// it is. Errors that are not r's own are Invalid.
func NewReader(r io.Reader, name string) (io.Reader, error) {
	head := make([]byte, 4)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	head = head[:n]
	marked, size := "", 0
	for _, m := range marks {
		if bytes.HasPrefix(head, []byte(m.bytes)) {
			marked, size = m.name, len(m.bytes)
			break
		}
	}
	if marked == "utf-32" && (name == UTF16LE || name == UTF16) && head[0] == 0xff {
		marked, size = UTF16LE, 2 // a NUL comes first, which whoever reads the text refuses
	}
	as, err := choose(name, marked, head)
	if err != nil {
		return nil, err
	}
	whole := io.MultiReader(bytes.NewReader(head), r)
	if as == UTF8 {
		return whole, nil
	}
	if _, err := io.CopyN(io.Discard, whole, int64(size)); err != nil {
		return nil, fmt.Errorf("skip the byte order mark: %w", err)
	}
	d := &decoder{r: whole, name: as, at: int64(size), in: make([]byte, 0, block)}
	switch as {
	case UTF16LE:
		d.decode = d.wide(1)
	case UTF16BE:
		d.decode = d.wide(0)
	case Windows1252:
		d.decode = d.narrow(charmap.Windows1252)
	default:
		d.decode = d.narrow(charmap.ISO8859_1)
	}
	return d, nil
}

// choose settles what was said with what the file begins with.
func choose(name, marked string, head []byte) (string, error) {
	refuse := func(format string, args ...any) (string, error) {
		return "", gristmill.Errorf(gristmill.Invalid, "data.encoding: "+format, args...)
	}
	switch {
	case marked == "utf-32":
		return refuse("the file begins with the byte order mark of UTF-32, which is not read; convert it to UTF-8")
	case name == "" && marked == "":
		return UTF8, nil
	case name == "":
		return marked, nil
	case name == UTF16 && (marked == UTF16LE || marked == UTF16BE):
		return marked, nil
	case marked != "" && marked != name:
		return refuse("%q, but the file begins with the byte order mark of %s; expected %q or no key", name, marked, marked)
	case name != UTF16:
		return name, nil
	case len(head) >= 2 && head[0] != 0 && head[1] == 0: // the first character of a header is most often ASCII
		return UTF16LE, nil
	case len(head) >= 2 && head[0] == 0 && head[1] != 0:
		return UTF16BE, nil
	default:
		return refuse("%q, but the file has no byte order mark; expected %q or %q", UTF16, UTF16LE, UTF16BE)
	}
}

// decoder decodes block by block.
type decoder struct {
	r      io.Reader
	name   string
	at     int64 // the place in the file of in's first byte
	in     []byte
	out    []byte // decoded, from pos on
	pos    int
	end    bool                         // r has ended
	err    error                        // after what is in out
	decode func() (used int, err error) // of in, appends to out; what is left over is the beginning of a character
}

// Read implements io.Reader.
func (d *decoder) Read(p []byte) (int, error) {
	for d.pos == len(d.out) {
		if d.err != nil {
			return 0, d.err
		}
		d.fill()
	}
	n := copy(p, d.out[d.pos:])
	d.pos += n
	return n, nil
}

// fill decodes the next block.
func (d *decoder) fill() {
	d.out, d.pos = d.out[:0], 0
	n, err := d.r.Read(d.in[len(d.in):cap(d.in)])
	d.in = d.in[:len(d.in)+n]
	d.end = errors.Is(err, io.EOF)
	if err != nil && !d.end {
		d.err = err
		return
	}
	used, err := d.decode()
	d.at += int64(used)
	d.in = d.in[:copy(d.in, d.in[used:])]
	switch {
	case err != nil:
		d.err = err
	case d.end:
		d.err = io.EOF
	}
}

// bad is the error of what is no character, offset bytes into the block.
func (d *decoder) bad(offset int, what string) error {
	return gristmill.Errorf(gristmill.Invalid, "the file is not %s: %s at byte %d; expected another data.encoding", d.name, what, d.at+int64(offset)+1)
}

// narrow decodes one byte a character.
func (d *decoder) narrow(m *charmap.Charmap) func() (int, error) {
	var runes [256]rune
	for b := range runes {
		runes[b] = m.DecodeByte(byte(b))
	}
	return func() (int, error) {
		for i, b := range d.in {
			if b < utf8.RuneSelf {
				d.out = append(d.out, b)
				continue
			}
			if runes[b] == utf8.RuneError {
				return i, d.bad(i, fmt.Sprintf("0x%02X is no character", b))
			}
			d.out = utf8.AppendRune(d.out, runes[b])
		}
		return len(d.in), nil
	}
}

// wide decodes UTF-16; high is where in a pair its high byte is.
func (d *decoder) wide(high int) func() (int, error) {
	return func() (int, error) {
		i := 0
		for ; i+1 < len(d.in); i += 2 {
			r := rune(d.in[i+high])<<8 | rune(d.in[i+1-high])
			if !utf16.IsSurrogate(r) {
				d.out = utf8.AppendRune(d.out, r)
				continue
			}
			if i+3 >= len(d.in) && !d.end {
				return i, nil
			}
			pair := utf8.RuneError
			if i+3 < len(d.in) {
				pair = utf16.DecodeRune(r, rune(d.in[i+2+high])<<8|rune(d.in[i+3-high]))
			}
			if pair == utf8.RuneError {
				return i, d.bad(i, fmt.Sprintf("half a surrogate pair, 0x%04X,", r))
			}
			d.out = utf8.AppendRune(d.out, pair)
			i += 2
		}
		if d.end && i < len(d.in) {
			return i, d.bad(i, "half a character")
		}
		return i, nil
	}
}
