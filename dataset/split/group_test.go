package split_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/split"
	"gristmill/ml/frame"
)

// texts makes a frame of one column of texts named g.
func texts(t *testing.T, values ...string) *frame.Frame {
	t.Helper()
	f, err := frame.New(&frame.Column{Field: frame.Field{Name: "g", Type: frame.String}, Texts: values})
	must(t, err)
	return f
}

func TestGroupSplitNeverCutsAGroup(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		n, groups := 10+r.IntN(200), 3+r.IntN(30)
		values := make([]string, n)
		sizes := map[string]int{}
		for i := range values {
			values[i] = fmt.Sprint(min(r.IntN(groups), r.IntN(groups)))
			sizes[values[i]]++
		}
		s := dataset.SplitSpec{Kind: dataset.Grouped, By: "g", Test: 0.1 + r.Float64()*0.3, Seed: r.Uint64()}
		if r.IntN(2) == 0 {
			s.Validation = 0.2
		}
		p, err := split.Split(texts(t, values...), "", s, nil)
		if len(sizes) < 3 {
			continue
		}
		must(t, err)
		checkPartition(t, p, n)
		of := map[string]int{}
		for part, rows := range [][]int{p.Train, p.Validation, p.Test} {
			if len(rows) == 0 && (part != 1 || s.Validation > 0) {
				t.Fatalf("part %d is empty", part)
			}
			for _, row := range rows {
				if before, ok := of[values[row]]; ok && before != part {
					t.Fatalf("group %q is in parts %d and %d", values[row], before, part)
				}
				of[values[row]] = part
			}
		}
		// No group that moves between test and the rest brings the test nearer.
		want := max(1, int(float64(n)*s.Test+0.5))
		off := func(rows int) int { return max(rows-want, want-rows) }
		inTest := 0
		for g := range sizes {
			if of[g] == 2 {
				inTest++
			}
		}
		free := 1
		if s.Validation > 0 {
			free = 2
		}
		for g, size := range sizes {
			switch {
			case of[g] == 2 && inTest > 1 && off(len(p.Test)-size) < off(len(p.Test)):
				t.Fatalf("%d test rows for %d wanted: without group %q of %d rows it would be nearer", len(p.Test), want, g, size)
			case of[g] != 2 && len(sizes)-inTest > free && off(len(p.Test)+size) < off(len(p.Test)):
				t.Fatalf("%d test rows for %d wanted: with group %q of %d rows it would be nearer", len(p.Test), want, g, size)
			}
			for o, other := range sizes {
				if of[g] == 2 && of[o] != 2 && off(len(p.Test)-size+other) < off(len(p.Test)) {
					t.Fatalf("%d test rows for %d wanted: group %q for %q would be nearer", len(p.Test), want, o, g)
				}
			}
		}
	}
}

func TestGroupSplitDependsOnGroupsAndSeedOnly(t *testing.T) {
	t.Parallel()
	values := make([]string, 500)
	for i := range values {
		values[i] = fmt.Sprintf("customer-%d", i*i%83)
	}
	inTest := func(values []string, seed uint64) string {
		p, err := split.Split(texts(t, values...), "", dataset.SplitSpec{Kind: dataset.Grouped, By: "g", Test: 0.2, Seed: seed}, nil)
		must(t, err)
		if len(p.Test) < 97 || len(p.Test) > 103 { // groups have 6 or 12 rows or so
			t.Errorf("%d test rows, want about 100", len(p.Test))
		}
		var list []string
		for _, r := range p.Test {
			list = append(list, values[r])
		}
		slices.Sort(list)
		return fmt.Sprint(slices.Compact(list))
	}
	backward := slices.Clone(values)
	slices.Reverse(backward)
	if inTest(values, 1) != inTest(backward, 1) {
		t.Error("the order of the rows matters")
	}
	if inTest(values, 1) == inTest(values, 2) {
		t.Error("two seeds give the same groups")
	}
}

