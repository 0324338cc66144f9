package inference

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is the deepest nesting of lists and objects that a body may have.
const maxDepth = 64

// scanner reads JSON (RFC 8259) from a text held in memory, without building a
// tree: the caller asks for what it expects, and skips what it does not want.
// Texts are parts of the body where they hold no escapes. The first error
// sticks: every later call does nothing and every loop ends.
type scanner struct {
	s     string
	i     int // next byte
	depth int // of lists and objects that are open
	err   error
}

// syntaxError says where a body stops being JSON.
type syntaxError struct {
	offset int // in bytes from the beginning
	msg    string
}

// Error renders the place for people: line and column count from 1.
func (e *syntaxError) Error() string { return fmt.Sprintf("byte %d: %s", e.offset+1, e.msg) }

func (sc *scanner) fail(format string, args ...any) {
	if sc.err == nil {
		sc.err = &syntaxError{offset: sc.i, msg: fmt.Sprintf(format, args...)}
	}
}

// peek skips white space and returns the next byte, 0 at the end or after an
// error.
func (sc *scanner) peek() byte {
	if sc.err != nil {
		return 0
	}
	for ; sc.i < len(sc.s); sc.i++ {
		switch c := sc.s[sc.i]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// open enters a list or an object and reports whether it has an element. The
// caller has seen the bracket.
func (sc *scanner) open(end byte) bool {
	if sc.depth++; sc.depth > maxDepth {
		sc.fail("nested deeper than %d levels", maxDepth)
		return false
	}
	sc.i++
	if sc.peek() == end {
		sc.i++
		sc.depth--
		return false
	}
	return sc.err == nil
}

// more stands after an element and reports whether another follows; at the end
// it leaves the list or object.
func (sc *scanner) more(end byte) bool {
	switch c := sc.peek(); {
	case sc.err != nil:
		return false
	case c == ',':
		sc.i++
		if sc.peek() == end {
			sc.fail("a comma before %q", rune(end))
			return false
		}
		return sc.err == nil
	case c == end:
		sc.i++
		sc.depth--
		return false
	}
	sc.unexpected(fmt.Sprintf("a comma or %q", rune(end)))
	return false
}

// key reads a member's name and the colon.
func (sc *scanner) key() string {
	if sc.peek() != '"' {
		sc.unexpected("a key in double quotes")
		return ""
	}
	k := sc.text()
	if sc.peek() != ':' {
		sc.unexpected("a colon")
		return ""
	}
	sc.i++
	return k
}

// text reads a string. The caller has seen the quote.
func (sc *scanner) text() string {
	sc.i++
	begin := sc.i
	for ; sc.i < len(sc.s); sc.i++ {
		switch c := sc.s[sc.i]; {
		case c == '"':
			t := sc.s[begin:sc.i]
			sc.i++
			return t
		case c == '\\':
			return sc.escaped(begin)
		case c < 0x20:
			sc.fail("a control character in a string; write it as an escape")
			return ""
		}
	}
	sc.fail("the string is not closed")
	return ""
}

// escaped reads the rest of a string from its first escape on.
func (sc *scanner) escaped(begin int) string {
	var b strings.Builder
	b.WriteString(sc.s[begin:sc.i])
	for sc.i < len(sc.s) {
		c := sc.s[sc.i]
		switch {
		case c == '"':
			sc.i++
			return b.String()
		case c < 0x20:
			sc.fail("a control character in a string; write it as an escape")
			return ""
		case c != '\\':
			b.WriteByte(c)
			sc.i++
			continue
		}
		if sc.i+1 >= len(sc.s) {
			break
		}
		sc.i++
		switch e := sc.s[sc.i]; e {
		case '"', '\\', '/':
			b.WriteByte(e)
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			b.WriteRune(sc.unicode())
			continue
		default:
			sc.fail("unknown escape in a string")
			return ""
		}
		sc.i++
	}
	sc.fail("the string is not closed")
	return ""
}

// unicode reads the four digits after \u, and a second escape where they are
// the first half of a pair. Half a pair alone becomes U+FFFD.
func (sc *scanner) unicode() rune {
	r, ok := sc.hex(sc.i + 1)
	if !ok {
		sc.fail("\\u wants four hexadecimal digits")
		sc.i = len(sc.s)
		return 0
	}
	sc.i += 5
	if !utf16.IsSurrogate(r) {
		return r
	}
	if strings.HasPrefix(sc.s[sc.i:], `\u`) {
		if low, ok := sc.hex(sc.i + 2); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				sc.i += 6
				return pair
			}
		}
	}
	return utf8.RuneError
}

