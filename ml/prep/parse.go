package prep

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
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
	for _, k := range slices.Sorted(maps.Keys(m)) {
		switch {
		case slices.Contains(known, k):
		case len(known) == 0:
			p.ps = append(p.ps, ml.Problem{Path: path, Given: k, Want: "no parameters",
				Msg: fmt.Sprintf("%s: unknown key %q, want no parameters", path, k)})
		default:
			p.ps = append(p.ps, ml.Unknown(path, "key", k, known))
		}
	}
	return m, true
}

func (p *parser) rule(path string, b []byte) Rule {
	m, ok := p.object(path, b, "columns", "apply", "remainder", "also", "prefix")
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
	p.field(path+".also", m["also"], &rule.Also, "true or false")
	p.field(path+".prefix", m["prefix"], &rule.Prefix, "a text")
	a, ok := m["apply"]
	var list []json.RawMessage
	if !ok || json.Unmarshal(a, &list) != nil || len(list) == 0 {
		if !ok {
			a = b
		}
		p.bad(path+".apply", a, "a list of at least one step: "+strings.Join(stepNames(), ", "))
		return rule
	}
	for i, s := range list {
		rule.Apply = append(rule.Apply, p.step(fmt.Sprintf("%s.apply[%d]", path, i), s))
	}
	return rule
}

func (p *parser) selector(path string, b []byte) Selector {
	const want = "{type: number|category|bool|date}, {names: [...]}, {pattern: ...} or remainder"
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
	p.field(path+".type", m["type"], &s.Type, "number, category, bool or date")
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

// step reads a step by its description in Steps.
func (p *parser) step(path string, b []byte) Step {
	var op string
	arg := []byte(nil)
	if json.Unmarshal(b, &op) != nil {
		var m map[string]json.RawMessage
		if json.Unmarshal(b, &m) != nil || len(m) != 1 {
			p.bad(path, b, "one step: "+strings.Join(stepNames(), ", "))
			return Step{}
		}
		for k, v := range m {
			op, arg = k, v
		}
	}
	in, ok := info(op)
	if !ok {
		p.ps = append(p.ps, ml.Unknown(path, "step", op, stepNames()))
		return Step{}
	}
	s := Step{Op: op}
	path += "." + op
	if len(arg) > 0 && arg[0] != '{' && string(arg) != "null" && string(arg) != "true" {
		short, ok := in.param(in.Short)
		switch v, fits := value(short.Type, arg); {
		case !ok && arg[0] == '"':
			p.bad(path, arg, "no parameters")
		case !ok:
			p.bad(path, arg, "a word or a map of parameters")
		case !fits:
			p.bad(path, arg, short.want()+", or a map of parameters")
		default:
			s.set(in.Short, v)
		}
		return s
	}
	if len(arg) == 0 || arg[0] != '{' {
		arg = []byte("{}")
	}
	m, ok := p.object(path, arg, in.paramNames()...)
	if !ok {
		p.bad(path, arg, "a word or a map of parameters")
		return s
	}
	for _, param := range in.Params {
		given, ok := m[param.Name]
		if !ok || string(given) == "null" {
			continue
		}
		v, fits := value(param.Type, given)
		if !fits {
			p.bad(path+"."+param.Name, given, param.want())
			continue
		}
		s.set(param.Name, v)
	}
	if op == OpScale && s.Strategy == "" {
		s.Strategy = Standard
	}
	return s
}

// value reads a parameter's value; what is in its range, validate says.
func value(t ParamType, b []byte) (any, bool) {
	var v any
	if json.Unmarshal(b, &v) != nil {
		return nil, false
	}
	switch x := v.(type) {
	case float64:
		return x, t == Whole || t == Real || t == Scalar
	case bool:
		return x, t == Switch || t == Scalar
	case string:
		if t == Words {
			return []string{x}, true
		}
		// A word where a number should be is told with the range, by validate.
		return x, t == Word || t == Line || t == Scalar
	case []any:
		words := make([]string, len(x))
		for i := range x {
			w, ok := x[i].(string)
			if !ok {
				return nil, false
			}
			words[i] = w
		}
		return words, t == Words
	}
	return nil, false
}