func TestTimeSplitTestsTheNewestRows(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		n := 5 + r.IntN(100)
		values := make([]int64, n)
		different := map[int64]int{}
		for i := range values {
			values[i] = r.Int64N(2 + r.Int64N(60))
			different[values[i]]++
		}
		if len(different) < 3 {
			continue
		}
		s := dataset.SplitSpec{Kind: dataset.Timed, By: "c", Test: 0.2, Validation: 0.2}
		p, err := split.Split(ints(t, values...), "", s, nil)
		must(t, err)
		checkPartition(t, p, n)
		bounds := func(rows []int) (low, high int64) {
			low, high = values[rows[0]], values[rows[0]]
			for _, row := range rows {
				low, high = min(low, values[row]), max(high, values[row])
			}
			return low, high
		}
		_, train := bounds(p.Train)
		first, last := bounds(p.Validation)
		test, _ := bounds(p.Test)
		if train >= first || last >= test {
			t.Fatalf("train to %d, validation %d to %d, test from %d", train, first, last, test)
		}
		if len(different) == n && (len(p.Test) != max(1, int(float64(n)*0.2+0.5)) || len(p.Validation) != len(p.Test)) {
			t.Fatalf("%d rows without ties: %d validation and %d test", n, len(p.Validation), len(p.Test))
		}
	}
	f, err := frame.New(&frame.Column{Field: frame.Field{Name: "when", Type: frame.Timestamp}, Ints: []int64{3e15, 1e15, -2e15, 2e15}})
	must(t, err)
	byTime, err := split.Split(f, "", dataset.SplitSpec{Kind: dataset.Timed, By: "when", Test: 0.25, Validation: 0.25}, nil)
	must(t, err)
	if fmt.Sprint(byTime) != "{[1 2] [3] [0]}" {
		t.Errorf("timestamps are parted as %v", byTime)
	}
	// The cut of 2 of 10 rows falls between equal times: 3 are as near as 1, and
	// fewer are tested.
	p, err := split.Split(ints(t, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9), "", dataset.SplitSpec{Kind: dataset.Timed, By: "c", Test: 0.2}, nil)
	must(t, err)
	if fmt.Sprint(p.Test) != "[9]" {
		t.Errorf("test rows %v", p.Test)
	}
}

func TestSplitByAColumnRefusesWhatCannotBeParted(t *testing.T) {
	t.Parallel()
	f := parse(t, "g,when,x,one,bad\na,20200101,1,k,1.5\na,20200101,2,k,inf\nb,20200102,,k,2.5\n,20200102,4,k,\n")
	for _, c := range []struct {
		name string
		s    dataset.SplitSpec
		want string
	}{
		{"null group", dataset.SplitSpec{Kind: dataset.Grouped, By: "g"}, `data.split.by: column "g" has no value in row 4; expected a value in every row`},
		{"one group", dataset.SplitSpec{Kind: dataset.Grouped, By: "one", Test: 0.2}, `data.split: column "one" makes 1 groups, which are too few for test 0.2 and validation 0; expected 2 at least, one for each part`},
		{"two groups for three", dataset.SplitSpec{Kind: dataset.Grouped, By: "when"}, `data.split: column "when" makes 2 groups, which are too few for test 0.2 and validation 0.2; expected 3 at least, one for each part`},
		{"no such column", dataset.SplitSpec{Kind: dataset.Grouped, By: "z"}, `data.split.by: there is no column "z"; expected the column whose values are the groups`},
		{"no column", dataset.SplitSpec{Kind: dataset.Grouped}, "split:\n  data.split.by: missing; expected the column whose values are the groups, for kind group"},
		{"no time", dataset.SplitSpec{Kind: dataset.Timed}, "data.split.by: missing; expected the column that says when a row happened"},
		{"text as time", dataset.SplitSpec{Kind: dataset.Timed, By: "g"}, `data.split.by: column "g" is of type string; expected a timestamp or a number; data.dates gives a column of times its format`},
		{"null time", dataset.SplitSpec{Kind: dataset.Timed, By: "x"}, `data.split.by: column "x" has no value in row 3; expected a time in every row`},
		{"two times for three", dataset.SplitSpec{Kind: dataset.Timed, By: "when"}, `data.split: column "when" holds 2 different times, which are too few for test 0.2 and validation 0.2; expected 3 at least, one for each part`},
		{"seed and file", dataset.SplitSpec{Kind: dataset.Timed, By: "when", Seed: 1, File: "x.csv"}, "split:\n  data.split.file: given for kind time; expected it only for kind ids\n  data.split.seed: given for kind time; expected none: nothing is drawn"},
		{"by of a random split", dataset.SplitSpec{By: "g"}, "split:\n  data.split.by: given for kind random; expected it only for kinds group and time"},
		{"the target", dataset.SplitSpec{Kind: dataset.Grouped, By: "y"}, "split:\n  data.split.by: the target \"y\"; expected a column that is not the target"},
	} {
		_, err := split.Split(f, "y", c.s, nil)
		if gristmill.KindOf(err) != gristmill.Invalid || gristmill.Public(err) != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.name, err, c.want)
		}
	}
}
