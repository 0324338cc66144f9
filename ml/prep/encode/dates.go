package encode

import (
	"fmt"
	"math"
	"time"

	"gristmill/ml/prep/vec"
)

// DateParts makes numbers of dates, each part as name_part, in UTC: year,
// quarter (1-4), month (1-12), day (1-31), weekday (Monday is 0), day_of_year
// (1-366), week (of ISO 8601, 1-53), hour, minute, is_weekend (0 or 1) and
// epoch_days (since 1970, with the fraction of the day). A null gives nulls.
//
// Cost: O(n). Source: the Gregorian calendar as pandas' dt accessor splits it.
// Left out: time zones (convert the column first), holidays.
type DateParts struct {
	Parts []string `json:"parts"`
}

// Check implements vec.Transformer.
func (d *DateParts) Check(n int) error {
	for _, p := range d.Parts {
		if _, ok := part(time.Time{}, p); !ok {
			return fmt.Errorf("date_parts has no part %q", p)
		}
	}
	return vec.Only("date_parts", n)
}

// Names implements vec.Transformer.
func (d *DateParts) Names(in []string) []string {
	out := make([]string, len(d.Parts))
	for k, p := range d.Parts {
		out[k] = in[0] + "_" + p
	}
	return out
}

// Apply implements vec.Transformer.
func (d *DateParts) Apply(in []*vec.Vec) ([]*vec.Vec, error) {
	v := in[0]
	if v.Kind != vec.Date {
		return nil, fmt.Errorf("date_parts of column %q: it is a %s, not a date", v.Name, v.Kind)
	}
	out := v.Many(len(d.Parts))
	for i, micros := range v.Times {
		t := time.UnixMicro(micros).UTC()
		for k, p := range d.Parts {
			out[k].Num[i] = math.NaN()
			if !v.Null(i) {
				out[k].Num[i], _ = part(t, p)
			}
		}
	}
	return out, nil
}

// part returns one part of a moment.
func part(t time.Time, name string) (float64, bool) {
	switch name {
	case "year":
		return float64(t.Year()), true
	case "quarter":
		return float64((int(t.Month()) + 2) / 3), true
	case "month":
		return float64(t.Month()), true
	case "day":
		return float64(t.Day()), true
	case "weekday":
		return float64(weekday(t)), true
	case "day_of_year":
		return float64(t.YearDay()), true
	case "week":
		_, w := t.ISOWeek()
		return float64(w), true
	case "hour":
		return float64(t.Hour()), true
	case "minute":
		return float64(t.Minute()), true
	case "is_weekend":
		if weekday(t) >= 5 {
			return 1, true
		}
		return 0, true
	case "epoch_days":
		return float64(t.UnixMicro()) / (24 * 60 * 60 * 1e6), true
	}
	return 0, false
}

// weekday counts from Monday.
func weekday(t time.Time) int { return (int(t.Weekday()) + 6) % 7 }
