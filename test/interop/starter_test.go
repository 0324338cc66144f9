//go:build interop

package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gristmill/ml/catalog"
	"gristmill/test/mill"
)

// firstSpecs goes the way of a stranger with a table: "pipeline init", "train",
// nothing between. Every model must beat the baseline by the spec's own gates, and
// is set beside a plain pipeline of scikit-learn on the same split.
func firstSpecs(t *testing.T, s *mill.Stack) {
	dir := filepath.Join(s.Dir, "first")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	python(t, nil, "public_sets.py", dir)
	samples, outside := filepath.Join("..", "..", "dataset", "sample"), os.Getenv("GRISTMILL_TEST_DATA")
	type ask struct {
		File     string   `json:"file"`
		Target   string   `json:"target"`
		Drop     []string `json:"drop"`
		Nulls    []string `json:"nulls"`
		Train    []int    `json:"train"`
		Test     []int    `json:"test"`
		Task     string   `json:"task"`
		Positive string   `json:"positive"`
	}
	var asks []ask
	var names []string
	var found []evaluation
	for _, c := range []struct{ name, from, target string }{
		{"telco_churn.csv.gz", samples, "churn"},
		{"ames_housing.csv.gz", samples, "Sale_Price"},
		{"chicago_ridership.csv.gz", samples, "ridership"},
		{"mlc_churn.csv.gz", outside, "churn"},
		{"california_housing.csv.gz", outside, "median_house_value"},
		{"iris.csv", dir, "target"},
		{"wine.csv", dir, "target"},
		{"breast_cancer.csv", dir, "target"},
		{"diabetes.csv", dir, "target"},
	} {
		if c.from == "" {
			t.Logf("SKIPPED %s: GRISTMILL_TEST_DATA must name the directory that has it", c.name)
			continue
		}
		b, err := os.ReadFile(filepath.Join(c.from, c.name))
		if err != nil {
			t.Fatal(err)
		}
		file := s.Write(t, "first/"+c.name, string(b))
		name, _, _ := strings.Cut(c.name, ".")
		spec := filepath.Join(dir, name+".yaml")
		// The path is seen from here, the spec's from the spec.
		s.OK(t, "pipeline", "init", "first/"+c.name, "--target", c.target, "-o", "first/"+name+".yaml")
		res := trained(t, s, spec)
		if !res.Deployed || len(res.Gates) == 0 {
			t.Errorf("%s: deployed %v with the gates %v", name, res.Deployed, res.Gates)
		}
		text, err := os.ReadFile(spec)
		if err != nil {
			t.Fatal(err)
		}
		tab := tableOf(t, string(text), dir)
		var e evaluation
		mill.Decode(t, string(artifact(t, s, res.RunID, "evaluation.json")), &e)
		found, names = append(found, e), append(names, name)
		drop := append([]string{}, tab.Spec.Data.Drop...)
		for _, f := range tab.Frame.Schema().Fields {
			if f.Type == "timestamp" { // the plain pipeline knows no dates
				drop = append(drop, f.Name)
			}
		}
		asks = append(asks, ask{file, c.target, drop, append([]string{}, tab.Spec.Data.Nulls...), tab.Parts.Train, tab.Parts.Test, string(tab.Spec.Train.Task), tab.Spec.Data.Positive})
	}
	var plain []map[string]float64
	told(t, "plain_scores.py", asks, &plain)
	if len(asks) < 6 || len(plain) != len(asks) {
		t.Fatalf("%d tables and %d answers, want at least 6", len(asks), len(plain))
	}
	for i, name := range names {
		metric, rows := "accuracy", len(asks[i].Test)
		floor := 0.0
		switch {
		case asks[i].Task == string(catalog.Regression):
			metric = "rmse"
		case plain[i]["roc_auc"] > 0:
			metric = "roc_auc"
		}
		ours := found[i].metric("test_" + metric)
		for _, m := range found[i].Metrics {
			if m.Name == "test_"+metric && m.Baseline != nil {
				floor = *m.Baseline
			}
		}
		theirs := plain[i][metric]
		t.Logf("%-18s %5d test rows  %-8s %.5g  baseline %.5g  plain scikit-learn %.5g  ratio %.4f", name, rows, metric, ours, floor, theirs, ours/theirs)
		better := ours > floor
		near := ours > 0.95*theirs
		if metric == "rmse" {
			better, near = ours < floor, ours < 1.1*theirs
		}
		if !better || !near {
			t.Errorf("%s: %s is %v; the baseline's %v, plain scikit-learn's %v", name, metric, ours, floor, theirs)
		}
	}
}
