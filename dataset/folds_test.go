package dataset_test

import (
	"fmt"
	"testing"

	"gristmill"
	"gristmill/dataset"
)

func TestFoldsAreCheckedByThemselves(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		s    dataset.FoldSpec
		want string
	}{
		{dataset.FoldSpec{}, ""},
		{dataset.FoldSpec{Folds: 3}, ""},
		{dataset.FoldSpec{Kind: dataset.Timed}, ""},
		{dataset.FoldSpec{Kind: dataset.Grouped, By: "customer"}, ""},
		{dataset.FoldSpec{Kind: "loo", Folds: 1}, `folds:
  train.cv.kind: "loo"; expected kfold, stratified, group or time
  train.cv.folds: 1; expected 2 to 50`},
		{dataset.FoldSpec{Kind: dataset.Grouped}, "folds:\n  train.cv.by: missing; expected the column whose values are the groups, for kind group"},
		{dataset.FoldSpec{By: "x"}, "folds:\n  train.cv.by: given for kind kfold; expected it only for kinds group and time"},
		{dataset.FoldSpec{Kind: dataset.Timed, Seed: 4}, "folds:\n  train.cv.seed: given for kind time; expected none: nothing is drawn"},
	} {
		got := ""
		if err := gristmill.Problems("folds", c.s.Check()); err != nil {
			got = gristmill.Public(err)
		}
		if got != c.want {
			t.Errorf("%+v:\n got %s\nwant %s", c.s, got, c.want)
		}
	}
}

func TestTimeFillsInTheColumn(t *testing.T) {
	t.Parallel()
	s := dataset.Spec{Time: "sold", Split: dataset.SplitSpec{Kind: dataset.Timed}}
	if got := s.Parting(); got.By != "sold" || got.Test != 0.2 {
		t.Errorf("%+v", got)
	}
	s.Split.By = "listed"
	if got := s.Parting(); got.By != "listed" {
		t.Errorf("%+v", got)
	}
	for _, c := range []struct{ in, want dataset.FoldSpec }{
		{dataset.FoldSpec{}, dataset.FoldSpec{}},
		{dataset.FoldSpec{Kind: dataset.Timed}, dataset.FoldSpec{Kind: dataset.Timed, Folds: 5, By: "sold"}},
		{dataset.FoldSpec{Seed: 1}, dataset.FoldSpec{Kind: dataset.KFold, Folds: 5, Seed: 1}},
	} {
		if got := s.Folding(c.in); got != c.want {
			t.Errorf("%s, want %s", fmt.Sprint(got), fmt.Sprint(c.want))
		}
	}
}
