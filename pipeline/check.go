package pipeline

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"gristmill"
	"gristmill/ml"
	"gristmill/ml/catalog"
	"gristmill/ml/frame"
	"gristmill/ml/prep"
)

// Report says what a pipeline would do, without doing it.
type Report struct {
	Plan     Plan         `json:"plan"`
	Steps    []StepReport `json:"steps"`
	Warnings []string     `json:"warnings,omitempty"`
}

// StepReport is one step of a Report.
type StepReport struct {
	ID      string        `json:"id"`
	Kind    Kind          `json:"kind"`
	Queue   string        `json:"queue"`
	Columns []frame.Field `json:"columns"` // that arrive at the step
	Notes   []string      `json:"notes,omitempty"`
}

// Describe follows the columns of the data through the spec's plan. The schema
// is the data's own. The error carries every column that the spec names and
// the data do not have, and every step that cannot work on its columns.
func Describe(project string, s Spec, data frame.Schema) (Report, error) {
	plan, err := Make(project, s)
	if err != nil {
		return Report{}, err
	}
	features, problems := Features(s, data)
	for _, p := range s.Evaluate.Check(s.Train.Task, nil, data.Without(s.Data.Target)) {
		if !slices.ContainsFunc(problems, func(q gristmill.Problem) bool { return q.Path == p.Path }) {
			problems = append(problems, gristmill.Problem{Path: p.Path, Given: p.Given, Want: p.Want, Msg: p.Msg})
		}
	}
	steps, more := s.Transform.Check(features)
	for _, p := range more {
		problems = append(problems, gristmill.Problem{Path: p.Path, Given: p.Given, Want: p.Want, Msg: p.Msg})
	}
	if err := gristmill.Problems("the spec does not fit its data", problems); err != nil {
		return Report{}, err
	}
	r := Report{Plan: plan, Warnings: s.Warnings}
	for _, step := range plan.Steps {
		sr := StepReport{ID: step.ID, Kind: step.Kind, Queue: step.Queue}
		switch step.Kind {
		case Fetch, Transform:
			sr.Columns = data.Fields
		case Train, Fold, Evaluate:
			sr.Columns = leaving(steps)
		}
		if step.Kind == Transform {
			for _, ss := range steps {
				sr.Notes = append(sr.Notes, fmt.Sprintf("%s: %s on %d columns", ss.Path, ss.Step, len(ss.In)))
			}
		}
		r.Steps = append(r.Steps, sr)
	}
	return r, nil
}

// leaving returns the columns that leave the last step of every rule.
func leaving(steps []prep.StepSchema) []frame.Field {
	var out []frame.Field
	for i, ss := range steps {
		if i+1 == len(steps) || rule(steps[i+1].Path) != rule(ss.Path) {
			out = append(out, ss.Out...)
		}
	}
	return out
}

// rule is the part of a step's path that names its rule.
func rule(path string) string { before, _, _ := strings.Cut(path, ".apply"); return before }

// Features returns the columns that the model learns from: the data's without
// the target and what is dropped.
func Features(s Spec, data frame.Schema) (frame.Schema, []gristmill.Problem) {
	var problems []gristmill.Problem
	missing := func(path, name string) {
		p := ml.Unknown(path, "column", name, data.Names())
		problems = append(problems, gristmill.Problem{Path: p.Path, Given: p.Given, Want: p.Want, Msg: p.Msg})
	}
	target, ok := data.Field(s.Data.Target)
	if !ok {
		missing("data.target", s.Data.Target)
	}
	if ok && s.Train.Task == catalog.Regression && !target.Type.Numeric() {
		problems = append(problems, gristmill.Problem{Path: "data.target", Given: s.Data.Target, Want: "a column of numbers",
			Msg: fmt.Sprintf("data.target: %s predicts numbers, but column %q is %s; use logistic to predict classes", s.Train.Algorithm, target.Name, target.Type)})
	}
	for i, name := range s.Data.Drop {
		if _, ok := data.Field(name); !ok {
			missing(fmt.Sprintf("data.drop[%d]", i), name)
		}
	}
	for path, name := range named(s) {
		if _, ok := data.Field(name); !ok && name != "" {
			missing(path, name)
		}
	}
	for path, name := range checked(s) {
		switch _, ok := data.Field(name); {
		case !ok:
			missing(path, name)
		case name == s.Data.Target:
			problems = append(problems, gristmill.Problem{Path: path, Given: name, Want: "a column that the model sees",
				Msg: fmt.Sprintf("%s: %q is the target; expected a column that the model sees", path, name)})
		case slices.Contains(s.Data.Drop, name):
			problems = append(problems, gristmill.Problem{Path: path, Given: name, Want: "a column that the model sees",
				Msg: fmt.Sprintf("%s: %q is dropped by data.drop; expected a column that the model sees", path, name)})
		}
	}
	return data.Without(append([]string{s.Data.Target}, s.Data.Drop...)...), problems
}

// named yields the other columns that a spec names, by the key that does, in a
// fixed order. The model need not see them: they may be dropped. Those of
// checks, which look at what the model learned from, are checked's.
func named(s Spec) iter.Seq2[string, string] {
	return func(yield func(path, name string) bool) {
		ok := yield("data.time", s.Data.Time) && yield("data.split.by", s.Data.Split.By)
		if by := s.Train.CV.By; by != s.Data.Split.By && by != s.Data.Time { // else it is named already
			ok = ok && yield("train.cv.by", by)
		}
		for i, name := range s.Evaluate.Slices {
			ok = ok && yield(fmt.Sprintf("evaluate.slices[%d]", i), name)
		}
	}
}

// checked yields the columns that checks are narrowed to.
func checked(s Spec) iter.Seq2[string, string] {
	return func(yield func(path, name string) bool) {
		ok := true
		for _, check := range sortedKeys(s.Evaluate.Checks) {
			for i, name := range s.Evaluate.Checks[check].Columns {
				ok = ok && yield(fmt.Sprintf("evaluate.checks.%s.columns[%d]", check, i), name)
			}
		}
	}
}
