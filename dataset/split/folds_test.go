package split_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/split"
	"gristmill/ml/frame"
)

// column makes a frame of one column of integers named c, or of texts named g.
func ints(t *testing.T, values ...int64) *frame.Frame {
	t.Helper()
	f, err := frame.New(&frame.Column{Field: frame.Field{Name: "c", Type: frame.Int64}, Ints: values})
	must(t, err)
	return f
}

func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// checkFolds fails unless each fold's test and train are apart and, if whole,
// every row is held out once.
func checkFolds(t *testing.T, folds []split.Fold, rows []int, whole bool) {
	t.Helper()
	held := map[int]int{}
	for i, f := range folds {
		if !slices.IsSorted(f.Train) || !slices.IsSorted(f.Test) || len(f.Train) == 0 || len(f.Test) == 0 {
			t.Fatalf("fold %d: %d train and %d test rows, or out of order", i, len(f.Train), len(f.Test))
		}
		in := map[int]bool{}
		for _, r := range append(slices.Clone(f.Train), f.Test...) {
			if in[r] || !slices.Contains(rows, r) {
				t.Fatalf("fold %d: row %d twice or foreign", i, r)
			}
			in[r] = true
		}
		if whole && len(in) != len(rows) {
			t.Fatalf("fold %d has %d of %d rows", i, len(in), len(rows))
		}
		for _, r := range f.Test {
			held[r]++
		}
	}
	for _, r := range rows {
		if held[r] > 1 || whole && held[r] != 1 {
			t.Fatalf("row %d is held out %d times", r, held[r])
		}
	}
}

func TestFoldsAgreeWithScikitLearn(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/folds.json")
	must(t, err)
	var golden struct {
		Time []struct {
			Rows, Folds int
			Tests       [][2]int
			Trains      []int
		}
		KFold []struct {
			Rows, Folds int
			Sizes       []int
		}
		Group []struct {
			Groups []int
			Folds  int
			Sizes  []int
		}
		Stratified []struct {
			Classes []int
			Folds   int
			Held    [][]int
		}
	}
	must(t, json.Unmarshal(b, &golden))
	if len(golden.Time) != 5 || len(golden.KFold) != 4 || len(golden.Group) != 4 || len(golden.Stratified) != 4 {
		t.Fatal("golden cases are missing")
	}
	for _, g := range golden.Time {
		values := make([]int64, g.Rows)
		for i := range values {
			values[i] = int64(1000 - i) // newest first
		}
		folds, err := split.Folds(ints(t, values...), upTo(g.Rows), "", dataset.FoldSpec{Kind: dataset.Timed, Folds: g.Folds, By: "c"})
		must(t, err)
		checkFolds(t, folds, upTo(g.Rows), false)
		for i, f := range folds {
			// Rows by age: the first is the newest.
			first, last := g.Rows-1-f.Test[len(f.Test)-1], g.Rows-1-f.Test[0]
			if first != g.Tests[i][0] || last != g.Tests[i][1] || len(f.Train) != g.Trains[i] || len(f.Test) != last-first+1 {
				t.Errorf("time %d/%d, fold %d: test %d to %d after %d rows, want %v after %d", g.Rows, g.Folds, i, first, last, len(f.Train), g.Tests[i], g.Trains[i])
			}
		}
	}
	for _, g := range golden.KFold {
		folds, err := split.Folds(ints(t, make([]int64, g.Rows)...), upTo(g.Rows), "", dataset.FoldSpec{Kind: dataset.KFold, Folds: g.Folds, Seed: 3})
		must(t, err)
		checkFolds(t, folds, upTo(g.Rows), true)
		for i, f := range folds {
			if len(f.Test) != g.Sizes[i] {
				t.Errorf("kfold %d/%d, fold %d: %d rows, want %d", g.Rows, g.Folds, i, len(f.Test), g.Sizes[i])
			}
		}
	}
	for _, g := range golden.Group {
		var values []int64
		for i, n := range g.Groups {
			for range n {
				values = append(values, int64(i))
			}
		}
		folds, err := split.Folds(ints(t, values...), upTo(len(values)), "", dataset.FoldSpec{Kind: dataset.Grouped, Folds: g.Folds, By: "c", Seed: 3})
		must(t, err)
		checkFolds(t, folds, upTo(len(values)), true)
		var sizes []int
		for _, f := range folds {
			sizes = append(sizes, len(f.Test))
			for _, r := range f.Test {
				if slices.ContainsFunc(f.Train, func(o int) bool { return values[o] == values[r] }) {
					t.Fatalf("group %d is on both sides", values[r])
				}
			}
		}
		if slices.Sort(sizes); !slices.Equal(sizes, g.Sizes) {
			t.Errorf("groups %v/%d: sizes %v, want %v", g.Groups, g.Folds, sizes, g.Sizes)
		}
	}
	for _, g := range golden.Stratified {
		var values []int64
		for i, n := range g.Classes {
			for range n {
				values = append(values, int64(i))
			}
		}
		folds, err := split.Folds(ints(t, values...), upTo(len(values)), "c", dataset.FoldSpec{Kind: dataset.Stratified, Folds: g.Folds, Seed: 3})
		must(t, err)
		if len(values) < 1000 {
			checkFolds(t, folds, upTo(len(values)), true)
		}
		for i, f := range folds {
			held := make([]int, len(g.Classes))
			for _, r := range f.Test {
				held[values[r]]++
			}
			if !slices.Equal(held, g.Held[i]) {
				t.Errorf("classes %v/%d, fold %d: %v, want %v", g.Classes, g.Folds, i, held, g.Held[i])
			}
		}
	}
}

