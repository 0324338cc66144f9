package plot

import (
	"bytes"
	"math"
	"strconv"
)

// palette is eight colours for light and for dark, at least 4.6 to 1 against
// the ground, told apart by lightness and hue by the colour-blind; more series
// get a dash as well.
var palette = [8][2]string{
	{"#2563c9", "#6ea8fe"}, {"#b84a00", "#ff9e57"}, {"#0b7a55", "#4cc9a0"}, {"#a3247f", "#f08bd0"},
	{"#6941c6", "#b69cff"}, {"#7a6100", "#d9c24a"}, {"#0b7285", "#5cc8dc"}, {"#b3261e", "#ff8f87"},
}

const family = `Inter,system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif`

type box struct{ x, y, w, h float64 }

// entry is one name in the legend.
type entry struct {
	name   string
	series int // -1: no swatch
	kind   Kind
}

// canvas writes SVG.
type canvas struct {
	b             bytes.Buffer
	width, height float64
}

// newCanvas begins a picture. Classes are scoped below .gm-plot since the style
// of an inline SVG holds for the whole page; attributes are what is left where
// styles are forbidden.
func newCanvas(width, height float64, title, about string) *canvas {
	d := &canvas{width: width, height: height}
	d.put(`<svg xmlns="http://www.w3.org/2000/svg" class="gm-plot" role="img" aria-label="`, escape(clip(title, 300)+". "+clip(about, 1500)),
		`" viewBox="0 0 `, num(width), " ", num(height), `" width="`, num(width), `" height="`, num(height),
		`" font-family="`, family, `" font-size="11">`)
	d.put("<title>", escape(clip(title, 300)), "</title><desc>", escape(clip(about, 1500)), "</desc><style>")
	d.put(".gm-plot{color-scheme:light dark;max-width:100%;height:auto}.gm-plot text{font-variant-numeric:tabular-nums}")
	d.put("@media (prefers-color-scheme:dark){.gm-plot .bg{fill:#12171f}.gm-plot .ink{fill:#e8ebf0}.gm-plot .soft{fill:#a5afbd}.gm-plot .dim{fill:#98a2b0}",
		".gm-plot .grid{stroke:#252d38}.gm-plot .axis{stroke:#697586}.gm-plot .whisker{stroke:#e8ebf0}.gm-plot .mark{stroke:#8792a2}.gm-plot .halo{fill:#12171f}.gm-plot .track{fill:#1a212b}")
	for i, c := range palette {
		n := strconv.Itoa(i)
		d.put(".gm-plot .l", n, "{stroke:", c[1], "}.gm-plot .f", n, "{fill:", c[1], "}")
	}
	d.put("}</style>")
	d.put(`<rect class="bg" width="100%" height="100%" fill="#ffffff"/>`)
	return d
}

func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func (d *canvas) put(parts ...string) {
	for _, p := range parts {
		d.b.WriteString(p)
	}
}

func (d *canvas) bytes() []byte {
	d.put("</svg>\n")
	return d.b.Bytes()
}

