package check

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"gristmill/ml/frame"
)

// leakage looks for rows of test and validation that training has too. A model
// that remembers its rows looks better on them than it is.
//
// Two rows are twins if all their features are equal, missing ones too, whatever
// their targets are. The value is the share of test and validation rows with a
// twin in training. Identifiers (texts that are all distinct in training, whole
// numbers that count its rows) tell every row from every other and are left
// aside, unless what remains tells almost none apart.
//
// Threshold: how many twins chance gives is seen in training itself. If no two
// training rows are twins, a single one is told: 0 (a copy, as a rule; of rows
// alike by nature, such as two of the iris set, one may have fallen here). If c of n training rows
// have a twin in training, a random split gives about c/n of the m other rows
// one; e + 3 sqrt(e) + 1 rows with e = (c + 3 sqrt(c)) m/n are let pass, but
// never more than 5 %: also rows that are alike by nature, so many of them make
// the test easier than life. Left out: rows that are nearly alike.
func leakage(ctx context.Context, b *bench, o Options, r *Result) error {
	names, aside := b.columns(o), []string(nil)
	if len(o.Columns) == 0 {
		if names, aside = b.withoutIdentifiers(); len(names) == 0 {
			names, aside = b.names, nil
		}
	}
	n, m := b.Train.rows(), b.Test.rows()+b.Validation.rows()
	if len(names) == 0 || n == 0 || m == 0 {
		r.Skipped = "there are no columns or no rows to compare"
		return nil
	}
	index, natural, err := indexRows(ctx, columnsOf(b.Train.X, names))
	if err != nil {
		return err
	}
	if len(aside) > 0 && 2*natural > n {
		names, aside = b.names, nil
		if index, natural, err = indexRows(ctx, columnsOf(b.Train.X, names)); err != nil {
			return err
		}
	}
	twins, same := 0, 0
	for _, part := range []struct {
		name string
		Part
	}{{"test", b.Test}, {"validation", b.Validation}} {
		if part.X == nil {
			continue
		}
		cols := columnsOf(part.X, names)
		for i := range part.X.Rows() {
			at := index.find(cols, i)
			if at < 0 {
				continue
			}
			twins++
			// Of several twins the one with the same target is the one that was copied.
			best := at
			for k, steps := at, 0; k >= 0 && steps < 100; k, steps = int(index.next[k]), steps+1 {
				if b.Train.Y[k] == part.Y[i] && index.equal(k, cols, i) {
					best = k
					break
				}
			}
			equal := b.Train.Y[best] == part.Y[i]
			if equal {
				same++
			}
			if len(r.Rows) < MaxFindings {
				r.Rows = append(r.Rows, Twin{part.name, i, best, equal})
			}
		}
	}
	r.Value = float64(twins) / float64(m)
	r.Total = twins
	if o.AtMost == nil {
		r.Threshold = 0
		if natural > 0 {
			c := float64(natural)
			e := (c + 3*math.Sqrt(c)) * float64(m) / float64(n)
			r.Threshold = min(0.05, (e+3*math.Sqrt(e)+1)/float64(m))
		}
	}
	where := "test"
	if b.Validation.X != nil {
		where = "test and validation"
	}
	r.Detail = fmt.Sprintf("%d of %s of %s have the features of a training row", twins, rowsOf(m, "row"), where)
	if twins > 0 {
		r.Detail += fmt.Sprintf(", %d of them with another target", twins-same)
	}
	r.Detail += fmt.Sprintf("; %s another training row's.", have(natural, "training row"))
	if len(aside) > 0 {
		r.Detail += " Identifiers are left aside: " + strings.Join(aside, ", ") + "."
	}
	return nil
}

func have(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " has"
	}
	if n == 0 {
		return "no " + noun + " has"
	}
	return rowsOf(n, noun) + " have"
}

