package frame

import (
	"fmt"
	"time"
)

// ParseTime reads a moment in the forms of ISO 8601 that files have: a date,
// "2001-01-22", or a date and a time with a "T" or a space between, to the
// minute, second or a fraction of it (cut to the microsecond), with "Z" or an
// offset such as "+02:00", "+0200" or "+02" or without one, which means UTC.
// All numbers have their full width; years have four digits.
func ParseTime(text string) (micros int64, ok bool) {
	if len(text) < 10 || text[4] != '-' || text[7] != '-' {
		return 0, false
	}
	year, ok1 := digits(text[:4])
	month, ok2 := digits(text[5:7])
	day, ok3 := digits(text[8:10])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	micros = daysSince1970(year, month, day) * microsPerDay
	rest := text[10:]
	if rest == "" {
		return micros, true
	}
	if rest[0] != 'T' && rest[0] != ' ' || len(rest) < 6 || rest[3] != ':' {
		return 0, false
	}
	hour, ok1 := digits(rest[1:3])
	minute, ok2 := digits(rest[4:6])
	if !ok1 || !ok2 || hour > 23 || minute > 59 {
		return 0, false
	}
	micros += int64(hour*60+minute) * 60e6
	rest = rest[6:]
	if len(rest) >= 3 && rest[0] == ':' {
		second, ok := digits(rest[1:3])
		if !ok || second > 59 {
			return 0, false
		}
		micros += int64(second) * 1e6
		rest = rest[3:]
		if len(rest) >= 2 && (rest[0] == '.' || rest[0] == ',') {
			fraction, n := fraction(rest[1:], len(rest))
			if n == 0 {
				return 0, false
			}
			micros += fraction
			rest = rest[1+n:]
		}
	}
	if rest == "" {
		return micros, true
	}
	offset, ok := parseOffset(rest)
	return micros - offset, ok
}

// FormatTime renders a moment, in microseconds since 1970 UTC, in a form that
// ParseTime reads: the date alone at midnight, else RFC 3339 in UTC.
func FormatTime(micros int64) string {
	t := time.UnixMicro(micros).UTC()
	if micros%microsPerDay == 0 {
		return t.Format("2006-01-02")
	}
	return t.Format("2006-01-02T15:04:05.999999Z")
}

// ParseTimeAs reads a moment as a format in strptime's signs says, see
// NewTimeFormat; the empty format means ParseTime's.
func ParseTimeAs(format, text string) (micros int64, err error) {
	f, err := NewTimeFormat(format)
	if err != nil {
		return 0, err
	}
	micros, ok := f.Parse(text)
	if !ok {
		return 0, fmt.Errorf("time %q is not in the format %q", Shorten(text), format)
	}
	return micros, nil
}

const microsPerDay = 24 * 60 * 60 * 1e6

// digits reads a number of digits alone.
func digits(s string) (v int, ok bool) {
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		v = v*10 + int(d)
	}
	return v, len(s) > 0
}

// fraction reads up to most digits of a second's fraction, in microseconds; it
// returns how many there are.
func fraction(s string, most int) (micros int64, n int) {
	unit := int64(100_000)
	for n < len(s) && n < most && s[n]-'0' <= 9 {
		micros += int64(s[n]-'0') * unit
		unit /= 10
		n++
	}
	return micros, n
}

// parseOffset reads "Z", "+02:00", "+0200" or "+02" to its end.
func parseOffset(s string) (micros int64, ok bool) {
	if s == "Z" {
		return 0, true
	}
	if len(s) < 3 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	hours, ok := digits(s[1:3])
	minutes, more := 0, s[3:]
	if ok && more != "" {
		if more[0] == ':' {
			more = more[1:]
		}
		minutes, ok = digits(more)
		ok = ok && len(more) == 2
	}
	if !ok || hours > 23 || minutes > 59 {
		return 0, false
	}
	micros = int64(hours*60+minutes) * 60e6
	if s[0] == '-' {
		micros = -micros
	}
	return micros, true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysSince1970 counts the days from 1970-01-01 to a date of the Gregorian
// calendar, in years from March to February, so that a leap day comes last.
func daysSince1970(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	if year < 0 {
		era = (year - 399) / 400
	}
	y := year - era*400
	d := (153*(month-3)+2)/5 + day - 1
	return int64(era)*146_097 + int64(y*365+y/4-y/100+d) - 719_468
}
