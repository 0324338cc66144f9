package registry

import (
	"fmt"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// Rule is a parsed gate: a metric must compare to a bound, which is a number or
// a multiple of the trivial baseline's value of the same metric.
type Rule struct {
	Metric   string  // "test_rmse"
	Op       string  // "<" "<=" ">" ">="
	Factor   float64 // bound = Factor * baseline, if Baseline
	Baseline bool
	Number   float64 // bound, if not Baseline
}

// GateResult says how a candidate fared at one gate.
type GateResult struct {
	Rule   string  `json:"rule"`   // "test_rmse < 0.9 * baseline"
	Value  float64 `json:"value"`  // of the metric
	Passed bool    `json:"passed"` //
	Reason string  `json:"reason"` // one line, numbers filled in
}

// RuleForms says what a gate may look like, for error messages.
const RuleForms = `"> 0.8", ">= 0.8", "< 100", "<= 100", "> baseline" or "< 0.9 * baseline"`

var ruleForm = regexp.MustCompile(`^\s*(<=|>=|<|>)\s*(?:([-+0-9.eE]+)|(?:([-+0-9.eE]+)\s*\*\s*)?(baseline))\s*$`)

// ParseRule reads a gate such as "> 0.8" or "< 0.9 * baseline".
func ParseRule(metric, text string) (Rule, error) {
	m := ruleForm.FindStringSubmatch(text)
	if m == nil {
		return Rule{}, fmt.Errorf("%q is no gate; expected e.g. %s", text, RuleForms)
	}
	r := Rule{Metric: metric, Op: m[1], Baseline: m[4] != "", Factor: 1}
	number := m[2]
	if r.Baseline {
		number = m[3]
	}
	if number == "" {
		return r, nil
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return Rule{}, fmt.Errorf("%q is no gate: %q is no finite number", text, number)
	}
	if r.Baseline {
		r.Factor = v
	} else {
		r.Number = v
	}
	return r, nil
}

// String renders the rule as the user wrote it, in one spelling.
func (r Rule) String() string {
	switch {
	case r.Baseline && r.Factor == 1:
		return fmt.Sprintf("%s %s baseline", r.Metric, r.Op)
	case r.Baseline:
		return fmt.Sprintf("%s %s %g * baseline", r.Metric, r.Op, r.Factor)
	default:
		return fmt.Sprintf("%s %s %g", r.Metric, r.Op, r.Number)
	}
}

// Judge evaluates the rule over a candidate's metrics. A metric that was not
// measured, or is NaN, refuses.
func (r Rule) Judge(metrics []Metric) GateResult {
	res := GateResult{Rule: r.String()}
	for _, m := range metrics {
		if m.Name != r.Metric {
			continue
		}
		res.Value = m.Value
		bound, shown := r.Number, fmt.Sprintf("%.5g", r.Number)
		if r.Baseline {
			if m.Baseline == nil {
				res.Reason = fmt.Sprintf("%s has no baseline to compare with", r.Metric)
				return res
			}
			bound = r.Factor * *m.Baseline
			shown = fmt.Sprintf("%.5g (%g * baseline %.5g)", bound, r.Factor, *m.Baseline)
		}
		if math.IsNaN(m.Value) || math.IsNaN(bound) {
			res.Value = 0
			res.Reason = fmt.Sprintf("%s is not a number", r.Metric)
			return res
		}
		res.Passed = compare(m.Value, r.Op, bound)
		verdict := "is not"
		if res.Passed {
			verdict = "is"
		}
		res.Reason = fmt.Sprintf("%s %.5g %s %s %s", r.Metric, m.Value, verdict, r.Op, shown)
		return res
	}
	res.Reason = fmt.Sprintf("%s was not measured; measured: %s", r.Metric, strings.Join(metricNames(metrics), ", "))
	return res
}

func compare(v float64, op string, bound float64) bool {
	switch op {
	case "<":
		return v < bound
	case "<=":
		return v <= bound
	case ">":
		return v > bound
	default:
		return v >= bound
	}
}

func metricNames(metrics []Metric) []string {
	names := make([]string, len(metrics))
	for i, m := range metrics {
		names[i] = m.Name
	}
	sort.Strings(names)
	return names
}

// Judge evaluates all rules in order and reports whether every one passed.
func Judge(rules []Rule, metrics []Metric) (results []GateResult, passed bool) {
	passed = true
	results = make([]GateResult, 0, len(rules))
	for _, r := range rules {
		res := r.Judge(metrics)
		results = append(results, res)
		passed = passed && res.Passed
	}
	return results, passed
}
