package web

import (
	"fmt"
	"html/template"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gristmill"
	"gristmill/dataset/profile"
	"gristmill/tracking"
)

// funcs are what the templates may call. All text that they return is escaped
// by html/template, but for what is template.HTML.
func (p *pages) funcs() template.FuncMap {
	return template.FuncMap{
		"when":     func(t any) template.HTML { return when(t, time.Now()) },
		"took":     took,
		"number":   number5,
		"bytes":    size,
		"short":    shortDigest,
		"status":   statusOf,
		"temporal": p.temporal,
		"segment":  url.PathEscape,
		"segments": escapePath,
		"count":    plural,
		"join":     strings.Join,
		"add":      func(a, b int) int { return a + b },
		"percent":  profile.Percent,
		"share":    share,
		"chief":    headlines,
		"rowsOf":   rowsOf,
		"of":       func(part string) string { return partNames[part] },
	}
}

// partNames are the names of parts of the data as people say them.
var partNames = map[string]string{"test": "Test", "val": "Validation", "train": "Training"}

// share shows a fraction as a percentage.
func share(f float64) string { return strings.Replace(fmt.Sprintf("%.1f %%", 100*f), ".0 %", " %", 1) }

func shortDigest(d any) string { return gristmill.Digest(fmt.Sprint(d)).Short() }

// badge is how a state looks: never by colour alone.
type badge struct{ Class, Icon, Word string }

func statusOf(s any) badge {
	word := fmt.Sprint(s)
	switch tracking.Status(word) {
	case tracking.Succeeded, "stable", "ready":
		return badge{"ok", "✓", word}
	case tracking.Running, "rolling":
		return badge{"run", "●", word}
	case tracking.Failed, "not ready":
		return badge{"fail", "✕", word}
	case tracking.Rejected:
		return badge{"warn", "▲", word}
	case tracking.AwaitingApproval:
		return badge{"warn", "◆", "awaiting approval"}
	case tracking.Canceled:
		return badge{"off", "■", word}
	default:
		return badge{"off", "○", word}
	}
}

// when shows a moment as people say it, with the exact time in its title.
func when(v any, now time.Time) template.HTML {
	var t time.Time
	switch v := v.(type) {
	case time.Time:
		t = v
	case *time.Time:
		if v != nil {
			t = *v
		}
	}
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, //nolint:gosec // all three are times and words of ours
		t.Format(time.RFC3339), t.Format("2006-01-02 15:04:05 UTC"), ago(t, now)))
}

func ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < -time.Second:
		return "in " + took(-d)
	case d < 5*time.Second:
		return "just now"
	case d < 30*24*time.Hour:
		return took(d.Truncate(unit(d))) + " ago"
	default:
		return t.Format("2006-01-02")
	}
}

// unit is the smallest unit that matters in a time long ago.
func unit(d time.Duration) time.Duration {
	switch {
	case d < time.Minute:
		return time.Second
	case d < time.Hour:
		return time.Minute
	case d < 24*time.Hour:
		return time.Hour
	default:
		return 24 * time.Hour
	}
}

// took shows a duration in at most two units: 0.24 s, 4m 12s, 2h 5m, 3d 4h.
func took(d time.Duration) string {
	two := func(a int64, x string, b int64, y string) string {
		if b == 0 {
			return fmt.Sprintf("%d%s", a, x)
		}
		return fmt.Sprintf("%d%s %d%s", a, x, b, y)
	}
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case d < 10*time.Second && d%time.Second != 0:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return two(s/60, "m", s%60, "s")
	case s < 86400:
		return two(s/3600, "h", s%3600/60, "m")
	default:
		return two(s/86400, "d", s%86400/3600, "h")
	}
}

// number5 shows a number with five significant digits, or an integer in full.
func number5(v any) string {
	var f float64
	switch v := v.(type) {
	case float64:
		f = v
	case tracking.Number:
		f = float64(v)
	case *float64:
		if v == nil {
			return "–"
		}
		f = *v
	case *tracking.Number:
		if v == nil {
			return "–"
		}
		f = float64(*v)
	default:
		return fmt.Sprint(v)
	}
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 0):
		return strings.Replace(fmt.Sprint(f), "Inf", "∞", 1)
	case f == math.Trunc(f) && math.Abs(f) < 1e9:
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strings.ReplaceAll(strconv.FormatFloat(f, 'g', 5, 64), "-", "−")
}

// size shows a number of bytes.
func size(n int64) string {
	const k = 1024
	switch {
	case n < k:
		return fmt.Sprintf("%d B", n)
	case n < k*k:
		return fmt.Sprintf("%.1f KiB", float64(n)/k)
	case n < k*k*k:
		return fmt.Sprintf("%.1f MiB", float64(n)/k/k)
	default:
		return fmt.Sprintf("%.1f GiB", float64(n)/k/k/k)
	}
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// temporal is the address of a workflow in Temporal's UI, "" without one.
func (p *pages) temporal(workflowID string) string {
	if p.cfg.TemporalUI == "" || workflowID == "" {
		return ""
	}
	return strings.TrimRight(p.cfg.TemporalUI, "/") + "/namespaces/default/workflows/" + url.PathEscape(workflowID)
}
