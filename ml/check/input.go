package check

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"gristmill/ml"
)

// problems says what is wrong with the input and the options, all of it.
func problems(in Input, options map[string]Options) (list ml.Problems) {
	add := func(path, format string, args ...any) {
		list = append(list, ml.Problem{Path: path, Msg: fmt.Sprintf(format, args...)})
	}
	names := Names()
	for _, name := range slices.Sorted(maps.Keys(options)) {
		path := "evaluate.checks." + name
		if !slices.Contains(names, name) {
			list = append(list, ml.Unknown("evaluate.checks", "check", name, names))
			continue
		}
		o := options[name]
		if o.AtMost != nil && (math.IsNaN(*o.AtMost) || math.IsInf(*o.AtMost, 0) || *o.AtMost < 0) {
			add(path+".at_most", "%s.at_most: %v given, expected a number of at least 0", path, *o.AtMost)
		}
		for _, c := range o.Columns {
			if in.Train.X != nil && in.Train.X.Column(c) == nil {
				p := ml.Unknown(path+".columns", "column", c, in.Train.X.Schema().Names())
				list = append(list, p)
			}
		}
	}
	if in.Train.X == nil || in.Test.X == nil {
		add("", "the checks need the rows of training and test")
		return list
	}
	for _, part := range []struct {
		name string
		Part
	}{{"train", in.Train}, {"validation", in.Validation}, {"test", in.Test}} {
		if part.X == nil {
			continue
		}
		n := part.X.Rows()
		wrong := func(what string, given, want int) {
			if given != want {
				add(part.name, "%s: %d %s given, expected %d", part.name, given, what, want)
			}
		}
		wrong("targets", len(part.Y), n)
		if part.Pred != nil {
			wrong("predictions", len(part.Pred), n)
		}
		if part.Proba != nil {
			wrong("probabilities", len(part.Proba), n*len(in.Classes))
		}
		if len(part.Y) == n {
			list = append(list, badTargets(part.name, part.Y, len(in.Classes))...)
		}
		for _, numbers := range [][]float64{part.Pred, part.Proba} {
			if i := slices.IndexFunc(numbers, notFinite); i >= 0 {
				add(part.name, "%s: prediction %d is %v, expected a number", part.name, i, numbers[i])
			}
		}
		for _, name := range in.Train.X.Schema().Names() {
			if part.X.Column(name) == nil {
				add(part.name, "%s: no column %q, which train has", part.name, name)
			} else if text(part.X.Column(name)) != text(in.Train.X.Column(name)) {
				add(part.name, "%s: column %q is %s, in train it is %s", part.name, name, part.X.Column(name).Field.Type, in.Train.X.Column(name).Field.Type)
			}
		}
	}
	if k := len(in.Classes); k > 0 && (in.Positive < 0 || in.Positive >= k) {
		add("", "positive class %d given, expected one of the %d classes", in.Positive, k)
	}
	return list
}

func badTargets(part string, y []float64, classes int) ml.Problems {
	for i, v := range y {
		if notFinite(v) || classes > 0 && (v < 0 || v >= float64(classes) || v != math.Trunc(v)) {
			want := "a number"
			if classes > 0 {
				want = fmt.Sprintf("an index below %d", classes)
			}
			return ml.Problems{{Path: part, Msg: fmt.Sprintf("%s: target of row %d is %v, expected %s", part, i, v, want)}}
		}
	}
	return nil
}

func notFinite(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }
