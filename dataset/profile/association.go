package profile

import "math"

// The measures of association.
const (
	Pearson  = "pearson"   // of two numbers: the linear correlation
	Eta      = "eta"       // of a category and a number: the correlation ratio
	CramersV = "cramers_v" // of two categories, corrected for bias
)

// maxClasses bounds the categories that are compared: a column of names tells
// the rows apart, and would so tell everything.
const maxClasses = 1000

// maxCells bounds the table of two categories.
const maxCells = 100_000

// bond measures how a column goes with the target.
type bond struct {
	column, target bool // they are categories
	pearson        pearson
	eta            eta
	table          table
}

func newBond(column, target bool) *bond { return &bond{column: column, target: target} }

// add looks at a batch's values of the column and of the target.
func (b *bond) add(c, t *batch) {
	switch {
	case b.column && b.target:
		b.table.add(c.ids, t.ids)
	case b.column:
		b.eta.add(c.ids, t.values)
	case b.target:
		b.eta.add(t.ids, c.values)
	default:
		b.pearson.add(c.values, t.values)
	}
}

// finish returns the measure, nil where there is none.
func (b *bond) finish() *Association {
	a := Association{Measure: Pearson}
	switch {
	case b.column && b.target:
		a.Measure = CramersV
		a.Value, a.Rows = b.table.corrected()
	case b.column || b.target:
		a.Measure = Eta
		a.Value, a.Rows = b.eta.ratio()
	default:
		a.Value, a.Rows = b.pearson.correlation()
	}
	if math.IsNaN(a.Value) {
		return nil
	}
	return &a
}

// pearson is the linear correlation of two numbers, by co-moments that are
// updated row by row (Welford 1962; for the covariance Bennett et al. 2009).
type pearson struct{ n, mx, my, sxx, syy, sxy float64 }

func (p *pearson) add(xs, ys []float64) {
	for i, x := range xs {
		y := ys[i]
		if x != x || y != y { // NaN
			continue
		}
		p.n++
		part := 1 / p.n
		dx, dy := x-p.mx, y-p.my
		p.mx += dx * part
		p.my += dy * part
		p.sxx += dx * (x - p.mx)
		p.syy += dy * (y - p.my)
		p.sxy += dx * (y - p.my)
	}
}

func (p *pearson) correlation() (r float64, rows int) {
	r = p.sxy / math.Sqrt(p.sxx) / math.Sqrt(p.syy) // NaN if one is constant
	if math.IsInf(r, 0) {
		r = math.NaN()
	}
	return max(-1, min(1, r)), int(p.n)
}

// eta is the correlation ratio of a category and a number: the root of the share
// of the number's squared deviations that lies between the category's means
// (Fisher 1925). It is 0 if all means are equal and 1 if the category tells the
// number.
type eta struct {
	groups []moment
	all    moment
	over   bool // too many categories
}

// moment is a count, a mean and the squared deviations from it.
type moment struct{ n, mean, squares float64 }

func (m *moment) add(v float64) {
	m.n++
	d := v - m.mean
	m.mean += d / m.n
	m.squares += d * (v - m.mean)
}

func (e *eta) add(ids []int32, values []float64) {
	for i, id := range ids {
		v := values[i]
		if e.over || id >= maxClasses {
			e.over, e.groups = true, nil
			return
		}
		if id < 0 || v != v {
			continue
		}
		for int(id) >= len(e.groups) {
			e.groups = append(e.groups, moment{})
		}
		e.groups[id].add(v)
		e.all.add(v)
	}
}

// ratio returns NaN where it says nothing: one category, a constant number, or
// less than two rows a category.
func (e *eta) ratio() (value float64, rows int) {
	groups, between := 0.0, 0.0
	for _, g := range e.groups {
		if g.n > 0 {
			groups++
			between += g.n * (g.mean - e.all.mean) * (g.mean - e.all.mean)
		}
	}
	if e.over || groups < 2 || groups*2 > e.all.n || e.all.squares == 0 {
		return math.NaN(), 0
	}
	return math.Sqrt(min(1, between/e.all.squares)), int(e.all.n)
}

// table counts how often each pair of two categories comes.
type table struct {
	counts [][]int // by the column's category, then the target's
	wide   int     // the target's categories
	over   bool
}

func (t *table) add(column, target []int32) {
	for i, a := range column {
		b := target[i]
		if t.over || a >= maxClasses || b >= maxClasses || len(t.counts)*t.wide > maxCells {
			t.over, t.counts = true, nil
			return
		}
		if a < 0 || b < 0 {
			continue
		}
		for int(a) >= len(t.counts) {
			t.counts = append(t.counts, nil)
		}
		for int(b) >= len(t.counts[a]) {
			t.counts[a] = append(t.counts[a], 0)
		}
		t.counts[a][b]++
		t.wide = max(t.wide, int(b)+1)
	}
}

// corrected returns Cramér's V without the bias that many categories and few
// rows give it (Bergsma 2013, "A bias-correction for Cramér's V and Tschuprow's
// T"), NaN where one of the two has one category only.
func (t *table) corrected() (v float64, rows int) {
	if t.over {
		return math.NaN(), 0
	}
	across, down, n := make([]float64, len(t.counts)), make([]float64, t.wide), 0.0
	for i, line := range t.counts {
		for j, c := range line {
			across[i] += float64(c)
			down[j] += float64(c)
			n += float64(c)
		}
	}
	some := func(sums []float64) (k float64) {
		for _, s := range sums {
			if s > 0 {
				k++
			}
		}
		return k
	}
	r, k := some(across), some(down)
	if r < 2 || k < 2 || (r-1)*2 > n || (k-1)*2 > n {
		return math.NaN(), 0
	}
	// chi² / n = sum of c² / (row sum * column sum), less 1
	phi2 := -1.0
	for i, line := range t.counts {
		for j, c := range line {
			if c > 0 {
				phi2 += float64(c) / across[i] * (float64(c) / down[j])
			}
		}
	}
	phi2 = max(0, phi2-(k-1)*(r-1)/(n-1))
	k -= (k - 1) * (k - 1) / (n - 1)
	r -= (r - 1) * (r - 1) / (n - 1)
	if min(k, r) <= 1 {
		return math.NaN(), 0
	}
	return min(1, math.Sqrt(phi2/min(k-1, r-1))), int(n)
}
