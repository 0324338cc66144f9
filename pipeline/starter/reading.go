package starter

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gristmill/ml/frame"
)

// Reading says how a table is better read than it was: texts that stand for no
// value, and how its dates are written. Notes say why. After reading again the
// columns are numbers and times that were texts before.
type Reading struct {
	Nulls []string
	Dates map[string]string // format by column, in the signs of strptime
	Notes []string
}

// Empty reports whether there is nothing to change.
func (r Reading) Empty() bool { return len(r.Nulls) == 0 && len(r.Dates) == 0 }

// noValue are words that people write where there is no value.
func noValue() []string {
	return []string{"NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "Null", "null", "None", "none", "?", "-", "--", ".", "missing", "unknown"}
}

// Reread looks for columns of texts that are numbers or dates but for words
// that stand for no value.
func Reread(f *frame.Frame) Reading {
	r := Reading{Dates: map[string]string{}}
	nulls := map[string]bool{}
	for j := range f.Cols() {
		c := f.At(j)
		if c.Field.Type != frame.String {
			continue
		}
		words, rest := apart(c)
		if len(rest) == 0 {
			continue
		}
		format, also, dates := dateFormat(rest)
		switch {
		case dates:
			r.Dates[c.Field.Name] = format
			r.Notes = append(r.Notes, fmt.Sprintf("%s: dates as %s, such as %s%s", c.Field.Name, format, rest[0], also))
		case len(words) > 0 && all(rest, plainNumber):
		case len(words) > 0 && all(rest, func(s string) bool { _, ok := frame.ParseTime(s); return ok }):
		default:
			continue
		}
		for _, w := range words {
			nulls[w] = true
			r.Notes = append(r.Notes, fmt.Sprintf("%s: %s stands for no value; all others are %s", c.Field.Name, quote(w), map[bool]string{true: "dates", false: "numbers or dates"}[dates]))
		}
	}
	if len(nulls) > 0 {
		r.Nulls = append([]string{""}, slices.Sorted(maps.Keys(nulls))...)
	}
	return r
}

// apart parts a column's different values into words for no value and the rest.
func apart(c *frame.Column) (words, rest []string) {
	seen := map[string]bool{}
	for i, s := range c.Texts {
		if c.IsNull(i) || seen[s] {
			continue
		}
		seen[s] = true
		if slices.Contains(noValue(), s) {
			words = append(words, s)
		} else {
			rest = append(rest, s)
		}
	}
	slices.Sort(words)
	return words, rest
}

func all(texts []string, is func(string) bool) bool {
	for _, s := range texts {
		if !is(s) {
			return false
		}
	}
	return true
}

// plainNumber reports whether a text is a number as people write it: no "inf",
// no hexadecimal, no "007".
func plainNumber(text string) bool {
	return decimalForm.MatchString(text) && func() bool { _, err := strconv.ParseFloat(text, 64); return err == nil }()
}

var decimalForm = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]+)?$`)

// dateFormats are the ways to write dates that are told apart, the likelier of
// two that both fit first.
func dateFormats() [][2]string {
	return [][2]string{
		{"%d.%m.%Y", "02.01.2006"}, {"%d.%m.%Y %H:%M", "02.01.2006 15:04"}, {"%d.%m.%Y %H:%M:%S", "02.01.2006 15:04:05"},
		{"%m/%d/%Y", "01/02/2006"}, {"%d/%m/%Y", "02/01/2006"},
		{"%m/%d/%Y %H:%M", "01/02/2006 15:04"}, {"%d/%m/%Y %H:%M", "02/01/2006 15:04"},
		{"%m/%d/%Y %H:%M:%S", "01/02/2006 15:04:05"}, {"%d/%m/%Y %H:%M:%S", "02/01/2006 15:04:05"},
		{"%Y/%m/%d", "2006/01/02"}, {"%Y/%m/%d %H:%M:%S", "2006/01/02 15:04:05"},
		{"%d-%m-%Y", "02-01-2006"}, {"%d-%b-%Y", "02-Jan-2006"}, {"%d %b %Y", "02 Jan 2006"},
	}
}

// dateFormat returns the format that every text has; also names another one that
// fits as well.
func dateFormat(texts []string) (format, also string, ok bool) {
	var fit []string
	for _, f := range dateFormats() {
		if all(texts, func(s string) bool { _, err := time.Parse(f[1], strings.TrimSpace(s)); return err == nil }) {
			fit = append(fit, f[0])
		}
	}
	if len(fit) == 0 {
		return "", "", false
	}
	if len(fit) > 1 {
		also = fmt.Sprintf("; %s fits as well, and no day is above 12 to tell them apart", fit[1])
	}
	return fit[0], also, true
}
