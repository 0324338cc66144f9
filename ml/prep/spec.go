package prep

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"gristmill/ml"
	"gristmill/ml/frame"
)

// Spec is the list of rules, in the order in which columns are matched.
type Spec []Rule

// Rule sends the columns that its selector matches through its steps.
type Rule struct {
	Columns Selector `json:"columns"`
	Apply   []Step   `json:"apply"`
}

// Selector says which columns a rule takes. Exactly one field is set.
type Selector struct {
	Type      string   `json:"type,omitempty"`      // "number", "category" (text and bools) or "bool"
	Names     []string `json:"names,omitempty"`     // these columns
	Pattern   string   `json:"pattern,omitempty"`   // columns whose name this regular expression (RE2) finds
	Remainder bool     `json:"remainder,omitempty"` // columns that no other rule takes, wherever this rule stands
}

// The selectors' types.
const (
	Number   = "number"
	Category = "category"
	Bool     = "bool"
)

// The steps.
const (
	OpImpute  = "impute"
	OpScale   = "scale"
	OpOneHot  = "one_hot"
	OpOrdinal = "ordinal"
	OpLog1p   = "log1p"
	OpKeep    = "keep" // numbers and bools as they are; the only step of its rule
	OpDrop    = "drop" // leaves the columns out; the only step of its rule
)

// The strategies of impute, the policies for unknown categories.
const (
	Median       = "median"
	Mean         = "mean"
	MostFrequent = "most_frequent"
	Constant     = "constant"

	Ignore     = "ignore"
	Fail       = "error"
	GivenValue = "value"

	Standard = "standard"
)

// Step is one transformation with its parameters.
type Step struct {
	Op string
	// Strategy of impute: median, mean, most_frequent or constant; of scale:
	// standard.
	Strategy string
	// Value is the constant of impute (float64, string or bool) or the number
	// that ordinal gives to unknown categories.
	Value any
	// Unknown says what one_hot ("ignore" or "error") and ordinal ("value" or
	// "error") do with a category that the training rows did not have, and
	// with a null. Empty means error.
	Unknown string
}

// String renders the step as a spec has it: "impute: median".
func (s Step) String() string {
	switch {
	case s.Op == OpImpute && s.Strategy == Constant:
		return fmt.Sprintf("impute: constant %v", s.Value)
	case s.Op == OpImpute || s.Op == OpScale:
		return s.Op + ": " + s.Strategy
	case s.Unknown == GivenValue:
		return fmt.Sprintf("%s: unknown=%v", s.Op, s.Value)
	case s.Op == OpOneHot || s.Op == OpOrdinal:
		return s.Op + ": unknown=" + s.policy()
	}
	return s.Op
}

func (s Step) policy() string {
	if s.Unknown == "" {
		return Fail
	}
	return s.Unknown
}

// MarshalJSON writes the form that UnmarshalJSON reads.
func (s Step) MarshalJSON() ([]byte, error) {
	var arg any
	switch s.Op {
	case OpImpute:
		arg = s.Strategy
		if s.Strategy == Constant {
			arg = map[string]any{"strategy": s.Strategy, "value": s.Value}
		}
	case OpScale:
		arg = s.Strategy
	case OpOneHot, OpOrdinal:
		m := map[string]any{"unknown": s.policy()}
		if s.Unknown == GivenValue {
			m["value"] = s.Value
		}
		arg = m
	default:
		return json.Marshal(s.Op)
	}
	return json.Marshal(map[string]any{s.Op: arg})
}

// matches reports whether the selector names the column; remainder never does.
func (s Selector) matches(f frame.Field, re *regexp.Regexp) bool {
	switch {
	case s.Type == Number:
		return f.Type.Numeric()
	case s.Type == Category:
		return f.Type == frame.String || f.Type == frame.Bool
	case s.Type == Bool:
		return f.Type == frame.Bool
	case re != nil:
		return re.MatchString(f.Name)
	}
	return slices.Contains(s.Names, f.Name)
}

// assign gives each column to a rule: the result has, for each rule, the
// positions of its columns in the order of the schema. Problems are unknown
// names and columns without a rule; the spec itself must be valid.
func (s Spec) assign(in frame.Schema) ([][]int, ml.Problems) {
	var ps ml.Problems
	out := make([][]int, len(s))
	rest := -1
	res := make([]*regexp.Regexp, len(s))
	for r, rule := range s {
		if rule.Columns.Remainder {
			rest = r
		}
		if rule.Columns.Pattern != "" {
			res[r] = regexp.MustCompile(rule.Columns.Pattern) // validate has compiled it before
		}
		for i, name := range rule.Columns.Names {
			if in.Index(name) < 0 {
				ps = append(ps, ml.Unknown(fmt.Sprintf("transform[%d].columns.names[%d]", r, i), "column", name, in.Names()))
			}
		}
	}
	for j, f := range in.Fields {
		to := rest
		for r, rule := range s {
			if rule.Columns.matches(f, res[r]) {
				to = r
				break
			}
		}
		if to < 0 {
			ps = append(ps, ml.Problem{Path: "transform", Given: f.Name, Want: "a rule for every column",
				Msg: fmt.Sprintf("transform: column %q (%s) is matched by no rule; add one, or {columns: remainder, apply: [drop]}", f.Name, f.Type)})
			continue
		}
		out[to] = append(out[to], j)
	}
	return out, ps
}
