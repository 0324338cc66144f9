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

func TestAgainReadsTheSameBytesWhateverWasOverridden(t *testing.T) {
	const text = "name: churn\ndata: {source: \"sample:telco_churn\", target: churn}\ntrain: {algorithm: logistic}\n"
	spec, err := pipeline.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	canonical, digest := spec.JSON()
	data, ids := gristmill.DigestOf([]byte("x")), gristmill.DigestOf([]byte("y"))
	set := map[string]any{
		"data":       map[string]any{"source": "https://example.org/today.csv", "target": "churn"},
		"data.split": map[string]any{"kind": "ids", "file": "https://example.org/ids.csv"},
		"train.l2":   2, "train.seed": 4, "train.iterations": 30,
	}
	again := pipeline.Request{Pipeline: "churn", Digest: digest, Set: set}.Again("run1", data, ids)
	for range 200 { // a map's order is another every time
		got, err := pipeline.Load(canonical, again.Set)
		if err != nil {
			t.Fatal(err)
		}
		if got.Data.Source.Digest != data || got.Data.Split.File != pipeline.SourceOf(ids) {
			t.Fatalf("it reads %s and %s", got.Data.Source, got.Data.Split.File)
		}
	}
	if got := set["data"].(map[string]any); len(got) != 2 || got["source"] != "https://example.org/today.csv" {
		t.Errorf("the caller's value was changed to %v", got)
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