// withoutIdentifiers cuts the columns that merely name the rows.
func (b *bench) withoutIdentifiers() (names, aside []string) {
	rows := b.Train.rows() + b.Validation.rows() + b.Test.rows()
	for _, name := range b.names {
		if identifies(b.Train.X.Column(name), rows) {
			aside = append(aside, name)
		} else {
			names = append(names, name)
		}
	}
	return names, aside
}

// identifies reports whether all values are distinct and are texts, or whole
// numbers that are as dense as those that count rows are.
func identifies(c *frame.Column, rows int) bool {
	n := c.Len()
	if n < 20 || c.Nulls() > 0 {
		return false
	}
	switch c.Field.Type {
	case frame.String:
		seen := make(map[string]bool, n)
		for _, t := range c.Texts {
			if seen[t] {
				return false
			}
			seen[t] = true
		}
		return true
	case frame.Int64:
		low, high := slices.Min(c.Ints), slices.Max(c.Ints)
		if uint64(high)-uint64(low) > uint64(2*rows) {
			return false
		}
		seen := make(map[int64]bool, n)
		for _, v := range c.Ints {
			if seen[v] {
				return false
			}
			seen[v] = true
		}
		return true
	}
	return false
}

func columnsOf(f *frame.Frame, names []string) []*frame.Column {
	cols := make([]*frame.Column, len(names))
	for j, name := range names {
		cols[j] = f.Column(name)
	}
	return cols
}

// rowIndex finds rows by their values: first rows by hash, with a chain of the
// rows of one hash.
type rowIndex struct {
	cols  []*frame.Column
	first map[uint64]int32
	next  []int32
}

// indexRows indexes rows and counts those that have a twin among them.
func indexRows(ctx context.Context, cols []*frame.Column) (*rowIndex, int, error) {
	n := cols[0].Len()
	x := &rowIndex{cols: cols, first: make(map[uint64]int32, n), next: make([]int32, n)}
	twin := make([]bool, n)
	count := 0
	mark := func(i int) {
		if !twin[i] {
			twin[i] = true
			count++
		}
	}
	for i := range n {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		h := hashRow(cols, i)
		x.next[i] = -1
		at, ok := x.first[h]
		if ok {
			// The newest twin stands for all before it; the walk ends there.
			for k := at; k >= 0; k = x.next[k] {
				if x.equal(int(k), cols, i) {
					mark(int(k))
					mark(i)
					break
				}
			}
			x.next[i] = at
		}
		x.first[h] = int32(i)
	}
	return x, count, nil
}

// find returns a row with the values of row i of cols, or -1.
func (x *rowIndex) find(cols []*frame.Column, i int) int {
	at, ok := x.first[hashRow(cols, i)]
	if !ok {
		return -1
	}
	for k := at; k >= 0; k = x.next[k] {
		if x.equal(int(k), cols, i) {
			return int(k)
		}
	}
	return -1
}

func (x *rowIndex) equal(k int, cols []*frame.Column, i int) bool {
	for j, c := range x.cols {
		d := cols[j]
		if c.IsNull(k) || d.IsNull(i) {
			if c.IsNull(k) != d.IsNull(i) {
				return false
			}
			continue
		}
		if text(c) {
			if c.Text(k) != d.Text(i) {
				return false
			}
		} else if a, b := c.Float(k), d.Float(i); a != b && !(a != a && b != b) {
			return false
		}
	}
	return true
}

// hashRow mixes the values of a row (FNV-1a over texts, a multiply and xor of
// Murmur's kind between columns).
func hashRow(cols []*frame.Column, i int) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range cols {
		v := uint64(0x9e3779b97f4a7c15)
		switch {
		case c.IsNull(i):
		case text(c):
			v = 14695981039346656037
			s := c.Text(i)
			for k := range len(s) {
				v = (v ^ uint64(s[k])) * 1099511628211
			}
		default:
			f := c.Float(i)
			if f == 0 {
				f = 0 // -0 is 0
			}
			v = math.Float64bits(f)
			if f != f {
				v = 1
			}
		}
		h = (h ^ v) * 0xff51afd7ed558ccd
		h ^= h >> 32
	}
	return h
}
