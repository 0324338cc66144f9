package registry_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"gristmill"
	"gristmill/registry"
)

func ExampleJudge() {
	var rules []registry.Rule
	for _, gate := range [][2]string{{"test_roc_auc", "> 0.8"}, {"test_rmse", "< 0.9 * baseline"}} {
		r, err := registry.ParseRule(gate[0], gate[1])
		if err != nil {
			fmt.Println(err)
			return
		}
		rules = append(rules, r)
	}
	baseline := 79000.0
	results, passed := registry.Judge(rules, []registry.Metric{
		{Name: "test_roc_auc", Value: 0.8437},
		{Name: "test_rmse", Value: 75000, Baseline: &baseline},
	})
	for _, r := range results {
		fmt.Println(r.Passed, r.Reason)
	}
	fmt.Println(passed)
	// Output:
	// true test_roc_auc 0.8437 is > 0.8
	// false test_rmse 75000 is not < 71100 (0.9 * baseline 79000)
	// false
}

func TestParseRule(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]registry.Rule{
		"> 0.8":              {Metric: "m", Op: ">", Number: .8, Factor: 1},
		">=0.8":              {Metric: "m", Op: ">=", Number: .8, Factor: 1},
		"  <  -1e3  ":        {Metric: "m", Op: "<", Number: -1000, Factor: 1},
		"<= 100":             {Metric: "m", Op: "<=", Number: 100, Factor: 1},
		"> baseline":         {Metric: "m", Op: ">", Baseline: true, Factor: 1},
		"< 0.9 * baseline":   {Metric: "m", Op: "<", Baseline: true, Factor: .9},
		"< .9*baseline":      {Metric: "m", Op: "<", Baseline: true, Factor: .9},
		">= 1.5E0 *baseline": {Metric: "m", Op: ">=", Baseline: true, Factor: 1.5},
	} {
		got, err := registry.ParseRule("m", text)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
		again, err := registry.ParseRule("m", strings.TrimPrefix(got.String(), "m"))
		if err != nil || again != got {
			t.Errorf("%q is written %q and read as %+v, %v", text, got, again, err)
		}
	}
	for _, bad := range []string{"", "0.8", "> ", "== 1", "> 0.8.1", "> 1e999", "> NaN", "> Inf", "> 2 * base", "> * baseline", "> 1 baseline", "> + baseline", "> 0.8; rm", "> 0,8"} {
		if r, err := registry.ParseRule("m", bad); err == nil {
			t.Errorf("%q was read as %+v", bad, r)
		} else if !strings.Contains(err.Error(), "is no gate") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestAGateAtItsBound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][3]bool{ // for values below, at and above the bound
		"< 1": {true, false, false}, "<= 1": {true, true, false}, "> 1": {false, false, true}, ">= 1": {false, true, true},
		"< 0.5 * baseline": {true, false, false}, ">= 0.5 * baseline": {false, true, true},
	} {
		r, err := registry.ParseRule("m", text)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range []float64{math.Nextafter(1, 0), 1, math.Nextafter(1, 2)} {
			base := 2.0
			got := r.Judge([]registry.Metric{{Name: "other", Value: 5}, {Name: "m", Value: v, Baseline: &base}})
			if got.Passed != want[i] || got.Value != v || got.Rule != r.String() || got.Reason == "" {
				t.Errorf("%v %s: %+v, want passed %v", v, text, got, want[i])
			}
		}
	}
}

func TestWhatCannotBeMeasuredIsRefused(t *testing.T) {
	t.Parallel()
	nan, two := math.NaN(), 2.0
	for what, c := range map[string]struct {
		rule    string
		metrics []registry.Metric
		reason  string
	}{
		"not measured":    {"> 0", []registry.Metric{{Name: "b", Value: 1}, {Name: "a", Value: 1}}, "m was not measured; measured: a, b"},
		"nothing at all":  {"> 0", nil, "m was not measured; measured: "},
		"NaN above":       {"> 0", []registry.Metric{{Name: "m", Value: nan}}, "m is not a number"},
		"NaN below":       {"< 0", []registry.Metric{{Name: "m", Value: nan}}, "m is not a number"},
		"no baseline":     {"> baseline", []registry.Metric{{Name: "m", Value: 1}}, "m has no baseline to compare with"},
		"NaN of baseline": {"< baseline", []registry.Metric{{Name: "m", Value: 1, Baseline: &nan}}, "m is not a number"},
		"worse":           {"< baseline", []registry.Metric{{Name: "m", Value: 3, Baseline: &two}}, "m 3 is not < 2 (1 * baseline 2)"},
	} {
		r, err := registry.ParseRule("m", c.rule)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Judge(c.metrics); got.Passed || got.Reason != c.reason || math.IsNaN(got.Value) {
			t.Errorf("%s: %+v, want refused because %q", what, got, c.reason)
		}
	}
	if results, passed := registry.Judge(nil, nil); !passed || results == nil || len(results) != 0 {
		t.Errorf("without gates: %v, %v", results, passed)
	}
}

func TestAliases(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"champion", "v1x", "x-1_y", "größte", strings.Repeat("a", 255)} {
		if err := registry.CheckAlias(good); err != nil {
			t.Errorf("%.10q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "latest", "LATEST", "v1", "V007", "a b", "a/b", "\x00", strings.Repeat("a", 256)} {
		if err := registry.CheckAlias(bad); gristmill.KindOf(err) != gristmill.Invalid {
			t.Errorf("%.10q: %v", bad, err)
		}
	}
}

func TestAVersionIsCheckedInOnePass(t *testing.T) {
	t.Parallel()
	digest := gristmill.DigestOf(nil)
	good := registry.Version{Model: "churn", Package: gristmill.Ref{URI: "blob:x", Digest: digest}, Tags: map[string]string{"a": ""}}
	if err := registry.CheckVersion("k", good); err != nil {
		t.Error(err)
	}
	bad := registry.Version{
		Model: "a/b", WeightsSHA256: "x", Card: strings.Repeat("x", registry.MaxCard+1),
		Metrics: []registry.Metric{{Name: "a"}, {Name: "a"}}, Tags: map[string]string{"": "", strings.Repeat("k", 251): "\x00"},
	}
	err := registry.CheckVersion("", bad)
	if e, ok := err.(*gristmill.Error); !ok || e.Kind != gristmill.Invalid || len(e.Problems) != 9 {
		t.Errorf("%v, want 9 problems", err)
	}
}
