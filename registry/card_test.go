package registry_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gristmill"
	"gristmill/ml/catalog"
	"gristmill/ml/check"
	"gristmill/ml/evaluate"
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
	threshold := 0.31
	outcome := func(perRow, saving float64) evaluate.Outcome {
		return evaluate.Outcome{PerRow: evaluate.Estimate{Value: perRow, Low: float(perRow - 1), High: float(perRow + 1)}, Total: 20 * perRow, Saving: evaluate.Estimate{Value: saving}}
	}
	e := evaluate.Report{Task: catalog.Classification, Main: "roc_auc", Part: "test", Rows: map[string]int{"train": 60, "val": 20, "test": 20}, Classes: []string{"No", "Yes"},
		Confusion: map[string][][]int{"test": {{12, 2}, {2, 4}}},
		Slices: []evaluate.Slice{{Column: "plan", Value: "Monthly", Rows: 12, Share: 0.6, Small: true, Metrics: []evaluate.Metric{{Name: "roc_auc", Value: 0.7, Low: float(0.6), High: float(0.8)}}},
			{Column: "plan", Value: "Yearly", Rows: 80, Worse: true, Metrics: []evaluate.Metric{{Name: "roc_auc", Value: 0.5}}}},
		Cost: &evaluate.CostReport{Currency: "USD", Rows: 20, Outcome: outcome(60, 65), Baseline: 125, Constant: evaluate.Constant{Answer: "No", PerRow: 125},
			Best: &evaluate.BestCost{Threshold: &threshold, On: "val", Outcome: outcome(45, 80)}},
		Importance: &evaluate.Importance{Metric: "roc_auc", Part: "test", Columns: []evaluate.ColumnImportance{{Column: "tenure", Drop: 0.11, Std: 0.01}}},
		Checks:     []check.Result{{Title: "Rows of the test in the training", Passed: true, Detail: "no row"}, {Title: "Calibration", Detail: "0.2 is above 0.1"}},
	}
	return v, registry.CardInfo{Description: "Who leaves?", Params: map[string]string{"train.l2": "1", "data.target": "churn"}, Evaluation: e,
		Spec: registry.CardSpec{Purpose: "Call those who are about to leave.", Owner: "Ada", Limits: "Not for business customers.", Fairness: "Not looked at."},
		Data: registry.DataInfo{Target: "churn", Rows: 100, Columns: 3, Missing: 4, Notes: []string{"plan has 4 % missing"}}, Folds: 5, Example: `{"tenure": 3, "plan": "it's"}`,
		Plots:        []evaluate.Plot{{Name: "roc", Title: "ROC curve", SVG: []byte("<svg xmlns=\"http://www.w3.org/2000/svg\"><title>ROC curve</title></svg>")}},
		RegisteredAt: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
}

func TestCardSaysEverythingAboutAVersion(t *testing.T) {
	markdown, html, err := registry.Card(version())
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{"card.md": []byte(markdown), "card.html": html} {
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestCardKeepsTextsOfUsersFromBreakingIt(t *testing.T) {
	v, info := version()
	info.Description = "# not a heading | b\n# nor this <script>alert(1) </script>"
	info.Spec.Owner = "<img src=x onerror=alert(1)>\n## Gates"
	v.Signature.Inputs.Fields[0].Name = "x | y\nz"
	markdown, html, err := registry.Card(v, info)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{" <script>", " </script", "\n# not a heading", "\n# nor this", "| x | y", "\n## Gates\n\n## ", " <img"} {
		if strings.Contains(markdown, bad) {
			t.Errorf("the card holds %q", bad)
		}
	}
	if !bytes.Contains(html, []byte(`<meta http-equiv="Content-Security-Policy" content="default-src 'none';`)) {
		t.Error("a page that is opened from a disk lets anything in")
	}
	for _, bad := range []string{"<script", "<img"} {
		if bytes.Contains(html, []byte(bad)) {
			t.Errorf("the page holds %q", bad)
		}
	}
}

func TestCardSaysWhatIsMissing(t *testing.T) {
	v, info := version()
	v.CardMissing = []string{"contact", "ethics"}
	markdown, _, err := registry.Card(v, info)
	if err != nil || !strings.Contains(markdown, "the spec requires contact, ethics") {
		t.Errorf("%v\n%s", err, markdown)
	}
	err = v.Promotable()
	if gristmill.KindOf(err) != gristmill.Precondition || !strings.Contains(gristmill.Public(err), "register.card.ethics: empty") || !strings.Contains(gristmill.Public(err), "register.card.contact: empty") {
		t.Errorf("promotable: %v", err)
	}
	if v.CardMissing = nil; v.Promotable() != nil {
		t.Error("a complete version is not promotable")
	}
}

func TestCardOfAVersionOfWhichLittleIsKnown(t *testing.T) {
	markdown, html, err := registry.Card(registry.Version{Model: "bare"}, registry.CardInfo{})
	if err != nil || len(html) == 0 || !strings.HasPrefix(markdown, "# bare\n") {
		t.Errorf("%v\n%s", err, markdown)
	}
}
