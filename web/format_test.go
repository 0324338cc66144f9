package web

import (
	"math"
	"strings"
	"testing"
	"time"

	"gristmill/tracking"
)

func TestNumbersHaveFiveDigits(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{
		0.843123456: "0.84312", 12: "12", 26543.21: "26543", -0.5: "−0.5", 1e-7: "1e−07", 0: "0", 123456789: "123456789", 1.5e12: "1.5e+12", -2.5e-6: "−2.5e−06",
		math.Inf(1): "+∞", math.Inf(-1): "-∞",
	} {
		if got := number5(f); got != want {
			t.Errorf("%v: got %q, want %q", f, got, want)
		}
	}
	var none *float64
	if got := number5(none); got != "–" {
		t.Errorf("no number: %q", got)
	}
	if got := number5(tracking.Number(math.NaN())); got != "NaN" {
		t.Errorf("NaN: %q", got)
	}
}

func TestTimesReadAsPeopleSayThem(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		240 * time.Millisecond: "0.24 s", 3 * time.Second: "3 s", 42*time.Second + 400*time.Millisecond: "42 s", 252 * time.Second: "4m 12s", time.Hour: "1h",
		2*time.Hour + 5*time.Minute + 9*time.Second: "2h 5m", 76 * time.Hour: "3d 4h", 0: "0 s", 59*time.Second + 900*time.Millisecond: "1m",
	} {
		if got := took(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		time.Second: "just now", 42 * time.Second: "42 s ago", 252 * time.Second: "4m ago", 26 * time.Hour: "1d ago", 60 * 24 * time.Hour: "2025-11-03", -time.Minute: "in 1m",
	} {
		if got := ago(now.Add(-d), now); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
	if got := when(time.Time{}, now); got != "–" {
		t.Errorf("no time: %q", got)
	}
}

func series(values ...float64) []tracking.Metric {
	out := make([]tracking.Metric, len(values))
	for i, v := range values {
		out[i] = tracking.Metric{Key: "loss", Value: v, Step: int64(i)}
	}
	return out
}

func TestChartDrawsGapsAndKeepsPeaks(t *testing.T) {
	t.Parallel()
	c, ok := newChart("loss", series(1, 0.5, math.NaN(), 0.25, 0))
	if !ok || strings.Join(c.Lines, " / ") != "6.0,6.0 83.0,48.0 / 237.0,69.0 314.0,90.0" {
		t.Errorf("lines %q", c.Lines)
	}
	if want := "loss: 5 points from step 0 to 4, between 0 and 1, last 0"; c.Summary != want {
		t.Errorf("got %q, want %q", c.Summary, want)
	}
	for _, few := range [][]tracking.Metric{nil, series(1), series(1, math.NaN()), series(math.Inf(1), math.Inf(1))} {
		if _, ok := newChart("loss", few); ok {
			t.Errorf("%v was drawn", few)
		}
	}
	if c, ok := newChart("loss", series(-math.MaxFloat64, math.MaxFloat64)); !ok || strings.Contains(c.Lines[0], "NaN") || strings.Contains(c.Lines[0], "Inf") {
		t.Errorf("the widest range: %q", c.Lines)
	}
	long := make([]float64, 100_000)
	long[54_321] = 9
	thinned := thin(series(long...))
	peak := false
	for _, p := range thinned {
		peak = peak || p.Value == 9
	}
	if len(thinned) > chartPoints || !peak {
		t.Errorf("%d points, peak kept: %v", len(thinned), peak)
	}
}

func TestBarsStayWithinTheRun(t *testing.T) {
	t.Parallel()
	start := time.Unix(100, 0)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	for _, c := range []struct {
		from, to int
		want     bar
	}{{0, 10, bar{0, 1000}}, {5, 10, bar{500, 500}}, {10, 10, bar{995, 5}}, {-3, 20, bar{0, 1000}}, {3, 3, bar{300, 5}}} {
		if got := newBar(at(c.from), at(c.to), start, 10*time.Second); got != c.want {
			t.Errorf("%d to %d: got %v, want %v", c.from, c.to, got, c.want)
		}
	}
	if got := newBar(start, start, start, 0); got != (bar{0, 1000}) {
		t.Errorf("a run without a length: %v", got)
	}
}
