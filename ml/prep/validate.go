package prep

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"gristmill/ml"
)

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
		if c.Type != "" && !slices.Contains([]string{Number, Category, Bool, Date}, c.Type) {
			ps = append(ps, ml.Unknown(path+".columns.type", "type", c.Type, []string{Number, Category, Bool, Date}))
		}
		if _, err := regexp.Compile(c.Pattern); err != nil {
			bad(path+".columns.pattern", c.Pattern, "a regular expression ("+err.Error()+")")
		}
		if c.Remainder {
			if remainders++; remainders > 1 {
				bad(path+".columns", "a second remainder", "one rule for the remainder")
			}
			if rule.Also {
				bad(path+".also", "true on the remainder", "no also, for no rule comes after the remainder")
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
			in, _ := info(st.Op)
			if (in.Last || st.Op == OpBins && st.word("encode") == OpOneHot) && i+1 < len(rule.Apply) {
				bad(at, st.Op+" before another step", st.Op+" as the last step")
			}
			if in.Alone && len(rule.Apply) > 1 {
				bad(at, st.Op+" beside other steps", st.Op+" alone")
			}
			if st.Op == OpDrop && rule.Also {
				bad(path+".also", "true on drop", "drop without also, or another step")
			}
		}
	}
	return ps
}

// validate checks the parameters against the step's description, then what
// they mean for each other. Paths begin at the step.
func (s Step) validate() ml.Problems {
	in, ok := info(s.Op)
	if !ok {
		return one("", s.Op, "one of "+strings.Join(stepNames(), ", "))
	}
	var ps ml.Problems
	for _, p := range in.Params {
		v := s.get(p.Name)
		if v == nil || p.Type == Scalar || s.Op == OpOrdinal && p.Name == "value" {
			continue
		}
		if !p.allows(v) {
			ps = append(ps, one(s.path(p.Name), shown(v), p.want())...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Params)) {
		if _, ok := in.param(name); !ok {
			ps = append(ps, one("."+s.Op, name, "no parameter of that name")...)
		}
	}
	if len(ps) > 0 {
		return ps
	}
	return s.cross()
}

// cross checks what one parameter means for another.
func (s Step) cross() ml.Problems {
	switch s.Op {
	case OpImpute:
		switch v := s.Value.(type) {
		case nil:
			if s.Strategy == "" {
				return one(".impute", "", either([]string{Median, Mean, MostFrequent, Constant}))
			}
			if s.Strategy == Constant {
				return one(".impute.value", "", "a number, text or bool for the strategy constant")
			}
		case string, bool, float64:
			if s.Strategy != Constant {
				return one(".impute.value", fmt.Sprint(v), "no value unless the strategy is constant")
			}
			if x, ok := v.(float64); ok && x-x != 0 {
				return one(".impute.value", fmt.Sprint(v), "a finite number")
			}
		default:
			return one(".impute.value", shown(v), "a number, text or bool for the strategy constant")
		}
	case OpScale:
		if s.Strategy == "" {
			return one(".scale", "", either([]string{Standard, MinMax, Robust}))
		}
	case OpOneHot:
		limits := s.param("min_count") != nil || s.param("min_share") != nil || s.param("max_categories") != nil
		if s.Unknown == Rare && !limits {
			return one(".one_hot.unknown", Rare, "min_count, min_share or max_categories beside it, which make categories rare")
		}
		if s.param("min_count") != nil && s.param("min_share") != nil {
			return one(".one_hot", "min_count and min_share", "one of them")
		}
	case OpOrdinal:
		v, ok := s.Value.(float64)
		if s.policy() == Fail && s.Value != nil {
			return one(".ordinal.value", shown(s.Value), "no value unless unknown is value")
		}
		if s.policy() == GivenValue && (!ok || v-v != 0) {
			return one(".ordinal.value", shown(s.Value), "a number for unknown categories, such as -1")
		}
	case OpCyclic:
		if s.get("period") != nil && s.get("parts") != nil {
			return one(".cyclic", "period and parts", "parts of dates, or the period of numbers")
		}
	}
	return nil
}

// path is where a problem of a parameter lies, from the step on.
func (s Step) path(name string) string {
	if inStrategy(s.Op, name) {
		return "." + s.Op
	}
	return "." + s.Op + "." + name
}

// allows reports whether a value is of the parameter's type and in its range.
func (p ParamInfo) allows(v any) bool {
	switch p.Type {
	case Word:
		w, ok := v.(string)
		return ok && slices.Contains(p.Values, w)
	case Words:
		w, ok := v.([]string)
		for i, x := range w {
			ok = ok && slices.Contains(p.Values, x) && !slices.Contains(w[:i], x)
		}
		return ok && len(w) > 0
	case Switch:
		_, ok := v.(bool)
		return ok
	case Line:
		w, ok := v.(string)
		return ok && w != ""
	}
	x, ok := numeric(v)
	return ok && x-x == 0 && (p.Type != Whole || x == math.Trunc(x)) &&
		(p.Min == nil || x > *p.Min || x == *p.Min && !p.Above) && (p.Max == nil || x <= *p.Max)
}

func one(path, given, want string) ml.Problems {
	if given == "" {
		given = "nothing"
	}
	return ml.Problems{{Path: path, Given: given, Want: want}}
}

func shown(v any) string {
	if v == nil {
		return "nothing"
	}
	if words, ok := v.([]string); ok {
		return "[" + strings.Join(words, ", ") + "]"
	}
	return fmt.Sprint(v)
}
