package catalog

import (
	"encoding/json"
	"fmt"
	"slices"

	"gristmill/ml"
	"gristmill/ml/baseline"
	"gristmill/ml/linear"
)

// Task is what an algorithm predicts. The values are wire values.
type Task string

// The tasks.
const (
	Regression     Task = "regression"     // numbers
	Classification Task = "classification" // classes with probabilities
)

// Algorithm describes one algorithm.
type Algorithm struct {
	Name        string  `json:"name"`
	Task        Task    `json:"task"`
	Summary     string  `json:"summary"`
	Checkpoints bool    `json:"checkpoints"` // it iterates, and can be saved between iterations
	Params      []Param `json:"params"`
}

// Param describes one hyperparameter.
type Param struct {
	Name    string `json:"name"`
	Type    string `json:"type"`    // "number", "integer" or "bool"
	Default any    `json:"default"` // what an absent key means
	Summary string `json:"summary"`
}

// Algorithms returns every algorithm, in a fixed order.
func Algorithms() []Algorithm {
	intercept := Param{"no_intercept", "bool", false, "fit through the origin"}
	return []Algorithm{
		{"linear", Regression, "ordinary least squares", false, []Param{intercept}},
		{"ridge", Regression, "least squares with an L2 penalty", false, []Param{
			{"l2", "number", 1.0, "penalty on the squared weights, >= 0 (scikit-learn's alpha)"}, intercept}},
		{"logistic", Classification, "logistic regression for two or more classes with an L2 penalty", true, []Param{
			{"l2", "number", 1.0, "penalty, half of it times the squared weights, >= 0 (scikit-learn's 1/C)"},
			{"iterations", "integer", 100, "the most Newton iterations, >= 1"},
			{"tolerance", "number", 1e-10, "mean gradient at which the fit has converged, > 0"},
			intercept}},
		{"mean", Regression, "baseline: the mean of the targets", false, []Param{}},
		{"majority", Classification, "baseline: the shares of the classes", false, []Param{}},
	}
}

// Lookup returns the named algorithm.
func Lookup(name string) (Algorithm, bool) {
	all := Algorithms()
	if i := slices.IndexFunc(all, func(a Algorithm) bool { return a.Name == name }); i >= 0 {
		return all[i], true
	}
	return Algorithm{}, false
}

// Baseline returns the trivial spec against which a task's models are measured.
func Baseline(t Task) ml.Spec {
	if t == Classification {
		return baseline.Majority{}
	}
	return baseline.Mean{}
}

// Spec makes the spec of the named algorithm from its hyperparameters, a JSON
// object. Nil means none; absent keys take their defaults. It reports every
// problem with paths relative to the object: unknown algorithm, unknown keys
// with the nearest known one, wrong types, values out of range.
func Spec(algorithm string, params json.RawMessage) (ml.Spec, []ml.Problem) {
	a, ok := Lookup(algorithm)
	if !ok {
		var names []string
		for _, a := range Algorithms() {
			names = append(names, a.Name)
		}
		p := ml.Unknown("", "algorithm", algorithm, names)
		p.Path = "algorithm"
		return nil, []ml.Problem{p}
	}
	given := map[string]json.RawMessage{}
	if len(params) > 0 {
		if err := json.Unmarshal(params, &given); err != nil {
			return nil, []ml.Problem{{Given: string(params), Want: "an object", Msg: "hyperparameters: want an object"}}
		}
	}
	ps := a.check(given)
	if len(ps) > 0 {
		return nil, ps
	}
	var spec ml.Spec
	switch a.Name {
	case "linear":
		spec, ps = decode(given, linear.Linear{})
	case "ridge":
		spec, ps = decode(given, linear.Ridge{L2: 1})
	case "logistic":
		spec, ps = decode(given, linear.Logistic{L2: 1, Iterations: 100, Tolerance: 1e-10})
	case "mean":
		spec = baseline.Mean{}
	case "majority":
		spec = baseline.Majority{}
	}
	return spec, ps
}

// check reports unknown keys and values of the wrong type or sign.
func (a Algorithm) check(given map[string]json.RawMessage) []ml.Problem {
	var ps []ml.Problem
	names := make([]string, len(a.Params))
	for i, p := range a.Params {
		names[i] = p.Name
	}
	keys := make([]string, 0, len(given))
	for k := range given {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		i := slices.Index(names, k)
		if i < 0 {
			p := ml.Unknown("", "key", k, names)
			if len(names) == 0 {
				p.Msg = fmt.Sprintf("unknown key %q: %s has no hyperparameters", k, a.Name)
			}
			p.Path = k
			ps = append(ps, p)
			continue
		}
		var err error
		want := ""
		null := string(given[k]) == "null"
		switch p := a.Params[i]; p.Type {
		case "number":
			want = "a number"
			err = json.Unmarshal(given[k], new(float64))
		case "integer":
			want = "a whole number >= 1"
			n := 0
			if err = json.Unmarshal(given[k], &n); err == nil && n < 1 {
				err = fmt.Errorf("%d is below 1", n)
			}
		case "bool":
			want = "true or false"
			err = json.Unmarshal(given[k], new(bool))
		}
		if err != nil || null {
			ps = append(ps, ml.Problem{Path: k, Given: string(given[k]), Want: want, Msg: fmt.Sprintf("%s: given %s, want %s", k, given[k], want)})
		}
	}
	return ps
}

// checker is a spec that knows its hyperparameters' ranges.
type checker interface{ Check() ml.Problems }

func decode[S ml.Spec](given map[string]json.RawMessage, spec S) (ml.Spec, []ml.Problem) {
	b, err := json.Marshal(given)
	if err == nil {
		err = json.Unmarshal(b, &spec)
	}
	if err != nil {
		return nil, []ml.Problem{{Msg: "hyperparameters: " + err.Error()}}
	}
	if c, ok := any(spec).(checker); ok {
		if ps := c.Check(); len(ps) > 0 {
			return nil, ps
		}
	}
	return spec, nil
}

// Decode reads a fitted model of any algorithm back. An unknown kind, a missing
// blob or one of the wrong length is an error.
func Decode(e ml.Encoded) (ml.Model, error) {
	switch name, _ := ml.KindVersion(e.Kind); name {
	case "linear", "ridge", "logistic":
		return linear.Decode(e)
	case "mean", "majority":
		return baseline.Decode(e)
	}
	return nil, fmt.Errorf("decode model: unknown kind %q", e.Kind)
}
