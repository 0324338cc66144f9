package split

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"gristmill"
	"gristmill/dataset"
	"gristmill/ml/frame"
)

// Parts are the rows for training, validation and test: 0-based, ascending, no
// row in two of them.
type Parts struct {
	Train      []int `json:"train"`
	Validation []int `json:"validation,omitempty"`
	Test       []int `json:"test"`
}

// Split parts the rows of f. The result depends on the number of rows, for a
// stratified split on the target's values, for kinds group and time on those of
// the column s.By, and on s, and on nothing else; every
// row is in one part (but see ReadParts for kind IDs). Sizes are the fractions,
// rounded, and at least one row for each fraction above 0.
//
// A stratified split gives each class to each part within one row of its
// proportion: at least one row of each class to training, one of each class of
// two rows or more to the test, and of three or more to the validation.
//
// A split by group gives each group to one part; the rows of a part come as near
// to its fraction as whole groups allow, up to exchanges of one group. It depends
// on the groups, not on the order of the rows. A split by time gives the newest
// rows to the test and those before them to the validation; rows of one time stay
// together. s.By must be filled in (see dataset.Spec.Parting).
//
// ids is the content of s.File for kind IDs, and nil for the others. Errors are
// Invalid.
func Split(f *frame.Frame, target string, s dataset.SplitSpec, ids io.Reader) (Parts, error) {
	if s.Kind != dataset.IDs {
		if p := s.Check(target); len(p) > 0 {
			return Parts{}, gristmill.Problems("split", p)
		}
	}
	s = s.WithDefaults()
	switch s.Kind {
	case dataset.IDs:
		if ids == nil {
			return Parts{}, gristmill.Errorf(gristmill.Invalid, "data.split.file: missing; expected a file of row ids")
		}
		return ReadParts(ids, f.Rows())
	case dataset.Stratified:
		classes, err := classesOf(f, target)
		if err != nil {
			return Parts{}, err
		}
		return stratified(f.Rows(), classes, s)
	case dataset.Grouped:
		return grouped(f, s)
	case dataset.Timed:
		return timed(f, s)
	default:
		return random(f.Rows(), s)
	}
}

// share returns how many of n rows a fraction is: rounded, and one at least.
func share(n int, fraction float64) int {
	if fraction == 0 {
		return 0
	}
	return max(1, int(math.Round(float64(n)*fraction)))
}

func tooFew(rows int, s dataset.SplitSpec) error {
	want := 2
	if s.Validation > 0 {
		want = 3
	}
	return gristmill.Errorf(gristmill.Invalid, "data.split: %d rows are too few for test %v and validation %v; expected %d at least, one for each part", rows, s.Test, s.Validation, want)
}

func random(rows int, s dataset.SplitSpec) (Parts, error) {
	test, validation := share(rows, s.Test), share(rows, s.Validation)
	if test+validation >= rows {
		return Parts{}, tooFew(rows, s)
	}
	order := make([]int, rows)
	for i := range order {
		order[i] = i
	}
	newDice(s.Seed).shuffle(order)
	var p Parts
	p.take(order, test, validation)
	p.sort()
	return p, nil
}

// take gives the first rows of order to the test, the next to the validation
// and the rest to training.
func (p *Parts) take(order []int, test, validation int) {
	p.Test = append(p.Test, order[:test]...)
	p.Validation = append(p.Validation, order[test:test+validation]...)
	p.Train = append(p.Train, order[test+validation:]...)
}

func (p *Parts) sort() {
	slices.Sort(p.Train)
	slices.Sort(p.Validation)
	slices.Sort(p.Test)
}

// class is the rows of one value of the target.
type class struct {
	label            string
	rows             []int
	test, validation int
}

