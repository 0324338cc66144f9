package split

import (
	"cmp"
	"fmt"
	"slices"

	"gristmill"
	"gristmill/dataset"
	"gristmill/ml/frame"
)

// Fold is one turn of a cross-validation: the rows to fit on, and the rows held
// out to be predicted. Both are row numbers of the table, ascending.
type Fold struct {
	Train []int `json:"train"`
	Test  []int `json:"test"`
}

// Folds parts the given rows of f, which are those for training, for a
// cross-validation as s says; s.By must be filled in for kind time (see
// dataset.Spec.Folding), target only matters for kind stratified. No cross-
// validation gives no folds. The kinds, as scikit-learn has them:
//
//   - kfold: shuffled by the seed, folds of equal size within one row (KFold);
//   - stratified: besides, of each class as many within one row (StratifiedKFold);
//   - group: no group in two test folds, the largest groups first into the fold
//     with the fewest rows, equal ones in an order drawn by the seed (GroupKFold);
//   - time: each fold's test is after all of its training rows, and the training
//     rows grow (TimeSeriesSplit); rows of one time stay together, so a cut
//     between them moves to the nearest end of theirs.
//
// All but time hold out every row once. Errors are Invalid.
func Folds(f *frame.Frame, rows []int, target string, s dataset.FoldSpec) ([]Fold, error) {
	if s.None() {
		return nil, nil
	}
	s = s.WithDefaults()
	if p := s.Check(); len(p) > 0 {
		return nil, gristmill.Problems("folds", p)
	}
	for _, r := range rows {
		if r < 0 || r >= f.Rows() {
			return nil, fmt.Errorf("part folds: row %d is not in a table of %d rows", r, f.Rows())
		}
	}
	if len(rows) < s.Folds {
		return nil, gristmill.Errorf(gristmill.Invalid, "train.cv.folds: %d training rows are too few for %d folds", len(rows), s.Folds)
	}
	switch s.Kind {
	case dataset.Stratified:
		return stratifiedFolds(f, rows, target, s)
	case dataset.Grouped:
		return groupFolds(f, rows, s)
	case dataset.Timed:
		return timeFolds(f, rows, s)
	default:
		return kFolds(rows, s), nil
	}
}

func kFolds(rows []int, s dataset.FoldSpec) []Fold {
	order := slices.Sorted(slices.Values(rows))
	newDice(s.Seed).shuffle(order)
	held := make([][]int, s.Folds)
	for i := range held {
		n := len(rows) / s.Folds
		if i < len(rows)%s.Folds {
			n++
		}
		held[i], order = order[:n], order[n:]
	}
	return fold(rows, held)
}

func stratifiedFolds(f *frame.Frame, rows []int, target string, s dataset.FoldSpec) ([]Fold, error) {
	classes, err := groupsOf(f, rows, "data.target", target, "whose classes to keep in proportion")
	if err != nil {
		return nil, err
	}
	var p problems
	more := 0
	for _, c := range classes {
		if len(c.rows) >= s.Folds {
			continue
		}
		if len(p) == frame.MaxViolations {
			more++
			continue
		}
		p.add("train.cv.folds", fmt.Sprintf("class %q of target %q has %d training rows for %d folds", frame.Shorten(c.name), target, len(c.rows), s.Folds),
			"one at least in every fold; use fewer folds, or kind kfold for a target that is a number")
	}
	if more > 0 {
		p = append(p, gristmill.Problem{Path: "train.cv.folds", Msg: fmt.Sprintf("and %d more classes", more)})
	}
	if err := gristmill.Problems("stratified folds", p); err != nil {
		return nil, err
	}
	// Dealing the rows out class by class, one fold after the other, says how
	// many of a class each fold gets; which ones is drawn.
	d := newDice(s.Seed)
	held := make([][]int, s.Folds)
	dealt := 0
	for _, c := range classes {
		given := make([]int, s.Folds)
		for range c.rows {
			given[dealt%s.Folds]++
			dealt++
		}
		slices.Sort(c.rows)
		d.shuffle(c.rows)
		left := c.rows
		for i, n := range given {
			held[i] = append(held[i], left[:n]...)
			left = left[n:]
		}
	}
	return fold(rows, held), nil
}

func groupFolds(f *frame.Frame, rows []int, s dataset.FoldSpec) ([]Fold, error) {
	groups, err := groupsOf(f, rows, "train.cv.by", s.By, "whose values are the groups")
	if err != nil {
		return nil, err
	}
	if len(groups) < s.Folds {
		return nil, gristmill.Errorf(gristmill.Invalid, "train.cv.folds: column %q makes %d groups of the training rows, which are too few for %d folds", s.By, len(groups), s.Folds)
	}
	order := newDice(s.Seed).shuffleGroups(groups)
	slices.SortStableFunc(order, func(a, b *group) int { return cmp.Compare(len(b.rows), len(a.rows)) })
	held := make([][]int, s.Folds)
	for _, g := range order {
		lightest := 0
		for i := range held {
			if len(held[i]) < len(held[lightest]) {
				lightest = i
			}
		}
		held[lightest] = append(held[lightest], g.rows...)
	}
	return fold(rows, held), nil
}

func timeFolds(f *frame.Frame, rows []int, s dataset.FoldSpec) ([]Fold, error) {
	moments, err := momentsOf(f, rows, "train.cv.by", s.By)
	if err != nil {
		return nil, err
	}
	if len(moments) <= s.Folds {
		return nil, gristmill.Errorf(gristmill.Invalid, "train.cv.folds: column %q holds %d different times in the training rows, which are too few for %d folds; expected %d at least", s.By, len(moments), s.Folds, s.Folds+1)
	}
	size := len(rows) / (s.Folds + 1)
	at := make([]int, s.Folds)
	for i := range at {
		at[i] = len(rows) - (s.Folds-i)*size
	}
	cuts := append(cut(moments, at), len(moments))
	folds := make([]Fold, s.Folds)
	for i := range folds {
		folds[i] = Fold{Train: concat(moments[:cuts[i]]), Test: concat(moments[cuts[i]:cuts[i+1]])}
	}
	return folds, nil
}

// fold makes the folds that hold out the given rows.
func fold(rows []int, held [][]int) []Fold {
	out := make(map[int]int, len(rows)) // the fold that holds a row out
	for i, list := range held {
		for _, r := range list {
			out[r] = i
		}
	}
	folds := make([]Fold, len(held))
	for _, r := range slices.Sorted(slices.Values(rows)) {
		at := out[r]
		for i := range folds {
			if at == i {
				folds[i].Test = append(folds[i].Test, r)
			} else {
				folds[i].Train = append(folds[i].Train, r)
			}
		}
	}
	return folds
}
