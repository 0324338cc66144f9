package plot

import (
	"fmt"
	"math"
	"strings"
)

// Bar is one named number of a BarChart.
type Bar struct {
	Name      string
	Value     float64
	Low, High float64 // its interval; equal: none
	Note      string  // beside the number, "n 120"
	Weak      bool    // drawn in another colour
}

// BarChart is a picture with a row for each bar, in the given order.
type BarChart struct {
	Title string
	About string // a sentence for those who do not see the picture; empty: one is made of the numbers
	Label string // of the values
	Bars  []Bar
	Dots  bool       // dots at the values instead of bars from 0; the axis need not show 0
	Marks []Mark     // of kind Vertical
	Band  [2]float64 // an interval of the axis that is shaded; equal: none
	Width int        // 0: 560
}

// maxRows is how many bars are drawn; the rest is counted below.
const maxRows = 40

// SVG draws the chart. Its height grows with the bars, of which at most 40 are
// drawn.
func (c BarChart) SVG() []byte {
	width := float64(c.Width)
	if c.Width <= 0 {
		width = 560
	}
	width = max(width, 240)
	hidden := max(0, len(c.Bars)-maxRows)
	bars := c.Bars[:len(c.Bars)-hidden]
	const row = 22.0
	top := 12.0
	if c.Title != "" {
		top = 44
	}
	if len(c.Marks) > 0 {
		top += 16 // the marks' names
	}
	rows := max(float64(len(bars)), 2)
	height := top + rows*row + 52
	if hidden > 0 {
		height += 16
	}
	d := newCanvas(width, height, c.Title, c.about(bars))
	d.heading(c.Title, nil)
	left, right := 24.0, 0.0
	for _, b := range bars {
		left = max(left, textWidth(Short(b.Name, width*0.36, 11), 11))
		right = max(right, textWidth(beside(b), 11))
	}
	area := box{x: 16 + left + 10, y: top, w: width - left - 16 - 10 - right - 26, h: rows * row}
	x := c.scale(bars)
	x.place(area.x, area.x+area.w)
	x.thinTicks()
	for _, t := range x.ticks {
		d.line("grid", "#e1e5eb", t.at, area.y, t.at, area.y+area.h, "")
		d.tickText(t, area)
	}
	d.line("axis", "#7f8998", area.x, area.y+area.h, area.x+area.w, area.y+area.h, "")
	if c.Label != "" {
		d.text(area.x+area.w/2, area.y+area.h+35, "dim", "middle", Short(c.Label, width-32, 11))
	}
	if hidden > 0 {
		d.text(16, height-8, "dim", "start", fmt.Sprintf("and %d more", hidden))
	}
	if !x.any {
		d.empty(area)
		return d.bytes()
	}
	d.begin(area)
	if c.Band[0] != c.Band[1] {
		from, ok1 := x.at(c.Band[0])
		to, ok2 := x.at(c.Band[1])
		if ok1 && ok2 {
			d.put(`<rect class="f0" fill="#2563c9" fill-opacity=".12" x="`, num(min(from, to)), `" y="`, num(area.y), `" width="`, num(math.Abs(to-from)), `" height="`, num(area.h), `"/>`)
		}
	}
	for _, m := range c.Marks {
		if at, ok := x.at(m.At); ok {
			d.line("mark", "#616b7a", at, area.y-12, at, area.y+area.h, dashed)
		}
	}
	for i, b := range bars {
		c.bar(d, b, x, area.y+row*float64(i), row)
	}
	d.end()
	for i, b := range bars {
		y := area.y + row*(float64(i)+0.5) + 4
		d.text(area.x-8, y, "ink", "end", Short(b.Name, width*0.36, 11))
		d.text(area.x+area.w+10, y, "soft", "start", beside(b))
	}
	for _, m := range c.Marks {
		if at, ok := x.at(m.At); ok {
			half := textWidth(m.Name, 11) / 2
			d.text(min(max(at, half+8), width-half-8), area.y-6, "dim", "middle", m.Name)
		}
	}
	return d.bytes()
}

// bar draws one row.
func (c BarChart) bar(d *canvas, b Bar, x *scale, y, row float64) {
	at, ok := x.at(b.Value)
	if !ok {
		return
	}
	n, colour := "0", palette[0][0]
	if b.Weak {
		n, colour = "1", palette[1][0]
	}
	mid := y + row/2
	if !c.Dots {
		zero, _ := x.at(0)
		zero = min(max(zero, x.from), x.to)
		d.put(`<rect class="f`, n, `" fill="`, colour, `" fill-opacity=".8" rx="2" x="`, num(min(at, zero)), `" y="`, num(mid-6.5),
			`" width="`, num(max(math.Abs(at-zero), 0.8)), `" height="13"/>`)
	}
	low, ok1 := x.at(b.Low)
	high, ok2 := x.at(b.High)
	if ok1 && ok2 && b.Low != b.High {
		class, stroke := "l"+n, colour
		if !c.Dots {
			class, stroke = "whisker", "#161b22"
		}
		d.put(`<path class="`, class, `" stroke="`, stroke, `" stroke-width="1.4" fill="none" d="M`, num(low), " ", num(mid-3.5), "v7m0-3.5H", num(high), `m0-3.5v7"/>`)
	}
	if c.Dots {
		d.put(`<circle class="f`, n, `" fill="`, colour, `" cx="`, num(at), `" cy="`, num(mid), `" r="4"/>`)
	}
}

func (c BarChart) scale(bars []Bar) *scale {
	low, high := math.Inf(1), math.Inf(-1)
	see := func(v float64) {
		if finite(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	for _, b := range bars {
		if !finite(b.Value) {
			continue
		}
		see(b.Value)
		if b.Low != b.High {
			see(b.Low)
			see(b.High)
		}
	}
	filled := low <= high
	if filled {
		for _, m := range c.Marks {
			see(m.At)
		}
		if c.Band[0] != c.Band[1] {
			see(c.Band[0])
			see(c.Band[1])
		}
		if !c.Dots {
			see(0)
		}
	}
	return newScale(Axis{}, low, high, filled, true)
}

func beside(b Bar) string {
	s := Number(b.Value)
	if b.Note != "" {
		s += "  " + Short(b.Note, 110, 11)
	}
	return s
}

func (c BarChart) about(bars []Bar) string {
	if c.About != "" {
		return c.About
	}
	if len(bars) == 0 {
		return "No data."
	}
	var parts []string
	for _, b := range bars[:min(len(bars), 10)] {
		parts = append(parts, clip(b.Name, 60)+" "+Number(b.Value))
	}
	if len(c.Bars) > 10 {
		parts = append(parts, fmt.Sprintf("and %d more", len(c.Bars)-10))
	}
	return orElse(c.Label, "Values") + ": " + strings.Join(parts, ", ") + "."
}
