package evaluate

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"gristmill/ml/frame"
	"gristmill/ml/metric"
)

const (
	maxValues = 20 // of a column by size; the rest is "(other)"
	smallRows = 30 // fewer make a slice small
	fewValues = 8  // so many different numbers are values, more are ranges
)

// group is the rows of a slice before they are measured.
type group struct {
	value string
	rows  []int
	order float64 // of numbers and times; of others all 0
}

// measureSlices measures the part looked at by the values of each column asked
// for.
func (e *evaluation) measureSlices(ctx context.Context) error {
	for _, name := range e.o.Slices {
		e.say("measuring slices by " + name)
		for _, g := range groups(e.at.all().Column(name)) {
			s, err := e.slice(ctx, name, g)
			if err != nil {
				return fmt.Errorf("measure slice %s = %s: %w", name, g.value, err)
			}
			e.report.Slices = append(e.report.Slices, s)
		}
	}
	e.findWorse()
	return nil
}

// findWorse marks the slices that are worse than all rows beyond chance: the
// interval of the main metric, widened for as many slices as there are
// (Bonferroni, by the normal distribution), lies wholly on the bad side.
func (e *evaluation) findWorse() {
	all, ok := e.main()
	if !ok {
		return
	}
	tried := 0.0
	for _, s := range e.report.Slices {
		if !s.Small {
			tried++
		}
	}
	wider := metric.NormalQuantile(0.025/max(tried, 1)) / metric.NormalQuantile(0.025)
	for i := range e.report.Slices {
		s := &e.report.Slices[i]
		at := slices.IndexFunc(s.Metrics, func(m Metric) bool { return m.Name == e.report.Main && m.Low != nil })
		if at < 0 || s.Small {
			continue
		}
		m := s.Metrics[at]
		if e.k > 0 {
			s.Worse = m.Value+wider*(*m.High-m.Value) < all.Value
		} else {
			s.Worse = m.Value-wider*(m.Value-*m.Low) > all.Value
		}
	}
}

func (e *evaluation) slice(ctx context.Context, column string, g group) (Slice, error) {
	n := len(g.rows)
	s := Slice{Column: column, Value: g.value, Rows: n, Share: float64(n) / float64(len(e.at.Y)), Small: n < smallRows}
	y, a := make([]float64, n), answer{values: make([]float64, n), proba: make([]float64, n*e.k)}
	for i, r := range g.rows {
		y[i], a.values[i] = e.at.Y[r], e.at.model.values[r]
		copy(a.proba[i*e.k:(i+1)*e.k], e.at.model.proba[r*e.k:(r+1)*e.k])
	}
	b := e.sliceBootstrap(n)
	found, err := e.measure(ctx, y, a, b)
	if err != nil {
		return s, err
	}
	if e.report.Cost != nil {
		cost, err := b.Means(ctx, e.price(y, a.values))
		if err != nil {
			return s, err
		}
		cost[0].Name = "cost"
		found.Results = append(found.Results, cost...)
	}
	for _, r := range found.Results {
		if r.Value-r.Value == 0 {
			s.Metrics = append(s.Metrics, measured(r.Name, r, b.Samples >= 0))
		}
	}
	return s, nil
}

// sliceBootstrap draws fewer samples of slices with more than 20,000 rows, whose
// intervals are narrow, so that slices of a million rows take seconds.
func (e *evaluation) sliceBootstrap(rows int) metric.Bootstrap {
	b := e.bootstrap()
	if b.Samples == 0 {
		b.Samples = 1000
	}
	if b.Samples > 0 {
		b.Samples = min(b.Samples, max(200, 20_000_000/rows))
	}
	return b
}

