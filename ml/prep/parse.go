package prep

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"gristmill/ml"
)

// UnmarshalJSON reads the rules strictly; a failure is ml.Problems with paths
// that begin with "transform".
func (s *Spec) UnmarshalJSON(b []byte) error {
	spec, ps := Parse(b)
	if len(ps) > 0 {
		return ps
	}
	*s = spec
	return nil
}

// Parse reads rules from JSON and reports everything that is wrong with them.
// Both short and long forms of a step are read: "log1p", {"log1p": {}},
// {"scale": "standard"}, {"scale": {"method": "standard"}}, {"impute":
// "median"}, {"impute": {"strategy": "constant", "value": 0}}. A rule may also
// be {"remainder": "drop"} or {"remainder": "keep"}.
func Parse(b []byte) (Spec, ml.Problems) {
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, ml.Problems{wrong("transform", b, "a list of rules {columns: ..., apply: [...]}")}
	}
	p := parser{}
	spec := make(Spec, len(raw))
	for i, r := range raw {
		spec[i] = p.rule(fmt.Sprintf("transform[%d]", i), r)
	}
	if len(p.ps) == 0 {
		p.ps = spec.validate()
	}
	return spec, p.ps
}

type parser struct{ ps ml.Problems }

func wrong(path string, given []byte, want string) ml.Problem {
	g := string(bytes.TrimSpace(given))
	if r := []rune(g); len(r) > 60 {
		g = string(r[:60]) + "..."
	}
	return ml.Problem{Path: path, Given: g, Want: want, Msg: fmt.Sprintf("%s: given %s, want %s", path, g, want)}
}

func (p *parser) bad(path string, given []byte, want string) {
	p.ps = append(p.ps, wrong(path, given, want))
}

// object reads a JSON object whose keys must be among the known ones.
func (p *parser) object(path string, b []byte, known ...string) (map[string]json.RawMessage, bool) {
	var m map[string]json.RawMessage
	if json.Unmarshal(b, &m) != nil || m == nil {
		return nil, false
	}
	for _, k := range slices.Sorted(func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}) {
		if !slices.Contains(known, k) {
			p.ps = append(p.ps, ml.Unknown(path, "key", k, known))
		}
	}
	return m, true
}

func (p *parser) rule(path string, b []byte) Rule {
	m, ok := p.object(path, b, "columns", "apply", "remainder")
	if !ok {
		p.bad(path, b, "a rule {columns: ..., apply: [...]}")
		return Rule{}
	}
	if rest, ok := m["remainder"]; ok {
		var op string
		if json.Unmarshal(rest, &op) != nil || op != OpDrop && op != OpKeep || len(m) > 1 {
			p.bad(path+".remainder", rest, "drop or keep, and no other key beside it")
		}
		return Rule{Columns: Selector{Remainder: true}, Apply: []Step{{Op: op}}}
	}
	var rule Rule
	if c, ok := m["columns"]; ok {
		rule.Columns = p.selector(path+".columns", c)
	} else {
		p.bad(path, b, "a key columns: {type: number}, {names: [...]}, {pattern: ...} or remainder")
	}
	a, ok := m["apply"]
	var steps []json.RawMessage
	if !ok || json.Unmarshal(a, &steps) != nil || len(steps) == 0 {
		if !ok {
			a = b
		}
		p.bad(path+".apply", a, "a list of at least one step: "+strings.Join(ops(), ", "))
		return rule
	}
	for i, s := range steps {
		rule.Apply = append(rule.Apply, p.step(fmt.Sprintf("%s.apply[%d]", path, i), s))
	}
	return rule
}

func ops() []string {
	return []string{OpDrop, OpImpute, OpKeep, OpLog1p, OpOneHot, OpOrdinal, OpScale}
}

func (p *parser) selector(path string, b []byte) Selector {
	const want = "{type: number|category|bool}, {names: [...]}, {pattern: ...} or remainder"
	var word string
	if json.Unmarshal(b, &word) == nil {
		if word != "remainder" {
			p.bad(path, b, want)
		}
		return Selector{Remainder: true}
	}
	m, ok := p.object(path, b, "type", "names", "pattern", "remainder")
	if !ok {
		p.bad(path, b, want)
		return Selector{Remainder: true}
	}
	var s Selector
	p.field(path+".type", m["type"], &s.Type, "number, category or bool")
	p.field(path+".names", m["names"], &s.Names, "a list of column names")
	p.field(path+".pattern", m["pattern"], &s.Pattern, "a regular expression")
	p.field(path+".remainder", m["remainder"], &s.Remainder, "true")
	return s
}

func (p *parser) field(path string, b []byte, to any, want string) {
	if b != nil && json.Unmarshal(b, to) != nil {
		p.bad(path, b, want)
	}
}

