package evaluate

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"gristmill/ml/plot"
)

const (
	maxPoints  = 1_000 // of a stored curve
	maxScatter = 2_000 // points of predicted and actual values
	maxCurves  = 10    // classes that have a curve each, the most frequent
)

// floats are written with null for what is not finite, such as the threshold
// above every score.
type floats []float64

// MarshalJSON writes an array.
func (f floats) MarshalJSON() ([]byte, error) {
	b := []byte{'['}
	for i, v := range f {
		if i > 0 {
			b = append(b, ',')
		}
		if v-v != 0 {
			b = append(b, "null"...)
		} else {
			text, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			b = append(b, text...)
		}
	}
	return append(b, ']'), nil
}

// draw makes the plots.
func (e *evaluation) draw(ctx context.Context) error {
	draw := e.drawRegression
	if e.k > 0 {
		draw = e.drawClassification
	}
	if err := draw(ctx); err != nil {
		return fmt.Errorf("draw plots: %w", err)
	}
	if err := e.drawImportance(); err != nil {
		return fmt.Errorf("draw importance: %w", err)
	}
	if err := e.drawSlices(); err != nil {
		return fmt.Errorf("draw slices: %w", err)
	}
	for _, p := range e.report.Plots {
		e.report.PlotList = append(e.report.PlotList, PlotRef{Name: p.Name, Title: p.Title})
	}
	return nil
}

// plot adds a plot: its numbers, and its picture made from its title.
func (e *evaluation) plot(name, title string, data any, picture func(title string) []byte) error {
	title += ", " + map[string]string{"train": "training rows", "val": "validation rows", "test": "test rows"}[e.at.name]
	b, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode plot %s: %w", name, err)
	}
	e.report.Plots = append(e.report.Plots, Plot{Name: name, Title: title, Data: b, SVG: picture(title)})
	return nil
}

func (e *evaluation) drawImportance() error {
	imp := e.report.Importance
	if imp == nil {
		return nil
	}
	bars := make([]plot.Bar, len(imp.Columns))
	for i, c := range imp.Columns {
		bars[i] = plot.Bar{Name: c.Column, Value: c.Drop, Low: c.Drop - c.Std, High: c.Drop + c.Std}
	}
	label := "loss of " + imp.Metric
	if imp.Metric != "roc_auc" {
		label = "growth of " + imp.Metric
	}
	return e.plot("importance", "Importance of columns", imp, func(title string) []byte {
		return plot.Importances(title, label, bars)
	})
}

// drawSlices draws the main metric by the values of each column: plots slices_1
// and so on, in the order of the options.
func (e *evaluation) drawSlices() error {
	all, ok := e.main()
	if !ok {
		return nil
	}
	for i, column := range e.o.Slices {
		var bars []plot.Bar
		var data []Slice
		for _, s := range e.report.Slices {
			at := slices.IndexFunc(s.Metrics, func(m Metric) bool { return m.Name == e.report.Main })
			if s.Column != column || at < 0 {
				continue
			}
			m := s.Metrics[at]
			bar := plot.Bar{Name: s.Value, Value: m.Value, Note: "n " + strconv.Itoa(s.Rows), Weak: s.Worse}
			if m.Low != nil {
				bar.Low, bar.High = *m.Low, *m.High
			}
			s.Metrics = []Metric{m}
			bars, data = append(bars, bar), append(data, s)
		}
		if len(bars) == 0 {
			continue
		}
		err := e.plot("slices_"+strconv.Itoa(i+1), "Slices by "+column, struct {
			Column string  `json:"column"`
			Metric string  `json:"metric"`
			All    float64 `json:"all"`
			Slices []Slice `json:"slices"`
		}{column, e.report.Main, all.Value, data}, func(title string) []byte {
			return plot.Slices(title, e.report.Main, all.Value, bars)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// scatter chooses at most maxScatter of n rows by the seed, in their order.
func (e *evaluation) scatter(n int) []int {
	if n <= maxScatter {
		rows := make([]int, n)
		for i := range rows {
			rows[i] = i
		}
		return rows
	}
	rows := rand.New(rand.NewPCG(e.o.Seed, 0x706c6f74)).Perm(n)[:maxScatter]
	slices.Sort(rows)
	return rows
}

// thin chooses at most maxPoints of the points of curves over the same steps, so
// that what is left out lies close to what is kept: points at equal distances
// along the curves, with both ends of a jump. It returns their positions.
func thin(curves ...[]float64) []int {
	n := len(curves[0])
	if n <= maxPoints {
		rows := make([]int, n)
		for i := range rows {
			rows[i] = i
		}
		return rows
	}
	steps := make([]float64, n) // steps[i] leads from point i-1 to i
	total := 0.0
	for _, c := range curves {
		low, high := math.Inf(1), math.Inf(-1)
		for _, v := range c {
			if v-v == 0 {
				low, high = min(low, v), max(high, v)
			}
		}
		for i := 1; i < n && high > low; i++ {
			if d := math.Abs(c[i]-c[i-1]) / (high - low); d-d == 0 {
				steps[i] += d
				total += d
			}
		}
	}
	if total == 0 {
		return []int{0, n - 1}
	}
	stride := total / (maxPoints/2 - 2)
	keep, gone, last := []int{0}, 0.0, 0
	for i := 1; i < n; i++ {
		gone += steps[i]
		if gone < stride && i+1 < n {
			continue
		}
		if steps[i] >= stride && i-1 > last {
			keep = append(keep, i-1)
		}
		keep, gone, last = append(keep, i), 0, i
	}
	return keep
}

func pick(x []float64, at []int) floats {
	out := make(floats, len(at))
	for i, j := range at {
		out[i] = x[j]
	}
	return out
}
