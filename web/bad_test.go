package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gristmill"
	"gristmill/store/blob"
	"gristmill/tracking"
)

// render shows an error's body on one line: kind, message, problems.
func render(t *testing.T, body string) string {
	t.Helper()
	var e ErrorBody
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		return "no error body: " + body
	}
	if e.Error.RequestID == "" {
		t.Error("the error has no request id")
	}
	out := string(e.Error.Kind) + ": " + e.Error.Message
	for _, p := range e.Error.Problems {
		out += " | " + p.String()
	}
	return out
}

func TestBadRequestsAreNamed(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{MaxBody: 1 << 10, MaxUpload: 20})
	f := st.fill()
	run, zeros := "/api/v1/runs/"+f.run.ID, strings.Repeat("0", 64)
	const query, body = "invalid: the query is not what this route takes | ", "invalid: the body is not what this route takes | "
	for _, c := range []struct {
		method, path, body, head string
		status                   int
		want                     string
	}{
		{get, "/api/v1/nothing", "", "", 404, "not_found: nothing is at /api/v1/nothing; the routes are listed in /api/v1/openapi.json"},
		{get, "/nothing", "", "", 404, "not_found: nothing is at /nothing; the routes are listed in /api/v1/openapi.json"},
		{post, "/api/v1/runs", "", "", 405, "invalid: /api/v1/runs does not take POST; allowed: GET, HEAD"},
		{remove, "/", "", "", 405, "invalid: / does not take DELETE; allowed: GET, HEAD"},

		{get, "/api/v1/runs?limit=0", "", "", 400, query + `limit: "0" is not an integer from 1 to 1000`},
		{get, "/api/v1/runs?limit=100000000000000000000", "", "", 400, query + `limit: "100000000000000000000" is not an integer from 1 to 1000`},
		{get, "/api/v1/runs?limt=1&statu=x", "", "", 400, query + `unknown query parameter "limt", allowed: experiment, limit, model, page_token, status, workflow_id (did you mean "limit"?) | unknown query parameter "statu", allowed: experiment, limit, model, page_token, status, workflow_id (did you mean "status"?)`},
		{get, "/api/v1/runs?limit=1&limit=2", "", "", 400, query + "limit: given 2 times; expected once"},
		{get, "/api/v1/runs?status=done", "", "", 400, query + `status: "done" is no state of a run; expected one of scheduled, running, succeeded, rejected, failed, canceled, awaiting_approval`},
		{get, "/api/v1/runs?page_token=zzz", "", "", 400, `invalid: page_token: "zzz" is no page token of this list`},
		{get, "/api/v1/runs?experiment=%00", "", "", 400, query + `experiment: "\x00" is not printable UTF-8`},
		{get, "/api/v1/version?x=1", "", "", 400, query + "x: this route takes no query"},
		{get, run + "/logs?after=-1&wait=2h&limit=x", "", "", 400, query + `after: "-1" is not an integer from 0 | limit: "x" is not an integer from 1 to 1000 | wait: "2h" is not a duration up to 1m such as 10s`},

		{get, "/api/v1/runs/none", "", "", 404, `not_found: there is no run "none"`},
		{get, "/api/v1/runs/%00", "", "", 400, `invalid: path: "/api/v1/runs/\x00" has bytes that are no printable UTF-8`},
		{get, "/api/v1/runs/%ff", "", "", 400, `invalid: path: "/api/v1/runs/\xff" has bytes that are no printable UTF-8`},
		{get, "/api/v1/runs/none/logs", "", "", 404, `not_found: there is no run "none"`},
		{get, "/api/v1/runs/none/logs.txt", "", "", 404, `not_found: there is no run "none"`},
		{get, "/api/v1/runs/none/artifacts", "", "", 404, `not_found: there is no run "none"`},
		{get, "/api/v1/runs/none/metrics/a", "", "", 404, `not_found: there is no run "none"`},
		{get, run + "/metrics/no/such", "", "", 404, `not_found: run ` + f.run.ID + ` has no metric "no/such"`},
		{post, run + "/cancel", "", "", 412, "precondition: run " + f.run.ID + " is succeeded; only a run that goes on can be canceled"},
		{post, "/api/v1/runs/" + f.foreign.ID + "/cancel", "", "", 412, "precondition: run " + f.foreign.ID + " was logged by a foreign client; no workflow drives it"},
		{get, "/api/v1/experiments/churn", "", "", 400, `invalid: experiment: "churn" is no experiment's number; /api/v1/experiments lists them`},
		{get, "/api/v1/experiments/99999", "", "", 404, "not_found: there is no experiment 99999"},
		{get, "/api/v1/workflows/", "", "", 400, "invalid: workflow: the ID is missing; expected /api/v1/workflows/ID"},

		{get, run + "/artifacts/%2e%2e/%2e%2e/etc/passwd", "", "", 400, `invalid: artifact path: "../../etc/passwd" is no relative path without ".."`},
		{get, run + "/artifacts/..%2f..%2fsecret", "", "", 400, `invalid: artifact path: "../../secret" is no relative path without ".."`},
		{get, run + "/artifacts/a%5cb", "", "", 400, `invalid: artifact path: "a\\b" is no relative path without ".."`},
		{get, run + "/artifacts/", "", "", 404, "not_found: artifact path: empty; the list is at the same address without the slash"},
		{get, run + "/artifacts/none", "", "", 404, `not_found: run "` + f.run.ID + `" has no artifact "none"`},

		{post, "/api/v1/pipelines", "", "", 400, "invalid: the body holds no spec; send its YAML, or JSON with the field text"},
		{post, "/api/v1/pipelines", "\xff\xfe", "Content-Type: text/yaml", 400, "invalid: the spec is no UTF-8 text"},
		{post, "/api/v1/pipelines", `{"text":"name: a","set":{"a":1}}`, "", 400, "invalid: set: a spec is applied as it is; overrides belong to a run or a check"},
		{post, "/api/v1/pipelines", strings.Repeat("a", 2000), "Content-Type: text/yaml", 413, "invalid: the body is larger than the 1.0 KiB that this route takes"},
		{post, "/api/v1/pipelines/check?set=a&set==b", spec, "Content-Type: text/yaml", 400, query + `set: "a" is not KEY=VALUE | set: "=b" is not KEY=VALUE`},
		{get, "/api/v1/pipelines/none", "", "", 404, `not_found: there is no pipeline "none"`},
		{get, "/api/v1/pipelines/churn?digest=abc", "", "", 400, `invalid: digest: "abc" is no digest; expected 64 hex digits in lower case`},
		{post, "/api/v1/pipelines/none/runs", "", "", 404, `not_found: there is no pipeline "none"`},
		{post, "/api/v1/pipelines/churn/runs", `{"sett":{},"workflow_id":5,"caller":{"usr":"a","dirty":"no"}}`, "", 400, body + `caller.dirty: "no" is no boolean | caller: unknown field "usr", allowed: command, commit, diff, dir, dirty, user (did you mean "user"?) | unknown field "sett", allowed: caller, digest, run_name, set, workflow_id (did you mean "set"?) | workflow_id: 5 is no string`},
		{post, "/api/v1/pipelines/churn/runs", `{"set":{},}`, "", 400, "invalid: the body is no JSON | 1:11: invalid character '}' looking for beginning of object key string"},
		{post, "/api/v1/pipelines/churn/runs", `[]`, "", 400, body + "body: [] is no object"},
		{post, "/api/v1/pipelines/churn/runs", `{} {}`, "", 400, "invalid: the body is no JSON | 1:4: invalid character '{' after top-level value"},
		{post, "/api/v1/pipelines/churn/runs", `{}`, "Content-Type: text/plain", 415, `invalid: the body's Content-Type is "text/plain"; expected application/json`},
		{post, "/api/v1/pipelines/churn/runs", `{"workflow_id":"a\u0000"}`, "", 400, `invalid: workflow_id: "a\x00" is not printable UTF-8`},

		{post, "/api/v1/datasets", "", "Content-Type: text/csv", 400, "invalid: the body is empty; send the dataset's bytes"},
		{post, "/api/v1/datasets", "a,b\n", "Content-Type: multipart/form-data; boundary=x", 415, `invalid: the body's Content-Type is "multipart/form-data; boundary=x"; send the file's bytes as they are, e.g. as text/csv`},
		{post, "/api/v1/datasets", strings.Repeat("a,b\n", 99), "Content-Type: text/csv", 413, "invalid: the body is larger than the 20 B that this route takes"},
		{post, "/api/v1/datasets", "a,b\n", "X-Content-Sha256: " + zeros, 400, "invalid: the bytes that arrived have the digest " + string(gristmill.DigestOf([]byte("a,b\n"))) + ", X-Content-Sha256 says " + zeros + "; send them again"},
		{post, "/api/v1/datasets", "a,b\n", "X-Content-Sha256: abc", 400, `invalid: X-Content-Sha256: "abc" is no digest; expected 64 hex digits`},
		{get, "/api/v1/datasets/abc", "", "", 400, `invalid: digest: "abc" is no digest; expected 64 hex digits in lower case`},
		{get, "/api/v1/datasets/" + zeros, "", "", 404, "not_found: there is no dataset version " + zeros},

		{get, "/api/v1/models/none", "", "", 404, `not_found: there is no model "none"`},
		{get, "/api/v1/models/none/versions", "", "", 404, `not_found: there is no model "none"`},
		{get, "/api/v1/models/churn/versions/0", "", "", 400, `invalid: version: "0" is no version; expected a number from 1, an alias, or "latest"`},
		{get, "/api/v1/models/churn/versions/99999999999", "", "", 400, `invalid: version: "99999999999" is no version; expected a number from 1, an alias, or "latest"`},
		{get, "/api/v1/models/churn/versions/9", "", "", 404, `not_found: model "churn" has no version 9`},
		{get, "/api/v1/models/churn/versions/nobody", "", "", 404, `not_found: model "churn" has no alias "nobody"`},
		{put, "/api/v1/models/churn/aliases/champion", `{"version":1}`, "", 403, "forbidden: model churn is deployed: only a promotion moves its alias champion; run `gristmill model promote churn 1`"},
		{remove, "/api/v1/models/churn/aliases/champion", "", "", 403, "forbidden: model churn is deployed: only a promotion moves its alias champion; run `gristmill model promote churn VERSION`"},
		{put, "/api/v1/models/churn/aliases/x", `{"version":0}`, "", 400, body + "version: 0 is no version's number; expected one from 1"},
		{put, "/api/v1/models/churn/aliases/x", `{"version":1.5}`, "", 400, body + "version: 1.5 is no integer"},
		{post, "/api/v1/models/none/rollback", "", "", 404, `not_found: there is no model "none"`},
		{get, "/api/v1/deployments/none", "", "", 404, `not_found: model "none" has no deployment`},
	} {
		head := []string{}
		if c.head != "" {
			head = append(head, c.head)
		}
		got := st.do(c.method, c.path, c.body, head...)
		if text := render(t, got.body); got.status != c.status || text != c.want {
			t.Errorf("%s %s\n got %d %s\nwant %d %s", c.method, c.path, got.status, text, c.status, c.want)
		}
	}
}