// groups cuts a column: texts and truths by value, the largest first; numbers
// by quartiles, or by value if there are few; times by year, or by quarter if
// there are few. Rows without a value come last.
func groups(c *frame.Column) []group {
	var out []group
	switch c.Field.Type {
	case frame.Int64, frame.Float64:
		out = numbers(c)
	case frame.Timestamp:
		out = times(c)
	default:
		out = byValue(c, func(i int) (string, float64) { return c.Text(i), 0 })
	}
	if len(out) > maxValues { // keep the largest, in their order
		sizes := slices.Clone(out)
		slices.SortStableFunc(sizes, func(a, b group) int { return len(b.rows) - len(a.rows) })
		keep := map[string]bool{}
		for _, g := range sizes[:maxValues] {
			keep[g.value] = true
		}
		var some []group
		other := group{value: "(other)"}
		for _, g := range out {
			if keep[g.value] {
				some = append(some, g)
			} else {
				other.rows = append(other.rows, g.rows...)
			}
		}
		slices.Sort(other.rows)
		out = append(some, other)
	}
	missing := group{value: "(missing)"}
	for i := range c.Len() {
		if isMissing(c, i) {
			missing.rows = append(missing.rows, i)
		}
	}
	if len(missing.rows) > 0 {
		out = append(out, missing)
	}
	return out
}

func isMissing(c *frame.Column, i int) bool {
	return c.IsNull(i) || c.Field.Type == frame.Float64 && math.IsNaN(c.Floats[i])
}

// byValue groups the rows that have a value by a name; the groups are ordered
// by their number, then the largest first, then by name.
func byValue(c *frame.Column, name func(row int) (string, float64)) []group {
	at := map[string]int{}
	var out []group
	for i := range c.Len() {
		if isMissing(c, i) {
			continue
		}
		value, order := name(i)
		j, ok := at[value]
		if !ok {
			j = len(out)
			at[value] = j
			out = append(out, group{value: value, order: order})
		}
		out[j].rows = append(out[j].rows, i)
	}
	slices.SortFunc(out, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.order, b.order), len(b.rows)-len(a.rows), cmp.Compare(a.value, b.value))
	})
	return out
}

func numbers(c *frame.Column) []group {
	var sorted []float64
	for i := range c.Len() {
		if !isMissing(c, i) {
			sorted = append(sorted, c.Float(i))
		}
	}
	if len(sorted) == 0 {
		return nil
	}
	slices.Sort(sorted)
	if len(slices.Compact(slices.Clone(sorted))) <= fewValues {
		return byValue(c, func(i int) (string, float64) { return c.Text(i), c.Float(i) })
	}
	var edges []float64
	for q := 1; q <= 3; q++ {
		edge := sorted[(len(sorted)*q+3)/4-1]
		above, _ := slices.BinarySearchFunc(sorted, edge, func(v, edge float64) int {
			if v <= edge {
				return -1
			}
			return 1
		})
		if above < len(sorted) { // else nothing lies above the edge
			edges = append(edges, short(edge, sorted[above]))
		}
	}
	edges = slices.Compact(edges)
	return byValue(c, func(i int) (string, float64) {
		j, _ := slices.BinarySearch(edges, c.Float(i))
		return rangeName(edges, j), float64(j)
	})
}

// short returns the number of fewest digits that is at least low and below
// high: it cuts the column where low does, and has a shorter name.
func short(low, high float64) float64 {
	unit := math.Pow10(int(math.Floor(math.Log10(math.Abs(low))))) // of the first digit; of 0 the first try is 0
	for digits := 1; digits < 17; digits++ {
		for _, near := range []float64{low, low + unit/2} {
			v, err := strconv.ParseFloat(strconv.FormatFloat(near, 'e', digits-1, 64), 64)
			if err == nil && v >= low && v < high {
				return v
			}
		}
		unit /= 10
	}
	return low
}

func rangeName(edges []float64, j int) string {
	text := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	switch {
	case len(edges) == 0:
		return "all"
	case j == 0:
		return "up to " + text(edges[0])
	case j == len(edges):
		return "above " + text(edges[j-1])
	}
	return "above " + text(edges[j-1]) + " to " + text(edges[j])
}

func times(c *frame.Column) []group {
	quarter := byValue(c, func(i int) (string, float64) {
		t := time.UnixMicro(c.Ints[i]).UTC()
		q := (int(t.Month()) + 2) / 3
		return fmt.Sprintf("%d Q%d", t.Year(), q), float64(t.Year()*4 + q)
	})
	if len(quarter) <= fewValues {
		return quarter
	}
	return byValue(c, func(i int) (string, float64) {
		y := time.UnixMicro(c.Ints[i]).UTC().Year()
		return strconv.Itoa(y), float64(y)
	})
}
