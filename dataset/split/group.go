package split

import (
	"cmp"
	"slices"

	"gristmill"
	"gristmill/dataset"
	"gristmill/ml/frame"
)

// grouped gives whole groups to the parts, drawn in an order that depends on the
// groups' names and the seed.
func grouped(f *frame.Frame, s dataset.SplitSpec) (Parts, error) {
	groups, err := groupsOf(f, indices(f.Rows()), "data.split.by", s.By, "whose values are the groups")
	if err != nil {
		return Parts{}, err
	}
	reserve := 1 // for training
	if s.Validation > 0 {
		reserve = 2
	}
	if len(groups) <= reserve {
		return Parts{}, gristmill.Errorf(gristmill.Invalid, "data.split: column %q makes %d groups, which are too few for test %v and validation %v; expected %d at least, one for each part", s.By, len(groups), s.Test, s.Validation, reserve+1)
	}
	rest := newDice(s.Seed).shuffleGroups(groups)
	var p Parts
	var picked []*group
	picked, rest = pick(rest, share(f.Rows(), s.Test), len(groups)-reserve)
	p.Test = concat(picked)
	if s.Validation > 0 {
		picked, rest = pick(rest, share(f.Rows(), s.Validation), len(rest)-1)
		p.Validation = concat(picked)
	}
	p.Train = concat(rest)
	return p, nil
}

// pick takes some groups, one at least and most at most, whose rows are as near
// to want as the drawn order gives: those that still fit in order, then single
// groups are added, put back or exchanged for as long as that comes nearer.
func pick(groups []*group, want, most int) (picked, rest []*group) {
	in := make([]bool, len(groups))
	left, count := want, 0
	for i, g := range groups {
		if count < most && len(g.rows) <= left {
			in[i] = true
			left -= len(g.rows)
			count++
		}
	}
	for left != 0 || count == 0 {
		add, drop := move(groups, in, left, count, most)
		if add < 0 && drop < 0 {
			break
		}
		if add >= 0 {
			in[add] = true
			left -= len(groups[add].rows)
			count++
		}
		if drop >= 0 {
			in[drop] = false
			left += len(groups[drop].rows)
			count--
		}
	}
	for i, g := range groups {
		if in[i] {
			picked = append(picked, g)
		} else {
			rest = append(rest, g)
		}
	}
	return picked, rest
}

// sized is the first group, in drawn order, of a size; -1 stands for none.
type sized struct{ rows, index int }

// move returns the change of one group in, one out, or both, that brings what is
// left to fill nearest to 0; -1 and -1 if none brings it nearer. Groups of one
// size are alike, so it looks at sizes: n rows have at most sqrt(2n) of them.
func move(groups []*group, in []bool, left, count, most int) (add, drop int) {
	out, inside := sizes(groups, in, false), sizes(groups, in, true)
	best := distance(left)
	if count == 0 {
		best = distance(left) + groupsRows(groups) // any group is better than none
	}
	add, drop = -1, -1
	try := func(a, d sized) {
		next := count
		if a.index >= 0 {
			next++
		}
		if d.index >= 0 {
			next--
		}
		if next < 1 || next > most {
			return
		}
		if n := distance(left - a.rows + d.rows); n < best {
			best, add, drop = n, a.index, d.index
		}
	}
	none := sized{0, -1}
	for _, a := range out {
		try(a, none)
	}
	for _, d := range inside {
		try(none, d)
		// The group that fits best into the place of d, and its neighbour.
		i, _ := slices.BinarySearchFunc(out, left+d.rows, func(s sized, rows int) int { return cmp.Compare(s.rows, rows) })
		if i < len(out) {
			try(out[i], d)
		}
		if i > 0 {
			try(out[i-1], d)
		}
	}
	return add, drop
}

// sizes returns the first group of each size among those that are in or not,
// smallest first.
func sizes(groups []*group, in []bool, which bool) []sized {
	seen := map[int]bool{}
	var list []sized
	for i, g := range groups {
		if in[i] == which && !seen[len(g.rows)] {
			seen[len(g.rows)] = true
			list = append(list, sized{len(g.rows), i})
		}
	}
	slices.SortFunc(list, func(a, b sized) int { return cmp.Compare(a.rows, b.rows) })
	return list
}

func distance(left int) int { return max(left, -left) }

func groupsRows(groups []*group) (n int) {
	for _, g := range groups {
		n += len(g.rows)
	}
	return n
}
