package plot

import (
	"fmt"
	"math"
	"strings"
)

// Kind is how a series is drawn.
type Kind int

// The kinds of series.
const (
	Line     Kind = iota // straight lines between the points; a gap where one is not finite
	Step                 // as Line, but level until the next point
	Dots                 // dots, thinned where they cover each other
	LineDots             // Line with a dot at each point, for a few of them
	Bars                 // bars between edges: X has one number more than Y
)

// Series is one set of points, in the order of X.
type Series struct {
	Name      string // for the legend; may be empty if there is one series only
	Kind      Kind
	X, Y      []float64
	Low, High []float64 // a band around Y, or a bar of error at each dot; nil: none
}

// MarkKind is the direction of a reference line.
type MarkKind int

// The kinds of mark.
const (
	Diagonal   MarkKind = iota // y = x
	Horizontal                 // y = At
	Vertical                   // x = At
)

// Mark is a dashed reference line with a name beside it.
type Mark struct {
	Kind MarkKind
	At   float64
	Name string
}

// Axis describes one axis. The zero value is linear and covers the data.
type Axis struct {
	Label   string
	Min     *float64 // nil: the least of the data
	Max     *float64 // nil: the greatest of the data
	Log     bool     // logarithmic; what is not above 0 is left out
	Time    bool     // numbers are seconds since 1970 UTC
	Percent bool     // 0.1 is written 10%
}

// Chart is a picture of series over two axes.
type Chart struct {
	Title  string
	About  string // a sentence for those who do not see the picture; empty: one is made of the numbers
	X, Y   Axis
	Series []Series
	Marks  []Mark
	Square bool // the plot is as high as wide
	Width  int  // 0: 560
	Height int  // 0: 340, of a square: 460
}

// Limits of what is drawn.
const (
	maxSeries  = 16   // more are left out, and the legend says how many
	linePoints = 400  // of one line, after thinning
	allPoints  = 2400 // of all lines and edges of bands
	dotPoints  = 1600 // of all dots, half of it if there are lines too
	maxBars    = 400
)

// SVG draws the chart.
func (c Chart) SVG() []byte {
	width, height := float64(c.Width), float64(c.Height)
	if c.Width <= 0 {
		width = 560
	}
	if c.Height <= 0 {
		height = 340
		if c.Square {
			width, height = 480, 480
		}
	}
	width, height = max(width, 200), max(height, 160)
	hidden := max(0, len(c.Series)-maxSeries)
	list := c.Series[:len(c.Series)-hidden]
	x, y := c.scale(list, true), c.scale(list, false)
	d := newCanvas(width, height, c.Title, c.about(list))
	top := d.heading(c.Title, c.legend(list, hidden))
	if c.Y.Label != "" {
		d.text(16, top+11, "dim", "start", Short(c.Y.Label, width-32, 11))
		top += 18
	}
	area := box{x: 16, y: top + 6, w: width - 32, h: height - top - 6 - 44}
	left := 0.0
	y.place(area.y+area.h, area.y)
	for _, t := range y.ticks {
		left = max(left, textWidth(t.text, 11))
	}
	area.x, area.w = 16+left+8, width-16-left-8-20
	x.place(area.x, area.x+area.w)
	x.thinTicks()
	d.axes(area, x, y, c.X.Label)
	if !x.any || !y.any {
		d.empty(area)
		return d.bytes()
	}
	d.begin(area)
	for _, m := range c.Marks {
		d.mark(m, area, x, y)
	}
	room := roomFor(list)
	for i, s := range list {
		d.series(i, s, x, y, room)
	}
	d.end()
	for _, m := range c.Marks {
		d.markName(m, area, x, y)
	}
	return d.bytes()
}

// room is how much one series may take, so that the picture stays small.
type room struct {
	points int // of a line
	dots   int
	bars   int
	of     int // series in all
}

func roomFor(list []Series) room {
	lines, dots, bars := 0, 0, 0
	for _, s := range list {
		switch s.Kind {
		case Dots:
			dots++
			continue
		case Bars:
			bars++
			continue
		case LineDots:
			dots++
		}
		lines++
		if s.Low != nil {
			lines += 2
		}
	}
	r := room{points: min(linePoints, allPoints/max(lines, 1)), dots: dotPoints / max(dots, 1), bars: maxBars / max(bars, 1), of: len(list)}
	if lines > 0 {
		r.dots /= 2
	}
	return r
}

// scale fits an axis to what it has to show.
func (c Chart) scale(list []Series, horizontal bool) *scale {
	axis := c.Y
	if horizontal {
		axis = c.X
	}
	low, high := math.Inf(1), math.Inf(-1)
	see := func(values []float64) {
		for _, v := range values {
			if finite(v) && (!axis.Log || v > 0) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	floor := false
	for _, s := range list {
		if horizontal {
			see(s.X)
			continue
		}
		see(s.Y)
		see(s.Low)
		see(s.High)
		floor = floor || s.Kind == Bars
	}
	filled := low <= high
	for _, m := range c.Marks {
		if filled && (m.Kind == Horizontal && !horizontal || m.Kind == Vertical && horizontal) {
			see([]float64{m.At})
		}
	}
	if floor && filled && !axis.Log {
		low = min(low, 0)
	}
	loose := true
	for _, s := range list {
		loose = loose && s.Kind != Bars
	}
	return newScale(axis, low, high, filled, loose)
}

func (c Chart) legend(list []Series, hidden int) []entry {
	var out []entry
	for i, s := range list {
		if s.Name != "" {
			out = append(out, entry{s.Name, i, s.Kind})
		}
	}
	if hidden > 0 {
		out = append(out, entry{fmt.Sprintf("and %d more", hidden), -1, Line})
	}
	return out
}

// about says in words what the picture shows.
func (c Chart) about(list []Series) string {
	if c.About != "" {
		return c.About
	}
	var parts []string
	for _, s := range list {
		low, high := span(s.Y)
		n := min(len(s.X), len(s.Y))
		name := s.Name
		if name == "" {
			name = c.Y.Label
		}
		if name == "" {
			name = "values"
		}
		if low == nil || n == 0 {
			parts = append(parts, name+": no data")
			continue
		}
		parts = append(parts, fmt.Sprintf("%s: %s between %s and %s", name, count(n, "point"), Number(*low), Number(*high)))
	}
	if len(parts) == 0 {
		return "No data."
	}
	over := ""
	if c.X.Label != "" {
		over = " over " + c.X.Label
	}
	return "Chart of " + orElse(c.Y.Label, "values") + over + ". " + strings.Join(parts, "; ") + "."
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
