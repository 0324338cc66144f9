package profile

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"gristmill/ml/frame"
)

// Path returns the bars of the histogram as the path of an SVG of that width and
// height; bins of unequal width, such as months, get bars of theirs.
func (h *Histogram) Path(width, height float64) string {
	if h == nil || len(h.Counts) == 0 {
		return ""
	}
	most := 0
	for _, n := range h.Counts {
		most = max(most, n)
	}
	if most == 0 {
		return ""
	}
	first, span := h.Edges[0], h.Edges[len(h.Edges)-1]-h.Edges[0]
	at := func(edge float64) float64 { return (edge - first) / span * width }
	gap := min(1, width/float64(len(h.Counts))/5)
	var b strings.Builder
	for i, n := range h.Counts {
		if n == 0 {
			continue
		}
		tall := max(1, float64(n)/float64(most)*height) // a rare value is seen too
		left, right := at(h.Edges[i])+gap/2, at(h.Edges[i+1])-gap/2
		fmt.Fprintf(&b, "M%s %sV%sH%sV%sz", short(left), short(height), short(height-tall), short(max(right, left+0.2)), short(height))
	}
	return b.String()
}

func short(v float64) string {
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
}

// Show renders a number of the column for people, a moment as such. A nil
// number is a dash.
func (c Column) Show(v *float64) string {
	if v == nil {
		return "–"
	}
	return c.show(*v)
}

func (c Column) show(v float64) string {
	switch {
	case c.Type == frame.Timestamp:
		text := frame.FormatTime(int64(math.Round(v)) * 1e6)
		return strings.Replace(strings.TrimSuffix(text, "Z"), "T", " ", 1)
	case v == math.Trunc(v) && math.Abs(v) < 1e15:
		return grouped(strconv.FormatFloat(v, 'f', 0, 64))
	case math.Abs(v) >= 1000 && math.Abs(v) < 1e15:
		return grouped(strconv.FormatFloat(v, 'f', 1, 64))
	default:
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
}

// grouped puts thin spaces between thousands, from five digits on.
func grouped(digits string) string {
	whole, rest, dot := strings.Cut(digits, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "−", whole[1:]
	}
	var b strings.Builder
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 && len(whole) > 4 {
			b.WriteString("\u202f")
		}
		b.WriteRune(r)
	}
	if dot {
		b.WriteString("." + rest)
	}
	return sign + b.String()
}

// Quantile returns the column's quantile at share p; nil if it has none.
func (c Column) Quantile(p float64) *float64 {
	for _, q := range c.Quantiles {
		if q.P == p {
			return &q.Value
		}
	}
	return nil
}

// Summary says in words what the column's histogram shows.
func (c Column) Summary() string {
	h := c.Histogram
	if h == nil || len(h.Counts) == 0 {
		return ""
	}
	peak := 0
	for i, n := range h.Counts {
		if n > h.Counts[peak] {
			peak = i
		}
	}
	text := fmt.Sprintf("Histogram of %s from %s to %s; most values lie between %s and %s", c.Name,
		c.show(h.Edges[0]), c.show(h.Edges[len(h.Edges)-1]), c.show(h.Edges[peak]), c.show(h.Edges[peak+1]))
	if out := h.Below + h.Above; out > 0 {
		text += fmt.Sprintf("; %s outliers are not drawn", grouped(strconv.Itoa(out)))
	}
	return text
}

// From and To are the ends of the histogram as text.
func (c Column) From() string {
	if c.Histogram == nil {
		return ""
	}
	return c.show(c.Histogram.Edges[0])
}

// To is the upper end of the histogram as text, see From.
func (c Column) To() string {
	if c.Histogram == nil {
		return ""
	}
	return c.show(c.Histogram.Edges[len(c.Histogram.Edges)-1])
}

// Percent renders a share of a whole: 0 is a dash, little is "<0.1 %".
func Percent(part, whole int) string {
	switch share := 100 * float64(part) / float64(max(1, whole)); {
	case part == 0:
		return "–"
	case share < 0.1:
		return "<0.1 %"
	case share < 10:
		return strconv.FormatFloat(share, 'f', 1, 64) + " %"
	default:
		return strconv.FormatFloat(share, 'f', 0, 64) + " %"
	}
}