func TestWrongMethodNamesTheRightOnes(t *testing.T) {
	t.Parallel()
	st := httptest.NewServer(New(Deps{}, Config{}))
	t.Cleanup(st.Close)
	resp, err := http.Post(st.URL+"/healthz", "", nil)
	check(t, err)
	resp.Body.Close()
	if resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("status %d, Allow %q", resp.StatusCode, resp.Header.Get("Allow"))
	}
}

func TestEveryKindHasItsOwnStatus(t *testing.T) {
	t.Parallel()
	seen := map[int]gristmill.Kind{}
	for _, kind := range []gristmill.Kind{gristmill.Invalid, gristmill.Unauthenticated, gristmill.Forbidden, gristmill.NotFound,
		gristmill.Conflict, gristmill.Precondition, gristmill.Exhausted, gristmill.Unavailable, gristmill.Internal} {
		status, info := describe(t.Context(), gristmill.Errorf(kind, "why"))
		if other, twice := seen[status]; twice || info.Kind != kind || info.Message != "why" {
			t.Errorf("%s: status %d (also of %q), %+v", kind, status, other, info)
		}
		seen[status] = kind
	}
}

func TestInternalCausesStayInside(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	st.work.err = errors.New("dial tcp 10.0.0.7:7233: secret")
	got := st.do(post, "/api/v1/runs/"+f.running.ID+"/cancel", "", "X-Request-Id: my-request")
	const want = "internal: internal error; the server's log has the details"
	if text := render(t, got.body); got.status != 500 || text != want {
		t.Errorf("got %d %s\nwant 500 %s", got.status, text, want)
	}
	if id := got.header.Get("X-Request-Id"); id != "my-request" || !strings.Contains(got.body, `"request_id":"my-request"`) {
		t.Errorf("request id %q, body %s", id, got.body)
	}
	if log := st.log.String(); !strings.Contains(log, `"request_id":"my-request"`) || !strings.Contains(log, "10.0.0.7") {
		t.Errorf("the log misses the cause: %s", log)
	}
	st.work.err = gristmill.Errorf(gristmill.Unavailable, "Temporal does not answer")
	got = st.do(post, "/api/v1/runs/"+f.running.ID+"/cancel", "", "X-Request-Id: <no id>")
	if got.status != 503 || got.header.Get("Retry-After") != "1" || !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(got.header.Get("X-Request-Id")) {
		t.Errorf("status %d, Retry-After %q, id %q", got.status, got.header.Get("Retry-After"), got.header.Get("X-Request-Id"))
	}
}

