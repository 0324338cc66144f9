package plot

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Number writes a number for people: up to four significant digits, with the
// SI prefixes k, M, G and T from 10,000 on, as a power of ten where it is beyond.
func Number(v float64) string {
	a := math.Abs(v)
	switch {
	case math.IsNaN(v):
		return "n/a"
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "-∞"
	case a == 0:
		return "0"
	case a >= 9999.5 && a < 9.995e14:
		for i, p := range []string{"k", "M", "G", "T"} {
			scaled := v / math.Pow(1000, float64(i+1))
			if math.Abs(scaled) < 999.5 {
				return digits(scaled, 3) + p
			}
		}
	case a >= 1e-4 && a < 9.995e14:
		return digits(v, 4)
	}
	s := strconv.FormatFloat(v, 'e', 2, 64)
	mantissa, exponent, _ := strings.Cut(s, "e")
	if strings.Contains(mantissa, ".") {
		mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	}
	e, _ := strconv.Atoi(exponent)
	return mantissa + "e" + strconv.Itoa(e)
}

// digits writes v with n significant digits and no trailing zeros.
func digits(v float64, n int) string {
	decimals := max(0, n-1-int(math.Floor(math.Log10(math.Abs(v)))))
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// tickNumber writes a tick with as many digits as its step has; step 0: as
// Number does.
func tickNumber(v, step float64) string {
	if math.Abs(v) < step*1e-6 {
		return "0"
	}
	a := math.Abs(v)
	if step == 0 || a >= 1e15 || step < 1e-6 {
		return Number(v)
	}
	unit, prefix := 1.0, ""
	if a >= 9999.5 {
		for _, p := range []string{"k", "M", "G", "T"} {
			if unit*1000 > a*1.0001 {
				break
			}
			unit, prefix = unit*1000, p
		}
	}
	decimals := max(0, int(math.Ceil(-math.Log10(step/unit)-1e-9)))
	if decimals > 6 {
		return Number(v)
	}
	s := strconv.FormatFloat(v/unit, 'f', decimals, 64)
	if prefix != "" && strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s + prefix
}

// textWidth estimates the width of a text in a sans-serif font of the size. No
// font is at hand: the estimate errs to the wide side.
func textWidth(s string, size float64) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune("ijlI.,:;'|!()[] tfr-", r):
			w += 0.36
		case strings.ContainsRune("mwMW%@—", r):
			w += 0.93
		case r > 0x2e80:
			w += 1.05
		case unicode.IsUpper(r):
			w += 0.70
		default:
			w += 0.58
		}
	}
	return w * size
}

// Short cuts a text in the middle so that it is at most width wide in the given
// font size; both ends tell names apart.
func Short(s string, width, size float64) string {
	runes := []rune(s)
	if len(runes) > 500 { // no picture is so wide; do not measure a megabyte
		runes = append(append([]rune{}, runes[:250]...), runes[len(runes)-250:]...)
		s = string(runes)
	}
	if textWidth(s, size) <= width {
		return s
	}
	head, tail := (len(runes)*2+2)/3, 0
	if len(runes) > 2 {
		head, tail = len(runes)/2, len(runes)/2
	}
	for head > 1 || tail > 0 {
		if tail > 0 && tail*2 >= head {
			tail--
		} else {
			head--
		}
		short := strings.TrimRight(string(runes[:head]), " ") + "…" + strings.TrimLeft(string(runes[len(runes)-tail:]), " ")
		if textWidth(short, size) <= width {
			return short
		}
	}
	return "…"
}

// head cuts a text at its end so that it is at most width wide.
func head(s string, width, size float64) string {
	if runes := []rune(s); len(runes) > 500 {
		s = string(runes[:500])
	}
	if textWidth(s, size) <= width {
		return s
	}
	for runes := []rune(s); len(runes) > 0; runes = runes[:len(runes)-1] {
		if short := strings.TrimRight(string(runes), " ,;.") + "…"; textWidth(short, size) <= width {
			return short
		}
	}
	return "…"
}

// escape makes text safe in XML, in content and in attributes in double quotes.
// What XML has no character for becomes U+FFFD.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&quot;")
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteByte(' ')
		case r < 0x20 || r == 0xfffe || r == 0xffff:
			b.WriteRune('\uFFFD')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
