package frame

import (
	"math"
	"strconv"
)

// numberKind says how well a text is a number.
type numberKind uint8

const (
	notNumber   numberKind = iota
	paddedOne              // has leading zeros: a number only where the schema says so
	plainNumber            // any other
)

// parseInt reads a decimal int64. "-0" is none: it is a float.
func parseInt(b []byte) (int64, numberKind) {
	i, neg := 0, false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		neg = b[0] == '-'
		i = 1
	}
	digits := len(b) - i
	if digits == 0 {
		return 0, notNumber
	}
	padded := digits > 1 && b[i] == '0'
	var v uint64
	if digits <= 18 {
		for _, c := range b[i:] {
			d := c - '0'
			if d > 9 {
				return 0, notNumber
			}
			v = v*10 + uint64(d)
		}
	} else {
		for _, c := range b[i:] {
			d := c - '0'
			if d > 9 || v > math.MaxInt64/10 {
				return 0, notNumber
			}
			v = v*10 + uint64(d)
		}
		limit := uint64(math.MaxInt64)
		if neg {
			limit++
		}
		if v > limit {
			return 0, notNumber
		}
	}
	kind := plainNumber
	if padded {
		kind = paddedOne
	}
	if neg {
		if v == 0 {
			return 0, notNumber
		}
		return -int64(v), kind // v = 2^63 wraps to the smallest int64
	}
	return int64(v), kind
}

// powers10 are the powers of ten that a float64 holds exactly.
var powers10 = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// parseFloat reads a finite decimal number: an optional sign, digits with an
// optional point, an optional exponent. A mantissa below 2^53 with a power of
// ten up to 22 needs one exactly rounded operation (Clinger 1990, "How to read
// floating point numbers accurately"); anything else goes to strconv.
func parseFloat(b []byte) (float64, numberKind) {
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
		return 0, notNumber
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		e, ok := parseExponent(b[i+1:])
		if !ok {
			return 0, notNumber
		}
		exp += e
		i = len(b)
	}
	if i != len(b) {
		return 0, notNumber
	}
	kind := plainNumber
	if padded {
		kind = paddedOne
	}
	if digits <= 19 && mant < 1<<53 && exp >= -22 && exp <= 22 {
		v := float64(mant)
		if exp < 0 {
			v /= powers10[-exp]
		} else {
			v *= powers10[exp]
		}
		if neg {
			v = -v
		}
		return v, kind
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return 0, notNumber // out of range: the grammar was checked above
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
