package pipeline_test

import (
	"strings"
	"testing"

	"gristmill"
	"gristmill/pipeline"
)

func TestAgainPinsTheDataAndRegistersNothing(t *testing.T) {
	d := gristmill.Digest(strings.Repeat("ab", 32))
	first := pipeline.Request{Pipeline: "churn", Project: "p", Digest: gristmill.Digest(strings.Repeat("cd", 32)), RunName: "monday",
		Set:    map[string]any{"train.l2": 2, "register.model": "other", "deploy": map[string]any{}, "data.source": "sample:telco_churn"},
		Caller: &pipeline.Caller{User: "ada"}}
	again := first.Again("run1", d, "")
	want := map[string]any{"train.l2": 2, "data.source": "dataset:" + string(d), "register": false, "deploy": false}
	if len(again.Set) != len(want) {
		t.Errorf("set %v, want %v", again.Set, want)
	}
	for k, v := range want {
		if again.Set[k] != v {
			t.Errorf("set %s = %v, want %v", k, again.Set[k], v)
		}
	}
	if again.Digest != first.Digest || again.Pipeline != "churn" || again.Reproduces != "run1" || again.Caller != nil || again.RunName != "" {
		t.Errorf("got %+v", again)
	}
	if got := first.Again("run1", d, first.Digest).Set["data.split.file"]; got != "dataset:"+string(first.Digest) {
		t.Errorf("the rows' ids come from %v", got)
	}
	if first.Set["register.model"] != "other" {
		t.Error("the first request was changed")
	}
}

func TestAgainIsAValidRequestOfAShippedPipeline(t *testing.T) {
	spec, err := pipeline.Parse([]byte("name: churn\ndata: {source: \"sample:telco_churn\", target: churn}\ntrain: {algorithm: logistic}\nregister: {model: other}\ndeploy: {approval: none}\n"))
	if err != nil {
		t.Fatal(err)
	}
	canonical, digest := spec.JSON()
	again, err := pipeline.Load(canonical, pipeline.Request{Pipeline: "churn", Digest: digest}.Again("run1", gristmill.DigestOf([]byte("x")), "").Set)
	if err != nil {
		t.Fatal(err)
	}
	if again.Register.Enabled || again.Deploy.Enabled {
		t.Errorf("it registers: %+v", again.Register)
	}
	plan, err := pipeline.Make("default", again)
	if err != nil || len(plan.Steps) != 4 {
		t.Errorf("plan %+v, %v", plan, err)
	}
}
