package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	temporal "go.temporal.io/sdk/client"

	"gristmill"
	"gristmill/dataset/sample"
	"gristmill/ml/bundle"
	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
	"gristmill/test/mill"
	"gristmill/tracking"
)

// Somebody starts the stack, trains the same pipeline through every door, asks
// the model, and ends, restarts and kills the stack: nothing is lost.
func TestTurnOfTheMill(t *testing.T) {
	t.Parallel()
	s := grist.Stack(t)
	s.Up(t)

	began := time.Now()
	var first map[string]any
	s.Value(t, &first, "train", "churn")
	isOutcome(t, first, 1)
	rows := customers(t)
	request := encode(t, map[string]any{"dataframe_split": split(rows)})
	mustPredict(t, s, request)
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("churn took %s from command to prediction, want under 15 s", took)
	} else {
		t.Logf("churn from command to prediction: %s", took.Round(time.Millisecond))
	}
	second := trainByREST(t, s)
	isOutcome(t, second, 2)
	third := trainByTemporal(t, s)
	isOutcome(t, third, 3)
	if first["weights_sha256"] != third["weights_sha256"] {
		t.Error("two trainings of one spec on the same data have different weights")
	}
	if first["weights_sha256"] == second["weights_sha256"] {
		t.Error("the override train.l2=2 has not changed the weights")
	}
	everythingIsThere(t, s)
	equalToOffline(t, s, rows)

	answer := mustPredict(t, s, request)
	s.OK(t, "down")
	if left := s.Tree(); len(left) > 0 {
		t.Errorf("processes %v run after down", left)
	}
	s.Up(t)
	everythingIsThere(t, s)
	if again := mustPredict(t, s, request); again != answer {
		t.Error("after down and up the same request has another answer")
	}

	tree := s.Tree()
	if len(tree) < 3 {
		t.Fatalf("the stack's tree is %v; want the main process, Postgres and S3 at least", tree)
	}
	for _, pid := range tree {
		_ = syscall.Kill(pid, syscall.SIGKILL) // a child of one that was killed before may be gone
	}
	s.Up(t)
	everythingIsThere(t, s)
	if again := mustPredict(t, s, request); again != answer {
		t.Error("after kill -9 and up the same request has another answer")
	}
	s.OK(t, "down")
}

// trainByREST starts a run with an override by REST and waits for its end.
func trainByREST(t *testing.T, s *mill.Stack) map[string]any {
	t.Helper()
	resp, body := s.Call(t, http.MethodPost, s.HTTP()+"/api/v1/pipelines/churn/runs", "application/json", []byte(`{"set":{"train.l2":2}}`))
	var started map[string]any
	mill.Decode(t, body, &started)
	hasKeys(t, "the answer to POST runs", started, "workflow_id")
	if resp.StatusCode != http.StatusAccepted {
		t.Fatalf("POST runs answers %s, want 202", resp.Status)
	}
	var ended struct {
		Status string         `json:"status"`
		Result map[string]any `json:"result"`
	}
	resp, body = s.Call(t, http.MethodGet, fmt.Sprintf("%s/api/v1/workflows/%s?wait=60s", s.HTTP(), started["workflow_id"]), "", nil)
	mill.Decode(t, body, &ended)
	if resp.StatusCode != http.StatusOK || ended.Status != "succeeded" {
		t.Fatalf("GET workflow answers %s: %s", resp.Status, body)
	}
	return ended.Result
}