func (sc *scanner) hex(at int) (rune, bool) {
	if at+4 > len(sc.s) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(sc.s[at : at+4]) {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// number reads a number and returns it as it is written. The caller has seen a
// digit or a minus.
func (sc *scanner) number() string {
	begin := sc.i
	if sc.s[sc.i] == '-' {
		sc.i++
	}
	switch {
	case sc.at('0'):
		sc.i++
	case sc.digits() == 0:
		if strings.HasPrefix(sc.s[sc.i:], "Infinity") {
			sc.i = begin
			sc.unexpected("")
		} else {
			sc.fail("a minus without a number")
		}
		return ""
	}
	if sc.at('.') {
		sc.i++
		if sc.digits() == 0 {
			sc.fail("a number wants digits after the point")
			return ""
		}
	}
	if sc.at('e') || sc.at('E') {
		sc.i++
		if sc.at('+') || sc.at('-') {
			sc.i++
		}
		if sc.digits() == 0 {
			sc.fail("a number wants digits in the exponent")
			return ""
		}
	}
	return sc.s[begin:sc.i]
}

func (sc *scanner) at(c byte) bool { return sc.i < len(sc.s) && sc.s[sc.i] == c }

func (sc *scanner) digits() int {
	begin := sc.i
	for sc.i < len(sc.s) && sc.s[sc.i]-'0' <= 9 {
		sc.i++
	}
	return sc.i - begin
}

// word reads true, false or null.
func (sc *scanner) word(w string) bool {
	if !strings.HasPrefix(sc.s[sc.i:], w) {
		sc.unexpected("a value")
		return false
	}
	sc.i += len(w)
	return true
}

// skip reads any one value and forgets it.
func (sc *scanner) skip() {
	switch c := sc.peek(); {
	case c == '{':
		for more := sc.open('}'); more; more = sc.more('}') {
			sc.key()
			sc.skip()
		}
	case c == '[':
		for more := sc.open(']'); more; more = sc.more(']') {
			sc.skip()
		}
	case c == '"':
		sc.text()
	case c == '-' || c-'0' <= 9:
		sc.number()
	case c == 't':
		sc.word("true")
	case c == 'f':
		sc.word("false")
	case c == 'n':
		sc.word("null")
	default:
		sc.unexpected("a value")
	}
}

// end fails unless only white space is left.
func (sc *scanner) end() {
	if sc.peek(); sc.err == nil && sc.i < len(sc.s) {
		sc.fail("the body goes on after its JSON value")
	}
}

// unexpected fails at the next byte.
func (sc *scanner) unexpected(want string) {
	if sc.err != nil {
		return
	}
	rest := sc.s[sc.i:]
	for _, w := range [...]string{"NaN", "Infinity", "-Infinity"} {
		if strings.HasPrefix(rest, w) {
			sc.fail("%s is not JSON; write null for a missing value", w)
			return
		}
	}
	if rest == "" {
		sc.fail("expected %s, the body ends", want)
		return
	}
	r, _ := utf8.DecodeRuneInString(rest)
	sc.fail("expected %s, got %q", want, r)
}

// kindOf names the kind of the next value, for messages.
func (sc *scanner) kindOf() string {
	switch c := sc.peek(); {
	case c == '{':
		return "an object"
	case c == '[':
		return "a list"
	case c == '"':
		return "a text"
	case c == '-' || c-'0' <= 9 && c != 0:
		return "a number"
	case c == 't' || c == 'f':
		return "a truth value"
	case c == 'n':
		return "null"
	}
	return "nothing"
}
