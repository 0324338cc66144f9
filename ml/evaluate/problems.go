package evaluate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gristmill/ml"
	"gristmill/ml/catalog"
	"gristmill/ml/check"
	"gristmill/ml/frame"
	"gristmill/ml/metric"
)

// The most that options may ask for.
const (
	maxBootstrap  = 100_000
	maxImportance = 1_000
	maxSlices     = 50
)

// Check returns everything that is wrong with the options for a task, its
// classes and the schema of the table without the target. What is not known yet
// is not checked: pass nil classes, a schema without fields. Of the columns of
// checks it knows only that the table has them; that the model sees them is for
// the caller, who knows what is dropped, and for Run.
func (o Options) Check(task catalog.Task, classes []string, schema frame.Schema) ml.Problems {
	var columns []string
	if len(schema.Fields) > 0 {
		columns = schema.Names()
	}
	return o.problems(task, classes, columns, columns)
}

// problems is Check by the names of all columns and of those that the model
// sees; nil ones are unknown.
func (o Options) problems(task catalog.Task, classes, all, features []string) ml.Problems {
	c := checker{task: task, classes: classes}
	if o.Bootstrap > maxBootstrap {
		c.add("evaluate.bootstrap", fmt.Sprint(o.Bootstrap), fmt.Sprintf("at most %d", maxBootstrap), "%d resamples", o.Bootstrap)
	}
	if o.Importance > maxImportance {
		c.add("evaluate.importance", fmt.Sprint(o.Importance), fmt.Sprintf("at most %d", maxImportance), "%d permutations of each column", o.Importance)
	}
	if len(o.Slices) > maxSlices {
		c.add("evaluate.slices", fmt.Sprint(len(o.Slices)), fmt.Sprintf("at most %d", maxSlices), "%d columns", len(o.Slices))
	}
	for i, name := range o.Slices {
		at := fmt.Sprintf("evaluate.slices[%d]", i)
		c.column(at, "column", name, all)
		if slices.Index(o.Slices, name) < i {
			c.add(at, name, "each column once", "column %q a second time", name)
		}
	}
	c.threshold(o)
	if o.Cost != nil {
		c.cost(*o.Cost)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Checks)) {
		at := "evaluate.checks." + name
		if !slices.Contains(check.Names(), name) {
			c.ps = append(c.ps, ml.Unknown(at, "check", name, check.Names()))
			continue
		}
		if v := o.Checks[name].AtMost; v != nil && !(*v >= 0 && *v-*v == 0) {
			c.add(at+".at_most", fmt.Sprint(*v), "a finite number, 0 or more", "%v", *v)
		}
		for i, column := range o.Checks[name].Columns {
			c.column(fmt.Sprintf("%s.columns[%d]", at, i), "feature column", column, features)
		}
	}
	return c.ps
}

// checker collects problems.
type checker struct {
	task    catalog.Task
	classes []string
	ps      ml.Problems
}

// add says at a path what was given, in words, and what would do.
func (c *checker) add(path, given, want, format string, args ...any) {
	c.ps = append(c.ps, ml.Problem{Path: path, Given: given, Want: want,
		Msg: fmt.Sprintf("%s: %s given, want %s", path, fmt.Sprintf(format, args...), want)})
}

// column checks that a column, of a noun, is one of the known ones.
func (c *checker) column(path, noun, name string, known []string) {
	if known == nil || slices.Contains(known, name) {
		return
	}
	msg := fmt.Sprintf("%s: there is no %s %q", path, noun, name)
	if near := ml.Nearest(name, known); near != "" {
		msg += fmt.Sprintf(" (did you mean %q?)", near)
	}
	c.ps = append(c.ps, ml.Problem{Path: path, Given: name, Want: "a " + noun, Msg: msg})
}

