package registry_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"gristmill"
	"gristmill/ml/frame"
	"gristmill/registry"
)

var update = flag.Bool("update", false, "rewrite testdata/card.md")

func float(v float64) *float64 { return &v }

func version() (registry.Version, registry.CardInfo) {
	v := registry.Version{
		Model: "churn", RunID: "4bc1", WeightsSHA256: strings.Repeat("a", 64),
		Package: gristmill.Ref{Digest: gristmill.Digest(strings.Repeat("b", 64)), Size: 2048},
		Signature: frame.Signature{
			Inputs:  frame.Schema{Fields: []frame.Field{{Name: "tenure", Type: frame.Int64}, {Name: "plan", Type: frame.String, Nullable: true}}},
			Classes: []string{"No", "Yes"},
		},
		Metrics: []registry.Metric{
			{Name: "train_accuracy", Value: 0.9},
			{Name: "test_accuracy", Value: 0.8077, Low: float(0.786), High: float(0.829), Baseline: float(0.7346)},
		},
		Gates: []registry.GateResult{{Rule: "test_accuracy > 0.8", Value: 0.8077, Passed: true, Reason: "test_accuracy 0.8077 is > 0.8"}},
		Lineage: registry.Lineage{Pipeline: "churn", RunID: "4bc1", WorkflowID: "train/churn/1", DatasetDigest: "cc", DatasetSource: "sample:telco_churn",
			SpecDigest: "dd", Gristmill: "0.1.0", Commit: "ee", Dirty: true},
	}
	return v, registry.CardInfo{Description: "Who leaves?", Task: "classification", Params: map[string]string{"train.l2": "1", "data.target": "churn"},
		Rows: map[string]int{"train": 60, "val": 20, "test": 20}, Classes: []string{"No", "Yes"}, Confusion: [][]int{{12, 2}, {2, 4}},
		RegisteredAt: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
}

func TestCardSaysEverythingAboutAVersion(t *testing.T) {
	v, info := version()
	got := registry.Card(v, info)
	if *update {
		if err := os.WriteFile("testdata/card.md", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/card.md")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCardKeepsTextsOfUsersFromBreakingIt(t *testing.T) {
	v, info := version()
	info.Description = "a | b\n# not a heading <script>alert(1) </script>"
	v.Signature.Inputs.Fields[0].Name = "x | y\nz"
	got := registry.Card(v, info)
	for _, bad := range []string{" <script>", " </script", "\n# not a heading", "| x | y"} {
		if strings.Contains(got, bad) {
			t.Errorf("the card holds %q", bad)
		}
	}
}
