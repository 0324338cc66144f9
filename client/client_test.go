package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gristmill"
	"gristmill/client"
	"gristmill/tracking"
)

// serve starts a server of one handler and a client of it.
func serve(t testing.TB, h http.HandlerFunc) *client.Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c, err := client.New(srv.URL+"/", client.Config{Token: "s3cret"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answerJSON(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func ExampleClient() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusBadRequest, `{"error":{"kind":"invalid","message":"invalid spec","problems":[{"line":3,"column":9,"message":"unknown key \"algoritm\""}]}}`)
	}))
	defer srv.Close()
	c, _ := client.New(srv.URL, client.Config{})
	_, err := c.Apply(context.Background(), "name: churn", "ada")
	fmt.Println(gristmill.KindOf(err))
	fmt.Println(gristmill.Public(err))
	// Output:
	// invalid
	// invalid spec:
	//   3:9: unknown key "algoritm"
}

func TestBadAddressesAreRefused(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"127.0.0.1:5000":             `server: "127.0.0.1:5000" is no address of a server; expected e.g. http://127.0.0.1:5000`,
		"ftp://a":                    `server: "ftp://a" is no address of a server; expected e.g. http://127.0.0.1:5000`,
		"http://":                    `server: "http://" is no address of a server; expected e.g. http://127.0.0.1:5000`,
		"http://u:secret@a/":         `server: "http://u:xxxxx@a/" has more than scheme, host, port and path`,
		"http://127.0.0.1:5000/?a=b": `server: "http://127.0.0.1:5000/?a=b" has more than scheme, host, port and path`,
	} {
		if _, err := client.New(address, client.Config{}); gristmill.KindOf(err) != gristmill.Invalid || gristmill.Public(err) != want {
			t.Errorf("%s\n got %v\nwant %s", address, err, want)
		}
	}
}

func TestNoServerIsOneClearSentence(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close() // its port refuses now
	c, err := client.New(srv.URL, client.Config{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Version(t.Context())
	want := "no gristmill server at " + srv.URL + "; start one with `gristmill up` or set --server"
	if gristmill.KindOf(err) != gristmill.Unavailable || gristmill.Public(err) != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestForeignServersAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status      int
		media, body string
		kind        gristmill.Kind
		want        string
	}{
		{200, "text/html", "<html>", gristmill.Unavailable, ` is no gristmill server: it answers "text/html", not JSON`},
		{502, "text/html", "<html>", gristmill.Unavailable, " answers 502 Bad Gateway, not as a gristmill server does"},
		{404, "text/plain", "404 page not found", gristmill.NotFound, " answers 404 Not Found, not as a gristmill server does"},
		{302, "text/plain", "", gristmill.Unavailable, " answers 302 Found, not as a gristmill server does"},
		{500, "application/json", `{"error":{"kind":"internal","message":"internal error","request_id":"r1"}}`, gristmill.Internal, "internal error (request r1)"},
		{200, "application/json", `{"version":`, gristmill.Unavailable, " broke off or is none of gristmill's"},
	} {
		cl := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.media)
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		_, err := cl.Version(t.Context())
		if gristmill.KindOf(err) != c.kind || !strings.HasSuffix(gristmill.Public(err), c.want) {
			t.Errorf("%d %s: got %s %q, want %s %q", c.status, c.media, gristmill.KindOf(err), gristmill.Public(err), c.kind, c.want)
		}
	}
}

func TestRequestsCarryTokenAndEscapedNames(t *testing.T) {
	t.Parallel()
	var got []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization"))
		answerJSON(w, 200, "{}")
	})
	ctx := t.Context()
	_, _ = c.Workflow(ctx, "train/a b/1?", 1500*time.Millisecond)
	_, _ = c.MetricHistory(ctx, "r1", "loss/a%b")
	_, _, _ = c.Runs(ctx, tracking.RunFilter{Experiment: "a&b", Status: tracking.Failed}, gristmill.Page{Limit: 5, Token: "t="})
	_ = c.SetAlias(ctx, "m", "staging", 3)
	want := `[GET /api/v1/workflows/train/a%20b/1%3F?wait=1.5s Bearer s3cret GET /api/v1/runs/r1/metrics/loss/a%25b Bearer s3cret GET /api/v1/runs?experiment=a%26b&limit=5&page_token=t%3D&status=failed Bearer s3cret PUT /api/v1/models/m/aliases/staging Bearer s3cret]`
	if fmt.Sprint(got) != want {
		t.Errorf("got %v\nwant %s", got, want)
	}
}

