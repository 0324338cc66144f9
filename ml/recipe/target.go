package recipe

import (
	"fmt"
	"math"
	"slices"

	"gristmill/ml"
	"gristmill/ml/catalog"
	"gristmill/ml/frame"
)

// MaxClasses bounds a classification; more means a target that is no class.
const MaxClasses = 1000

// Targets reads a column as what is to be predicted: its values for a
// regression; for a classification indices into its sorted labels, of which the
// positive one of two comes last, so that its probability is the second. Every
// row needs a value. What is wrong is ml.Problems.
func Targets(c *frame.Column, task catalog.Task, positive string) (y []float64, classes []string, err error) {
	name := c.Field.Name
	var ps ml.Problems
	y = make([]float64, c.Len())
	for i := range y {
		if y[i] = c.Float(i); !c.IsNull(i) {
			continue
		}
		if len(ps) < frame.MaxViolations {
			ps = append(ps, ml.Problem{Path: fmt.Sprintf("row %d, column %q", i+1, name), Want: "a value",
				Msg: fmt.Sprintf("row %d has no value of the target %q", i+1, name)})
		}
	}
	if len(ps) > 0 {
		return nil, nil, ps
	}
	wrong := func(format string, args ...any) error {
		return ml.Problems{{Path: "data.target", Given: name, Msg: "data.target: " + fmt.Sprintf(format, args...)}}
	}
	if task == catalog.Regression {
		if !c.Field.Type.Numeric() && c.Field.Type != frame.Bool {
			what := map[frame.Type]string{frame.String: "text", frame.Timestamp: "a time"}[c.Field.Type]
			return nil, nil, wrong("column %q is %s; a regression needs numbers, a classification needs e.g. train.algorithm: logistic", name, what)
		}
		return y, nil, nil
	}
	labels := map[string]float64{}
	for i := range y {
		labels[c.Text(i)] = 0
	}
	if len(labels) > MaxClasses {
		return nil, nil, wrong("column %q has %d different values; a classification takes at most %d classes: is it a regression (train.algorithm: ridge)?", name, len(labels), MaxClasses)
	}
	for l := range labels {
		classes = append(classes, l)
	}
	slices.Sort(classes)
	if positive != "" && len(classes) == 2 && classes[0] == positive {
		slices.Reverse(classes)
	}
	for i, l := range classes {
		labels[l] = float64(i)
	}
	for i := range y {
		y[i] = labels[c.Text(i)]
	}
	return y, classes, nil
}

// Positive returns the index of the positive class: the named one, else the
// last; -1 without classes.
func Positive(classes []string, name string) int {
	if i := slices.Index(classes, name); i >= 0 {
		return i
	}
	return len(classes) - 1
}

// Log1p is the target transform log(1+y), see Recipe.
const Log1p = "log1p"

// transformed returns the targets as the algorithm learns them.
func transformed(y []float64, how, name string) ([]float64, error) {
	if how == "" {
		return y, nil
	}
	out := make([]float64, len(y))
	for i, v := range y {
		if out[i] = math.Log1p(v); v <= -1 {
			return nil, ml.Problems{{Path: "train.target_transform", Given: how, Want: "targets above -1",
				Msg: fmt.Sprintf("train.target_transform: log1p needs targets above -1, but %q is %v in a training row", name, v)}}
		}
	}
	return out, nil
}
