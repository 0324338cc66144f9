package check

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"gristmill/ml/stat"
)

// Limits of the search for segments.
const (
	segmentRows   = 50000 // test rows that are looked at
	pairColumns   = 40    // columns of which pairs are made: those that tell most about the loss
	groups        = 8     // of a column, missing values included
	segmentChance = 0.01  // how often chance alone may find a weak segment
)

// weakSegments looks for rows, told by the values of one or two columns, on
// which the model is much worse than on all.
//
// Columns are cut into groups: quarters of numbers (single values, if there are
// at most six), the six most frequent levels of categories and the rest,
// missing values. Each group and each pair of groups of two columns is a
// segment, if it has at least 30 and 2 % of the test rows, and at most half of
// them. Its mean loss (absolute error; Brier score of probabilities; error rate
// of bare classes) is divided by the loss of all rows, or, of probabilities, by
// the loss that they themselves expect there, whichever is more: where classes
// overlap and the model says so, it is not weak. The difference must be beyond
// chance: the z-tests of the segment against the rest, and of the loss against
// the expected one, give p times the number of segments below 0.01
// (Bonferroni). A pair is told only if it is a quarter worse than its columns'
// own segments.
//
// Threshold 2, twice the loss: errors of honest models differ between segments,
// as with prices, where dear things have larger errors. Left out: segments of
// three columns, and those cut elsewhere than at quarters.
func weakSegments(ctx context.Context, b *bench, o Options, r *Result) error {
	if r.Skipped = b.predicted(); r.Skipped != "" {
		return nil
	}
	const least = 100
	if n := b.Test.rows(); n < least {
		r.Skipped = fmt.Sprintf("%d test rows, at least %d are needed", n, least)
		return nil
	}
	s := &segments{bench: b, rows: stride(b.Test.rows(), segmentRows)}
	s.loss, s.expected = b.losses(b.Test.Y, b.Test.Pred, b.Test.Proba, false)
	for _, i := range s.rows {
		s.all.add(s.loss[i], s.expect(i))
	}
	if s.all.sum == 0 {
		r.Value, r.Detail = 0, "The model makes no error on test rows."
		return nil
	}
	if err := s.search(ctx, b.columns(o)); err != nil {
		return err
	}
	name := b.lossName(b.Test.Proba)
	var top, sure *segment
	slices.SortStableFunc(s.found, func(a, c *segment) int { return cmp.Compare(c.ratio, a.ratio) })
	for _, g := range s.found {
		if top == nil {
			top = g
		}
		if g.p*float64(s.tests) >= segmentChance {
			continue
		}
		if sure == nil {
			sure = g
		}
		if g.ratio > r.Threshold && !s.within(g, r.Threshold) {
			r.Findings = append(r.Findings, Finding{Subject: g.name, Columns: g.columns, Rows: int(g.n), Value: g.ratio, Detail: g.sentence(name, s.all)})
		}
	}
	switch {
	case sure != nil && (sure.ratio > r.Threshold || top.ratio <= r.Threshold):
		r.Value = sure.ratio
		r.Detail = "The weakest segment: " + sure.sentence(name, s.all) + "."
	case top != nil:
		r.Value, r.Chance = top.ratio, true
		r.Detail = "The weakest segment: " + top.sentence(name, s.all) + "."
		if top.ratio > r.Threshold {
			r.Detail = "No weak segment beyond chance; the weakest: " + top.sentence(name, s.all) + "."
		}
	default:
		r.Value, r.Detail = 0, "No segment is large enough and worse than the rest."
	}
	return nil
}

// sums are what is known of the losses of some rows.
type sums struct{ n, sum, squares, expected, off, offSquares float64 }

func (s *sums) add(loss, expected float64) {
	off := loss - expected
	s.n++
	s.sum += loss
	s.squares += loss * loss
	s.expected += expected
	s.off += off
	s.offSquares += off * off
}

// meanVar returns mean and variance of n numbers of a sum and a sum of squares.
func meanVar(n, sum, squares float64) (mean, variance float64) {
	mean = sum / n
	return mean, max(squares/n-mean*mean, 0)
}

type segment struct {
	sums
	name    string
	columns []string
	groups  []int
	ratio   float64
	p       float64
}

func (g *segment) sentence(loss string, all sums) string {
	return fmt.Sprintf("where %s, the %s of %s is %s, against %s of all", g.name, loss, rowsOf(int(g.n), "row"), number(g.sum/g.n), number(all.sum/all.n))
}

type segments struct {
	*bench
	rows           []int
	loss, expected []float64
	all            sums
	tests          int
	found          []*segment
}

func (s *segments) expect(i int) float64 {
	if s.expected == nil {
		return 0
	}
	return s.expected[i]
}

