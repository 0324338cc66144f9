// Package decimal reads numbers as files write them: faster than strconv where
// that is exact, and telling numbers with leading zeros, which are often codes,
// from others.
package decimal

import (
	"bytes"
	"math"
	"strconv"
)

// Kind says how well a text is a number; a better one is greater.
type Kind uint8

// The kinds of number.
const (
	NotNumber Kind = iota
	Padded         // has leading zeros: a number only where one is known to stand
	Plain          // any other
)

// Int reads a decimal int64. "-0" is none: it is a float.
func Int(b []byte) (int64, Kind) {
	i, neg := 0, false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		neg = b[0] == '-'
		i = 1
	}
	digits := len(b) - i
	if digits == 0 {
		return 0, NotNumber
	}
	padded := digits > 1 && b[i] == '0'
	var v uint64
	if digits <= 18 {
		for _, c := range b[i:] {
			d := c - '0'
			if d > 9 {
				return 0, NotNumber
			}
			v = v*10 + uint64(d)
		}
	} else {
		for _, c := range b[i:] {
			d := c - '0'
			if d > 9 || v > math.MaxInt64/10 {
				return 0, NotNumber
			}
			v = v*10 + uint64(d)
		}
		limit := uint64(math.MaxInt64)
		if neg {
			limit++
		}
		if v > limit {
			return 0, NotNumber
		}
	}
	kind := Plain
	if padded {
		kind = Padded
	}
	if neg {
		if v == 0 {
			return 0, NotNumber
		}
		return -int64(v), kind // v = 2^63 wraps to the smallest int64
	}
	return int64(v), kind
}

// Down returns mant divided by ten to the power of places, up to 22, exactly
// rounded if mant is below 2^53.
func Down(mant uint64, places int) float64 {
	v := float64(mant)
	if places > 0 {
		v /= powers[places]
	}
	return v
}

// powers are the powers of ten that a float64 holds exactly.
var powers = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// Float reads a finite decimal number: an optional sign, digits with an
// optional point, an optional exponent. A mantissa below 2^53 with a power of
// ten up to 22 needs one exactly rounded operation (Clinger 1990, "How to read
// floating point numbers accurately"); anything else goes to strconv.
func Float(b []byte) (float64, Kind) {
	i, neg := 0, false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		neg = b[0] == '-'
		i = 1
	}
	start := i
	var mant uint64
	for i < len(b) && b[i]-'0' <= 9 {
		mant = mant*10 + uint64(b[i]-'0')
		i++
	}
	digits := i - start
	padded := digits > 1 && b[start] == '0'
	exp := 0
	if i < len(b) && b[i] == '.' {
		i++
		point := i
		for i < len(b) && b[i]-'0' <= 9 {
			mant = mant*10 + uint64(b[i]-'0')
			i++
		}
		exp = point - i
		digits += i - point
	}
	if digits == 0 {
		return 0, NotNumber
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		e, ok := parseExponent(b[i+1:])
		if !ok {
			return 0, NotNumber
		}
		exp += e
		i = len(b)
	}
	if i != len(b) {
		return 0, NotNumber
	}
	kind := Plain
	if padded {
		kind = Padded
	}
	if digits <= 19 && mant < 1<<53 && exp >= -22 && exp <= 22 {
		v := float64(mant)
		if exp < 0 {
			v /= powers[-exp]
		} else {
			v *= powers[exp]
		}
		if neg {
			v = -v
		}
		return v, kind
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return 0, NotNumber // out of range: the grammar was checked above
	}
	return v, kind
}

// parseExponent reads a signed exponent; beyond any float it stops counting.
func parseExponent(b []byte) (int, bool) {
	neg := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		neg = b[0] == '-'
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, false
	}
	e := 0
	for _, c := range b {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		if e < 1_000_000 {
			e = e*10 + int(d)
		}
	}
	if neg {
		e = -e
	}
	return e, true
}

// Pointed rewrites a number with decimal comma, and points between groups of
// three digits, into one with a decimal point, in scratch. What is no such
// number comes out as something that is no number at all.
func Pointed(b, scratch []byte) []byte {
	before, after, ok := bytes.Cut(b, []byte{','})
	head := b
	if ok {
		head = before
	}
	out := scratch[:0]
	if bytes.IndexByte(head, '.') < 0 {
		out = append(out, head...)
	} else {
		sign := 0
		if head[0] == '-' || head[0] == '+' {
			sign = 1
		}
		for i, group := range bytes.Split(head[sign:], []byte{'.'}) {
			if i == 0 && (len(group) == 0 || len(group) > 3) || i > 0 && len(group) != 3 || !allDigits(group) {
				return append(out, 'x')
			}
			if i == 0 {
				out = append(out, head[:sign]...)
			}
			out = append(out, group...)
		}
	}
	if !ok {
		return out
	}
	if bytes.ContainsAny(after, ".,") {
		return append(out, 'x')
	}
	out = append(out, '.')
	return append(out, after...)
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}