// num writes a place in tenths of a pixel.
func num(v float64) string {
	v = math.Round(v*10) / 10
	if v == 0 {
		v = 0 // no -0
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// begin makes what follows until end be clipped to the area; places stay those
// of the whole picture.
func (d *canvas) begin(a box) {
	// Half a stroke and half a dot beyond the edge are still drawn.
	const room = 4
	d.put(`<svg x="`, num(a.x-room), `" y="`, num(a.y-room), `" width="`, num(a.w+2*room), `" height="`, num(a.h+2*room),
		`" viewBox="`, num(a.x-room), " ", num(a.y-room), " ", num(a.w+2*room), " ", num(a.h+2*room), `" overflow="hidden">`)
}

func (d *canvas) end() { d.put("</svg>") }

var inks = map[string]string{"ink": "#161b22", "soft": "#4a5564", "dim": "#616b7a"}

// text writes a text of size 11 with its baseline at y.
func (d *canvas) text(x, y float64, ink, anchor, s string) {
	d.put(`<text x="`, num(x), `" y="`, num(y), `" class="`, ink, `" fill="`, inks[ink], `"`)
	if anchor != "start" {
		d.put(` text-anchor="`, anchor, `"`)
	}
	d.put(">", escape(s), "</text>")
}

// haloText writes a text that stays legible on lines.
func (d *canvas) haloText(x, y float64, anchor, s string) {
	if s == "" {
		return
	}
	w := textWidth(s, 11)
	left := x - 3
	switch anchor {
	case "end":
		left = x - w - 3
	case "middle":
		left = x - w/2 - 3
	}
	d.put(`<rect class="halo" x="`, num(left), `" y="`, num(y-10), `" width="`, num(w+6), `" height="14" rx="3" fill="#ffffff" fill-opacity=".85"/>`)
	d.text(x, y, "dim", anchor, s)
}

func (d *canvas) line(class, stroke string, x1, y1, x2, y2 float64, extra string) {
	d.put(`<line class="`, class, `" stroke="`, stroke, `" x1="`, num(x1), `" y1="`, num(y1), `" x2="`, num(x2), `" y2="`, num(y2), `"`, extra, "/>")
}

// heading writes title and legend and returns where the rest may begin.
func (d *canvas) heading(title string, legend []entry) float64 {
	y := 12.0
	if title != "" {
		d.put(`<text x="16" y="25" class="ink" fill="#161b22" font-size="14" font-weight="600">`, escape(head(title, (d.width-32)*0.94, 14)), "</text>")
		y = 36
	}
	if len(legend) == 0 {
		return y
	}
	x := 16.0
	y += 12
	for _, e := range legend {
		name := Short(e.name, min(220, d.width-60), 11)
		w := textWidth(name, 11) + 22
		if e.series < 0 {
			w -= 16
		}
		if x > 16 && x+w > d.width-16 {
			x, y = 16, y+17
		}
		tx := x
		if e.series >= 0 {
			d.swatch(e, x, y)
			tx += 18
		}
		d.text(tx, y, "soft", "start", name)
		x += w + 12
	}
	return y + 8
}

func (d *canvas) swatch(e entry, x, y float64) {
	c := e.series % len(palette)
	n := strconv.Itoa(c)
	switch e.kind {
	case Dots:
		d.put(`<circle class="f`, n, `" fill="`, palette[c][0], `" cx="`, num(x+7), `" cy="`, num(y-4), `" r="3.5"/>`)
	case Bars:
		d.put(`<rect class="f`, n, `" fill="`, palette[c][0], `" x="`, num(x+2), `" y="`, num(y-9), `" width="10" height="10" rx="2"/>`)
	default:
		d.line("l"+n, palette[c][0], x, y-4, x+14, y-4, ` stroke-width="2"`+dash(e.series))
	}
}

// dash tells the second eight series from the first.
func dash(series int) string {
	if series >= len(palette) {
		return ` stroke-dasharray="6 3"`
	}
	return ""
}

// axes draws grid, ticks and the label of the horizontal axis.
func (d *canvas) axes(a box, x, y *scale, label string) {
	for _, t := range y.ticks {
		d.line("grid", "#e1e5eb", a.x, t.at, a.x+a.w, t.at, "")
		d.text(a.x-7, t.at+3.8, "dim", "end", t.text)
	}
	for _, t := range x.ticks {
		d.line("axis", "#7f8998", t.at, a.y+a.h, t.at, a.y+a.h+4, "")
		d.tickText(t, a)
	}
	d.line("axis", "#7f8998", a.x, a.y+a.h, a.x+a.w, a.y+a.h, "")
	if label != "" {
		d.text(a.x+a.w/2, a.y+a.h+35, "dim", "middle", Short(label, d.width-32, 11))
	}
}

func (d *canvas) tickText(t tick, a box) {
	half := textWidth(t.text, 11) / 2
	at := min(max(t.at, half+2), d.width-half-2)
	d.text(at, a.y+a.h+17, "dim", "middle", t.text)
}

func (d *canvas) empty(a box) {
	d.text(a.x+a.w/2, a.y+a.h/2+4, "soft", "middle", "no data")
}

const dashed = ` stroke-dasharray="4 4" stroke-width="1.25"`

// mark draws a reference line.
func (d *canvas) mark(m Mark, a box, x, y *scale) {
	switch m.Kind {
	case Diagonal:
		low, high := max(x.low, y.low), min(x.high, y.high)
		if low < high && !x.axis.Log && !y.axis.Log {
			d.line("mark", "#616b7a", x.linear(low), y.linear(low), x.linear(high), y.linear(high), dashed)
		}
	case Horizontal:
		if at, ok := y.at(m.At); ok {
			d.line("mark", "#616b7a", a.x, at, a.x+a.w, at, dashed)
		}
	default:
		if at, ok := x.at(m.At); ok {
			d.line("mark", "#616b7a", at, a.y, at, a.y+a.h, dashed)
		}
	}
}

// markName writes the name of a reference line beside it, where it is within
// the area.
func (d *canvas) markName(m Mark, a box, x, y *scale) {
	if m.Name == "" {
		return
	}
	name := Short(m.Name, a.w/2, 11)
	switch m.Kind {
	case Diagonal:
		low, high := max(x.low, y.low), min(x.high, y.high)
		if low < high && !x.axis.Log && !y.axis.Log {
			// A quarter from the lower end, below the line.
			v := low + (high-low)*0.22
			d.haloText(x.linear(v)+10, y.linear(v)+12, "start", name)
		}
	case Horizontal:
		if at, ok := y.at(m.At); ok && at > a.y-1 && at < a.y+a.h+1 {
			ty := at - 5
			if ty < a.y+12 {
				ty = at + 14
			}
			d.haloText(a.x+8, ty, "start", name)
		}
	default:
		if at, ok := x.at(m.At); ok && at > a.x-1 && at < a.x+a.w+1 {
			if at+8+textWidth(name, 11) > a.x+a.w {
				d.haloText(at-6, a.y+11, "end", name)
			} else {
				d.haloText(at+6, a.y+11, "start", name)
			}
		}
	}
}