// trainByTemporal starts the workflow by its name, as any Temporal client can.
func trainByTemporal(t *testing.T, s *mill.Stack) map[string]any {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := temporal.DialContext(ctx, temporal.Options{HostPort: s.Temporal()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	run, err := c.ExecuteWorkflow(ctx, temporal.StartWorkflowOptions{ID: "churn-by-hand", TaskQueue: "gristmill"}, "Train", map[string]string{"pipeline": "churn"})
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := run.Get(ctx, &out); err != nil {
		t.Fatal(err)
	}
	if out["workflow_id"] != "churn-by-hand" {
		t.Errorf("workflow_id is %v", out["workflow_id"])
	}
	return out
}

// everythingIsThere checks what three trainings leave behind.
func everythingIsThere(t *testing.T, s *mill.Stack) {
	t.Helper()
	ctx, c := context.Background(), s.Client(t)
	if err := c.Ready(ctx); err != nil {
		t.Errorf("not ready: %v", err)
	}
	runs, _, err := c.Runs(ctx, tracking.RunFilter{Experiment: "churn"}, gristmill.Page{})
	if err != nil || len(runs) != 3 {
		t.Errorf("%d runs, %v; want 3", len(runs), err)
	}
	for _, r := range runs {
		if r.Status != tracking.Succeeded {
			t.Errorf("run %s is %s", r.ID, r.Status)
		}
	}
	versions, _, err := c.ModelVersions(ctx, "churn", gristmill.Page{})
	if err != nil || len(versions) != 3 || versions[0].Number != 3 || versions[2].Number != 1 {
		t.Errorf("versions %v, %v; want 3, 2, 1", versions, err)
	}
	m, err := c.Model(ctx, "churn")
	if err != nil || m.Aliases["champion"] != 3 || m.Deployment == nil || m.Deployment.Version != 3 {
		t.Errorf("model %+v, %v; want version 3 as champion and deployed", m, err)
	}
	card, err := c.Card(ctx, "churn", "3")
	if err != nil || !strings.Contains(card, "churn") {
		t.Errorf("card %q, %v", card, err)
	}
}

// mustPredict asks churn and returns the answer's body.
func mustPredict(t *testing.T, s *mill.Stack, request []byte) string {
	t.Helper()
	resp, body := s.Invoke(t, "churn", "application/json", request)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("invocations answers %s: %s", resp.Status, body)
	}
	return body
}

// equalToOffline asks for the same rows in every form, and compares with what the
// downloaded package predicts in this process: to the last bit.
func equalToOffline(t *testing.T, s *mill.Stack, rows *frame.Frame) {
	t.Helper()
	var packed bytes.Buffer
	if err := s.Client(t).DownloadPackage(context.Background(), "churn", "champion", &packed); err != nil {
		t.Fatal(err)
	}
	files, err := bundle.Unpack(packed.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	model, err := bundle.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	want, err := model.Predict(context.Background(), rows)
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if err := csv.Write(&table, rows); err != nil {
		t.Fatal(err)
	}
	const invocations, infer = "/models/churn/invocations", "/v2/models/churn/infer"
	for _, form := range []struct {
		name, path, media string
		body              []byte
	}{
		{"dataframe_split", invocations, "application/json", encode(t, map[string]any{"dataframe_split": split(rows)})},
		{"dataframe_records", invocations, "application/json", encode(t, map[string]any{"dataframe_records": records(rows)})},
		{"instances", invocations, "application/json", encode(t, map[string]any{"instances": records(rows)})},
		{"inputs", invocations, "application/json", encode(t, map[string]any{"inputs": columns(rows)})},
		{"CSV", invocations, "text/csv", table.Bytes()},
		{"OIP v2", infer, "application/json", encode(t, map[string]any{"inputs": tensors(rows)})},
	} {
		resp, body := s.Call(t, http.MethodPost, s.Inference()+form.path, form.media, form.body)
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s: %s", form.name, resp.Status, body)
			continue
		}
		if v := resp.Header.Get("X-Gristmill-Model-Version"); v != "3" {
			t.Errorf("%s: version %q, want 3", form.name, v)
		}
		labels, proba := answered(t, form.path == infer, body, want.Classes)
		if fmt.Sprint(labels) != fmt.Sprint(want.Labels) {
			t.Errorf("%s: labels\n%v, offline\n%v", form.name, labels, want.Labels)
		}
		if fmt.Sprint(proba) != fmt.Sprint(want.Proba) { // the shortest decimals are equal only for equal bits
			t.Errorf("%s: probabilities\n%v, offline\n%v", form.name, proba, want.Proba)
		}
	}
}

// answered reads labels and probabilities, row by row, of either protocol.
func answered(t *testing.T, oip bool, body string, classes []string) (labels []string, proba []float64) {
	t.Helper()
	if oip {
		var a struct {
			Outputs []struct {
				Name string
				Data json.RawMessage
			}
		}
		mill.Decode(t, body, &a)
		for _, o := range a.Outputs {
			if o.Name == "prediction" {
				mill.Decode(t, string(o.Data), &labels)
			} else {
				mill.Decode(t, string(o.Data), &proba)
			}
		}
		return labels, proba
	}
	var a struct {
		Predictions   []string
		Probabilities []map[string]float64
	}
	mill.Decode(t, body, &a)
	for _, p := range a.Probabilities {
		for _, class := range classes {
			proba = append(proba, p[class])
		}
	}
	return a.Predictions, proba
}

// customers returns rows of the Telco sample without the target, one with a null
// among them.
func customers(t *testing.T) *frame.Frame {
	t.Helper()
	f := telco(t)
	rows := []int{}
	for i := range 40 {
		rows = append(rows, i*100)
	}
	total := f.Column("total_charges")
	for i := range f.Rows() {
		if total.IsNull(i) {
			return f.Without("churn").Take(append(rows, i))
		}
	}
	t.Fatal("no row without total_charges; the sample has 11")
	return nil
}

func telco(t *testing.T) *frame.Frame {
	t.Helper()
	r, err := sample.Open("telco_churn")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	f, err := csv.Read(text, csv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// cell is a value as JSON has it.
func cell(c *frame.Column, i int) any {
	switch {
	case c.IsNull(i):
		return nil
	case c.Field.Type == frame.String:
		return c.Texts[i]
	case c.Field.Type == frame.Int64:
		return c.Ints[i]
	default:
		return c.Floats[i]
	}
}

func split(f *frame.Frame) map[string]any {
	data := make([][]any, f.Rows())
	for i := range data {
		for j := range f.Cols() {
			data[i] = append(data[i], cell(f.At(j), i))
		}
	}
	return map[string]any{"columns": f.Schema().Names(), "data": data}
}

func records(f *frame.Frame) []map[string]any {
	list := make([]map[string]any, f.Rows())
	for i := range list {
		list[i] = map[string]any{}
		for j := range f.Cols() {
			list[i][f.At(j).Field.Name] = cell(f.At(j), i)
		}
	}
	return list
}

func columns(f *frame.Frame) map[string][]any {
	out := map[string][]any{}
	for j := range f.Cols() {
		c := f.At(j)
		for i := range f.Rows() {
			out[c.Field.Name] = append(out[c.Field.Name], cell(c, i))
		}
	}
	return out
}

func tensors(f *frame.Frame) []map[string]any {
	types := map[frame.Type]string{frame.String: "BYTES", frame.Int64: "INT64", frame.Float64: "FP64"}
	var list []map[string]any
	data := columns(f)
	for _, field := range f.Schema().Fields {
		list = append(list, map[string]any{"name": field.Name, "shape": []int{f.Rows()}, "datatype": types[field.Type], "data": data[field.Name]})
	}
	return list
}
