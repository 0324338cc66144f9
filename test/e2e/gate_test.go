package e2e

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"gristmill"
	"gristmill/client"
	"gristmill/ml/frame/csv"
	"gristmill/pipeline"
	"gristmill/test/mill"
)

// Somebody trains churn on labels that were shuffled: there is nothing to learn,
// the gate says so, and nothing is registered or deployed.
func gateRefuses(t *testing.T, s *mill.Stack) {
	f := telco(t)
	labels := f.Column("churn").Texts
	rand.New(rand.NewPCG(42, 0)).Shuffle(len(labels), func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
	var table bytes.Buffer
	if err := csv.Write(&table, f); err != nil {
		t.Fatal(err)
	}
	s.Write(t, "shuffled/telco.csv", table.String())
	text := pipeline.Shipped()["churn"]
	for old, made := range map[string]string{"name: churn": "name: shuffled", `"sample:telco_churn"`: "telco.csv", "model: churn": "model: shuffled"} {
		if strings.Count(text, old) != 1 {
			t.Fatalf("the shipped spec of churn holds %q %d times, want once", old, strings.Count(text, old))
		}
		text = strings.Replace(text, old, made, 1)
	}
	spec := s.Write(t, "shuffled/spec.yaml", text)

	res, r := trained(t, s, "--file", spec)
	if r.Code != 1 || res.Status != "rejected" || res.Deployed || res.Model != nil {
		t.Fatalf("train on shuffled labels: %s; want exit 1, rejected, no model", r)
	}
	if auc := res.Metrics["test_roc_auc"]; auc < .45 || auc > .55 {
		t.Errorf("test_roc_auc is %v, want about .5", auc)
	}
	lines := strings.Split(strings.TrimSpace(r.Err), "\n")
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "rejected: gate refused: test_") || !strings.HasSuffix(last, res.Message) || strings.Contains(res.Message, "\n") {
		t.Errorf("the reason is %q, the last line on stderr %q; want it whole on one line", res.Message, last)
	}
	refused := 0
	for _, g := range res.Gates {
		if !g.Passed {
			refused++
		}
	}
	if refused == 0 {
		t.Errorf("gates %+v; want one that refuses at least", res.Gates)
	}
	ctx := context.Background()
	if m, err := s.Client(t).Model(ctx, "shuffled"); gristmill.KindOf(err) != gristmill.NotFound {
		t.Errorf("model %+v, %v; want none", m, err)
	}
	if d, err := s.Client(t).Deployment(ctx, "shuffled"); gristmill.KindOf(err) != gristmill.NotFound {
		t.Errorf("deployment %+v, %v; want none", d, err)
	}
	var run client.RunDetail
	s.Value(t, &run, "run", "show", res.RunID)
	if run.Status != "rejected" || run.Message != res.Message {
		t.Errorf("the run is %s, %q", run.Status, run.Message)
	}
	for _, step := range run.Steps {
		if (step.ID == "register" || step.ID == "deploy") && step.Attempts > 0 {
			t.Errorf("step %s was begun", step.ID)
		}
	}
}
