package split_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/split"
	"gristmill/ml/frame"
)

// labels makes a frame whose column y has count[i] rows of class i, in turns.
func labels(t *testing.T, counts ...int) *frame.Frame {
	t.Helper()
	var b strings.Builder
	b.WriteString("y\n")
	left := slices.Clone(counts)
	for more := true; more; {
		more = false
		for i := range left {
			if left[i] > 0 {
				left[i]--
				more = true
				fmt.Fprintf(&b, "class%d\n", i)
			}
		}
	}
	return parse(t, b.String())
}

// checkPartition fails unless the parts hold every row once, in order.
func checkPartition(t *testing.T, p split.Parts, rows int) {
	t.Helper()
	seen := make([]bool, rows)
	for _, part := range [][]int{p.Train, p.Validation, p.Test} {
		if !slices.IsSorted(part) {
			t.Errorf("a part is not in order: %v", part)
		}
		for _, r := range part {
			if r < 0 || r >= rows || seen[r] {
				t.Fatalf("row %d is out of range or in two parts", r)
			}
			seen[r] = true
		}
	}
	if i := slices.Index(seen, false); i >= 0 {
		t.Errorf("row %d is in no part", i)
	}
}

func TestRandomSplitSizes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rows                    int
		test, validation        float64
		train, validate, tested int
	}{
		{10, 0.2, 0.2, 6, 2, 2},
		{7043, 0.2, 0.2, 4225, 1409, 1409},
		{100, 0.25, 0, 75, 0, 25},
		{3, 0.01, 0.01, 1, 1, 1},
		{2, 0.3, 0, 1, 0, 1},
		{10, 0, 0, 6, 2, 2}, // the defaults
	} {
		f := labels(t, c.rows)
		p, err := split.Split(f, "y", dataset.SplitSpec{Test: c.test, Validation: c.validation, Seed: 1}, nil)
		must(t, err)
		checkPartition(t, p, c.rows)
		if len(p.Train) != c.train || len(p.Validation) != c.validate || len(p.Test) != c.tested {
			t.Errorf("%+v: %d, %d, %d", c, len(p.Train), len(p.Validation), len(p.Test))
		}
	}
}

func TestSplitIsDeterminedByItsSeed(t *testing.T) {
	t.Parallel()
	f := labels(t, 60, 40)
	for _, kind := range []string{dataset.Random, dataset.Stratified} {
		split := func(seed uint64) string {
			p, err := split.Split(f, "y", dataset.SplitSpec{Kind: kind, Test: 0.1, Validation: 0.1, Seed: seed}, nil)
			must(t, err)
			return fmt.Sprint(p.Test, p.Validation)
		}
		if split(42) != split(42) || split(0) != split(0) {
			t.Errorf("%s: the same seed gives two splits", kind)
		}
		if split(42) == split(43) {
			t.Errorf("%s: two seeds give the same split", kind)
		}
	}
	// These rows never change: stored models were trained on their complement.
	p, err := split.Split(f, "y", dataset.SplitSpec{Test: 0.1, Seed: 42}, nil)
	must(t, err)
	if got, want := fmt.Sprint(p.Test), "[2 6 22 25 34 38 40 46 63 66]"; got != want {
		t.Errorf("random test rows for seed 42: %s, want %s", got, want)
	}
	p, err = split.Split(f, "y", dataset.SplitSpec{Kind: dataset.Stratified, Test: 0.1, Seed: 42}, nil)
	must(t, err)
	if got, want := fmt.Sprint(p.Test), "[5 6 7 45 46 52 54 72 75 92]"; got != want {
		t.Errorf("stratified test rows for seed 42: %s, want %s", got, want)
	}
}

// Over many seeds every row comes to the test about as often.
func TestRandomSplitIsEven(t *testing.T) {
	t.Parallel()
	const rows, seeds = 20, 4000
	f := labels(t, rows)
	count := make([]float64, rows)
	for seed := range uint64(seeds) {
		p, err := split.Split(f, "y", dataset.SplitSpec{Test: 0.25, Seed: seed}, nil)
		must(t, err)
		for _, r := range p.Test {
			count[r]++
		}
	}
	const want = seeds * 0.25
	for r, n := range count {
		if math.Abs(n-want) > 5*math.Sqrt(want*0.75) { // five standard deviations
			t.Errorf("row %d was tested %v times of %d, want about %v", r, n, seeds, want)
		}
	}
}

