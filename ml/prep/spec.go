package prep

import (
	"encoding/json"
	"fmt"
	"maps"
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
	Also    bool     `json:"also,omitempty"`   // its columns remain for later rules too
	Prefix  string   `json:"prefix,omitempty"` // of the names of what comes out
}

// Selector says which columns a rule takes. Exactly one field is set.
type Selector struct {
	Type      string   `json:"type,omitempty"`      // "number", "category" (text and bools), "bool" or "date"
	Names     []string `json:"names,omitempty"`     // these columns; steps on all of them together see them in this order
	Pattern   string   `json:"pattern,omitempty"`   // columns whose name this regular expression (RE2) finds
	Remainder bool     `json:"remainder,omitempty"` // columns that no other rule takes, wherever this rule stands
}

// The kinds of column. Category, which only selectors know, is text and bools;
// Text, which only steps know, is text alone.
const (
	Number   = "number"
	Category = "category"
	Bool     = "bool"
	Date     = "date"
	Text     = "text"
)

// The steps.
const (
	OpBins       = "bins"
	OpCyclic     = "cyclic"
	OpDateParts  = "date_parts"
	OpDrop       = "drop" // leaves the columns out; the only step of its rule
	OpFrequency  = "frequency"
	OpHashTokens = "hash_tokens"
	OpImpute     = "impute"
	OpKeep       = "keep" // numbers and bools as they are; the only step of its rule
	OpLog1p      = "log1p"
	OpMissing    = "missing"
	OpOneHot     = "one_hot"
	OpOrdinal    = "ordinal"
	OpPolynomial = "polynomial"
	OpPower      = "power"
	OpRatio      = "ratio"
	OpScale      = "scale"
	OpSimilarity = "similarity"
	OpTextLength = "text_length"
)

// The words of parameters.
const (
	Median       = "median" // strategies of impute
	Mean         = "mean"
	MostFrequent = "most_frequent"
	Constant     = "constant"

	Ignore     = "ignore" // policies for unknown categories
	Fail       = "error"
	GivenValue = "value"
	Rare       = "rare"

	Standard = "standard" // methods of scale
	MinMax   = "minmax"
	Robust   = "robust"

	YeoJohnson = "yeo_johnson" // method of power

	Quantile = "quantile" // strategies of bins
	Uniform  = "uniform"
)

// Step is one transformation with its parameters.
type Step struct {
	Op string
	// Strategy of impute (median, mean, most_frequent or constant); method of
	// scale (standard, minmax or robust) and of power (yeo_johnson, which empty
	// means too).
	Strategy string
	// Value is the constant of impute (float64, string or bool) or the number
	// that ordinal gives to unknown categories.
	Value any
	// Unknown says what one_hot ("ignore", "error" or "rare") and ordinal
	// ("value" or "error") do with a category that the training rows did not
	// have, and with a null. Empty means error.
	Unknown string
	// Params are the parameters that have no field above, by the names of
	// Steps: float64 or int, bool, string, []string. What is left out has its
	// default.
	Params map[string]any
}

// get returns a parameter as it was given, nil when it was not.
func (s Step) get(name string) any {
	text := func(v string) any {
		if v == "" {
			return nil
		}
		return v
	}
	switch {
	case name == "unknown":
		return text(s.Unknown)
	case name == "value":
		return s.Value
	case inStrategy(s.Op, name):
		return text(s.Strategy)
	}
	return s.Params[name]
}

// set stores a parameter where get finds it.
func (s *Step) set(name string, v any) {
	word, _ := v.(string)
	switch {
	case name == "unknown":
		s.Unknown = word
	case name == "value":
		s.Value = v
	case inStrategy(s.Op, name):
		s.Strategy = word
	default:
		if s.Params == nil {
			s.Params = map[string]any{}
		}
		s.Params[name] = v
	}
}

// inStrategy reports whether a parameter lives in Step.Strategy.
func inStrategy(op, name string) bool {
	return name == "method" || name == "strategy" && op == OpImpute
}

// param returns a parameter's value or its default.
func (s Step) param(name string) any {
	if v := s.get(name); v != nil {
		return v
	}
	in, _ := info(s.Op)
	p, _ := in.param(name)
	return p.Default
}

