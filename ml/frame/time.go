package frame

import "time"

// ParseTime reads a moment in the forms of ISO 8601 that files have: a date,
// "2001-01-22", or a date and a time with a "T" or a space between, to the
// minute, second or microsecond, with "Z" or an offset such as "+02:00" or
// without one, which means UTC. Years have four digits.
func ParseTime(text string) (micros int64, ok bool) {
	if len(text) < 10 || text[4] != '-' || text[7] != '-' {
		return 0, false
	}
	for _, layout := range timeLayouts(text) {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UnixMicro(), true
		}
	}
	return 0, false
}

// timeLayouts returns the layouts that a text of this length and separator can
// have.
func timeLayouts(text string) []string {
	switch {
	case len(text) == 10:
		return []string{"2006-01-02"}
	case text[10] == 'T':
		return []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02T15:04Z07:00"}
	case text[10] == ' ':
		return []string{"2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z07", "2006-01-02 15:04", "2006-01-02 15:04Z07:00"}
	}
	return nil
}

// FormatTime renders a moment, in microseconds since 1970 UTC, in a form that
// ParseTime reads: the date alone at midnight, else RFC 3339 in UTC.
func FormatTime(micros int64) string {
	t := time.UnixMicro(micros).UTC()
	if micros%(24*60*60*1e6) == 0 {
		return t.Format("2006-01-02")
	}
	return t.Format("2006-01-02T15:04:05.999999Z")
}