func TestFoldsOverSomeRowsKeepTheirNumbers(t *testing.T) {
	t.Parallel()
	rows := []int{9, 2, 4, 6, 11, 13}
	values := make([]int64, 14)
	for i := range values {
		values[i] = int64(i % 2)
	}
	for _, s := range []dataset.FoldSpec{{Folds: 3}, {Kind: dataset.Stratified, Folds: 3}, {Kind: dataset.Grouped, Folds: 2, By: "c"}} {
		folds, err := split.Folds(ints(t, values...), rows, "c", s)
		must(t, err)
		if len(folds) != s.Folds {
			t.Errorf("%+v: %d folds", s, len(folds))
		}
		checkFolds(t, folds, rows, true)
	}
	if folds, err := split.Folds(ints(t, values...), rows, "c", dataset.FoldSpec{}); folds != nil || err != nil {
		t.Errorf("no cross-validation gives %v, %v", folds, err)
	}
	a, err := split.Folds(ints(t, values...), rows, "c", dataset.FoldSpec{Folds: 3, Seed: 1})
	must(t, err)
	b, err := split.Folds(ints(t, values...), []int{2, 4, 6, 9, 11, 13}, "c", dataset.FoldSpec{Folds: 3, Seed: 1})
	must(t, err)
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Error("the order of the training rows matters")
	}
}

// Whatever the times and ties: each test lies after its training rows, rows of
// one time stay together, tests follow each other and the training rows grow.
func TestTimeFoldsNeverLeak(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		n, k := 8+r.IntN(60), 2+r.IntN(5)
		values := make([]int64, n)
		different := map[int64]bool{}
		for i := range values {
			values[i] = r.Int64N(3 + r.Int64N(40))
			different[values[i]] = true
		}
		folds, err := split.Folds(ints(t, values...), upTo(n), "", dataset.FoldSpec{Kind: dataset.Timed, Folds: k, By: "c"})
		if len(different) <= k {
			if gristmill.KindOf(err) != gristmill.Invalid {
				t.Fatalf("%d times for %d folds: %v", len(different), k, err)
			}
			continue
		}
		must(t, err)
		checkFolds(t, folds, upTo(n), false)
		for i, f := range folds {
			newest, oldest := int64(-1), int64(1<<60)
			for _, row := range f.Train {
				newest = max(newest, values[row])
			}
			for _, row := range f.Test {
				oldest = min(oldest, values[row])
			}
			if newest >= oldest {
				t.Fatalf("fold %d trains on time %d and tests on %d", i, newest, oldest)
			}
			if i > 0 && len(f.Train) != len(folds[i-1].Train)+len(folds[i-1].Test) {
				t.Fatalf("fold %d does not go on where the one before ended", i)
			}
		}
		if last := folds[k-1]; len(last.Train)+len(last.Test) != n {
			t.Fatal("the newest rows are in no fold")
		}
	}
}

func TestFoldsRefuseWhatCannotBeFolded(t *testing.T) {
	t.Parallel()
	f := parse(t, "g,when,x,y\na,20200101,1,u\na,20200101,2,u\nb,20200102,,u\n,20200103,4,v\n")
	for _, c := range []struct {
		name string
		s    dataset.FoldSpec
		want string
	}{
		{"more folds than rows", dataset.FoldSpec{Folds: 5}, "train.cv.folds: 4 training rows are too few for 5 folds"},
		{"too few groups", dataset.FoldSpec{Kind: dataset.Grouped, Folds: 4, By: "y"}, `train.cv.folds: column "y" makes 2 groups of the training rows, which are too few for 4 folds`},
		{"null group", dataset.FoldSpec{Kind: dataset.Grouped, Folds: 2, By: "g"}, `train.cv.by: column "g" has no value in row 4; expected a value in every row`},
		{"no such column", dataset.FoldSpec{Kind: dataset.Grouped, Folds: 2, By: "z"}, `train.cv.by: there is no column "z"; expected the column whose values are the groups`},
		{"no group column", dataset.FoldSpec{Kind: dataset.Grouped, Folds: 2}, "folds:\n  train.cv.by: missing; expected the column whose values are the groups, for kind group"},
		{"no time column", dataset.FoldSpec{Kind: dataset.Timed, Folds: 2}, "train.cv.by: missing; expected the column that says when a row happened"},
		{"text as time", dataset.FoldSpec{Kind: dataset.Timed, Folds: 2, By: "g"}, `train.cv.by: column "g" is of type string; expected a timestamp or a number; data.dates gives a column of times its format`},
		{"null time", dataset.FoldSpec{Kind: dataset.Timed, Folds: 2, By: "x"}, `train.cv.by: column "x" has no value in row 3; expected a time in every row`},
		{"too few times", dataset.FoldSpec{Kind: dataset.Timed, Folds: 3, By: "when"}, `train.cv.folds: column "when" holds 3 different times in the training rows, which are too few for 3 folds; expected 4 at least`},
		{"rare class", dataset.FoldSpec{Kind: dataset.Stratified, Folds: 2}, "stratified folds:\n  train.cv.folds: class \"v\" of target \"y\" has 1 training rows for 2 folds; expected one at least in every fold; use fewer folds, or kind kfold for a target that is a number"},
		{"all at once", dataset.FoldSpec{Kind: "loo", Folds: 51}, "folds:\n  train.cv.kind: \"loo\"; expected kfold, stratified, group or time\n  train.cv.folds: 51; expected 2 to 50"},
	} {
		_, err := split.Folds(f, upTo(4), "y", c.s)
		if gristmill.KindOf(err) != gristmill.Invalid || gristmill.Public(err) != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.name, err, c.want)
		}
	}
	if _, err := split.Folds(f, []int{0, 4}, "y", dataset.FoldSpec{Folds: 2}); err == nil {
		t.Error("a row that is not in the table is taken")
	}
}