func TestPanicsBecomeErrors(t *testing.T) {
	t.Parallel()
	h := New(Deps{}, Config{}) // without rooms every noun panics
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(get, "/api/v1/runs", nil))
	if text := render(t, w.Body.String()); w.Code != 500 || text != "internal: internal error; the server's log has the details" {
		t.Errorf("got %d %s", w.Code, text)
	}
}

func TestCorruptObjectsAreNotSentWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	st := newStack(t, Config{})
	blobs, err := blob.NewDir(dir)
	check(t, err)
	st.s.Blobs, st.blobs = blobs, blobs
	f := st.fill()
	alter := func(key string) {
		t.Helper()
		path := filepath.Join(dir, filepath.FromSlash(key))
		b, err := os.ReadFile(path)
		check(t, err)
		b[len(b)-1] ^= 1
		check(t, os.WriteFile(path, b, 0o600))
	}
	alter("1/" + f.run.ID + "/artifacts/docs/model_card.md")
	got := st.do(get, "/api/v1/runs/"+f.run.ID+"/artifacts/docs/model_card.md", "")
	if got.status != 500 || strings.Contains(got.body, "Card") {
		t.Errorf("a small altered artifact: status %d, body %q", got.status, got.body)
	}
	alter(blob.Key(gristmill.DigestOf([]byte(f.pack))))
	resp, err := http.Get(st.url + "/api/v1/models/churn/versions/1/package")
	check(t, err)
	defer resp.Body.Close()
	n, err := resp.Body.Read(make([]byte, 1<<20))
	for err == nil {
		var more int
		more, err = resp.Body.Read(make([]byte, 1<<20))
		n += more
	}
	if err.Error() != "unexpected EOF" || n >= len(f.pack) {
		t.Errorf("a large altered package: %d of %d bytes, then %v", n, len(f.pack), err)
	}
}

