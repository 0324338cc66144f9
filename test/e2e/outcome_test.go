package e2e

import (
	"maps"
	"slices"
	"testing"

	"gristmill/pipeline"
	"gristmill/test/mill"
)

// trained runs train --json to its end and returns the one value that it prints.
func trained(t testing.TB, s *mill.Stack, args ...string) (pipeline.Result, mill.Result) {
	t.Helper()
	r := s.CLI(t, append([]string{"train", "--json"}, args...)...)
	var res pipeline.Result
	if r.Out == "" {
		t.Fatalf("train %v printed nothing: %s", args, r)
	}
	mill.Decode(t, r.Out, &res)
	return res, r
}

// succeeds is trained for a run that must succeed and be deployed.
func succeeds(t testing.TB, s *mill.Stack, args ...string) pipeline.Result {
	t.Helper()
	res, r := trained(t, s, args...)
	if r.Code != 0 || res.Status != "succeeded" || !res.Deployed || res.Model == nil {
		t.Fatalf("train %v: %s", args, r)
	}
	return res
}

// hasKeys checks that an object has these keys and no others.
func hasKeys(t testing.TB, what string, object map[string]any, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(object)); !slices.Equal(got, want) {
		t.Errorf("%s has the keys\n  %v, want\n  %v", what, got, want)
	}
}

// isOutcome checks the object that a successful run of churn ends with, wherever
// it was started: DESIGN's section 4 names its keys.
func isOutcome(t testing.TB, o map[string]any, version int) {
	t.Helper()
	hasKeys(t, "the outcome", o, "workflow_id", "run_id", "status", "model", "metrics", "gates", "deployed", "resumed_from", "weights_sha256", "seconds")
	if o["status"] != "succeeded" || o["deployed"] != true || o["resumed_from"] != 0.0 {
		t.Errorf("status %v, deployed %v, resumed_from %v", o["status"], o["deployed"], o["resumed_from"])
	}
	if s, _ := o["seconds"].(float64); s <= 0 || s > 60 {
		t.Errorf("seconds is %v", o["seconds"])
	}
	if s, _ := o["weights_sha256"].(string); len(s) != 64 {
		t.Errorf("weights_sha256 is %v", o["weights_sha256"])
	}
	model, _ := o["model"].(map[string]any)
	hasKeys(t, "model", model, "name", "version")
	if model["name"] != "churn" || model["version"] != float64(version) {
		t.Errorf("model is %v, want churn version %d", model, version)
	}
	gates, _ := o["gates"].([]any)
	if len(gates) != 2 {
		t.Errorf("%d gates, want the spec's two", len(gates))
	}
	for _, g := range gates {
		gate, _ := g.(map[string]any)
		hasKeys(t, "a gate", gate, "rule", "value", "passed", "reason")
		if gate["passed"] != true {
			t.Errorf("gate %v", gate)
		}
	}
	metrics, _ := o["metrics"].(map[string]any)
	for _, part := range []string{"val_", "test_"} {
		for _, name := range []string{"accuracy", "precision", "recall", "f1", "roc_auc", "pr_auc", "log_loss", "brier"} {
			v, ok := metrics[part+name].(float64)
			low, okLow := metrics[part+name+"_low"].(float64)
			high, okHigh := metrics[part+name+"_high"].(float64)
			if !ok || !okLow || !okHigh || low > v || v > high {
				t.Errorf("%s%s is %v in [%v, %v]", part, name, metrics[part+name], metrics[part+name+"_low"], metrics[part+name+"_high"])
			}
		}
	}
	if auc, _ := metrics["test_roc_auc"].(float64); auc < .83 || auc > .87 {
		t.Errorf("test_roc_auc is %v, want about .85", auc)
	}
}
