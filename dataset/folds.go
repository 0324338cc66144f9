package dataset

import (
	"fmt"
	"slices"

	"gristmill"
)

// KFold is the kind of folds that are drawn from all rows alike; the others are
// Stratified, Grouped and Timed.
const KFold = "kfold"

// The bounds of FoldSpec.Folds, and its default.
const (
	minFolds     = 2
	maxFolds     = 50
	defaultFolds = 5
)

// None reports whether there is no cross-validation.
func (s FoldSpec) None() bool { return s == FoldSpec{} }

// WithDefaults returns the folds with kind and number filled in; none stays none.
func (s FoldSpec) WithDefaults() FoldSpec {
	if s.None() {
		return s
	}
	if s.Kind == "" {
		s.Kind = KFold
	}
	if s.Folds == 0 {
		s.Folds = defaultFolds
	}
	return s
}

// Check returns everything that is wrong with the folds by themselves, with
// paths such as "train.cv.folds".
func (s FoldSpec) Check() []gristmill.Problem {
	var p problems
	if s.None() {
		return nil
	}
	s = s.WithDefaults()
	if !slices.Contains([]string{KFold, Stratified, Grouped, Timed}, s.Kind) {
		p.add("train.cv.kind", fmt.Sprintf("%q", s.Kind), "kfold, stratified, group or time")
	}
	if s.Folds < minFolds || s.Folds > maxFolds {
		p.add("train.cv.folds", fmt.Sprint(s.Folds), fmt.Sprintf("%d to %d", minFolds, maxFolds))
	}
	switch {
	case s.Kind == Grouped && s.By == "":
		p.add("train.cv.by", "missing", "the column whose values are the groups, for kind group")
	case (s.Kind == KFold || s.Kind == Stratified) && s.By != "":
		p.add("train.cv.by", "given for kind "+s.Kind, "it only for kinds group and time")
	}
	if s.Kind == Timed && s.Seed != 0 {
		p.add("train.cv.seed", "given for kind time", "none: nothing is drawn")
	}
	return p
}

// Parting returns the split with its column filled in: kind Timed goes by the
// table's time unless it names a column.
func (s Spec) Parting() SplitSpec {
	split := s.Split.WithDefaults()
	if split.Kind == Timed && split.By == "" {
		split.By = s.Time
	}
	return split
}

// Folding returns the folds f of this table with its column filled in, as
// Parting does.
func (s Spec) Folding(f FoldSpec) FoldSpec {
	f = f.WithDefaults()
	if f.Kind == Timed && f.By == "" {
		f.By = s.Time
	}
	return f
}

func (s SplitSpec) checkBy(p *problems, target string) {
	switch s.Kind {
	case Grouped:
		if s.By == "" {
			p.add("data.split.by", "missing", "the column whose values are the groups, for kind group")
		}
	case Timed:
		if s.Seed != 0 {
			p.add("data.split.seed", "given for kind time", "none: nothing is drawn")
		}
	default:
		if s.By != "" {
			p.add("data.split.by", "given for kind "+s.WithDefaults().Kind, "it only for kinds group and time")
		}
		return
	}
	if s.By != "" && s.By == target {
		p.add("data.split.by", fmt.Sprintf("the target %q", target), "a column that is not the target")
	}
}