func TestStratifiedSplitKeepsProportions(t *testing.T) {
	t.Parallel()
	for _, counts := range [][]int{{5174, 1869}, {50, 50, 50}, {97, 3}, {2, 2, 2, 100}, {3, 3, 3}, {1000, 10, 10, 10, 7, 5, 4, 3, 2}, {11, 13, 17, 19, 23}} {
		for _, s := range []dataset.SplitSpec{{Test: 0.2, Validation: 0.2}, {Test: 0.33}, {Test: 0.05, Validation: 0.01}, {Test: 0.45, Validation: 0.45}} {
			s.Kind, s.Seed = dataset.Stratified, 7
			f := labels(t, counts...)
			p, err := split.Split(f, "y", s, nil)
			if err != nil {
				t.Errorf("%v %+v: %v", counts, s, err)
				continue
			}
			checkPartition(t, p, f.Rows())
			of := func(rows []int, class int) int {
				n := 0
				for _, r := range rows {
					if f.At(0).Texts[r] == fmt.Sprintf("class%d", class) {
						n++
					}
				}
				return n
			}
			for class, n := range counts {
				for _, part := range []struct {
					rows     []int
					fraction float64
					enough   int
				}{{p.Test, s.Test, 2}, {p.Validation, s.Validation, 3}} {
					got := of(part.rows, class)
					if math.Abs(float64(got)-float64(n)*part.fraction) > 1 {
						t.Errorf("%v %+v: class %d of %d rows has %d for fraction %v", counts, s, class, n, got, part.fraction)
					}
					if got == 0 && part.fraction > 0 && n >= part.enough {
						t.Errorf("%v %+v: class %d of %d rows is absent", counts, s, class, n)
					}
				}
				if of(p.Train, class) == 0 {
					t.Errorf("%v %+v: class %d has no training row", counts, s, class)
				}
			}
		}
	}
}

func TestStratifiedSplitOfTelcoHasExactSizes(t *testing.T) {
	t.Parallel()
	f := read(t, "telco_churn").Frame
	p, err := split.Split(f, "churn", dataset.SplitSpec{Kind: dataset.Stratified, Test: 0.2, Validation: 0.2, Seed: 42}, nil)
	must(t, err)
	checkPartition(t, p, 7043)
	if len(p.Test) != 1409 || len(p.Validation) != 1409 {
		t.Errorf("%d test and %d validation rows, want 1409 each", len(p.Test), len(p.Validation))
	}
}

