//go:build interop

package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gristmill/pipeline"
	"gristmill/test/mill"
	"gristmill/tracking"
)

// Foreign programs take their turns at one stack.
func TestInterop(t *testing.T) {
	s := mill.At(tool(t, "GRISTMILL_BINARY")).Stack(t)
	s.Up(t)
	t.Run("scikit-learn on the same rows", func(t *testing.T) { sameScores(t, s) })
	t.Run("the stock temporal CLI", func(t *testing.T) { temporalCLI(t, s) })
	t.Run("numpy reads the model package", func(t *testing.T) { numpyPredicts(t, s) })
	t.Run("boto3 reads the artifacts", func(t *testing.T) { botoReads(t, s) })
	s.OK(t, "down")
}

// tool returns the path that an environment variable names.
func tool(t *testing.T, name string) string {
	t.Helper()
	path := os.Getenv(name)
	if path == "" {
		t.Fatalf("%s is not set; run make interop", name)
	}
	return path
}

// python runs a script of this folder and returns what it prints.
func python(t *testing.T, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command(tool(t, "GRISTMILL_PYTHON"), args...)
	cmd.Env = append(os.Environ(), env...)
	r := mill.Run(t, cmd)
	if r.Code != 0 {
		t.Fatalf("%s: %s", strings.Join(args, " "), r)
	}
	return r.Out
}

// sameScores trains the shipped pipelines on the committed splits, and scikit-learn
// on the same rows and features.
func sameScores(t *testing.T, s *mill.Stack) {
	var want struct {
		Telco float64
		Ames  []float64
	}
	mill.Decode(t, python(t, nil, "sklearn_scores.py"), &want)
	auc := scored(t, s, "churn", "telco").Metrics["test_roc_auc"]
	t.Logf("Telco ROC AUC %.7f, scikit-learn %.7f", auc, want.Telco)
	if math.Abs(auc-want.Telco) > .003 {
		t.Errorf("Telco ROC AUC is %v, scikit-learn's %v; want within .003", auc, want.Telco)
	}
	if len(want.Ames) != 10 {
		t.Fatalf("%d splits of Ames, want 10", len(want.Ames))
	}
	ours, theirs := 0.0, 0.0
	for i, rmse := range want.Ames {
		got := scored(t, s, "housing", "ames-"+string(rune('0'+i))).Metrics["test_rmse"]
		t.Logf("Ames split %d: RMSE %.3f, scikit-learn %.3f", i, got, rmse)
		if math.Abs(got/rmse-1) > 1e-6 { // both are at the same minimum
			t.Errorf("Ames split %d: RMSE %v, scikit-learn's %v", i, got, rmse)
		}
		ours, theirs = ours+got/10, theirs+rmse/10
	}
	t.Logf("Ames mean RMSE %.4f, scikit-learn %.4f, ratio %.9f", ours, theirs, ours/theirs)
	if math.Abs(ours/theirs-1) > .01 {
		t.Errorf("Ames mean RMSE over 10 splits is %v, scikit-learn's %v; want within 1 %%", ours, theirs)
	}
}

