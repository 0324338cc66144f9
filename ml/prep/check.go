package prep

import (
	"fmt"
	"slices"

	"gristmill/ml"
	"gristmill/ml/frame"
	"gristmill/ml/prep/encode"
	"gristmill/ml/prep/number"
	"gristmill/ml/prep/vec"
)

// StepSchema says which columns arrive at one step and which leave it.
type StepSchema struct {
	Path string        `json:"path"` // "transform[0].apply[1]"
	Step string        `json:"step"` // "scale: standard"
	In   []frame.Field `json:"in"`
	Out  []frame.Field `json:"out"` // what is known only after the fit is "contract=*" of one_hot, "age_bin*" of bins
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
	var list []StepSchema
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
				ss.Out = append(ss.Out, out...)
			}
			if in, _ := info(st.Op); in.Together && len(cols) > 0 {
				var why string
				if ss.Out, why = st.overAll(cols); why != "" {
					ps = append(ps, ml.Problem{Path: path, Given: fmt.Sprintf("%d columns", len(cols)), Want: why,
						Msg: fmt.Sprintf("%s: %s on columns %q: want %s", path, st, frame.Schema{Fields: cols}.Names(), why)})
				}
			}
			list = append(list, ss)
			cols = ss.Out
		}
		kept += len(cols)
		ps = append(ps, left(r, cols)...)
	}
	if kept == 0 && len(ps) == 0 {
		ps = append(ps, ml.Problem{Path: "transform", Want: "at least one column that is not dropped", Msg: "transform: no column is left to learn from"})
	}
	return list, ps
}

// left reports what no estimator takes of the columns that leave a rule.
func left(r int, cols []frame.Field) (ps ml.Problems) {
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
	return ps
}

// over says what a step makes of a column, or, in why, what it would need.
func (s Step) over(f frame.Field) (out []frame.Field, why string) {
	in, _ := info(s.Op)
	o := frame.Field{Name: f.Name, Type: frame.Float64, Nullable: f.Nullable}
	if !slices.Contains(in.Takes, string(vec.KindOf(f.Type))) {
		return []frame.Field{o}, takes(in.Takes)
	}
	some := func(names []string) []frame.Field {
		list := make([]frame.Field, len(names))
		for k, name := range names {
			list[k] = frame.Field{Name: name, Type: frame.Float64, Nullable: o.Nullable}
		}
		return list
	}
	switch s.Op {
	case OpDrop:
		return nil, ""
	case OpImpute:
		return s.overImpute(f)
	case OpMissing:
		o.Nullable = false
		return some([]string{f.Name + "_missing"}), ""
	case OpOneHot:
		o.Name += "=*"
		o.Nullable = false // a null is refused, or all zeros
	case OpOrdinal, OpFrequency:
		o.Nullable = false
	case OpBins:
		if s.word("encode") == OpOneHot {
			o.Name += "_bin*"
		}
	case OpDateParts:
		return some((&encode.DateParts{Parts: s.words("parts")}).Names([]string{f.Name})), ""
	case OpCyclic:
		c := &encode.Cyclic{Period: s.number("period")}
		if f.Type == frame.Timestamp {
			if c.Period > 0 {
				return []frame.Field{o}, "a number for a period; parts are for a date"
			}
			c.Parts = s.words("parts")
		} else if c.Period == 0 {
			return []frame.Field{o}, "a period for a number, such as cyclic: {period: 24}"
		}
		return some(c.Names([]string{f.Name})), ""
	case OpTextLength:
		o.Nullable = false
		return some((&encode.TextLength{}).Names([]string{f.Name})), ""
	case OpHashTokens:
		o.Nullable = false
		return some((&encode.HashTokens{Features: s.whole("features")}).Names([]string{f.Name})), ""
	}
	return []frame.Field{o}, ""
}

func (s Step) overImpute(f frame.Field) (out []frame.Field, why string) {
	o := frame.Field{Name: f.Name, Type: f.Type}
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
		o.Type = frame.Float64 // a mean or median need not be whole
	}
	out = []frame.Field{o}
	if s.is("indicator") && f.Nullable {
		out = append(out, frame.Field{Name: f.Name + "_missing", Type: frame.Float64})
	}
	return out, why
}

// overAll says what a step makes of all its columns together.
func (s Step) overAll(cols []frame.Field) (out []frame.Field, why string) {
	names := frame.Schema{Fields: cols}.Names()
	nullable := slices.ContainsFunc(cols, func(f frame.Field) bool { return f.Nullable })
	switch s.Op {
	case OpRatio:
		r := &number.Ratio{Name: s.word("name"), ZeroIsNull: s.word("by_zero") == OpMissing}
		if len(cols) != 2 {
			return cols, fmt.Sprintf("two columns to divide, not %d", len(cols))
		}
		nullable = nullable || r.ZeroIsNull
		names = r.Names(names)
	case OpPolynomial:
		p := &number.Polynomial{Degree: s.whole("degree"), Interactions: s.is("interactions_only")}
		if p.Check(len(cols)) != nil {
			return cols, fmt.Sprintf("fewer columns or a lower degree, for it makes more than %d", number.MostProducts)
		}
		names = p.Names(names)
	case OpSimilarity:
		names = (&number.Similarity{Centers: make([][]float64, s.whole("clusters"))}).Names(names)
	}
	for _, name := range names {
		out = append(out, frame.Field{Name: name, Type: frame.Float64, Nullable: nullable})
	}
	return out, ""
}

// takes says what kinds of column a step takes: "a number or bool".
func takes(kinds []string) string {
	if len(kinds) == 1 && kinds[0] == Text {
		return "text"
	}
	return "a " + either(kinds)
}
