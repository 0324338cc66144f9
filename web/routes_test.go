package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/tracking"
)

// TestEveryRoute calls every route at least once and holds every answer against
// the document.
func TestEveryRoute(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{InferenceURL: "http://127.0.0.1:8080", TemporalUI: "http://127.0.0.1:8233"})
	f := st.fill()
	st.fillReport(f)
	st.work.results["train/churn/9"] = &pipeline.Result{WorkflowID: "train/churn/9", RunID: f.run.ID, Status: tracking.Succeeded}
	st.work.results["train/churn/bad"] = nil
	csv := "x,y\n1,2\n"
	run, data := "/api/v1/runs/"+f.run.ID, "/api/v1/datasets/"+string(f.dataset.Digest)
	spec2 := strings.Replace(spec, "1.0", "2.0", 1)
	calls := []struct {
		method, path, body string
		head               []string
		status             int
		has                string // part of the answer
	}{
		{get, "/healthz", "", nil, 200, `{"status":"ok"}`},
		{get, "/readyz", "", nil, 200, `{"status":"ok"}`},
		{get, "/metrics", "", nil, 200, `gristmill_http_requests_total{code="200",method="GET",route="/healthz"} 1`},
		{get, "/api/v1/version", "", nil, 200, `"temporal_ui":"http://127.0.0.1:8233"`},
		{get, "/api/v1/openapi.json", "", nil, 200, `"openapi":"3.1.0"`},
		{get, "/api/v1/experiments?limit=1", "", nil, 200, `"next_page_token":"`},
		{get, fmt.Sprintf("/api/v1/experiments/%d", f.run.ExperimentID), "", nil, 200, `"name":"churn"`},
		{get, "/api/v1/runs", "", nil, 200, `"loss/nan":"NaN"`},
		{get, "/api/v1/runs?experiment=churn&status=succeeded&model=churn&workflow_id=train/churn/1&limit=5", "", nil, 200, f.run.ID},
		{get, run, "", nil, 200, `"deployed":true`},
		{get, "/api/v1/runs/" + f.foreign.ID, "", nil, 200, `"up":"Infinity"`},
		{post, "/api/v1/runs/" + f.running.ID + "/cancel", "", nil, 202, `"workflow_id":"train/churn/2"`},
		{post, run + "/reproduce", "", nil, 412, "has no weights to compare with"},
		{get, run + "/diff/" + f.foreign.ID, "", nil, 200, `"same_spec":false`},
		{post, "/api/v1/diffs", "+1\n", []string{"Content-Type: text/x-diff"}, 201, `"size":3`},
		{get, run + "/metrics/train_loss", "", nil, 200, `"step":20`},
		{get, "/api/v1/runs/" + f.foreign.ID + "/metrics/loss/nan", "", nil, 200, `"value":"NaN"`},
		{get, run + "/logs?limit=2", "", nil, 200, `"text":"fetch began"`},
		{get, run + "/logs?after=999999999&wait=5s", "", nil, 200, `"lines":[],"after":999999999,"ended":true`},
		{get, run + "/logs.txt?step=train", "", nil, 200, "info  train#1 train began\n"},
		{get, run + "/artifacts", "", nil, 200, `"path":"docs/model_card.md"`},
		{get, run + "/artifacts/docs/model_card.md", "", nil, 200, f.artifact},
		{get, "/api/v1/workflows/train/churn/1", "", nil, 200, `"deployed":true`},
		{get, "/api/v1/workflows/train%2Fchurn%2F2", "", nil, 200, `"status":"running"`},
		{get, "/api/v1/workflows/train/churn/9?wait=5s", "", nil, 200, `"status":"succeeded"`},
		{get, "/api/v1/workflows/train/churn/bad", "", nil, 200, `"status":"failed","message":"no column is named \"chrun\""`},
		{get, "/api/v1/workflows/soon?wait=5ms", "", nil, 200, `{"workflow_id":"soon","status":"scheduled"}`},
		{get, "/api/v1/pipelines", "", nil, 200, `"name":"churn"`},
		{post, "/api/v1/pipelines", spec2, []string{"Content-Type: application/yaml"}, 200, `"applied_by":"api"`},
		{post, "/api/v1/pipelines", `{"text":` + fmt.Sprintf("%q", spec) + `,"by":"grace"}`, nil, 200, `"current":true`},
		{post, "/api/v1/pipelines/check?set=train.l2=3", spec, []string{"Content-Type: text/yaml"}, 200, `"pipeline":"churn"`},
		{get, "/api/v1/pipelines/churn?digest=" + string(f.pipeline.Digest), "", nil, 200, `"applied_by":"`},
		{get, "/api/v1/pipelines/churn/versions", "", nil, 200, `"current":false`},
		{post, "/api/v1/pipelines/churn/check", `{"set":{"train.l2":3}}`, nil, 200, `"steps":[`},
		{post, "/api/v1/pipelines/churn/runs", `{"set":{"train.l2":2},"workflow_id":"mine/1","caller":{"user":"ada","dirty":true},"run_name":"n"}`, nil, 202, `{"workflow_id":"mine/1"}`},
		{post, "/api/v1/pipelines/churn/runs", "", nil, 202, `{"workflow_id":"train/churn/1"}`},
		{get, "/api/v1/datasets", "", nil, 200, `"name":"telco.csv"`},
		{post, "/api/v1/datasets?name=my.csv", csv, []string{"Content-Type: text/csv", "X-Content-Sha256: " + string(gristmill.DigestOf([]byte(csv)))}, 201, `"size":8`},
		{post, "/api/v1/datasets?name=other.csv", csv, []string{"Content-Type: text/csv"}, 201, `"name":"my.csv"`},
		{get, data, "", nil, 200, `"rows":1`},
		{get, data + "/profile", "", nil, 200, `"distinct":1`},
		{get, data + "/profile.html", "", nil, 200, "<!doctype html>"},
		{get, data + "/content", "", nil, 200, "a,b\n1,x\n"},
		{get, "/api/v1/models", "", nil, 200, `"champion":2`},
		{get, "/api/v1/models/churn", "", nil, 200, `"server":"host-1/1"`},
		{post, "/api/v1/models/churn/rollback", "", nil, 200, `"version":1`},
		{put, "/api/v1/models/churn/aliases/staging", `{"version":1}`, nil, 200, `"alias":"staging"`},
		{get, "/api/v1/models/churn/versions/staging", "", nil, 200, `"version":1`},
		{remove, "/api/v1/models/churn/aliases/staging", "", nil, 200, `{"model":"churn","alias":"staging"}`},
		{get, "/api/v1/models/churn/versions?limit=1", "", nil, 200, `"next_page_token"`},
		{get, "/api/v1/models/churn/versions/latest", "", nil, 200, `"name":"test_nan","value":"NaN"`},
		{get, "/api/v1/models/churn/versions/champion/card", "", nil, 200, "# churn"},
		{get, "/api/v1/models/churn/versions/previous/card.html", "", nil, 200, "<title>card</title>"},
		{get, "/api/v1/models/churn/versions/1/package", "", nil, 200, f.pack},
		{post, "/api/v1/models/churn/versions/previous/promote", `{"reason":"better"}`, nil, 200, `"deployed":true`},
		{get, "/api/v1/deployments", "", nil, 200, `"previous":1`},
		{get, "/api/v1/deployments/churn", "", nil, 200, `"state":"stable"`},

		{get, "/", "", nil, 200, "brave-mill"},
		{get, "/experiments", "", nil, 200, "churn"},
		{get, "/runs?experiment=churn", "", nil, 200, "running-run"},
		{get, "/runs/" + f.run.ID, "", nil, 200, "polyline"},
		{get, "/compare?a=" + f.run.ID + "&b=" + f.foreign.ID, "", nil, 200, "other data"},
		{get, "/models", "", nil, 200, "champion → 2"},
		{get, "/models/churn", "", nil, 200, "gristmill model rollback churn"},
		{get, "/models/churn/versions/2", "", nil, 200, "<em>churn</em>"},
		{get, "/deployments", "", nil, 200, "host-1/1"},
		{get, "/pipelines", "", nil, 200, "churn"},
		{get, "/pipelines/churn", "", nil, 200, "sample:telco_churn"},
		{get, "/datasets", "", nil, 200, "telco.csv"},
		{get, "/datasets/" + string(f.dataset.Digest), "", nil, 200, "/profile.html"},
		{get, "/static/icon.svg", "", nil, 200, "<svg"},
	}
	doc, called := document(t), map[string]bool{}
	for _, c := range calls {
		got := st.do(c.method, c.path, c.body, c.head...)
		u, err := url.Parse(c.path)
		check(t, err)
		_, pattern := st.s.mux.Handler(&http.Request{Method: c.method, URL: u, Host: "x"})
		rt := st.s.byRoute[pattern]
		if rt == nil {
			t.Errorf("%s %s: no route", c.method, c.path)
			continue
		}
		called[pattern] = true
		if got.status != c.status || !strings.Contains(got.body, c.has) {
			t.Errorf("%s %s: status %d, want %d; body %.400s, want it to have %.200q", c.method, c.path, got.status, c.status, got.body, c.has)
			continue
		}
		if rt.page() {
			continue
		}
		for _, fault := range conform(doc, rt, got) {
			t.Errorf("%s %s: the answer is not as documented: %s", c.method, c.path, fault)
		}
	}
	for _, rt := range st.s.routes {
		if !called[rt.pattern()] {
			t.Errorf("%s was not called", rt.pattern())
		}
	}
	if strings.Contains(st.log.String(), `"level":"ERROR"`) {
		t.Errorf("the log has errors:\n%s", st.log)
	}
}

