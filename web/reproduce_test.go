package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/tracking"
)

// keepRequest gives a filled run what a run of today keeps.
func (st *stack) keepRequest(f filled, request string) {
	st.t.Helper()
	ctx := context.Background()
	result := must(json.Marshal(pipeline.Result{RunID: f.run.ID, Status: tracking.Succeeded, WeightsSHA256: strings.Repeat("a", 64)}))(st.t)
	check(st.t, st.deps.Runs.SetTags(ctx, f.run.ID, map[string]string{tracking.ResultTag: string(result), "gristmill.data_digest": string(f.dataset.Digest)}))
	ref := must(st.blobs.PutAt(ctx, "1/"+f.run.ID+"/artifacts/request.json", strings.NewReader(request)))(st.t)
	check(st.t, st.deps.Runs.PutArtifact(ctx, tracking.Artifact{RunID: f.run.ID, Path: pipeline.RequestFile, URI: ref.URI, Digest: ref.Digest, Size: ref.Size}))
}

func TestReproduceStartsTheSameOnTheSameBytes(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	request := must(json.Marshal(pipeline.Request{Pipeline: "churn", Project: "default", Digest: f.pipeline.Digest, Set: map[string]any{"train.l2": 2}}))(t)
	st.keepRequest(f, string(request))
	got := st.do(http.MethodPost, "/api/v1/runs/"+f.run.ID+"/reproduce", `{"caller":{"user":"ada"}}`)
	if got.status != http.StatusAccepted {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if len(st.work.started) != 1 {
		t.Fatalf("started %+v", st.work.started)
	}
	req := st.work.started[0]
	if req.Reproduces != f.run.ID || req.Digest != f.pipeline.Digest || req.Set["data.source"] != "dataset:"+string(f.dataset.Digest) ||
		req.Set["train.l2"] != 2.0 || req.Set["register"] != false || req.Caller.User != "ada" {
		t.Errorf("request %+v", req)
	}
}

func TestReproduceRefusesRunsThatCannotBeCompared(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	refused := func(run, want string) {
		t.Helper()
		got := st.do(http.MethodPost, "/api/v1/runs/"+run+"/reproduce", "")
		if got.status != http.StatusPreconditionFailed && got.status != http.StatusConflict || !strings.Contains(got.body, want) {
			t.Errorf("%d %s; want %s", got.status, got.body, want)
		}
	}
	refused(f.running.ID, "can be reproduced once it has ended")
	refused(f.run.ID, "has no weights to compare with")
	st.keepRequest(f, "{broken")
	refused(f.run.ID, "request.json is damaged")
	request := must(json.Marshal(pipeline.Request{Pipeline: "churn", Project: "default", Digest: f.pipeline.Digest}))(t)
	st.keepRequest(f, string(request))
	other := strings.Replace(string(request), "churn", "other", 1)
	must(st.blobs.PutAt(t.Context(), "1/"+f.run.ID+"/artifacts/request.json", strings.NewReader(other)))(t)
	if got := st.do(http.MethodPost, "/api/v1/runs/"+f.run.ID+"/reproduce", ""); got.status != http.StatusInternalServerError {
		t.Errorf("other bytes than were kept: %d %s", got.status, got.body)
	}
	if got := st.do(http.MethodPost, "/api/v1/runs/none/reproduce", ""); got.status != http.StatusNotFound {
		t.Errorf("%d %s", got.status, got.body)
	}
	if len(st.work.started) > 0 {
		t.Errorf("started %+v", st.work.started)
	}
}

func TestCompareRunsListsTheDifferences(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	got := st.do(http.MethodGet, "/api/v1/runs/"+f.run.ID+"/diff/"+f.foreign.ID, "")
	var c tracking.Comparison
	if err := json.Unmarshal([]byte(got.body), &c); err != nil || got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if c.A != f.run.ID || c.SameSpec || c.SameMetrics || c.SameWeights {
		t.Errorf("got %+v", c)
	}
	found := false
	for _, d := range c.Differences {
		found = found || d == tracking.Difference{Kind: tracking.DiffSpec, Key: "train.l2", A: "1"}
	}
	if !found {
		t.Errorf("train.l2 is not among %+v", c.Differences)
	}
}

func TestUploadDiffKeepsTheBytes(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	const diff = "diff --git a/x b/x\n+1\n"
	got := st.do(http.MethodPost, "/api/v1/diffs", diff, "Content-Type: text/x-diff")
	var s Stored
	if err := json.Unmarshal([]byte(got.body), &s); err != nil || got.status != http.StatusCreated || s.Digest != gristmill.DigestOf([]byte(diff)) || s.Size != int64(len(diff)) {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := st.do(http.MethodPost, "/api/v1/diffs", strings.Repeat("x", pipeline.MaxDiff+1), "Content-Type: text/x-diff"); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", got.status, got.body)
	}
}