func TestSplitByRowIDs(t *testing.T) {
	t.Parallel()
	f := labels(t, 6)
	for _, c := range []struct{ name, file, want string }{
		{"csv", "row,part\n5,test\n0,train\n2,train\n1,validation\n", "{[0 2] [1] [5]}"},
		{"csv in other order", "part,row\ntest,5\ntest,3\n", "{[0 1 2 4] [] [3 5]}"},
		{"json", ` {"train": [4, 0], "validation": [1], "test": [5, 2]}`, "{[0 4] [1] [2 5]}"},
		{"json without train", `{"test": [5]}`, "{[0 1 2 3 4] [] [5]}"},
		{"out of range", "row,part\n6,test\n-1,train\n", "row ids:\n  data.split.file: row 1: row id 6; expected 0 to 5: the table has 6 rows\n  data.split.file: row 2: row id -1; expected 0 to 5: the table has 6 rows"},
		{"twice", `{"train": [1, 2], "test": [2, 2]}`, "row ids:\n  data.split.file: test[0]: row id 2 is in train already; expected every row id once\n  data.split.file: test[1]: row id 2 is in train already; expected every row id once"},
		{"bad part", "row,part\n1,tset\n", "data.split.file (expected CSV with the columns row and part): 1 violation of the schema:\n  row 1, column \"part\": \"tset\"; expected one of \"train\", \"validation\", \"test\""},
		{"bad json", `{"test": [1`, `data.split.file: no valid JSON; expected {"train": [row ids], "validation": [row ids], "test": [row ids]}`},
		{"unknown list", `{"tests": [1]}`, `data.split.file: no valid JSON; expected {"train": [row ids], "validation": [row ids], "test": [row ids]}`},
		{"more after json", `{"test": [1]} {}`, `data.split.file: no valid JSON; expected {"train": [row ids], "validation": [row ids], "test": [row ids]}`},
		{"empty", "", "data.split.file (expected CSV with the columns row and part):\n  the file is empty; expected a header line with the columns' names"},
		{"no test", `{"train": [1]}`, "data.split.file: no row is in part test; expected one at least"},
		{"no train", `{"test": [0,1,2,3,4,5]}`, "data.split.file: no row is left for training"},
	} {
		p, err := split.Split(f, "y", dataset.SplitSpec{Kind: dataset.IDs, File: "ids.csv"}, strings.NewReader(c.file))
		got := fmt.Sprint(p)
		if err != nil {
			got = gristmill.Public(err)
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	var many strings.Builder
	many.WriteString("row,part\n")
	for range 100 {
		many.WriteString("99,test\n")
	}
	_, err := split.ReadParts(strings.NewReader(many.String()), 6)
	if text := gristmill.Public(err); !strings.HasSuffix(text, "\n  and 80 more") || strings.Count(text, "\n") != 21 {
		t.Errorf("100 bad ids: %s", text)
	}
}

func TestSplitRefusesWhatCannotBeParted(t *testing.T) {
	t.Parallel()
	f := parse(t, "y,x\na,1\na,2\nb,3\n,4\n")
	rare := parse(t, "y\na\na\nb\nc\n")
	for _, c := range []struct {
		name string
		f    *frame.Frame
		s    dataset.SplitSpec
		want string
	}{
		{"too few rows", labels(t, 2), dataset.SplitSpec{Test: 0.2, Validation: 0.2}, "data.split: 2 rows are too few for test 0.2 and validation 0.2; expected 3 at least, one for each part"},
		{"one row", labels(t, 1), dataset.SplitSpec{Test: 0.2}, "data.split: 1 rows are too few for test 0.2 and validation 0; expected 2 at least, one for each part"},
		{"no rows", labels(t), dataset.SplitSpec{}, "data.split: 0 rows are too few for test 0.2 and validation 0.2; expected 3 at least, one for each part"},
		{"stratified too few", labels(t, 2), dataset.SplitSpec{Kind: dataset.Stratified, Test: 0.2, Validation: 0.2}, "data.split: 2 rows are too few for test 0.2 and validation 0.2; expected 3 at least, one for each part"},
		{"no label", f, dataset.SplitSpec{Kind: dataset.Stratified}, `data.split: row 4 has no value of the target "y"; a stratified split needs one in every row`},
		{"rare classes", rare, dataset.SplitSpec{Kind: dataset.Stratified}, "stratified split:\n" +
			"  data.split: class \"b\" of target \"y\" has 1 row (row 3); expected 2 at least for a stratified split; use kind random for a target that is a number\n" +
			"  data.split: class \"c\" of target \"y\" has 1 row (row 4); expected 2 at least for a stratified split; use kind random for a target that is a number"},
		{"no such target", parse(t, "z\n1\n"), dataset.SplitSpec{Kind: dataset.Stratified}, `data.target: there is no column "y"`},
		{"bad fractions", labels(t, 9), dataset.SplitSpec{Test: 0.6, Validation: 0.6}, "split:\n  data.split.test: 0.6 with validation 0.6 leaves no row to train on; expected a sum below 1"},
		{"unknown kind", labels(t, 9), dataset.SplitSpec{Kind: "newest"}, "split:\n  data.split.kind: \"newest\"; expected random, stratified, group, time or ids"},
		{"no file", labels(t, 9), dataset.SplitSpec{Kind: dataset.IDs}, "data.split.file: missing; expected a file of row ids"},
	} {
		_, err := split.Split(c.f, "y", c.s, nil)
		if gristmill.KindOf(err) != gristmill.Invalid || gristmill.Public(err) != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.name, err, c.want)
		}
	}
}
