package starter

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gristmill"
	"gristmill/ml"
	"gristmill/ml/catalog"
	"gristmill/ml/frame"
)

// target is what the target is taken for.
type target struct {
	column
	task        catalog.Task
	why         string   // it is of that task
	labels      []string // of classes, the commonest first
	positive    string   // of two classes
	whyPositive string
	log1p       bool // the target has a long tail that log1p takes away
}

// Between classes and numbers.
const (
	maxClasses      = 100 // different texts that are still classes
	maxNumbers      = 10  // different whole numbers that are still classes
	rowsPerClass    = 10  // that a whole number stands for, on average
	rareClass       = 5   // rows; a class with fewer cannot be kept in proportion
	fewestRows      = 10  // to learn anything from
	columnsToPickOf = 40  // that an error lists
)

// aim looks at the target.
func aim(f *frame.Frame, name, positive string) (target, error) {
	c := f.Column(name)
	if c == nil {
		return target{}, unknownColumn(f, name)
	}
	t := target{column: look(c)}
	invalid := func(format string, args ...any) (target, error) {
		return target{}, gristmill.Errorf(gristmill.Invalid, "target %s: %s", quote(name), fmt.Sprintf(format, args...))
	}
	wholes := c.Field.Type == frame.Int64 || c.Field.Type == frame.Float64 && all(slices.Collect(maps.Keys(t.counts)), func(s string) bool { return !strings.ContainsAny(s, ".e") })
	switch {
	case f.Rows() < fewestRows:
		return target{}, gristmill.Errorf(gristmill.Invalid, "the table has %d rows; expected at least %d to learn from", f.Rows(), fewestRows)
	case t.missing > 0:
		return invalid("%d of %d rows have no value in it; expected one in every row: remove those rows first", t.missing, t.rows)
	case t.distinct == 1:
		return invalid("every row has the value %s; expected a column whose values differ", quote(t.top))
	case c.Field.Type == frame.Timestamp:
		return invalid("it holds times; expected numbers or classes")
	case c.Field.Type == frame.String && t.distinct > min(maxClasses, t.rows/2):
		return invalid("it holds %d different texts in %d rows, such as %s; expected numbers or at most %d classes", t.distinct, t.rows, quote(t.top), min(maxClasses, t.rows/2))
	case c.Field.Type == frame.String || c.Field.Type == frame.Bool:
		t.task, t.why = catalog.Classification, fmt.Sprintf("%d different values: classes", t.distinct)
	case wholes && t.distinct == 2:
		t.task, t.why = catalog.Classification, "only two different numbers: taken for classes"
	case wholes && t.distinct <= maxNumbers && t.distinct*rowsPerClass <= t.rows && t.consecutive():
		t.task, t.why = catalog.Classification, fmt.Sprintf("only the whole numbers %s to %s: taken for classes; if more means more, use ridge", plain(t.min), plain(t.max))
	default:
		t.task, t.why = catalog.Regression, fmt.Sprintf("numbers from %s to %s", plain(t.min), plain(t.max))
	}
	if t.task == catalog.Regression {
		t.log1p = t.skew > longTail && math.Abs(t.logSkew) < t.skew/2
		if positive != "" {
			return invalid("it holds numbers, of which none is positive in the sense of a class; expected no --positive")
		}
		return t, nil
	}
	t.labels = slices.SortedFunc(maps.Keys(t.counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(t.counts[b], t.counts[a]), cmp.Compare(a, b))
	})
	if positive != "" && !slices.Contains(t.labels, positive) {
		return invalid("it never is %s; expected one of its values: %s", quote(positive), list(t.labels))
	}
	t.choosePositive(positive)
	return t, nil
}

// consecutive reports whether the numbers leave no gap.
func (t *target) consecutive() bool { return t.max-t.min == float64(t.distinct-1) }

// choosePositive takes the class that one asks about, of two.
func (t *target) choosePositive(given string) {
	if len(t.labels) != 2 {
		return
	}
	if given != "" {
		t.positive, t.whyPositive = given, "as given"
		return
	}
	for _, l := range t.labels {
		if slices.Contains([]string{"1", "true", "yes", "y", "positive", "pos"}, strings.ToLower(l)) {
			t.positive, t.whyPositive = l, fmt.Sprintf("it says so; %s of the rows", percent(t.counts[l], t.rows))
			return
		}
	}
	rare := t.labels[1]
	t.positive, t.whyPositive = rare, fmt.Sprintf("the rarer of the two: %s of the rows", percent(t.counts[rare], t.rows))
}

func unknownColumn(f *frame.Frame, name string) error {
	names := f.Schema().Names()
	shown := names[:min(len(names), columnsToPickOf)]
	more := ""
	if n := len(names) - len(shown); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	if near := ml.Nearest(name, names); near != "" {
		more += fmt.Sprintf(" (did you mean %s?)", quote(near))
	}
	return gristmill.Errorf(gristmill.Invalid, "the table has no column %s; expected one of: %s%s", quote(name), strings.Join(shown, ", "), more)
}

// Candidate is a column that may be the target, with the reason.
type Candidate struct {
	Name string     `json:"name"`
	Type frame.Type `json:"type"`
	Seen string     `json:"seen"`          // what its values are
	Why  string     `json:"why,omitempty"` // it may be the target; "" means that it hardly is
}

// Candidates says of every column whether it may be what to predict, for people
// who have not said.
func Candidates(f *frame.Frame) []Candidate {
	out := make([]Candidate, f.Cols())
	for j := range out {
		c := look(f.At(j))
		out[j] = Candidate{Name: c.name, Type: c.typ, Seen: c.seen()}
		t, err := aim(f, c.name, "")
		if err != nil {
			continue
		}
		last, called := j == f.Cols()-1, slices.Contains([]string{"target", "y", "label", "class", "outcome", "churn", "price", "species", "quality", "default", "survived"}, strings.ToLower(c.name))
		switch {
		case called:
			out[j].Why = "its name; " + t.why
		case last && c.typ != frame.Timestamp:
			out[j].Why = "the last column; " + t.why
		}
	}
	return out
}

// seen describes a column's values on a line.
func (o *column) seen() string {
	gaps := ""
	if o.missing > 0 {
		gaps = ", " + percent(o.missing, o.rows) + " missing"
	}
	switch {
	case o.values() == 0:
		return "no value"
	case o.typ == frame.Float64 || o.typ == frame.Int64:
		return fmt.Sprintf("%s to %s%s", plain(o.min), plain(o.max), gaps)
	default:
		return fmt.Sprintf("%d different, most often %s%s", o.distinct, quote(o.top), gaps)
	}
}
