package frame

import (
	"fmt"
	"strings"
	"time"
)

// TimeFormat reads and writes times in one format. It is immutable and safe for
// concurrent use.
type TimeFormat struct {
	format string
	parts  []timePart
}

// timePart is a sign, a run of spaces (sign ' '), or a text to be met as it is.
type timePart struct {
	sign byte
	text string
}

// timeSigns are the signs of a format and what each takes, for messages.
const timeSigns = "%Y %y %m %d %j %H %I %M %S %f %p %b %B %a %A %z %Z %%"

// NewTimeFormat reads a format in the signs of C's and Python's strptime: %Y
// (year, 4 digits), %y (69-99 are 1969-1999, 00-68 are 2000-2068), %m, %d, %j
// (day of the year), %H, %I with %p (AM or PM), %M, %S (one or two digits each),
// %f (fraction of a second, 1 to 6 digits), %b and %B (English month, short or
// long), %a and %A (weekday, read and not compared), %z (Z, +0200 or +02:00), %Z
// (UTC, GMT or Z) and %%. A space stands for one or more; all else stands for
// itself. What a format does not tell is the first: of January, midnight. The
// empty format is ParseTime's. A format without a year, with a sign twice or
// with an unknown one is an error.
func NewTimeFormat(format string) (*TimeFormat, error) {
	f := &TimeFormat{format: format}
	seen := make(map[byte]bool)
	text := ""
	flush := func() {
		if text != "" {
			f.parts = append(f.parts, timePart{text: text})
			text = ""
		}
	}
	for i := 0; i < len(format); i++ {
		switch c := format[i]; c {
		case ' ':
			flush()
			if n := len(f.parts); n == 0 || f.parts[n-1].sign != ' ' {
				f.parts = append(f.parts, timePart{sign: ' '})
			}
		case '%':
			if i++; i == len(format) {
				return nil, fmt.Errorf("time format %q ends in %%; expected a sign of %s", format, timeSigns)
			}
			sign := format[i]
			if sign == '%' {
				text += "%"
				continue
			}
			if !strings.Contains(timeSigns, "%"+string(rune(sign))) || sign == ' ' {
				return nil, fmt.Errorf("time format %q: unknown sign %%%c; expected one of %s", format, rune(sign), timeSigns)
			}
			if seen[sign] {
				return nil, fmt.Errorf("time format %q has %%%c twice", format, rune(sign))
			}
			seen[sign] = true
			flush()
			f.parts = append(f.parts, timePart{sign: sign})
		default:
			text += string(c)
		}
	}
	flush()
	if format != "" && !seen['Y'] && !seen['y'] {
		return nil, fmt.Errorf("time format %q has no year (%%Y or %%y)", format)
	}
	return f, nil
}

// String returns the format as it was given.
func (f *TimeFormat) String() string { return f.format }

// moment is what has been read of a time.
type moment struct {
	year, month, day, yearDay    int
	hour, twelve, minute, second int // twelve: by %I; -1: none
	pm, meridian                 bool
	micros, offset               int64
}

// Parse reads a moment, in microseconds since 1970 UTC; a time without an
// offset is UTC.
func (f *TimeFormat) Parse(text string) (micros int64, ok bool) {
	if f.format == "" {
		return ParseTime(text)
	}
	m := moment{month: 1, day: 1, twelve: -1}
	for _, p := range f.parts {
		switch p.sign {
		case 0:
			if !strings.HasPrefix(text, p.text) {
				return 0, false
			}
			text = text[len(p.text):]
		case ' ':
			rest := strings.TrimLeft(text, " \t")
			if len(rest) == len(text) {
				return 0, false
			}
			text = rest
		default:
			n := m.take(p.sign, text)
			if n == 0 {
				return 0, false
			}
			text = text[n:]
		}
	}
	if text != "" {
		return 0, false
	}
	return m.value()
}

