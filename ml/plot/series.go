package plot

import (
	"math"
	"slices"
	"strconv"
)

type point struct{ x, y float64 }

// series draws one series.
func (d *canvas) series(i int, s Series, x, y *scale, r room) {
	c := i % len(palette)
	n, colour := strconv.Itoa(c), palette[c][0]
	if s.Kind == Bars {
		d.bars(n, colour, s, x, y, r)
		return
	}
	if s.Low != nil && s.High != nil && s.Kind != LineDots && s.Kind != Dots {
		d.band(n, colour, s, x, y, r.points)
	}
	switch s.Kind {
	case Dots:
		kept := thinDots(places(s.X, s.Y, x, y), r.dots)
		// A line of no length with round ends is a dot, in half the bytes of a
		// circle.
		d.put(`<g class="l`, n, `" stroke="`, colour, `" stroke-width="5" stroke-linecap="round" stroke-opacity="`, opacity(len(kept)), `">`)
		for _, p := range kept {
			if p.x > x.from-3 && p.x < x.to+3 && p.y > y.to-3 && p.y < y.from+3 {
				d.put(`<path d="M`, num(p.x), " ", num(p.y), `h0"/>`)
			}
		}
		d.put("</g>")
	default:
		d.errorBars(n, colour, s, x, y, min(r.dots/4, 100))
		d.put(`<g class="l`, n, `" stroke="`, colour, `" fill="none" stroke-width="1.9" stroke-linejoin="round"`, dash(i), ">")
		stretches := runs(s.X, s.Y, x, y)
		if len(stretches) > r.points/4 { // too many gaps to be seen
			stretches = [][]point{places(s.X, s.Y, x, y)}
		}
		for _, run := range stretches {
			d.path(thinLine(run, max(r.points*len(run)/max(len(s.X), 1), 8)), s.Kind == Step)
		}
		d.put("</g>")
		if s.Kind == LineDots || lone(s, x, y) {
			d.put(`<g class="f`, n, `" fill="`, colour, `">`)
			for _, p := range thinDots(places(s.X, s.Y, x, y), min(r.dots/4, 100)) {
				d.put(`<circle cx="`, num(p.x), `" cy="`, num(p.y), `" r="3.2"/>`)
			}
			d.put("</g>")
		}
	}
}

func opacity(n int) string {
	if n > 300 {
		return ".4"
	}
	return ".7"
}

// lone reports whether the series has one point only, of which no line is made.
func lone(s Series, x, y *scale) bool { return len(places(s.X, s.Y, x, y)) == 1 }

// path draws one stretch of a line.
func (d *canvas) path(run []point, step bool) {
	if len(run) < 2 {
		return
	}
	d.put(`<path d="M`, num(run[0].x), " ", num(run[0].y))
	last := run[0]
	for _, p := range run[1:] {
		if step {
			d.put("H", num(p.x), "V", num(p.y))
		} else if num(p.x) != num(last.x) || num(p.y) != num(last.y) {
			d.put("L", num(p.x), " ", num(p.y))
		}
		last = p
	}
	d.put(`"/>`)
}

// band draws the area between Low and High.
func (d *canvas) band(n, colour string, s Series, x, y *scale, points int) {
	low, high := thinLine(places(s.X, s.Low, x, y), points), thinLine(places(s.X, s.High, x, y), points)
	if len(low) < 2 || len(high) < 2 {
		return
	}
	d.put(`<path class="f`, n, `" fill="`, colour, `" fill-opacity=".15" d="M`)
	for i, p := range low {
		if i > 0 {
			d.put("L")
		}
		d.put(num(p.x), " ", num(p.y))
	}
	for _, h := range slices.Backward(high) {
		d.put("L", num(h.x), " ", num(h.y))
	}
	d.put(`Z"/>`)
}

// errorBars draws Low to High at each point of a LineDots.
func (d *canvas) errorBars(n, colour string, s Series, x, y *scale, most int) {
	if s.Kind != LineDots || s.Low == nil || s.High == nil {
		return
	}
	d.put(`<g class="l`, n, `" stroke="`, colour, `" stroke-width="1.25" stroke-opacity=".65">`)
	for i := range min(len(s.X), len(s.Low), len(s.High), most) {
		at, ok := x.at(s.X[i])
		low, ok1 := y.at(s.Low[i])
		high, ok2 := y.at(s.High[i])
		if ok && ok1 && ok2 {
			d.put(`<path d="M`, num(at-3), " ", num(low), "h6m-3 0V", num(high), `m-3 0h6"/>`)
		}
	}
	d.put("</g>")
}

// bars draws counts between edges, merged to at most maxBars.
func (d *canvas) bars(n, colour string, s Series, x, y *scale, r room) {
	edges, counts := s.X, s.Y
	for len(counts) > max(r.bars, 20) {
		edges, counts = halve(edges, counts)
	}
	zero, ok := y.at(0)
	if !ok {
		zero = y.from
	}
	fill := ".85"
	if r.of > 1 {
		fill = ".45"
	}
	d.put(`<g class="f`, n, `" fill="`, colour, `" fill-opacity="`, fill, `">`)
	for i := range min(len(counts), len(edges)-1) {
		left, ok1 := x.at(edges[i])
		right, ok2 := x.at(edges[i+1])
		top, ok3 := y.at(counts[i])
		if !ok1 || !ok2 || !ok3 || counts[i] == 0 {
			continue
		}
		gap := min(1, (right-left)/4)
		if r.of > 1 {
			gap = 0
		}
		d.put(`<rect x="`, num(left+gap/2), `" y="`, num(min(top, zero)), `" width="`, num(max(right-left-gap, 0.4)), `" height="`, num(max(math.Abs(zero-top), 0.6)), `"/>`)
	}
	d.put("</g>")
	if r.of > 1 { // outlines tell groups apart that lie on each other
		d.outline(n, colour, edges, counts, x, y, zero)
	}
}

func (d *canvas) outline(n, colour string, edges, counts []float64, x, y *scale, zero float64) {
	d.put(`<path class="l`, n, `" stroke="`, colour, `" fill="none" stroke-width="1.25" d="`)
	started := false
	for i := range min(len(counts), len(edges)-1) {
		left, ok1 := x.at(edges[i])
		right, ok2 := x.at(edges[i+1])
		top, ok3 := y.at(counts[i])
		if !ok1 || !ok2 || !ok3 {
			continue
		}
		if !started {
			d.put("M", num(left), " ", num(zero))
			started = true
		}
		d.put("V", num(top), "H", num(right))
	}
	if started {
		d.put("V", num(zero))
	}
	d.put(`"/>`)
}

// places maps the points that have a place.
func places(xs, ys []float64, x, y *scale) []point {
	out := make([]point, 0, min(len(xs), len(ys)))
	for i := range min(len(xs), len(ys)) {
		px, ok1 := x.at(xs[i])
		py, ok2 := y.at(ys[i])
		if ok1 && ok2 {
			out = append(out, point{px, py})
		}
	}
	return out
}

// runs maps the points and cuts the line where one has no place.
func runs(xs, ys []float64, x, y *scale) [][]point {
	var out [][]point
	var run []point
	for i := range min(len(xs), len(ys)) {
		px, ok1 := x.at(xs[i])
		py, ok2 := y.at(ys[i])
		if ok1 && ok2 {
			run = append(run, point{px, py})
			continue
		}
		if len(run) > 0 {
			out = append(out, run)
		}
		run = nil
	}
	if len(run) > 0 {
		out = append(out, run)
	}
	return out
}