func TestDownloadsAreVerified(t *testing.T) {
	t.Parallel()
	digest := gristmill.DigestOf([]byte("good bytes"))
	for body, want := range map[string]string{
		"good bytes": "",
		"evil bytes": "the download has the digest " + string(gristmill.DigestOf([]byte("evil bytes"))) + ", the server says " + string(digest) + "; try again",
	} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Content-Sha256", string(digest))
			_, _ = io.WriteString(w, body)
		})
		var b bytes.Buffer
		err := c.DownloadPackage(t.Context(), "m", "1", &b)
		if (want == "") != (err == nil) || err != nil && gristmill.Public(err) != want || b.String() != body {
			t.Errorf("%s: %v", body, err)
		}
	}
	cut := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "part")
	})
	if err := cut.DownloadPackage(t.Context(), "m", "1", io.Discard); gristmill.KindOf(err) != gristmill.Unavailable || !strings.HasPrefix(gristmill.Public(err), "the download broke off") {
		t.Errorf("a download that was cut: %v", err)
	}
}

func TestKnownBytesAreNotSentAgain(t *testing.T) {
	t.Parallel()
	const data = "a,b\n1,2\n"
	digest := string(gristmill.DigestOf([]byte(data)))
	var known atomic.Bool
	var sent atomic.Int32
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		switch {
		case r.Method == http.MethodPost && string(b) == data && r.Header.Get("X-Content-Sha256") == digest && r.ContentLength == int64(len(data)) && r.URL.Query().Get("name") == "d.csv":
			sent.Add(1)
			known.Store(true)
			answerJSON(w, 201, `{"digest":"`+digest+`","name":"d.csv"}`)
		case r.Method == http.MethodGet && known.Load():
			answerJSON(w, 200, `{"digest":"`+digest+`","name":"d.csv"}`)
		default:
			answerJSON(w, 404, `{"error":{"kind":"not_found","message":"no such dataset"}}`)
		}
	})
	for range 2 {
		v, err := c.UploadDataset(t.Context(), "d.csv", strings.NewReader(data))
		if err != nil || string(v.Digest) != digest {
			t.Fatalf("%+v, %v", v, err)
		}
	}
	if sent.Load() != 1 {
		t.Errorf("sent %d times", sent.Load())
	}
}

func TestWaitFollowsARunToItsEndThroughARestart(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/api/v1/workflows/"):
			switch asked.Add(1) {
			case 1:
				answerJSON(w, 200, `{"workflow_id":"w","status":"scheduled"}`)
			case 2:
				answerJSON(w, 503, `{"error":{"kind":"unavailable","message":"starting"}}`)
			case 3:
				answerJSON(w, 200, `{"workflow_id":"w","run_id":"r1","status":"running"}`)
			default:
				answerJSON(w, 200, `{"workflow_id":"w","run_id":"r1","status":"succeeded","result":{"run_id":"r1","status":"succeeded","deployed":true}}`)
			}
		case strings.HasSuffix(r.URL.Path, "/logs"):
			switch r.URL.Query().Get("after") {
			case "":
				answerJSON(w, 200, `{"lines":[{"seq":1,"text":"one"},{"seq":2,"text":"two"}],"after":2}`)
			case "2":
				answerJSON(w, 200, `{"lines":[{"seq":7,"text":"last"}],"after":7,"ended":true}`)
			}
		default:
			answerJSON(w, 200, `{"run_id":"r1","status":"running","metrics":{"loss":"NaN"},"steps":[{"id":"fetch"}]}`)
		}
	})
	var lines []string
	calls := 0
	res, err := c.WaitRun(t.Context(), "w", func(p client.Progress) {
		calls++
		for _, l := range p.Lines {
			lines = append(lines, l.Text)
		}
	})
	if err != nil || !res.Deployed || calls != 3 || fmt.Sprint(lines) != "[one two last]" {
		t.Errorf("result %+v, %v; %d calls, lines %v", res, err, calls, lines)
	}
}

func TestWaitTellsHowAWorkflowWithoutARunFailed(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, 200, `{"workflow_id":"w","status":"failed","message":"no such column"}`)
	})
	res, err := c.WaitRun(t.Context(), "w", nil)
	if err != nil || res.Status != tracking.Failed || res.Message != "no such column" {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestFollowedLogsEndWithTheRunOrTheReader(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch after := r.URL.Query().Get("after"); {
		case r.URL.Query().Get("wait") == "" || r.URL.Query().Get("step") != "train":
			answerJSON(w, 400, `{"error":{"kind":"invalid","message":"no long poll of train"}}`)
		case after == "":
			answerJSON(w, 200, `{"lines":[{"seq":4,"text":"a"}],"after":4}`)
		case after == "4":
			answerJSON(w, 200, `{"lines":[],"after":4}`)
		}
	})
	var got []string
	stop := errors.New("enough")
	err := c.FollowLogs(t.Context(), "r1", "train", func(l tracking.Line) error {
		got = append(got, l.Text)
		return stop
	})
	if !errors.Is(err, stop) || fmt.Sprint(got) != "[a]" {
		t.Errorf("%v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = c.FollowLogs(ctx, "r1", "train", func(tracking.Line) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after the caller gave up: %v", err)
	}
}
