package dataset

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"gristmill"
	"gristmill/ml/frame"
)

// Profile says what each column of a table holds. The same table gives the same
// bytes of JSON.
type Profile struct {
	Rows    int             `json:"rows"`
	Columns []ColumnProfile `json:"columns"`
}

// ColumnProfile says what one column holds. Numbers that the column has not (a
// mean of texts, a deviation of one value) are left out.
type ColumnProfile struct {
	Name        string     `json:"name"`
	Type        frame.Type `json:"type"`
	Missing     int        `json:"missing"`
	NotFinite   int        `json:"not_finite,omitempty"` // NaN and infinities; out of all numbers below
	Distinct    int        `json:"distinct"`             // different values, nulls not counted
	Approximate bool       `json:"approximate,omitempty"`
	// Approximate: beyond DistinctCap different texts, Distinct is an estimate
	// (about 3 % standard error), and Top knows only texts that came before.
	Min       *float64   `json:"min,omitempty"`
	Max       *float64   `json:"max,omitempty"`
	Mean      *float64   `json:"mean,omitempty"`
	Std       *float64   `json:"std,omitempty"`       // of the sample: divided by n-1
	Quantiles []Quantile `json:"quantiles,omitempty"` // at 0, 1, 5, 25, 50, 75, 95, 99 and 100 %
	Top       []Count    `json:"top,omitempty"`       // the most frequent values, at most TopValues
}

// Quantile is the value below which a share P of the column lies, interpolated
// linearly between neighbours (type 7 of Hyndman and Fan 1996; NumPy's default).
type Quantile struct {
	P     float64 `json:"p"` // from 0 to 1
	Value float64 `json:"value"`
}

// Count is a value, as text, and how often it comes.
type Count struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

const (
	// TopValues is how many frequent values a profile lists.
	TopValues = 10
	// DistinctCap is how many different texts are counted exactly.
	DistinctCap = 100_000
)

// NewProfile looks at every value of f.
func NewProfile(f *frame.Frame) Profile {
	p := Profile{Rows: f.Rows(), Columns: make([]ColumnProfile, f.Cols())}
	for j := range f.Cols() {
		c := f.At(j)
		out := &p.Columns[j]
		out.Name, out.Type, out.Missing = c.Field.Name, c.Field.Type, c.Nulls()
		if c.Field.Type == frame.String {
			out.texts(c)
		} else {
			out.numbers(c)
		}
	}
	return p
}

// Encode returns the profile as JSON and the digest of that.
func (p Profile) Encode() ([]byte, gristmill.Digest, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, "", fmt.Errorf("encode profile: %w", err)
	}
	return b, gristmill.DigestOf(b), nil
}

// shares are the quantiles of a profile.
func shares() []float64 { return []float64{0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1} }

// numbers describes a column of numbers or truth values.
func (p *ColumnProfile) numbers(c *frame.Column) {
	values := make([]float64, 0, c.Len())
	for i := range c.Len() {
		if c.IsNull(i) {
			continue
		}
		v := c.Float(i)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			p.NotFinite++
			continue
		}
		values = append(values, v)
	}
	if len(values) == 0 {
		return
	}
	slices.Sort(values)
	runs := runsOf(values)
	p.Distinct = len(runs)
	p.Top = make([]Count, 0, TopValues)
	for _, r := range mostFrequent(runs) {
		p.Top = append(p.Top, Count{Value: label(c.Field.Type, r.value), Count: r.count})
	}
	if c.Field.Type == frame.Bool {
		return
	}
	mean, std := moments(values)
	p.Min, p.Max = finite(values[0]), finite(values[len(values)-1])
	p.Mean, p.Std = finite(mean), finite(std)
	for _, share := range shares() {
		p.Quantiles = append(p.Quantiles, Quantile{P: share, Value: quantile(values, share)})
	}
}

// run is a value of a sorted list and how often it comes.
type run struct {
	value float64
	count int
}

func runsOf(sorted []float64) []run {
	var runs []run
	for i, v := range sorted {
		if i == 0 || v != sorted[i-1] {
			runs = append(runs, run{value: v + 0}) // -0 is 0
		}
		runs[len(runs)-1].count++
	}
	return runs
}

// mostFrequent returns the TopValues most frequent, equal ones by value.
func mostFrequent(runs []run) []run {
	slices.SortFunc(runs, func(a, b run) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.value, b.value))
	})
	return runs[:min(len(runs), TopValues)]
}

// label renders a value as its column would.
func label(t frame.Type, v float64) string {
	c := frame.Column{Field: frame.Field{Type: t}}
	switch t {
	case frame.Bool:
		c.Bools = []bool{v == 1}
	case frame.Int64:
		c.Ints = []int64{int64(v)}
	default:
		c.Floats = []float64{v}
	}
	return c.Text(0)
}

// moments returns the mean and the sample deviation (NaN for one value), each
// from a compensated sum (Neumaier 1974), the second about the mean.
func moments(values []float64) (mean, std float64) {
	n := float64(len(values))
	mean = sum(values, func(v float64) float64 { return v }) / n
	squares := sum(values, func(v float64) float64 { return (v - mean) * (v - mean) })
	return mean, math.Sqrt(squares / (n - 1))
}

// sum adds f of all values, and what rounding lost on the way.
func sum(values []float64, f func(float64) float64) float64 {
	var total, lost float64
	for _, v := range values {
		x := f(v)
		t := total + x
		if math.Abs(total) >= math.Abs(x) {
			lost += (total - t) + x
		} else {
			lost += (x - t) + total
		}
		total = t
	}
	return total + lost
}

// quantile interpolates in sorted values, which are not empty.
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	low := int(at)
	if low >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	t := at - float64(low)
	return sorted[low]*(1-t) + sorted[low+1]*t
}

// finite returns v, or nil if JSON has no form for it.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// texts describes a column of texts.
func (p *ColumnProfile) texts(c *frame.Column) {
	counts := map[string]int{}
	var many *sketch
	for i, s := range c.Texts {
		if c.IsNull(i) {
			continue
		}
		n, known := counts[s]
		if known || len(counts) < DistinctCap {
			counts[s] = n + 1
			continue
		}
		if many == nil {
			many = newSketch()
			for seen := range counts {
				many.add(seen)
			}
		}
		many.add(s)
	}
	p.Distinct = len(counts)
	if many != nil {
		p.Approximate = true
		p.Distinct = max(many.estimate(), len(counts)+1)
	}
	top := make([]Count, 0, len(counts))
	for s, n := range counts {
		top = append(top, Count{Value: s, Count: n})
	}
	slices.SortFunc(top, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	if top = top[:min(len(top), TopValues)]; len(top) > 0 {
		p.Top = slices.Clone(top) // not the whole list
	}
	for i := range p.Top {
		p.Top[i].Value = frame.Shorten(p.Top[i].Value)
	}
}
