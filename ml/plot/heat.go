package plot

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// HeatMap is a picture of a table of numbers, with the numbers in the cells.
type HeatMap struct {
	Title    string
	About    string // a sentence for those who do not see the picture; empty: one is made of the numbers
	Rows     []string
	Columns  []string
	RowLabel string // what rows are: "actual"
	ColLabel string // what columns are: "predicted"
	// Values are the numbers, row by row; those that are not finite stay empty.
	Values [][]float64
	ByRow  bool // colours by the share of the row, instead of the largest value
}

// maxCells is how many rows and columns are drawn.
const maxCells = 20

// SVG draws the table, at most its first 20 rows and columns.
func (h HeatMap) SVG() []byte {
	rows, cols := min(len(h.Rows), len(h.Values), maxCells), min(len(h.Columns), maxCells)
	wide := min(72, max(24, 420/float64(max(cols, 1))))
	tall := min(wide, 44)
	left := 24.0
	for _, name := range h.Rows[:rows] {
		left = max(left, textWidth(Short(name, 130, 11), 11))
	}
	slanted := false
	foot := 20.0
	for _, name := range h.Columns[:cols] {
		if textWidth(name, 11) > wide-6 {
			slanted = true
			foot = max(foot, textWidth(Short(name, 110, 11), 11)*0.72+18)
		}
	}
	top := 12.0
	if h.Title != "" {
		top = 40
	}
	if h.RowLabel != "" {
		top += 16
	}
	x0 := 16 + left + 10
	bottom := top + float64(max(rows, 2))*tall
	width := max(x0+float64(max(cols, 2))*wide+28, min(textWidth(h.Title, 14)+40, 480), 280)
	height := bottom + foot + 26
	hidden := len(h.Rows) > rows || len(h.Columns) > cols
	if hidden {
		height += 16
	}
	d := newCanvas(width, height, h.Title, h.about(rows, cols))
	d.heading(h.Title, nil)
	if h.RowLabel != "" {
		d.text(x0-8, top-8, "dim", "end", Short(h.RowLabel, x0-16, 11))
	}
	if rows == 0 || cols == 0 {
		d.empty(box{16, top, width - 32, 40})
		return d.bytes()
	}
	for i := range rows {
		d.text(x0-8, top+tall*(float64(i)+0.5)+4, "soft", "end", Short(h.Rows[i], 130, 11))
	}
	var grounds, numbers strings.Builder
	for i := range rows {
		most := h.most(i)
		for j := range min(cols, len(h.Values[i])) {
			cell(&grounds, &numbers, box{x0 + float64(j)*wide, top + float64(i)*tall, wide, tall}, h.Values[i][j], most)
		}
	}
	d.put("<g>", grounds.String(), `</g><g class="ink" fill="#161b22" text-anchor="middle">`, numbers.String(), "</g>")
	for j := range cols {
		x, y := x0+(float64(j)+0.5)*wide, bottom+16
		if slanted {
			d.put(`<text class="soft" fill="#4a5564" text-anchor="end" transform="translate(`, num(x+4), " ", num(y-4), `) rotate(-42)">`, escape(Short(h.Columns[j], 110, 11)), "</text>")
			continue
		}
		d.text(x, y, "soft", "middle", h.Columns[j])
	}
	foot += bottom + 16
	if h.ColLabel != "" {
		d.text(x0+float64(cols)*wide/2, foot, "dim", "middle", h.ColLabel)
	}
	if hidden {
		d.text(16, height-8, "dim", "start", fmt.Sprintf("%d of %d rows, %d of %d columns", rows, len(h.Rows), cols, len(h.Columns)))
	}
	return d.bytes()
}

// most is the number that gets the full colour in row i.
func (h HeatMap) most(i int) float64 {
	most := 0.0
	if h.ByRow {
		for _, v := range h.Values[i] {
			if finite(v) {
				most += math.Abs(v)
			}
		}
		return most
	}
	for _, row := range h.Values {
		for _, v := range row {
			if finite(v) {
				most = max(most, math.Abs(v))
			}
		}
	}
	return most
}

// cell draws one number. Negative ones have the second colour. The colour stays
// pale enough for one ink on all cells.
func cell(grounds, numbers *strings.Builder, b box, v, most float64) {
	rect := func(class, fill, opacity string) {
		fmt.Fprintf(grounds, `<path class="%s" fill="%s"%s d="M%s %sh%sv%sh-%sz"/>`, class, fill, opacity, num(b.x+1), num(b.y+1), num(b.w-2), num(b.h-2), num(b.w-2))
	}
	share := 0.0
	if most > 0 && finite(v) {
		share = min(math.Abs(v)/most, 1)
	}
	switch opacity := ` fill-opacity="` + strconv.FormatFloat(math.Round((0.08+0.44*share)*100)/100, 'f', -1, 64) + `"`; {
	case share <= 0.004:
		rect("track", "#f1f4f8", "")
	case v < 0:
		rect("f1", palette[1][0], opacity)
	default:
		rect("f0", palette[0][0], opacity)
	}
	if !finite(v) {
		return
	}
	s := Number(v)
	if whole := strconv.FormatFloat(v, 'f', -1, 64); v == math.Trunc(v) && textWidth(whole, 11) <= b.w-4 {
		s = whole // counts in full where there is room
	}
	if textWidth(s, 11) <= b.w-2 {
		fmt.Fprintf(numbers, `<text x="%s" y="%s">%s</text>`, num(b.x+b.w/2), num(b.y+b.h/2+4), s)
	}
}

func (h HeatMap) about(rows, cols int) string {
	if h.About != "" {
		return h.About
	}
	if rows == 0 || cols == 0 {
		return "No data."
	}
	if rows > 10 || cols > 10 {
		return fmt.Sprintf("Table of %d rows and %d columns.", len(h.Rows), len(h.Columns))
	}
	var lines []string
	for i := range rows {
		var cells []string
		for j := range min(cols, len(h.Values[i])) {
			cells = append(cells, clip(h.Columns[j], 30)+" "+Number(h.Values[i][j]))
		}
		lines = append(lines, clip(h.Rows[i], 30)+": "+strings.Join(cells, ", "))
	}
	return strings.TrimSpace(h.RowLabel+" by "+h.ColLabel) + ". " + strings.Join(lines, "; ") + "."
}

// Confusion draws the matrix of counts: row is the true class, column the
// predicted one; the colour is the share of the row.
func Confusion(title string, classes []string, counts [][]int) []byte {
	values := make([][]float64, len(counts))
	for i, row := range counts {
		for _, n := range row {
			values[i] = append(values[i], float64(n))
		}
	}
	return HeatMap{Title: title, Rows: classes, Columns: classes, RowLabel: "actual", ColLabel: "predicted", Values: values, ByRow: true}.SVG()
}
