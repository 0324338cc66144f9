package check

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"gristmill/ml/frame"
)

// bench is what several checks work on: the input, and its columns in bins,
// which are made once.
type bench struct {
	Input
	names  []string // of the columns
	sample []int    // the training rows that are looked at
	binned map[string]*column
	ranks  []ranked // see rankedTargets
}

// Limits that keep the checks below seconds on any table.
const (
	maxTrain = 50000 // training rows that edges and simple models are made of
	maxBins  = 250   // of a column, beside the one for missing values; of numbers, with 20 rows each
)

func newBench(in Input) *bench {
	return &bench{Input: in, names: in.Train.X.Schema().Names(), sample: stride(in.Train.rows(), maxTrain), binned: map[string]*column{}}
}

// stride returns at most most of n rows, evenly.
func stride(n, most int) []int {
	rows := make([]int, min(n, most))
	for i := range rows {
		rows[i] = int(int64(i) * int64(n) / int64(len(rows)))
	}
	return rows
}

func (b *bench) classifies() bool { return len(b.Classes) > 0 }

// columns are those of the options, or all.
func (b *bench) columns(o Options) []string {
	if len(o.Columns) == 0 {
		return b.names
	}
	var list []string
	for _, name := range b.names {
		if slices.Contains(o.Columns, name) {
			list = append(list, name)
		}
	}
	return list
}

// text reports whether a column holds categories instead of numbers.
func text(c *frame.Column) bool {
	return c.Field.Type == frame.String || c.Field.Type == frame.Bool
}

// column is one column in bins: 0 holds the missing values; of numbers, bin i
// holds those above edges[i-2] up to edges[i-1]; of categories, bin i holds
// levels[i-1], and the last what is none of the levels.
type column struct {
	name   string
	text   bool
	edges  []float64
	levels []string
	bins   int
	train  []uint8 // of the sampled training rows
	test   []uint8
}

// column bins a column, by the sampled training rows.
func (b *bench) column(ctx context.Context, name string) (*column, error) {
	if c := b.binned[name]; c != nil {
		return c, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	train, test := b.Train.X.Column(name), b.Test.X.Column(name)
	c := &column{name: name, text: text(train)}
	if c.text {
		counts := map[string]int{}
		for _, i := range b.sample {
			if !train.IsNull(i) {
				counts[train.Text(i)]++
			}
		}
		c.levels = frequent(counts, maxBins)
		c.bins = len(c.levels) + 2
	} else {
		values := make([]float64, 0, len(b.sample))
		for _, i := range b.sample {
			if v := train.Float(i); !math.IsNaN(v) {
				values = append(values, v)
			}
		}
		c.edges = quantiles(values, min(max(len(values)/20, 8), maxBins))
		c.bins = len(c.edges) + 2
	}
	index := make(map[string]uint8, len(c.levels))
	for i, l := range c.levels {
		index[l] = uint8(i + 1)
	}
	code := func(col *frame.Column, i int) uint8 {
		if col.IsNull(i) {
			return 0
		}
		if c.text {
			if at := index[col.Text(i)]; at > 0 {
				return at
			}
			return uint8(c.bins - 1)
		}
		v := col.Float(i)
		if math.IsNaN(v) {
			return 0
		}
		at, _ := slices.BinarySearch(c.edges, v)
		return uint8(at + 1)
	}
	c.train = make([]uint8, len(b.sample))
	for k, i := range b.sample {
		c.train[k] = code(train, i)
	}
	c.test = make([]uint8, test.Len())
	for i := range c.test {
		c.test[i] = code(test, i)
	}
	b.binned[name] = c
	return c, nil
}

// frequent lists the most frequent levels, the first by name of equals.
func frequent(counts map[string]int, most int) []string {
	levels := make([]string, 0, len(counts))
	for l := range counts {
		levels = append(levels, l)
	}
	slices.SortFunc(levels, func(a, b string) int {
		if d := counts[b] - counts[a]; d != 0 {
			return d
		}
		if a < b {
			return -1
		}
		return 1
	})
	return levels[:min(len(levels), most)]
}

// quantiles returns at most bins-1 ascending edges that cut the values into
// parts of about one size; values of one size stay together. It sorts them.
func quantiles(values []float64, bins int) []float64 {
	slices.Sort(values)
	var edges []float64
	for q := 1; q < bins; q++ {
		at := q * len(values) / bins
		if at == 0 || at >= len(values) {
			continue
		}
		edge := values[at-1]
		if edge < values[len(values)-1] && (len(edges) == 0 || edge > edges[len(edges)-1]) {
			edges = append(edges, edge)
		}
	}
	return edges
}

// number writes a number of a sentence: four significant digits.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// rowsOf writes a count with its noun.
func rowsOf(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s + " " + noun
}

func quoted(name string) string { return fmt.Sprintf("%q", frame.Shorten(name)) }

// mean and variance (n - 1) of numbers.
func moments(v []float64) (mean, variance float64) {
	for _, x := range v {
		mean += x
	}
	mean /= float64(max(len(v), 1))
	for _, x := range v {
		variance += (x - mean) * (x - mean)
	}
	return mean, variance / float64(max(len(v)-1, 1))
}
