package web

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gristmill"
)

func TestToken(t *testing.T) {
	t.Parallel()
	h := New(Deps{}, Config{Token: "s3cret"})
	for _, c := range []struct {
		name, path, bearer, password string
		status                       int
	}{
		{"none", "/api/v1/version", "", "", 401},
		{"none on a page", "/runs", "", "", 401},
		{"none on a path that is not there", "/api/v1/nothing", "", "", 401},
		{"wrong", "/api/v1/version", "s3cre", "", 401},
		{"longer", "/api/v1/version", "s3crets", "", 401},
		{"right", "/api/v1/version", "s3cret", "", 200},
		{"as password", "/api/v1/version", "", "s3cret", 200},
		{"wrong password", "/api/v1/version", "", "x", 401},
		{"metrics want it", "/metrics", "", "", 401},
		{"health is open", "/healthz", "", "", 200},
		{"readiness is open", "/readyz", "", "", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(get, c.path, nil)
			if c.bearer != "" {
				r.Header.Set("Authorization", "bearer "+c.bearer)
			}
			if c.password != "" {
				r.SetBasicAuth("anyone", c.password)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.status {
				t.Errorf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			if c.status == 401 && !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Basic ") {
				t.Errorf("a browser is not asked: %q", w.Header().Get("WWW-Authenticate"))
			}
		})
	}
}

func TestForeignHostsAreRefusedOnLoopback(t *testing.T) {
	t.Parallel()
	h := New(Deps{}, Config{Hosts: []string{"mill.internal"}})
	for host, status := range map[string]int{
		"127.0.0.1:5000": 200, "localhost:5000": 200, "LOCALHOST": 200, "[::1]:5000": 200, "a.localhost": 200, "mill.internal:80": 200, "127.1.2.3": 200,
		"evil.example": 403, "evil.example:5000": 403, "127.0.0.1.evil.example": 403, "localhost.evil.example": 403, "": 403, "10.0.0.1": 403,
	} {
		for addr, over := range map[string]bool{"127.0.0.1": true, "192.0.2.7": false} {
			r := httptest.NewRequest(get, "/healthz", nil)
			r.Host = host
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(&net.TCPAddr{IP: net.ParseIP(addr), Port: 5000})))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			want := status
			if !over {
				want = 200
			}
			if w.Code != want {
				t.Errorf("host %q at %s: status %d, want %d", host, addr, w.Code, want)
			}
		}
	}
}

func TestForeignPagesChangeNothing(t *testing.T) {
	t.Parallel()
	h := New(Deps{}, Config{})
	for _, c := range []struct {
		name, method string
		head         map[string]string
		refused      bool
	}{
		{"another site's form", post, map[string]string{"Sec-Fetch-Site": "cross-site"}, true},
		{"another port's page", post, map[string]string{"Sec-Fetch-Site": "same-site"}, true},
		{"an old browser", post, map[string]string{"Origin": "https://evil.example"}, true},
		{"our own page", post, map[string]string{"Sec-Fetch-Site": "same-origin"}, false},
		{"a program", post, nil, false},
		{"a link", get, map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
	} {
		r := httptest.NewRequest(c.method, "/api/v1/version", nil)
		for k, v := range c.head {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if (w.Code == 403) != c.refused {
			t.Errorf("%s: status %d, refused should be %v", c.name, w.Code, c.refused)
		}
		if c.refused && !strings.Contains(w.Body.String(), "a page of another origin may not change anything here") {
			t.Errorf("%s: %s", c.name, w.Body)
		}
	}
}

func TestReadyTellsReasons(t *testing.T) {
	t.Parallel()
	h := New(Deps{Ready: func(context.Context) error {
		return gristmill.Problems("not ready", []gristmill.Problem{{Path: "temporal", Msg: "temporal: does not answer"}, {Path: "serving", Msg: "serving: churn@2 is being loaded"}})
	}}, Config{})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(get, "/readyz", nil))
	const want = "unavailable: not ready | temporal: does not answer | serving: churn@2 is being loaded"
	if text := render(t, w.Body.String()); w.Code != 503 || text != want || w.Header().Get("Retry-After") != "1" {
		t.Errorf("got %d %s\nwant 503 %s", w.Code, text, want)
	}
}

func TestMetricsCountByRoute(t *testing.T) {
	t.Parallel()
	h := New(Deps{}, Config{})
	for _, target := range []string{"/healthz", "/healthz", "/nothing/1", "/nothing/2", "/api/v1/experiments/x"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(get, target, nil))
	}
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("BREW", "/healthz", nil))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(get, "/metrics", nil))
	for _, want := range []string{
		`gristmill_http_requests_total{code="200",method="GET",route="/healthz"} 2`,
		`gristmill_http_requests_total{code="400",method="GET",route="/api/v1/experiments/{id}"} 1`,
		`gristmill_http_requests_total{code="404",method="GET",route="unmatched"} 2`,
		`gristmill_http_requests_total{code="405",method="other",route="unmatched"} 1`,
		`gristmill_http_request_duration_seconds_count{method="GET",route="/healthz"} 2`,
	} {
		if !strings.Contains(w.Body.String(), want+"\n") {
			t.Errorf("missing: %s", want)
		}
	}
}