func (s Step) number(name string) float64 {
	x, _ := numeric(s.param(name))
	return x
}

func (s Step) whole(name string) int { return int(s.number(name)) }

func (s Step) word(name string) string { w, _ := s.param(name).(string); return w }

func (s Step) is(name string) bool { b, _ := s.param(name).(bool); return b }

func (s Step) words(name string) []string { w, _ := s.param(name).([]string); return w }

// numeric returns a value as a number if it is one.
func numeric(v any) (float64, bool) {
	switch x := v.(type) {
	case float64:
		return x, true
	case int:
		return float64(x), true
	case int64:
		return float64(x), true
	case uint64:
		return float64(x), true
	}
	return 0, false
}

// String renders the step as a spec has it: "impute: median".
func (s Step) String() string {
	text := s.Op
	switch {
	case s.Op == OpImpute && s.Strategy == Constant:
		text = fmt.Sprintf("impute: constant %v", s.Value)
	case s.Strategy != "":
		text = s.Op + ": " + s.Strategy
	case s.Unknown == GivenValue:
		text = fmt.Sprintf("%s: unknown=%v", s.Op, s.Value)
	case s.Op == OpOneHot || s.Op == OpOrdinal:
		text = s.Op + ": unknown=" + s.policy()
	case len(s.Params) > 0:
		text += ":"
	}
	for _, name := range slices.Sorted(maps.Keys(s.Params)) {
		text += fmt.Sprintf(" %s=%v", name, s.Params[name])
	}
	return text
}

func (s Step) policy() string {
	if s.Unknown == "" {
		return Fail
	}
	return s.Unknown
}

// MarshalJSON writes the form that UnmarshalJSON reads.
func (s Step) MarshalJSON() ([]byte, error) {
	m := map[string]any{}
	switch s.Op {
	case OpImpute:
		if s.Strategy != Constant && len(s.Params) == 0 {
			return json.Marshal(map[string]any{s.Op: s.Strategy})
		}
		m["strategy"] = s.Strategy
		if s.Strategy == Constant {
			m["value"] = s.Value
		}
	case OpScale:
		return json.Marshal(map[string]any{s.Op: s.Strategy})
	case OpPower:
		if s.Strategy != "" {
			m["method"] = s.Strategy
		}
	case OpOneHot, OpOrdinal:
		m["unknown"] = s.policy()
		if s.Unknown == GivenValue {
			m["value"] = s.Value
		}
	}
	maps.Copy(m, s.Params)
	if len(m) == 0 {
		return json.Marshal(s.Op)
	}
	return json.Marshal(map[string]any{s.Op: m})
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
	case s.Type == Date:
		return f.Type == frame.Timestamp
	case re != nil:
		return re.MatchString(f.Name)
	}
	return slices.Contains(s.Names, f.Name)
}

// together reports whether the rule has a step on all its columns together.
func (r Rule) together() bool {
	return slices.ContainsFunc(r.Apply, func(s Step) bool { in, _ := info(s.Op); return in.Together })
}

// assign gives each column to a rule, and to the rules before it that match and
// take it also: the result has, for each rule, the positions of its columns in
// the order of the schema (of the names, for a rule that takes them together).
// Problems are unknown names and columns without a rule; the spec itself must
// be valid.
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
		to, also := rest, false
		for r, rule := range s {
			if !rule.Columns.matches(f, res[r]) {
				continue
			}
			if !rule.Also {
				to = r
				break
			}
			also = true
			out[r] = append(out[r], j)
		}
		switch {
		case to >= 0:
			out[to] = append(out[to], j)
		case !also:
			ps = append(ps, ml.Problem{Path: "transform", Given: f.Name, Want: "a rule for every column",
				Msg: fmt.Sprintf("transform: column %q (%s) is matched by no rule; add one, or {columns: remainder, apply: [drop]}", f.Name, f.Type)})
		}
	}
	for r, rule := range s {
		if len(rule.Columns.Names) > 0 && rule.together() {
			order := rule.Columns.Names
			slices.SortStableFunc(out[r], func(a, b int) int {
				return slices.Index(order, in.Fields[a].Name) - slices.Index(order, in.Fields[b].Name)
			})
		}
	}
	return out, ps
}