func TestDownloadsAreHarmlessInABrowser(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{})
	f := st.fill()
	ref := must(st.blobs.PutAt(t.Context(), "1/x/artifacts/report.html", strings.NewReader(evil)))(t)
	check(t, st.deps.Runs.PutArtifact(t.Context(), tracking.Artifact{RunID: f.run.ID, Path: "report.html", URI: ref.URI, Digest: ref.Digest, Size: ref.Size, Type: "text/html"}))
	got := st.do(get, "/api/v1/runs/"+f.run.ID+"/artifacts/report.html", "")
	want := map[string]string{
		"Content-Type": "application/octet-stream", "Content-Disposition": "attachment; filename=report.html", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Sha256": string(ref.Digest), "Content-Length": fmt.Sprint(len(evil)),
	}
	for name, value := range want {
		if got.header.Get(name) != value {
			t.Errorf("%s: %q, want %q", name, got.header.Get(name), value)
		}
	}
	again := st.do(get, "/api/v1/runs/"+f.run.ID+"/artifacts/report.html", "", "If-None-Match: "+got.header.Get("ETag"))
	if again.status != 304 || again.body != "" {
		t.Errorf("with its tag: status %d, body %q", again.status, again.body)
	}
	head := st.do(http.MethodHead, "/api/v1/runs/"+f.run.ID+"/artifacts/report.html", "")
	if head.status != 200 || head.header.Get("Content-Length") != fmt.Sprint(len(evil)) {
		t.Errorf("HEAD: status %d, length %s", head.status, head.header.Get("Content-Length"))
	}
}