// take reads what the sign stands for at the start of s and returns its length,
// or 0.
func (m *moment) take(sign byte, s string) int {
	switch sign {
	case 'Y':
		return number(s, 4, 4, 0, 9999, &m.year)
	case 'y':
		n := number(s, 2, 2, 0, 99, &m.year)
		if m.year += 1900; m.year < 1969 {
			m.year += 100
		}
		return n
	case 'm':
		return number(s, 1, 2, 1, 12, &m.month)
	case 'd':
		return number(s, 1, 2, 1, 31, &m.day)
	case 'j':
		return number(s, 1, 3, 1, 366, &m.yearDay)
	case 'H':
		return number(s, 1, 2, 0, 23, &m.hour)
	case 'I':
		return number(s, 1, 2, 1, 12, &m.twelve)
	case 'M':
		return number(s, 1, 2, 0, 59, &m.minute)
	case 'S':
		return number(s, 1, 2, 0, 59, &m.second)
	case 'f':
		micros, n := fraction(s, 6)
		m.micros = micros
		return n
	case 'p':
		if len(s) < 2 || s[1]|0x20 != 'm' || s[0]|0x20 != 'a' && s[0]|0x20 != 'p' {
			return 0
		}
		m.meridian, m.pm = true, s[0]|0x20 == 'p'
		return 2
	case 'b', 'B':
		for month := time.January; month <= time.December; month++ {
			if n := name(s, month.String(), sign == 'b'); n > 0 {
				m.month = int(month)
				return n
			}
		}
	case 'a', 'A':
		for day := time.Sunday; day <= time.Saturday; day++ {
			if n := name(s, day.String(), sign == 'a'); n > 0 {
				return n
			}
		}
	case 'z':
		return m.zone(s)
	case 'Z':
		for _, zone := range []string{"UTC", "GMT", "Z"} {
			if len(s) >= len(zone) && strings.EqualFold(s[:len(zone)], zone) {
				return len(zone)
			}
		}
	}
	return 0
}

func (m *moment) zone(s string) int {
	n := len(s)
	switch {
	case strings.HasPrefix(s, "Z"):
		n = 1
	case len(s) >= 6 && s[3] == ':':
		n = 6
	case len(s) >= 5:
		n = 5
	}
	offset, ok := parseOffset(s[:n])
	if !ok {
		return 0
	}
	m.offset = offset
	return n
}

func (m *moment) value() (micros int64, ok bool) {
	if m.yearDay > 0 {
		if m.yearDay == 366 && daysIn(m.year, 2) == 28 {
			return 0, false
		}
		m.month, m.day = 1, 1
	} else if m.day > daysIn(m.year, m.month) {
		return 0, false
	}
	if m.twelve >= 0 {
		m.hour = m.twelve % 12
		if m.meridian && m.pm {
			m.hour += 12
		}
	}
	days := daysSince1970(m.year, m.month, m.day) + int64(max(0, m.yearDay-1))
	return days*microsPerDay + int64((m.hour*60+m.minute)*60+m.second)*1e6 + m.micros - m.offset, true
}

// number reads least to most digits, a number from low to high, and returns how
// many they are, or 0.
func number(s string, least, most, low, high int, v *int) int {
	n, x := 0, 0
	for n < len(s) && n < most && s[n]-'0' <= 9 {
		x = x*10 + int(s[n]-'0')
		n++
	}
	if n < least || x < low || x > high {
		return 0
	}
	*v = x
	return n
}

// name returns the length of a name, or of its first three letters, at the
// start of s in any case, or 0.
func name(s, full string, short bool) int {
	if short {
		full = full[:3]
	}
	if len(s) >= len(full) && strings.EqualFold(s[:len(full)], full) {
		return len(full)
	}
	return 0
}

// Format renders a moment, in microseconds since 1970 UTC, in UTC. What the
// format does not tell is lost.
func (f *TimeFormat) Format(micros int64) string {
	if f.format == "" {
		return FormatTime(micros)
	}
	t := time.UnixMicro(micros).UTC()
	var b []byte
	for _, p := range f.parts {
		switch p.sign {
		case 0:
			b = append(b, p.text...)
		case ' ':
			b = append(b, ' ')
		case 'f':
			b = fmt.Appendf(b, "%06d", t.Nanosecond()/1000)
		case 'Y':
			b = fmt.Appendf(b, "%04d", t.Year())
		default:
			b = t.AppendFormat(b, goLayout(p.sign))
		}
	}
	return string(b)
}

// goLayout is the sign in the time package's way.
func goLayout(sign byte) string {
	switch sign {
	case 'y':
		return "06"
	case 'm':
		return "01"
	case 'd':
		return "02"
	case 'j':
		return "002"
	case 'H':
		return "15"
	case 'I':
		return "03"
	case 'M':
		return "04"
	case 'S':
		return "05"
	case 'p':
		return "PM"
	case 'b':
		return "Jan"
	case 'B':
		return "January"
	case 'a':
		return "Mon"
	case 'A':
		return "Monday"
	case 'z':
		return "-0700"
	default:
		return "MST"
	}
}
