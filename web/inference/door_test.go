package inference_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gristmill"
	"gristmill/serving"
	"gristmill/web/inference"
)

func TestAHotSwapUnderLoadFailsNoRequest(t *testing.T) {
	p := newPlatform()
	packages := [][]byte{churn(1), churn(4)}
	p.deploy("churn", 1, packages[0])
	host, h := serve(t, p, inference.Config{})
	srv := httptest.NewServer(h)
	defer srv.Close()

	const body = `{"instances":[[1,20.5,false,"month","basic"]]}`
	var bodies [2]string // by version's parity: what it answers
	var mu sync.Mutex
	var answered atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				r, err := http.Post(srv.URL+"/models/churn/invocations", "application/json", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				b, err := io.ReadAll(r.Body)
				_ = r.Body.Close()
				if err != nil || r.StatusCode != 200 {
					t.Errorf("%d %s %v", r.StatusCode, b, err)
					return
				}
				var n int
				if _, err := fmt.Sscan(r.Header.Get("X-Gristmill-Model-Version"), &n); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if bodies[n%2] == "" {
					bodies[n%2] = string(b)
				}
				if bodies[n%2] != string(b) {
					t.Errorf("version %d answers %s, before %s", n, b, bodies[n%2])
				}
				mu.Unlock()
				answered.Add(1)
			}
		})
	}
	for version := 2; version <= 100; version++ {
		p.deploy("churn", version, packages[(version+1)%2])
		before := answered.Load()
		for {
			v, err := host.Route("churn")
			if err != nil {
				t.Fatal(err)
			}
			if (v.Number == version && answered.Load() > before) || t.Failed() {
				break
			}
			time.Sleep(100 * time.Microsecond)
		}
	}
	close(stop)
	wg.Wait()
	if bodies[0] == bodies[1] || bodies[0] == "" {
		t.Errorf("both versions answer %q: the swap shows nothing", bodies[0])
	}
}