// search fills in found with the segments that are worse than all rows.
func (s *segments) search(ctx context.Context, names []string) error {
	var list []*grouped
	for _, name := range names {
		c, err := s.column(ctx, name)
		if err != nil {
			return err
		}
		g := group(c, s.rows)
		if len(g.names) < 2 {
			continue
		}
		cells := make([]sums, len(g.names))
		for k, i := range s.rows {
			cells[g.code[k]].add(s.loss[i], s.expect(i))
		}
		for v, cell := range cells {
			if cell.n > 0 {
				m := cell.sum/cell.n - s.all.sum/s.all.n
				g.tells += cell.n * m * m
			}
			s.weigh(cell, []string{name}, []int{v}, g.names[v])
		}
		list = append(list, g)
	}
	slices.SortStableFunc(list, func(a, b *grouped) int { return cmp.Compare(b.tells, a.tells) })
	list = list[:min(len(list), pairColumns)]
	for i, a := range list {
		for _, b := range list[:i] {
			if err := ctx.Err(); err != nil {
				return err
			}
			var cells [groups * groups]sums
			for k, row := range s.rows {
				cells[int(a.code[k])*groups+int(b.code[k])].add(s.loss[row], s.expect(row))
			}
			for v := range a.names {
				for w := range b.names {
					s.weigh(cells[v*groups+w], []string{b.column, a.column}, []int{w, v}, b.names[w]+" and "+a.names[v])
				}
			}
		}
	}
	return nil
}

// weigh keeps a segment that is large enough and worse than all rows.
func (s *segments) weigh(cell sums, columns []string, at []int, name string) {
	if cell.n < max(30, 0.02*s.all.n) || cell.n > s.all.n/2 {
		return
	}
	s.tests++
	mean, variance := meanVar(cell.n, cell.sum, cell.squares)
	whole := s.all.sum / s.all.n
	against := max(whole, cell.expected/cell.n)
	if mean <= against {
		return
	}
	rest := s.all.n - cell.n
	other, otherVar := meanVar(rest, s.all.sum-cell.sum, s.all.squares-cell.squares)
	p := tail(mean-other, variance/cell.n+otherVar/rest)
	if s.expected != nil {
		off, offVar := meanVar(cell.n, cell.off, cell.offSquares)
		p = max(p, tail(off, offVar/cell.n))
	}
	s.found = append(s.found, &segment{cell, name, columns, at, mean / against, p})
}

// tail is how often chance gives a difference as large, given its variance.
func tail(difference, variance float64) float64 {
	if !(difference > 0) {
		return 1
	}
	if !(variance > 0) {
		return 0
	}
	return stat.NormalTail(difference / math.Sqrt(variance))
}

// within reports whether a pair says little more than the segment of one of
// its columns that is weak itself.
func (s *segments) within(g *segment, threshold float64) bool {
	if len(g.columns) < 2 {
		return false
	}
	for _, o := range s.found {
		if len(o.columns) != 1 || o.ratio <= threshold || o.p*float64(s.tests) >= segmentChance {
			continue
		}
		for j, c := range g.columns {
			if c == o.columns[0] && g.groups[j] == o.groups[0] && g.ratio < 1.25*o.ratio {
				return true
			}
		}
	}
	return false
}

// grouped is a column cut into at most groups groups.
type grouped struct {
	column string
	names  []string
	code   []uint8 // of each row that is looked at
	tells  float64 // variance of the loss between the groups
}

// group cuts a column's bins into groups, the missing values last.
func group(c *column, rows []int) *grouped {
	counts := make([]int, c.bins)
	for _, i := range rows {
		counts[c.test[i]]++
	}
	table := make([]uint8, c.bins)
	g := &grouped{column: c.name}
	name := frameName(c.name)
	switch {
	case c.text:
		most := min(len(c.levels), groups-2)
		for v := range c.bins - 1 {
			table[v+1] = uint8(min(v, most))
		}
		for _, l := range c.levels[:most] {
			g.names = append(g.names, fmt.Sprintf("%s is %s", name, quoted(l)))
		}
		g.names = append(g.names, name+" is another value")
	case len(c.edges) < groups-2:
		// The bins are the values but the last, which has no edge of its own.
		for v := range c.bins - 1 {
			table[v+1] = uint8(v)
			g.names = append(g.names, between(name, c.edges, v-1, v))
		}
	default:
		cuts := []int{-1}
		for q := 1; q < 4; q++ {
			if at := q*(len(c.edges)+1)/4 - 1; at > cuts[len(cuts)-1] {
				cuts = append(cuts, at)
			}
		}
		for k, from := range cuts {
			to := len(c.edges)
			if k+1 < len(cuts) {
				to = cuts[k+1]
			}
			for v := from + 1; v <= to; v++ {
				table[v+1] = uint8(k)
			}
			g.names = append(g.names, between(name, c.edges, from, to))
		}
	}
	table[0] = uint8(len(g.names))
	g.names = append(g.names, name+" is missing")
	g.code = make([]uint8, len(rows))
	for k, i := range rows {
		g.code[k] = table[c.test[i]]
	}
	return g
}

// between says in words that a number is above edge from and up to edge to; -1
// and len(edges) are none.
func between(name string, edges []float64, from, to int) string {
	switch {
	case len(edges) == 0:
		return name + " is there"
	case from < 0:
		return fmt.Sprintf("%s is at most %s", name, number(edges[to]))
	case to >= len(edges):
		return fmt.Sprintf("%s is above %s", name, number(edges[from]))
	}
	return fmt.Sprintf("%s is above %s and at most %s", name, number(edges[from]), number(edges[to]))
}

// frameName writes a column's name in a sentence; quoted if it is no word.
func frameName(name string) string {
	if name == "" || strings.ContainsAny(name, " \t\n\",;") || len(name) > 60 {
		return quoted(name)
	}
	return name
}