// scored trains a shipped pipeline on a committed split, without its gates: here
// the numbers count, whatever they are.
func scored(t *testing.T, s *mill.Stack, name, split string) pipeline.Result {
	t.Helper()
	rows, err := os.ReadFile(filepath.Join("testdata", "splits", split+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	s.Write(t, "splits/"+split+".csv", string(rows))
	var kept []string
	for line := range strings.SplitSeq(pipeline.Shipped()[name], "\n") {
		switch {
		case strings.HasPrefix(line, "  split: "):
			line = "  split: {kind: ids, file: " + split + ".csv}"
		case strings.HasPrefix(line, "name: "):
			line = "name: " + split
		case line == "evaluate:", line == "  gates:", strings.HasPrefix(line, "    test_"), strings.HasPrefix(line, "register:"):
			continue
		}
		kept = append(kept, line)
	}
	spec := s.Write(t, "splits/"+split+".yaml", strings.Join(kept, "\n"))
	var res pipeline.Result
	s.Value(t, &res, "train", "--file", spec)
	if res.Status != tracking.Succeeded {
		t.Fatalf("%s: %s: %s", split, res.Status, res.Message)
	}
	return res
}

// temporalCLI starts a training as DESIGN writes it down, and reads its result.
func temporalCLI(t *testing.T, s *mill.Stack) {
	temporal := func(args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, tool(t, "GRISTMILL_TEMPORAL"), append(args, "--address", s.Temporal())...)
		r := mill.Run(t, cmd)
		if r.Code != 0 {
			t.Fatalf("temporal %s: %s", strings.Join(args, " "), r)
		}
		return r.Out
	}
	temporal("workflow", "start", "--type", "Train", "--task-queue", "gristmill", "--workflow-id", "housing-1", "--input", `{"pipeline":"housing"}`)
	var out struct {
		Status string
		Result pipeline.Result
	}
	mill.Decode(t, temporal("workflow", "result", "--workflow-id", "housing-1", "--output", "json"), &out)
	res := out.Result
	if out.Status != "COMPLETED" || res.Status != tracking.Succeeded || !res.Deployed || res.WorkflowID != "housing-1" || res.Model == nil || res.Model.Name != "housing" {
		t.Errorf("the result is %+v", out)
	}
	if text := temporal("workflow", "query", "--workflow-id", "housing-1", "--type", "status"); !strings.Contains(text, "succeeded") || !strings.Contains(text, res.RunID) {
		t.Errorf("the query status answers\n%s", text)
	}
	var run struct {
		Status tracking.Status
	}
	s.Value(t, &run, "run", "show", res.RunID)
	if run.Status != tracking.Succeeded {
		t.Errorf("run %s is %s", res.RunID, run.Status)
	}
}

// numpyPredicts compares what read_model.py makes of downloaded packages with what
// the server answers to their examples.
func numpyPredicts(t *testing.T, s *mill.Stack) {
	s.OK(t, "train", "churn") // housing is there from the test before
	for _, model := range []string{"churn", "housing"} {
		packed := filepath.Join(s.Dir, model+".tar")
		s.OK(t, "model", "download", model, "champion", "-o", packed)
		dir := filepath.Join(s.Dir, model)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if r := mill.Run(t, exec.Command("tar", "-xf", packed, "-C", dir)); r.Code != 0 {
			t.Fatalf("tar: %s", r)
		}
		example, err := os.ReadFile(filepath.Join(dir, "input_example.json"))
		if err != nil {
			t.Fatal(err)
		}
		_, body := s.Invoke(t, model, "application/json", example)
		var answer struct {
			Predictions   []json.RawMessage
			Probabilities []map[string]float64
		}
		mill.Decode(t, body, &answer)
		printed := python(t, nil, "read_model.py", dir)
		var got, want []float64
		if model == "churn" {
			var proba [][]float64
			mill.Decode(t, printed, &proba)
			for i, p := range proba {
				got = append(got, p...)
				want = append(want, answer.Probabilities[i]["No"], answer.Probabilities[i]["Yes"])
			}
		} else {
			mill.Decode(t, printed, &got)
			for _, p := range answer.Predictions {
				var v float64
				mill.Decode(t, string(p), &v)
				want = append(want, v)
			}
		}
		if len(got) == 0 || len(got) != len(want) {
			t.Fatalf("%s: numpy predicts %d numbers, the server %d", model, len(got), len(want))
		}
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-9*max(1, math.Abs(want[i])) {
				t.Errorf("%s, number %d: numpy %v, the server %v", model, i, got[i], want[i])
			}
		}
	}
}

// botoReads reads the artifacts of a run from the stack's S3 server, with the
// credentials in the data directory, and compares their digests.
func botoReads(t *testing.T, s *mill.Stack) {
	var res pipeline.Result
	s.Value(t, &res, "train", "churn")
	ctx := context.Background()
	run, err := s.Client(t).Run(ctx, res.RunID)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := os.ReadFile(filepath.Join(s.Data, "s3.secret"))
	if err != nil {
		t.Fatal(err)
	}
	prefix := fmt.Sprintf("%d/%s/artifacts/", run.ExperimentID, res.RunID)
	var found map[string]string
	mill.Decode(t, python(t, []string{"AWS_ACCESS_KEY_ID=gristmill", "AWS_SECRET_ACCESS_KEY=" + strings.TrimSpace(string(secret))},
		"read_artifacts.py", s.S3(), "gristmill", prefix), &found)
	if len(found) != len(run.Artifacts) || len(found) == 0 {
		t.Errorf("boto3 finds %d objects, the run has %d artifacts", len(found), len(run.Artifacts))
	}
	for _, a := range run.Artifacts {
		if got := found[prefix+a.Path]; got != string(a.Digest) {
			t.Errorf("%s has the digest %q, the tracker says %q", prefix+a.Path, got, a.Digest)
		}
	}
	for _, path := range []string{"profile.json", "evaluation.json", "model.tar", "card.md"} {
		if found[prefix+path] == "" {
			t.Errorf("there is no object %s", prefix+path)
		}
	}
}