func TestAnAlteredPackageIsNamedInThe503(t *testing.T) {
	p := newPlatform()
	packed := price()
	d := gristmill.DigestOf(packed)
	p.deploy("price", 1, packed)
	p.deploy("churn", 2, churn(1))
	altered := bytes.Clone(packed)
	altered[len(altered)/2] ^= 1
	p.packages[d] = altered
	_, h := serve(t, p, inference.Config{})
	text := fmt.Sprintf(`model \"price\" version 1: the package was altered: expected sha256 %s, got %s`, d, gristmill.DigestOf(altered))
	for path, want := range map[string]string{
		"/models/price/invocations":            `{"error_code":"TEMPORARILY_UNAVAILABLE","message":"unavailable: ` + text + `"}`,
		"/models/price/versions/1/invocations": `{"error_code":"TEMPORARILY_UNAVAILABLE","message":"unavailable: ` + text + `"}`,
		"/v2/models/price/infer":               `{"error":"unavailable: ` + text + `"}`,
	} {
		w := ask(h, "POST", path, `{}`)
		if w.Code != 503 || strings.TrimSpace(w.Body.String()) != want || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d %s\nwant %s", path, w.Code, w.Body, want)
		}
	}
	for _, path := range []string{"/readyz", "/v2/health/ready", "/v2/models/price/ready"} {
		if w := ask(h, "GET", path, ""); w.Code != 503 || !strings.Contains(w.Body.String(), text) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	for _, path := range []string{"/healthz", "/ping", "/health", "/v2/health/live", "/v2/models/churn/ready"} {
		if w := ask(h, "GET", path, ""); w.Code != 200 {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestMetadata(t *testing.T) {
	h := both(t)
	for path, want := range map[string]string{
		"/v2":                               `{"name":"gristmill","version":"0.1.0","extensions":[]}`,
		"/v2/models":                        `{"models":["churn","price"]}`,
		"/v2/health/ready":                  `{"live":true,"ready":true}`,
		"/v2/health/live":                   `{"live":true}`,
		"/v2/models/churn/ready":            `{"name":"churn","ready":true}`,
		"/v2/models/price/versions/1/ready": `{"name":"price","ready":true}`,
		"/v2/models/price":                  `{"name":"price","versions":["1"],"platform":"gristmill","inputs":[{"name":"a","datatype":"INT64","shape":[-1],"parameters":{"nullable":true}},{"name":"Lot Area","datatype":"FP64","shape":[-1],"parameters":{"nullable":true}}],"outputs":[{"name":"prediction","datatype":"FP64","shape":[-1]}]}`,
		"/readyz":                           `{"ready":true}`,
		"/version":                          `0.1.0`,
	} {
		w := ask(h, "GET", path, "")
		if got := strings.TrimSpace(w.Body.String()); w.Code != 200 || got != want {
			t.Errorf("%s:\n got %d %s\nwant %s", path, w.Code, got, want)
		}
	}
	w := ask(h, "GET", "/v2/models/churn/versions/3", "")
	if !strings.Contains(w.Body.String(), `{"name":"probability","datatype":"FP64","shape":[-1,2],"parameters":{"classes":["No","Yes"]}}`) {
		t.Errorf("%s", w.Body)
	}
}

func TestInferEchoesTheClientsIDAndTheWantedOutputs(t *testing.T) {
	h := both(t)
	inputs := `"inputs":[{"name":"a","shape":[3],"datatype":"FP64","data":[1,2.0,-0.5e1]},{"name":"Lot Area","shape":[3,1],"datatype":"INT32","data":[1,2,3]}]`
	first := ask(h, "POST", "/v2/models/price/infer", `{`+inputs+`}`)
	if first.Code != 200 || strings.Contains(first.Body.String(), `"id"`) {
		t.Fatalf("%d %s", first.Code, first.Body)
	}
	second := ask(h, "POST", "/v2/models/price/infer", `{"id":"a\"b","outputs":[{"name":"prediction","parameters":{"binary_data":false}}],`+inputs+`}`)
	want := strings.Replace(first.Body.String(), `"outputs"`, `"id":"a\"b","outputs"`, 1)
	if second.Body.String() != want {
		t.Errorf("got %swant %s", second.Body, want)
	}
	var got struct {
		Outputs []struct{ Data []float64 }
	}
	if err := json.Unmarshal(first.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for i, y := range []float64{1, 2, -21} { // y = 3a - 2b
		if d := got.Outputs[0].Data[i] - y; d > 1e-6 || d < -1e-6 {
			t.Errorf("row %d: %v, want %v", i, got.Outputs[0].Data[i], y)
		}
	}
	w := ask(h, "POST", "/v2/models/churn/infer", `{"outputs":[{"name":"probability"}],"inputs":[{"name":"tenure","shape":[0],"datatype":"INT64","data":[]},{"name":"charges","shape":[0],"datatype":"FP64","data":[]},{"name":"senior","shape":[0],"datatype":"BOOL","data":[]},{"name":"contract","shape":[0],"datatype":"BYTES","data":[]},{"name":"plan","shape":[0],"datatype":"BYTES","data":[]}]}`)
	if got := strings.TrimSpace(w.Body.String()); got != `{"model_name":"churn","outputs":[{"name":"probability","datatype":"FP64","shape":[0,2],"data":[]}]}` {
		t.Errorf("no rows: %d %s", w.Code, got)
	}
}

func TestNoRowsAreAnsweredWithNoPredictions(t *testing.T) {
	h := both(t)
	for body, kind := range map[string]string{
		`{"dataframe_records":[]}`:              "application/json",
		`{"instances":[]}`:                      "application/json",
		`{"dataframe_split":{"data":[]}}`:       "application/json",
		"tenure,charges,senior,contract,plan\n": "text/csv",
		`{"inputs":{"a":[],"tenure":[],"charges":[],"senior":[],"contract":[],"plan":[]}}`: "application/json",
	} {
		w := ask(h, "POST", "/models/churn/invocations", body, "Content-Type", kind)
		if got := w.Body.String(); w.Code != 200 || got != `{"predictions":[],"probabilities":[]}`+"\n" {
			t.Errorf("%s: %d %s", body, w.Code, got)
		}
	}
}

func TestRequestIDs(t *testing.T) {
	h := both(t)
	for given, kept := range map[string]bool{"req-1.a:b_C": true, "": false, "two words": false, strings.Repeat("x", 65): false} {
		w := ask(h, "GET", "/ping", "", "X-Request-Id", given)
		got := w.Header().Get("X-Request-Id")
		if kept != (got == given) || len(got) == 0 {
			t.Errorf("given %q, answered %q", given, got)
		}
	}
}

func TestMetricsNameDeployedModelsOnly(t *testing.T) {
	h := both(t)
	ask(h, "POST", "/models/price/invocations", `{"instances":[[1,1],[2,2]]}`)
	ask(h, "POST", "/models/price/invocations", `{"instances":[[1]]}`)
	ask(h, "POST", "/v2/models/price/infer", `{}`)
	for i := range 5 {
		ask(h, "POST", fmt.Sprintf("/models/guess-%d/invocations", i), `{}`)
	}
	text := ask(h, "GET", "/metrics", "").Body.String()
	for _, want := range []string{
		`gristmill_inference_requests_total{code="200",model="price",protocol="mlflow",version="1"} 1`,
		`gristmill_inference_requests_total{code="400",model="price",protocol="mlflow",version="1"} 1`,
		`gristmill_inference_requests_total{code="400",model="price",protocol="oip-v2",version="1"} 1`,
		`gristmill_inference_requests_total{code="404",model="",protocol="mlflow",version=""} 5`,
		`gristmill_inference_rows_total{model="price",version="1"} 2`,
		`gristmill_inference_duration_seconds_count{model="price",protocol="mlflow",version="1"} 2`,
		`gristmill_inference_in_flight 0`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no line %s in\n%s", want, text)
		}
	}
	if strings.Contains(text, "guess") {
		t.Error("a stranger's word became a label")
	}
}

func TestTheTokenGuardsAllButProbes(t *testing.T) {
	p := newPlatform()
	p.deploy("price", 1, price())
	_, h := serve(t, p, inference.Config{Token: "s3cret"})
	for path, code := range map[string]int{"/healthz": 200, "/readyz": 200, "/ping": 200, "/v2/health/live": 200, "/v2/models": 401, "/metrics": 401, "/openapi.json": 401} {
		if w := ask(h, "GET", path, ""); w.Code != code {
			t.Errorf("%s: %d, want %d", path, w.Code, code)
		}
	}
	for header, code := range map[string]int{"Bearer s3cret": 200, "bearer s3cret": 200, "Bearer guess": 401, "Basic s3cret": 401, "": 401} {
		w := ask(h, "POST", "/models/price/invocations", `{"instances":[[1,1]]}`, "Authorization", header)
		if w.Code != code {
			t.Errorf("%q: %d, want %d", header, w.Code, code)
		}
	}
}

// brokenWriter panics when the answer begins.
type brokenWriter struct{ *httptest.ResponseRecorder }

func (w brokenWriter) Write(b []byte) (int, error) {
	if w.Code == 200 {
		w.Code = 0
		panic(errors.New("boom"))
	}
	return w.ResponseRecorder.Write(b)
}

func TestAPanicIsLoggedAndCutsTheConnection(t *testing.T) {
	var log bytes.Buffer
	p := newPlatform()
	_, h := serve(t, p, inference.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	defer func() {
		if r := recover(); r != http.ErrAbortHandler {
			t.Errorf("recovered %v", r)
		}
		if !strings.Contains(log.String(), "boom") || !strings.Contains(log.String(), "request_id=abc") {
			t.Errorf("log: %s", log.String())
		}
	}()
	r := httptest.NewRequest("GET", "/ping", nil)
	r.Header.Set("X-Request-Id", "abc")
	h.ServeHTTP(brokenWriter{httptest.NewRecorder()}, r)
}

func TestTheDocumentAndTheRoutesAgree(t *testing.T) {
	h := both(t)
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string                     `json:"operationId"`
			Responses   map[string]json.RawMessage `json:"responses"`
		}
		Components struct{ Schemas map[string]json.RawMessage }
	}
	w := ask(h, "GET", "/openapi.json", "")
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	var documented []string
	ids := map[string]bool{}
	for path, ops := range doc.Paths {
		for method, op := range ops {
			documented = append(documented, strings.ToUpper(method)+" "+path)
			if ids[op.OperationID] {
				t.Errorf("operationId %s twice", op.OperationID)
			}
			ids[op.OperationID] = true
			// Every documented route answers with a documented status.
			url := strings.NewReplacer("{model}", "price", "{version}", "1").Replace(path)
			got := ask(h, strings.ToUpper(method), url, `{"instances":[[1,1]]}`)
			if _, ok := op.Responses[fmt.Sprint(got.Code)]; !ok || got.Code == 404 {
				t.Errorf("%s %s answers %d, which the document does not have", method, path, got.Code)
			}
		}
	}
	slices.Sort(documented)
	if routed := inference.Patterns(); !slices.Equal(documented, routed) {
		t.Errorf("documented %q\nrouted %q", documented, routed)
	}
	for _, ref := range strings.Split(w.Body.String(), `"#/components/schemas/`)[1:] {
		name, _, _ := strings.Cut(ref, `"`)
		if _, ok := doc.Components.Schemas[name]; !ok {
			t.Errorf("schema %s is used and not there", name)
		}
	}
}

func TestEventsAreLogged(t *testing.T) {
	var b bytes.Buffer
	strip := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	log := inference.LogEvents(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: strip})))
	log(serving.Event{Kind: serving.LoadFailed, Model: "m", Version: 2, Digest: "ab", Took: time.Second, Retry: 30 * time.Second, Err: errors.New("gone")})
	log(serving.Event{Kind: serving.StoreBack})
	want := "level=ERROR msg=serving event=load_failed model=m version=2 digest=ab seconds=1 retry_seconds=30 error=gone\nlevel=INFO msg=serving event=store_back\n"
	if b.String() != want {
		t.Errorf("got  %swant %s", b.String(), want)
	}
}

func TestASlowBodyIsGivenUp(t *testing.T) {
	p := newPlatform()
	p.deploy("price", 1, price())
	_, h := serve(t, p, inference.Config{MaxRead: 50 * time.Millisecond})
	srv := httptest.NewServer(h)
	defer srv.Close()
	body, never := io.Pipe()
	defer never.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = never.Write([]byte(`{"instances":[`)) // and then silence
	}()
	r, err := http.Post(srv.URL+"/models/price/invocations", "application/json", body)
	if err == nil {
		b, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if r.StatusCode != 408 || !strings.Contains(string(b), "the body did not arrive within 50ms") {
			t.Errorf("%d %s", r.StatusCode, b)
		}
	}
	<-done
	r, err = http.Post(srv.URL+"/models/price/invocations", "application/json", strings.NewReader(`{"instances":[[1,1]]}`))
	if err != nil || r.StatusCode != 200 {
		t.Errorf("the next request: %v %v", r, err)
	}
}
