package catalog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"gristmill/ml"
	"gristmill/ml/catalog"
	"gristmill/ml/linear"
	"gristmill/ml/mltest"
)

func TestEveryAlgorithmKeepsTheContract(t *testing.T) {
	t.Parallel()
	for _, a := range catalog.Algorithms() {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			spec, ps := catalog.Spec(a.Name, nil)
			if len(ps) > 0 {
				t.Fatal(ps)
			}
			if spec.Kind() != a.Name {
				t.Errorf("kind %q", spec.Kind())
			}
			if a.Task == catalog.Classification {
				mltest.Classifier(t, spec, catalog.Decode)
			} else {
				mltest.Regressor(t, spec, catalog.Decode)
			}
		})
	}
}

func TestAlgorithmsWithoutAPenaltyKeepTheContract(t *testing.T) {
	t.Parallel()
	mltest.Regressor(t, linear.Ridge{}, catalog.Decode)
	mltest.Regressor(t, linear.Linear{NoIntercept: true}, catalog.Decode)
	mltest.Classifier(t, linear.Logistic{L2: 0.1, NoIntercept: true}, catalog.Decode)
}

func TestListedDefaultsAreTheSpecs(t *testing.T) {
	t.Parallel()
	for _, a := range catalog.Algorithms() {
		params := map[string]any{}
		for _, p := range a.Params {
			params[p.Name] = p.Default
		}
		b, err := json.Marshal(params)
		if err != nil {
			t.Fatal(err)
		}
		given, ps := catalog.Spec(a.Name, b)
		if len(ps) > 0 {
			t.Fatal(ps)
		}
		if absent, _ := catalog.Spec(a.Name, nil); !reflect.DeepEqual(given, absent) {
			t.Errorf("%s: the listed defaults make %+v, absent keys %+v", a.Name, given, absent)
		}
	}
}

func TestWrongHyperparametersAreReportedAllAtOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ algorithm, params, want string }{
		{"logistc", `{}`, `unknown algorithm "logistc", allowed: linear, logistic, majority, mean, ridge (did you mean "logistic"?)`},
		{"logistic", `{"L2": 1, "iteration": 5, "tolerance": "low"}`,
			`unknown key "L2", allowed: iterations, l2, no_intercept, tolerance (did you mean "l2"?)` + "\n" +
				`unknown key "iteration", allowed: iterations, l2, no_intercept, tolerance (did you mean "iterations"?)` + "\n" +
				`tolerance: given "low", want a number`},
		{"logistic", `{"l2": -1}`, `l2 is -1, want a finite number >= 0`},
		{"logistic", `{"iterations": 0}`, `iterations: given 0, want a whole number >= 1`},
		{"logistic", `{"iterations": 1.5}`, `iterations: given 1.5, want a whole number >= 1`},
		{"ridge", `{"l2": null}`, `l2: given null, want a number`},
		{"ridge", `{"l2": 1e999}`, `l2: given 1e999, want a number`},
		{"mean", `{"l2": 1}`, `unknown key "l2": mean has no hyperparameters`},
		{"ridge", `[]`, `hyperparameters: want an object`},
	} {
		spec, ps := catalog.Spec(c.algorithm, json.RawMessage(c.params))
		if got := ml.Problems(ps).Error(); got != c.want || spec != nil {
			t.Errorf("%s %s:\n got %s\nwant %s", c.algorithm, c.params, got, c.want)
		}
	}
}

func TestAnUnknownKindIsNotDecoded(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"", "boosting/v1", "ridge", "ridge/v2"} {
		if _, err := catalog.Decode(ml.Encoded{Kind: kind, State: []byte(`{}`)}); err == nil {
			t.Errorf("kind %q was decoded", kind)
		}
	}
}

func ExampleSpec() {
	spec, problems := catalog.Spec("ridge", json.RawMessage(`{"l2": 0.5}`))
	fmt.Println(spec.Kind(), len(problems))
	d := mltest.Regression(1)
	m, err := spec.Fit(context.Background(), d, ml.FitOptions{})
	fmt.Println(len(m.In().Fields), err)
	// Output:
	// ridge 0
	// 5 <nil>
}
