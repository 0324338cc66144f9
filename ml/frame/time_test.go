package frame_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"gristmill/ml/frame"
)

// Python's strptime is the oracle, by testdata/strptime.py.
func TestTimeFormatsReadAsPythonDoes(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/strptime.json")
	must(t, err)
	var cases []struct {
		Format, Text string
		Micros       *int64
	}
	must(t, json.Unmarshal(data, &cases))
	read := 0
	for _, c := range cases {
		got, err := frame.ParseTimeAs(c.Format, c.Text)
		if (err == nil) != (c.Micros != nil) || err == nil && got != *c.Micros {
			want := "no time"
			if c.Micros != nil {
				want = frame.FormatTime(*c.Micros)
			}
			t.Errorf("%q as %q: %s, %v; want %s", c.Text, c.Format, frame.FormatTime(got), err, want)
		}
		if err != nil {
			continue
		}
		read++
		f, err := frame.NewTimeFormat(c.Format)
		must(t, err)
		written := f.Format(got)
		if again, ok := f.Parse(written); !ok || f.Format(again) != written {
			t.Errorf("%q as %q is written as %q, which is not read back", c.Text, c.Format, written)
		}
	}
	if read < 150 || len(cases)-read < 40 {
		t.Errorf("%d of %d texts are times", read, len(cases))
	}
}

func TestTimeFormatsThatCannotBe(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{
		"%Y-%Q":    `time format "%Y-%Q": unknown sign %Q; expected one of %Y %y %m %d %j %H %I %M %S %f %p %b %B %a %A %z %Z %%`,
		"%Y%":      `time format "%Y%" ends in %; expected a sign of %Y %y %m %d %j %H %I %M %S %f %p %b %B %a %A %z %Z %%`,
		"%d.%m":    `time format "%d.%m" has no year (%Y or %y)`,
		"%Y %Y":    `time format "%Y %Y" has %Y twice`,
		"DD.MM.YY": `time format "DD.MM.YY" has no year (%Y or %y)`,
	} {
		if _, err := frame.NewTimeFormat(format); err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", format, err, want)
		}
	}
	if _, err := frame.ParseTimeAs("%d.%m.%Y", "x"); err == nil || err.Error() != `time "x" is not in the format "%d.%m.%Y"` {
		t.Errorf("error %v", err)
	}
}

// The time package is the oracle of ISO 8601.
func TestISOTimes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2001-01-22":                   "2001-01-22",
		"0001-01-01":                   "0001-01-01",
		"9999-12-31T23:59:59.999999Z":  "9999-12-31T23:59:59.999999Z",
		"2001-01-22 10:30":             "2001-01-22T10:30:00Z",
		"2001-01-22T10:30Z":            "2001-01-22T10:30:00Z",
		"2001-01-22T10:30:05+02:00":    "2001-01-22T08:30:05Z",
		"2001-01-22 00:30:05.5-0530":   "2001-01-22T06:00:05.5Z",
		"2001-01-22 10:30:05+02":       "2001-01-22T08:30:05Z",
		"2001-01-22T10:30:05,1234567Z": "2001-01-22T10:30:05.123456Z",
		"1969-12-31T23:59:59.9999999":  "1969-12-31T23:59:59.999999Z",
		"1900-02-28":                   "1900-02-28",
		"2000-02-29":                   "2000-02-29",
		"1900-02-29":                   "",
		"2001-04-31":                   "",
		"2001-00-10":                   "",
		"2001-13-10":                   "",
		"2001-1-10":                    "",
		"20010110":                     "",
		"2001-01-22T":                  "",
		"2001-01-22T10":                "",
		"2001-01-22T24:00":             "",
		"2001-01-22T10:60":             "",
		"2001-01-22T10:30:60":          "",
		"2001-01-22T10:30:05.":         "",
		"2001-01-22T10:30:05 Z":        "",
		"2001-01-22T10:30:05+2":        "",
		"2001-01-22T10:30:05+24:00":    "",
		"2001-01-22T10:30:05+02:60":    "",
		"2001-01-22X10:30":             "",
		"2001-01-22 ":                  "",
		"2001-01-2२":                   "",
	} {
		micros, ok := frame.ParseTime(text)
		got := ""
		if ok {
			got = frame.FormatTime(micros)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for day := -800_000; day < 2_900_000; day += 97 {
		at := time.Unix(int64(day)*86400, 123456000).UTC()
		if y := at.Year(); y < 0 || y > 9999 {
			continue
		}
		if got, ok := frame.ParseTime(at.Format("2006-01-02T15:04:05.000000Z")); !ok || got != at.UnixMicro() {
			t.Fatalf("%v: %d, %v, want %d", at, got, ok, at.UnixMicro())
		}
	}
}

func FuzzTimeFormat(f *testing.F) {
	for _, s := range []string{"%d.%m.%Y", "%Y%m%d %H:%M:%S.%f %z", "%B %d, %y %I %p", "%Y-%j %%"} {
		f.Add(s, "22.01.2001", int64(1e15))
	}
	f.Fuzz(func(t *testing.T, format, text string, micros int64) {
		p, err := frame.NewTimeFormat(format)
		if err != nil {
			return
		}
		p.Parse(text) // must not panic
		if micros < -62e15 || micros > 250e15 {
			return
		}
		written := p.Format(micros)
		again, ok := p.Parse(written)
		if ok && p.Format(again) != written {
			t.Errorf("%q of %d is %q, read back as %d, %q", format, micros, written, again, p.Format(again))
		}
	})
}
