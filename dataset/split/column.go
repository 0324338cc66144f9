package split

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gristmill"
	"gristmill/ml/frame"
)

// group is the rows that belong together: all with one value of a column.
type group struct {
	name string
	rows []int
}

// groupsOf returns the groups that the column makes of the rows, by name. path
// is the key of the spec that names the column, role what the column is for.
func groupsOf(f *frame.Frame, rows []int, path, column, role string) ([]*group, error) {
	c, err := columnOf(f, path, column, role)
	if err != nil {
		return nil, err
	}
	byName := map[string]*group{}
	var groups []*group
	for _, i := range rows {
		if c.IsNull(i) {
			return nil, missing(path, column, "a value", nulls(c, rows))
		}
		name := c.Text(i)
		g := byName[name]
		if g == nil {
			g = &group{name: name}
			byName[name] = g
			groups = append(groups, g)
		}
		g.rows = append(g.rows, i)
	}
	slices.SortFunc(groups, func(a, b *group) int { return cmp.Compare(a.name, b.name) })
	return groups, nil
}

// momentsOf returns the rows that happened at the same time, oldest first.
func momentsOf(f *frame.Frame, rows []int, path, column string) ([]*group, error) {
	c, err := columnOf(f, path, column, "that says when a row happened")
	if err != nil {
		return nil, err
	}
	if !c.Field.Type.Numeric() && c.Field.Type != frame.Timestamp {
		return nil, gristmill.Errorf(gristmill.Invalid, "%s: column %q is of type %s; expected a timestamp or a number; data.dates gives a column of times its format", path, column, c.Field.Type)
	}
	if lost := nulls(c, rows); len(lost) > 0 {
		return nil, missing(path, column, "a time", lost)
	}
	before := func(a, b int) int { return cmp.Compare(c.Ints[a], c.Ints[b]) }
	if c.Field.Type == frame.Float64 {
		before = func(a, b int) int { return cmp.Compare(c.Floats[a], c.Floats[b]) }
	}
	order := slices.Clone(rows)
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(before(a, b), cmp.Compare(a, b)) })
	var moments []*group
	for i, r := range order {
		if i == 0 || before(order[i-1], r) != 0 {
			moments = append(moments, &group{})
		}
		last := moments[len(moments)-1]
		last.rows = append(last.rows, r)
	}
	return moments, nil
}

func columnOf(f *frame.Frame, path, column, role string) (*frame.Column, error) {
	if column == "" {
		return nil, gristmill.Errorf(gristmill.Invalid, "%s: missing; expected the column %s", path, role)
	}
	c := f.Column(column)
	if c == nil {
		return nil, gristmill.Errorf(gristmill.Invalid, "%s: there is no column %q; expected the column %s", path, column, role)
	}
	return c, nil
}

// nulls returns the rows that have no value; NaN and infinities are none.
func nulls(c *frame.Column, rows []int) (list []int) {
	for _, i := range rows {
		if c.IsNull(i) || c.Field.Type == frame.Float64 && (math.IsNaN(c.Floats[i]) || math.IsInf(c.Floats[i], 0)) {
			list = append(list, i)
		}
	}
	return list
}

func missing(path, column, what string, rows []int) error {
	more := ""
	if len(rows) > 1 {
		more = fmt.Sprintf(" and %d more", len(rows)-1)
	}
	return gristmill.Errorf(gristmill.Invalid, "%s: column %q has no value in row %d%s; expected %s in every row", path, column, rows[0]+1, more, what)
}

// indices returns 0 to n-1.
func indices(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// shuffleGroups draws an order of groups that depends on their names and the
// seed only, not on the order of the rows.
func (d dice) shuffleGroups(groups []*group) []*group {
	order := indices(len(groups))
	d.shuffle(order)
	out := make([]*group, len(groups))
	for i, j := range order {
		out[i] = groups[j]
	}
	return out
}

// concat returns the rows of all groups, ascending.
func concat(groups []*group) []int {
	n := 0
	for _, g := range groups {
		n += len(g.rows)
	}
	out := make([]int, 0, n)
	for _, g := range groups {
		out = append(out, g.rows...)
	}
	slices.Sort(out)
	return out
}