func (c *checker) threshold(o Options) {
	const at = "evaluate.threshold"
	switch {
	case o.Threshold == "":
	case !slices.Contains(metric.Criteria(), o.Threshold):
		c.ps = append(c.ps, ml.Unknown(at, "criterion", o.Threshold, metric.Criteria()))
	case c.task == catalog.Regression:
		c.add(at, o.Threshold, "none: only two classes have a threshold", "%q for a regression", o.Threshold)
	case c.classes != nil && len(c.classes) != 2:
		c.add(at, o.Threshold, "none: only two classes have a threshold", "%q for %d classes", o.Threshold, len(c.classes))
	case o.Threshold == "cost" && o.Cost == nil:
		c.add(at, o.Threshold, "evaluate.cost beside it, or f1 or youden", `"cost" without costs`)
	}
}

// term is one key of a Cost.
type term struct {
	key   string
	value float64
}

func (c Cost) cells() []term {
	return []term{{"true_positive", c.TruePositive}, {"false_positive", c.FalsePositive}, {"true_negative", c.TrueNegative}, {"false_negative", c.FalseNegative}}
}

func (c *checker) cost(cost Cost) {
	const at = "evaluate.cost."
	if n := len([]rune(cost.Currency)); n > 20 || strings.ContainsFunc(cost.Currency, func(r rune) bool { return r < ' ' }) {
		c.add(at+"currency", frame.Shorten(cost.Currency), "a word of at most 20 characters", "%q", frame.Shorten(cost.Currency))
	}
	units := []term{{"over", cost.Over}, {"under", cost.Under}}
	for _, t := range slices.Concat(cost.cells(), units) {
		if t.value-t.value != 0 {
			c.add(at+t.key, fmt.Sprint(t.value), "a finite number", "%v", t.value)
		}
	}
	set := func(ts []term) []term {
		return slices.DeleteFunc(slices.Clone(ts), func(t term) bool { return t.value == 0 })
	}
	cells := set(cost.cells())
	if c.task == catalog.Regression {
		for _, t := range cells {
			c.add(at+t.key, fmt.Sprint(t.value), "over and under: this is a regression", "the cost of a class")
		}
		if len(cost.Matrix) > 0 {
			c.add(at+"matrix", "", "over and under: this is a regression", "a matrix of classes")
		}
		for _, t := range units {
			if t.value < 0 {
				c.add(at+t.key, fmt.Sprint(t.value), "0 or more: else the worst prediction would be the best", "%v", t.value)
			}
		}
		if len(set(units)) == 0 && len(cells) == 0 && len(cost.Matrix) == 0 {
			c.add("evaluate.cost", "", "over or under, the cost of one unit of a prediction above or below the truth", "no cost")
		}
		return
	}
	for _, t := range set(units) {
		c.add(at+t.key, fmt.Sprint(t.value), "the cost of classes: this is a classification", "the cost of a unit")
	}
	switch {
	case len(cells) > 0 && len(cost.Matrix) > 0:
		c.add(at+"matrix", "", "either the matrix or "+cells[0].key, "a matrix and %s", cells[0].key)
	case len(cells) > 0 && c.classes != nil && len(c.classes) != 2:
		for _, t := range cells {
			c.add(at+t.key, fmt.Sprint(t.value), "matrix, the cost by actual and then by predicted class", "the cost of two classes for %d", len(c.classes))
		}
	case len(cells) == 0 && len(cost.Matrix) == 0 && len(set(units)) == 0:
		c.add("evaluate.cost", "", "false_negative, false_positive, true_negative, true_positive or matrix", "no cost")
	}
	c.matrix(cost.Matrix)
}

func (c *checker) matrix(m map[string]map[string]float64) {
	for _, actual := range slices.Sorted(maps.Keys(m)) {
		at := "evaluate.cost.matrix." + actual
		if c.classes != nil && !slices.Contains(c.classes, actual) {
			c.ps = append(c.ps, ml.Unknown(at, "class", actual, c.classes))
		}
		for _, said := range slices.Sorted(maps.Keys(m[actual])) {
			if c.classes != nil && !slices.Contains(c.classes, said) {
				c.ps = append(c.ps, ml.Unknown(at+"."+said, "class", said, c.classes))
			}
			if v := m[actual][said]; v-v != 0 {
				c.add(at+"."+said, fmt.Sprint(v), "a finite number", "%v", v)
			}
		}
	}
}
