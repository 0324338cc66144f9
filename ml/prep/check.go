package prep

import (
	"fmt"

	"gristmill/ml"
	"gristmill/ml/frame"
)

// StepSchema says which columns arrive at one step and which leave it.
type StepSchema struct {
	Path string        `json:"path"` // "transform[0].apply[1]"
	Step string        `json:"step"` // "scale: standard"
	In   []frame.Field `json:"in"`
	Out  []frame.Field `json:"out"` // one_hot's columns are not known before the fit: "contract=*" stands for them
}

// Check follows a table's columns through the rules without any data. It
// reports every problem: those of the rules themselves, columns that no rule
// takes, steps that cannot work on a column's type, text that no step encodes,
// and nulls that would reach the estimator.
func (s Spec) Check(in frame.Schema) ([]StepSchema, []ml.Problem) {
	if ps := s.validate(); len(ps) > 0 {
		return nil, ps
	}
	byRule, ps := s.assign(in)
	var steps []StepSchema
	kept := 0
	for r, rule := range s {
		cols := make([]frame.Field, 0, len(byRule[r]))
		for _, j := range byRule[r] {
			cols = append(cols, in.Fields[j])
		}
		for i, st := range rule.Apply {
			path := fmt.Sprintf("transform[%d].apply[%d]", r, i)
			ss := StepSchema{Path: path, Step: st.String(), In: cols}
			for _, f := range cols {
				out, why := st.over(f)
				if why != "" {
					ps = append(ps, ml.Problem{Path: path, Given: string(f.Type), Want: why,
						Msg: fmt.Sprintf("%s: %s on column %q, which is %s: want %s", path, st, f.Name, f.Type, why)})
				}
				if st.Op != OpDrop {
					ss.Out = append(ss.Out, out)
				}
			}
			steps = append(steps, ss)
			cols = ss.Out
		}
		kept += len(cols)
		for _, f := range cols {
			if f.Type == frame.String {
				ps = append(ps, ml.Problem{Path: fmt.Sprintf("transform[%d]", r), Given: f.Name, Want: "one_hot or ordinal as a further step",
					Msg: fmt.Sprintf("transform[%d]: column %q is still text after the last step: add one_hot or ordinal", r, f.Name)})
			}
			if f.Nullable {
				ps = append(ps, ml.Problem{Path: fmt.Sprintf("transform[%d]", r), Given: f.Name, Want: "impute as the first step",
					Msg: fmt.Sprintf("transform[%d]: column %q may be null after the last step: add impute as the first step", r, f.Name)})
			}
		}
	}
	if kept == 0 && len(ps) == 0 {
		ps = append(ps, ml.Problem{Path: "transform", Want: "at least one column that is not dropped", Msg: "transform: no column is left to learn from"})
	}
	return steps, ps
}

// over says what a step makes of a column, or, in why, what it would need.
func (s Step) over(f frame.Field) (out frame.Field, why string) {
	out = frame.Field{Name: f.Name, Type: frame.Float64, Nullable: f.Nullable}
	switch s.Op {
	case OpImpute:
		out.Type, out.Nullable = f.Type, false
		switch v := s.Value.(type) {
		case nil:
			if s.Strategy != MostFrequent && !f.Type.Numeric() {
				why = "a number, or the strategy most_frequent or constant"
			}
		case float64:
			if !f.Type.Numeric() {
				why = fmt.Sprintf("a column of numbers for the constant %v", v)
			}
		case bool:
			if f.Type != frame.Bool {
				why = fmt.Sprintf("a column of bools for the constant %v", v)
			}
		case string:
			if f.Type != frame.String {
				why = fmt.Sprintf("a column of text for the constant %q", v)
			}
		}
		if f.Type == frame.Int64 {
			out.Type = frame.Float64 // a mean or median need not be whole
		}
	case OpScale, OpLog1p:
		if !f.Type.Numeric() {
			why = "a number"
		}
	case OpKeep:
		if f.Type == frame.String {
			why = "a number or bool"
		}
	case OpOneHot:
		out.Name += "=*"
		out.Nullable = false // a null is refused, or all zeros
	case OpOrdinal:
		out.Nullable = false
	}
	return out, why
}