func TestStartPassesTheRequestOn(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	st.fill()
	got := st.do(post, "/api/v1/pipelines/churn/runs", `{"set":{"train.l2":2},"workflow_id":"a b/ü","run_name":"n","caller":{"user":"ada","command":"gristmill train"}}`)
	if want := "/api/v1/workflows/a%20b/%C3%BC"; got.status != 202 || got.header.Get("Location") != want {
		t.Fatalf("status %d, Location %q; want 202, %q\n%s", got.status, got.header.Get("Location"), want, got.body)
	}
	req := st.work.started[0]
	if got, want := fmt.Sprintf("%v %+v", req.Set, *req.Caller), "map[train.l2:2] {User:ada Command:gristmill train Commit: Dirty:false Dir: Diff:}"; got != want || req.Pipeline != "churn" || req.Project != "default" || req.RunName != "n" {
		t.Errorf("the workflow was asked for %+v with %s; want %s", req, got, want)
	}
}

func TestPromotionsNameVersionAndReason(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	st.fill()
	st.do(post, "/api/v1/models/churn/versions/1/promote", "")
	st.do(post, "/api/v1/models/churn/rollback", `{"reason":"too many calls"}`)
	want := "[{default churn 1 promoted by hand} {default churn 1 too many calls}]"
	if got := fmt.Sprint(st.work.promoted); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