// classesOf returns the target's classes by label.
func classesOf(f *frame.Frame, target string) ([]*class, error) {
	c := f.Column(target)
	if c == nil {
		return nil, gristmill.Errorf(gristmill.Invalid, "data.target: there is no column %q", target)
	}
	byLabel := map[string]*class{}
	var classes []*class
	for i := range c.Len() {
		if c.IsNull(i) {
			return nil, gristmill.Errorf(gristmill.Invalid, "data.split: row %d has no value of the target %q; a stratified split needs one in every row", i+1, target)
		}
		label := c.Text(i)
		k := byLabel[label]
		if k == nil {
			k = &class{label: label}
			byLabel[label] = k
			classes = append(classes, k)
		}
		k.rows = append(k.rows, i)
	}
	slices.SortFunc(classes, func(a, b *class) int { return cmp.Compare(a.label, b.label) })
	var p problems
	for _, k := range classes {
		if len(k.rows) < 2 {
			p.add("data.split", fmt.Sprintf("class %q of target %q has 1 row (row %d)", frame.Shorten(k.label), target, k.rows[0]+1),
				"2 at least for a stratified split; use kind random for a target that is a number")
		}
	}
	if more := len(p) - frame.MaxViolations; more > 0 {
		p = append(p[:frame.MaxViolations], gristmill.Problem{Path: "data.split", Msg: fmt.Sprintf("and %d more classes of 1 row", more)})
	}
	return classes, gristmill.Problems("stratified split", p)
}

func stratified(rows int, classes []*class, s dataset.SplitSpec) (Parts, error) {
	if share(rows, s.Test)+share(rows, s.Validation) >= rows {
		return Parts{}, tooFew(rows, s)
	}
	// The test leaves a row for training, and where it can one for validation.
	apportion(classes, share(rows, s.Test), s.Test, func(k *class) (*int, int) {
		if s.Validation > 0 && len(k.rows) > 2 {
			return &k.test, len(k.rows) - 2
		}
		return &k.test, len(k.rows) - 1
	})
	if s.Validation > 0 {
		apportion(classes, share(rows, s.Validation), s.Validation, func(k *class) (*int, int) {
			return &k.validation, len(k.rows) - 1 - k.test
		})
	}
	d := newDice(s.Seed)
	var p Parts
	for _, k := range classes {
		d.shuffle(k.rows)
		p.take(k.rows, k.test, k.validation)
	}
	p.sort()
	if len(p.Train) == 0 || len(p.Test) == 0 || s.Validation > 0 && len(p.Validation) == 0 {
		return Parts{}, tooFew(rows, s)
	}
	return p, nil
}

// apportion gives each class its share of one part: the whole rows of its quota,
// but one at least, then the rest of the part's rows to the classes whose quotas
// were cut the most (Hamilton's method). part says where a class counts the
// part's rows, and how many it can give.
func apportion(classes []*class, total int, fraction float64, part func(*class) (given *int, most int)) {
	type remainder struct {
		k    *class
		left float64
	}
	var rest []remainder
	for _, k := range classes {
		given, most := part(k)
		quota := float64(len(k.rows)) * fraction
		whole := int(quota + 1e-9) // 0.3 * 10 is a little less than 3
		*given = min(max(whole, 1), most)
		total -= *given
		if left := quota - float64(*given); left > 1e-9 {
			rest = append(rest, remainder{k, left})
		}
	}
	slices.SortStableFunc(rest, func(a, b remainder) int { return cmp.Compare(b.left, a.left) })
	for _, r := range rest {
		if given, most := part(r.k); total > 0 && *given < most {
			*given++
			total--
		}
	}
}

// dice is a seeded source of shuffles that stays the same whatever becomes of
// the standard library's own ways to draw from a range.
type dice struct{ source *rand.PCG }

func newDice(seed uint64) dice { return dice{rand.NewPCG(seed, 0x9e3779b97f4a7c15)} }

// below returns an even random number in [0, n), n > 0 (Lemire 2019, "Fast
// random integer generation in an interval").
func (d dice) below(n uint64) uint64 {
	for {
		high, low := bits.Mul64(d.source.Uint64(), n)
		if low >= n || low >= -n%n {
			return high
		}
	}
}

// shuffle is Fisher and Yates's.
func (d dice) shuffle(rows []int) {
	for i := len(rows) - 1; i > 0; i-- {
		j := int(d.below(uint64(i + 1)))
		rows[i], rows[j] = rows[j], rows[i]
	}
}
