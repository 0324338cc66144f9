package main

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"gristmill/dataset/sample"
)

// tried returns a verdict's trials by name.
func tried(t *testing.T, rows int, dir, text string) (verdict, map[string]trial) {
	t.Helper()
	v, err := dryRun{rows: rows}.check(context.Background(), filepath.Join(dir, "spec.yaml"), []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]trial{}
	for _, tr := range v.Trials {
		byName[tr.Name] = tr
	}
	return v, byName
}

const good = `name: churn
data: {source: "sample:telco_churn", target: churn, positive: "Yes"}
train: {algorithm: logistic}
evaluate: {gates: {test_roc_auc: "> 0.75"}}
`

func TestDryRunPassesAGoodSpec(t *testing.T) {
	t.Parallel()
	v, by := tried(t, 500, t.TempDir(), good)
	if !v.Passed {
		t.Errorf("verdict %+v", v)
	}
	if d := by["dry_run"]; !strings.Contains(d.Detail, "fitted on 500 rows, measured on 500") {
		t.Errorf("dry run: %+v", d)
	}
	if g := by["gate test_roc_auc > 0.75"]; !g.Passed || !strings.Contains(g.Detail, "is > 0.75") {
		t.Errorf("gate: %+v", g)
	}
}

func TestDryRunFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"text.csv": "x,y\n" + strings.Repeat("1,a\n2,b\n", 60), "empty.csv": "x,y\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, spec, trial, want string
		skipped                 []string
	}{
		{"a spec that is not valid", strings.Replace(good, "logistic", "logistics", 1), "spec", `did you mean "logistic"?`, []string{"data", "dry_run"}},
		{"a file that is not there", strings.Replace(good, "sample:telco_churn", "none.csv", 1), "data", "none.csv", []string{"dry_run"}},
		{"a target that is not there", strings.Replace(good, "target: churn", "target: chrun", 1), "data", `did you mean "churn"?`, []string{"dry_run"}},
		{"a target that cannot be learned", "name: a\ndata: {source: text.csv, target: y}\ntrain: {algorithm: ridge}\n", "data", "ridge predicts numbers", nil},
		{"too few rows", "name: a\ndata: {source: empty.csv, target: y}\ntrain: {algorithm: logistic}\n", "dry_run", "row", nil},
		{"a gate that refuses", strings.Replace(good, "0.75", "0.99", 1), "gate test_roc_auc > 0.99", "is not > 0.99", nil},
		{"a card that lacks what it requires", good + "register: {card: {required: [owner]}}\n", "card", "requires owner", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, by := tried(t, 500, dir, c.spec)
			found := by[c.trial]
			if v.Passed || found.Passed || len(found.Findings) == 0 || !strings.Contains(found.Findings[0].Msg, c.want) {
				t.Errorf("%s: %+v; want %q", c.trial, found, c.want)
			}
			for _, name := range c.skipped {
				if by[name].Skipped == "" {
					t.Errorf("%s was not skipped: %+v", name, by[name])
				}
			}
		})
	}
}

// TestDryRunSeesShuffledLabels is the control: a table without signal must not
// pass a gate.
func TestDryRunSeesShuffledLabels(t *testing.T) {
	t.Parallel()
	_, by := tried(t, 500, t.TempDir(), `name: noise
data: {source: "sample:telco_churn", target: female}
train: {algorithm: logistic}
evaluate: {gates: {test_roc_auc: "> 0.75"}}
`)
	if by["gate test_roc_auc > 0.75"].Passed {
		t.Errorf("the gate let a model without signal pass: %+v", by["gate test_roc_auc > 0.75"])
	}
	if !slices.Contains(sample.Names(), "telco_churn") {
		t.Error("there is no such sample")
	}
}

func TestReportsAreWhatCISystemsRead(t *testing.T) {
	t.Parallel()
	bad, _ := tried(t, 500, t.TempDir(), "name: a\ndata: {source: \"sample:telco_churn\", target: churn}\ntrain: {algorithm: \"x\x01<y>\"}\n")
	list := []verdict{bad}
	b, err := junit(list)
	if err != nil {
		t.Fatal(err)
	}
	var suites struct {
		Suites []struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Skipped  int `xml:"skipped,attr"`
			Cases    []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b, &suites); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	s := suites.Suites[0]
	if s.Tests != 3 || s.Failures != 1 || s.Skipped != 2 || s.Cases[0].Failure == nil {
		t.Errorf("junit: %s", b)
	}
	if b, err = sarif(list, "test"); err != nil {
		t.Fatal(err)
	}
	var log struct {
		Version string `json:"version"`
		Runs    []struct {
			Results []struct {
				RuleID    string `json:"ruleId"`
				Level     string `json:"level"`
				Locations []struct {
					Physical struct {
						Region struct {
							StartLine int `json:"startLine"`
						} `json:"region"`
					} `json:"physicalLocation"`
				} `json:"locations"`
			} `json:"results"`
		} `json:"runs"`
	}
	if err := json.Unmarshal(b, &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs[0].Results) == 0 {
		t.Fatalf("sarif: %s", b)
	}
	if r := log.Runs[0].Results[0]; r.RuleID != "spec" || r.Level != "error" || r.Locations[0].Physical.Region.StartLine < 1 {
		t.Errorf("sarif: %+v", r)
	}
}

// TestWorkflowRunsTheCommandAsItIs keeps the workflow in deploy/ in step with the
// command's flags.
func TestWorkflowRunsTheCommandAsItIs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../deploy/github/check-models.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Jobs map[string]struct {
			Steps []struct{ Name, Run string }
		}
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	cmd := (&app{}).checkCommand()
	for _, s := range doc.Jobs["check"].Steps {
		if s.Name != "check" {
			continue
		}
		for _, word := range strings.Fields(s.Run) {
			if flag, ok := strings.CutPrefix(word, "--"); ok && cmd.Flags().Lookup(flag) == nil {
				t.Errorf("the workflow uses --%s, which check does not have", flag)
			}
		}
		return
	}
	t.Error("the workflow has no step check")
}
