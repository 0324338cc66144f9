package pipeline

import (
	"math"
	"slices"
	"strings"

	"gristmill/ml"
	"gristmill/ml/catalog"
	"gristmill/ml/check"
	"gristmill/ml/evaluate"
	"gristmill/ml/metric"
	"gristmill/registry"
)

func (t *tree) evaluate(top *section, task catalog.Task, folded bool) Evaluation {
	v, _, _ := top.get("evaluate")
	s := t.section("evaluate", v)
	e := Evaluation{Options: evaluate.Options{
		Bootstrap:  none(s.integer("bootstrap", 1000, 0, 100_000)),
		Seed:       uint64(s.integer("seed", 0, 0, math.MaxInt32)),
		Slices:     s.texts("slices"),
		Threshold:  s.choice("threshold", thresholds()...),
		Importance: none(s.integer("importance", 5, 0, 1000)),
	}}
	if v, path, ok := s.get("cost"); ok {
		e.Cost = t.cost(path, v, task)
	}
	if v, path, ok := s.get("checks"); ok {
		e.Checks = t.checks(path, v, task)
	}
	v, path, _ := s.get("gates")
	gates := t.section(path, v)
	for _, name := range sortedKeys(gates.m) {
		at := join(path, name)
		text := gates.text(name)
		if text == "" {
			continue
		}
		if p, ok := checkMetric(at, name, task, folded); !ok {
			t.from(p)
			continue
		}
		rule, err := registry.ParseRule(name, text)
		if err != nil {
			t.problem(at, text, registry.RuleForms, "%s: %s", at, err)
			continue
		}
		e.Gates = append(e.Gates, rule)
	}
	s.close()
	return e
}

// none turns a count of 0, which people write for none, into what
// evaluate.Options takes for none.
func none(n int64) int {
	if n == 0 {
		return -1
	}
	return int(n)
}

// cells are the keys of a cost by task.
func cells(task catalog.Task) []string {
	if task == catalog.Regression {
		return []string{"over", "under"}
	}
	return []string{"true_positive", "false_positive", "true_negative", "false_negative"}
}

// maxCost bounds a cost: sums over all rows stay finite.
const maxCost = 1e15

// cost reads evaluate.cost: cells of two classes or a matrix for a
// classification, the cost of a unit too much and too little for a regression.
func (t *tree) cost(path string, v any, task catalog.Task) *evaluate.Cost {
	s := t.section(path, v)
	number := func(key string) float64 { return s.number(key, 0, -maxCost, maxCost) }
	c := &evaluate.Cost{Currency: s.text("currency")}
	if task != catalog.Regression {
		c.TruePositive, c.FalsePositive = number("true_positive"), number("false_positive")
		c.TrueNegative, c.FalseNegative = number("true_negative"), number("false_negative")
		if m, at, ok := s.get("matrix"); ok {
			c.Matrix = t.matrix(at, m)
		}
	}
	if task != catalog.Classification {
		c.Over, c.Under = number("over"), number("under")
	}
	s.close()
	given := 0
	for _, key := range append(cells(catalog.Classification), cells(catalog.Regression)...) {
		if s.has(key) {
			given++
		}
	}
	switch {
	case s.has("matrix") && given > 0:
		t.problem(join(path, "matrix"), "matrix and cells", "one of the two", "%s: a matrix beside cells of two classes; expected one of the two", path)
	case !s.has("matrix") && given == 0 && !t.reported(path):
		want := "e.g. false_negative: 500, false_positive: 50"
		if task == catalog.Regression {
			want = "e.g. over: 1, under: 2"
		}
		t.problem(path, show(v), want, "%s: no cost is given; expected %s", path, want)
	}
	return c
}

// matrix reads costs by actual and then by predicted class.
func (t *tree) matrix(path string, v any) map[string]map[string]float64 {
	rows := t.section(path, v)
	m := map[string]map[string]float64{}
	for _, actual := range sortedKeys(rows.m) {
		row, at, _ := rows.get(actual)
		columns := t.section(at, row)
		m[actual] = map[string]float64{}
		for _, predicted := range sortedKeys(columns.m) {
			m[actual][predicted] = columns.number(predicted, 0, -maxCost, maxCost)
		}
	}
	return m
}

// checkNames names the checks of a task.
func checkNames(task catalog.Task) []string {
	names := check.Names()
	if task == catalog.Regression {
		names = slices.DeleteFunc(names, func(n string) bool { return n == "calibration" })
	}
	return names
}

// checks reads evaluate.checks: by name options, or false for none of it.
func (t *tree) checks(path string, v any, task catalog.Task) map[string]evaluate.CheckOptions {
	s := t.section(path, v)
	out := map[string]evaluate.CheckOptions{}
	for _, name := range checkNames(task) {
		v, at, ok := s.get(name)
		if !ok {
			continue
		}
		if v == false {
			out[name] = evaluate.CheckOptions{Off: true}
			continue
		}
		o := t.section(at, v)
		c := evaluate.CheckOptions{Off: o.bool("off"), Refuse: o.bool("refuse"), Columns: o.texts("columns")}
		if o.has("at_most") {
			most := o.number("at_most", 0, 0, 1e9)
			c.AtMost = &most
		}
		o.get("at_most")
		o.close()
		if c.Off && c.Refuse {
			t.problem(at, show(v), "one of the two", "%s: a check that is off cannot refuse; expected one of off and refuse", at)
		}
		out[name] = c
	}
	s.close()
	return out
}

// checkMetric says whether a gate's name can be measured for the task.
func checkMetric(path, name string, task catalog.Task, folded bool) (ml.Problem, bool) {
	if task == "" {
		return ml.Problem{}, true // the algorithm is wrong already
	}
	names := metric.RegressionNames()
	if task == catalog.Classification {
		names = metric.ClassificationNames()
	}
	if m, ok := strings.CutPrefix(name, "cv_"); ok && slices.Contains(names, m) {
		return ml.Problem{}, true // which needs folds, as partsFit says
	}
	parts := []string{"val_", "test_"}
	if folded {
		parts = append(parts, "cv_")
	}
	var known []string
	for _, part := range parts {
		for _, m := range names {
			known = append(known, part+m)
		}
	}
	if slices.Contains(known, name) {
		return ml.Problem{}, true
	}
	return ml.Unknown(path, "metric of a "+string(task), name, known), false
}
