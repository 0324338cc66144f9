package pipeline

import (
	"fmt"
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
		case Train, Evaluate:
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
	return data.Without(append([]string{s.Data.Target}, s.Data.Drop...)...), problems
}