func (p *parser) step(path string, b []byte) Step {
	var op string
	arg := []byte(nil)
	if json.Unmarshal(b, &op) != nil {
		var m map[string]json.RawMessage
		if json.Unmarshal(b, &m) != nil || len(m) != 1 {
			p.bad(path, b, "one step: "+strings.Join(ops(), ", "))
			return Step{}
		}
		for k, v := range m {
			op, arg = k, v
		}
	}
	if !slices.Contains(ops(), op) {
		p.ps = append(p.ps, ml.Unknown(path, "step", op, ops()))
		return Step{}
	}
	s := Step{Op: op}
	path += "." + op
	var word string
	if arg != nil && json.Unmarshal(arg, &word) == nil && string(arg) != "null" {
		switch op {
		case OpImpute, OpScale:
			s.Strategy = word
		case OpOneHot, OpOrdinal:
			s.Unknown = word
		default:
			p.bad(path, arg, "no parameters")
		}
		return s
	}
	keys := map[string][]string{OpImpute: {"strategy", "value"}, OpScale: {"method"}, OpOneHot: {"unknown"}, OpOrdinal: {"unknown", "value"}}
	if arg == nil || string(arg) == "null" || string(arg) == "true" {
		arg = []byte("{}")
	}
	m, ok := p.object(path, arg, keys[op]...)
	if !ok {
		p.bad(path, arg, "a word or a map of parameters")
		return s
	}
	p.field(path+".strategy", m["strategy"], &s.Strategy, "median, mean, most_frequent or constant")
	p.field(path+".method", m["method"], &s.Strategy, "standard")
	p.field(path+".unknown", m["unknown"], &s.Unknown, "a policy")
	p.field(path+".value", m["value"], &s.Value, "a number, text or bool")
	if op == OpScale && s.Strategy == "" {
		s.Strategy = Standard
	}
	return s
}

// validate reports what is wrong with the rules whatever the columns are.
func (s Spec) validate() ml.Problems {
	var ps ml.Problems
	bad := func(path, given, want string) {
		ps = append(ps, ml.Problem{Path: path, Given: given, Want: want, Msg: fmt.Sprintf("%s: given %s, want %s", path, given, want)})
	}
	remainders := 0
	for r, rule := range s {
		path, c := fmt.Sprintf("transform[%d]", r), rule.Columns
		set := 0
		for _, is := range []bool{c.Type != "", len(c.Names) > 0, c.Pattern != "", c.Remainder} {
			if is {
				set++
			}
		}
		if set != 1 {
			bad(path+".columns", fmt.Sprintf("%d selectors", set), "exactly one of type, names, pattern, remainder")
		}
		if c.Type != "" && c.Type != Number && c.Type != Category && c.Type != Bool {
			ps = append(ps, ml.Unknown(path+".columns.type", "type", c.Type, []string{Number, Category, Bool}))
		}
		if _, err := regexp.Compile(c.Pattern); err != nil {
			bad(path+".columns.pattern", c.Pattern, "a regular expression ("+err.Error()+")")
		}
		if c.Remainder {
			if remainders++; remainders > 1 {
				bad(path+".columns", "a second remainder", "one rule for the remainder")
			}
		}
		if len(rule.Apply) == 0 {
			bad(path+".apply", "no step", "at least one step")
		}
		for i, st := range rule.Apply {
			at := fmt.Sprintf("%s.apply[%d]", path, i)
			for _, p := range st.validate() {
				bad(at+p.Path, p.Given, p.Want)
			}
			if st.Op == OpOneHot && i+1 < len(rule.Apply) {
				bad(at, "one_hot before another step", "one_hot as the last step")
			}
			if (st.Op == OpKeep || st.Op == OpDrop) && len(rule.Apply) > 1 {
				bad(at, st.Op+" beside other steps", st.Op+" alone")
			}
		}
	}
	return ps
}

func (s Step) validate() ml.Problems {
	one := func(path, given, want string) ml.Problems {
		if given == "" {
			given = "nothing"
		}
		return ml.Problems{{Path: path, Given: given, Want: want}}
	}
	switch s.Op {
	case OpImpute:
		switch s.Strategy {
		case Median, Mean, MostFrequent:
			if s.Value != nil {
				return one(".impute.value", fmt.Sprint(s.Value), "no value unless the strategy is constant")
			}
		case Constant:
			switch v := s.Value.(type) {
			case string, bool:
			case float64:
				if math.IsNaN(v) || math.IsInf(v, 0) {
					return one(".impute.value", fmt.Sprint(v), "a finite number")
				}
			default:
				return one(".impute.value", shown(s.Value), "a number, text or bool for the strategy constant")
			}
		default:
			return one(".impute", s.Strategy, "median, mean, most_frequent or constant")
		}
	case OpScale:
		if s.Strategy != Standard {
			return one(".scale", s.Strategy, "standard")
		}
	case OpOneHot:
		if p := s.policy(); p != Ignore && p != Fail {
			return one(".one_hot.unknown", p, "ignore or error")
		}
	case OpOrdinal:
		switch s.policy() {
		case Fail:
			if s.Value != nil {
				return one(".ordinal.value", shown(s.Value), "no value unless unknown is value")
			}
		case GivenValue:
			if v, ok := s.Value.(float64); !ok || math.IsNaN(v) || math.IsInf(v, 0) {
				return one(".ordinal.value", shown(s.Value), "a number for unknown categories, such as -1")
			}
		default:
			return one(".ordinal.unknown", s.policy(), "error or value")
		}
	case OpLog1p, OpKeep, OpDrop:
	default:
		return one("", s.Op, "one of "+strings.Join(ops(), ", "))
	}
	return nil
}

func shown(v any) string {
	if v == nil {
		return "nothing"
	}
	return fmt.Sprint(v)
}
