package remote_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/remote"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func zip(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(text)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// secrets has the secrets that tests use.
func secrets(_ context.Context, name string) (string, error) {
	v, ok := map[string]string{"TOKEN": "swordfish", "BROKEN": "sword\nfish", "EMPTY": ""}[name]
	if !ok {
		return "", gristmill.Errorf(gristmill.Precondition, "secret://%s: there is no such secret", name)
	}
	return v, nil
}

func reach(t *testing.T, allow ...string) *remote.Reach {
	t.Helper()
	r, err := remote.NewReach(allow)
	must(t, err)
	return r
}

func source(t *testing.T, v any) dataset.SourceSpec {
	t.Helper()
	s, problems := dataset.DecodeSource(v)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return s
}

func fetch(t *testing.T, h *remote.HTTP, s dataset.SourceSpec) (string, error) {
	t.Helper()
	r, err := h.Open(t.Context(), s)
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return string(b), err
}

// serve starts a server on a loopback address of its own.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

// elsewhere is a server on 127.0.0.2, another host of this machine.
func elsewhere(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skip("skipped: this system has no second loopback address")
	}
	srv := httptest.NewUnstartedServer(h)
	must(t, srv.Listener.Close())
	srv.Listener = l
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

func TestHTTPReadsWhatTheServerSends(t *testing.T) {
	t.Parallel()
	table := "a,b\n1,2\n"
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "identity" || r.Header.Get("User-Agent") != "gristmill" {
			t.Errorf("headers %v", r.Header)
		}
		switch r.URL.Path {
		case "/plain.csv":
			fmt.Fprint(w, table)
		case "/encoded.csv":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zip(t, []byte(table)))
		case "/table.csv.gz":
			_, _ = w.Write(zip(t, []byte(table)))
		case "/hop":
			http.Redirect(w, r, "/hop/2", http.StatusMovedPermanently)
		case "/hop/2":
			http.Redirect(w, r, "../plain.csv", http.StatusFound)
		}
	})
	h := remote.NewHTTP(reach(t, srv.URL), nil, remote.HTTPConfig{})
	for path, want := range map[string]string{"/plain.csv": table, "/encoded.csv": table, "/hop": table, "/table.csv.gz": string(zip(t, []byte(table)))} {
		if got, err := fetch(t, h, source(t, srv.URL+path)); err != nil || got != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
}

func TestHTTPSendsCredentialsToTheFirstOriginOnly(t *testing.T) {
	t.Parallel()
	var got []string
	note := func(r *http.Request) {
		got = append(got, fmt.Sprintf("%s auth=%q key=%q", r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("X-Api-Key")))
	}
	other := elsewhere(t, func(w http.ResponseWriter, r *http.Request) { note(r); fmt.Fprint(w, "a\n1\n") })
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		note(r)
		if r.URL.Path == "/first" {
			http.Redirect(w, r, "/second", http.StatusFound)
		} else {
			http.Redirect(w, r, other.URL+"/third", http.StatusTemporaryRedirect)
		}
	})
	h := remote.NewHTTP(reach(t, srv.URL, other.URL), secrets, remote.HTTPConfig{})
	s := source(t, map[string]any{"http": map[string]any{"url": srv.URL + "/first", "bearer": "secret://TOKEN", "headers": map[string]any{"x-api-key": "secret://TOKEN"}}})
	if _, err := fetch(t, h, s); err != nil {
		t.Fatal(err)
	}
	want := `/first auth="Bearer swordfish" key="swordfish"|/second auth="Bearer swordfish" key="swordfish"|/third auth="" key=""`
	if strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
}

func TestHTTPRefusesWithOneClearText(t *testing.T) {
	t.Parallel()
	hits := 0
	inner := elsewhere(t, func(http.ResponseWriter, *http.Request) { hits++ })
	_, innerPort, _ := net.SplitHostPort(inner.Listener.Addr().String())
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; path {
		case "/inward":
			http.Redirect(w, r, inner.URL+"/x", http.StatusFound)
		case "/metadata":
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
		case "/file":
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		case "/nowhere":
			w.WriteHeader(http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/brotli":
			w.Header().Set("Content-Encoding", "br")
		case "/notzip":
			w.Header().Set("Content-Encoding", "gzip")
			fmt.Fprint(w, "this is no gzip data at all")
		case "/shortzip":
			w.Header().Set("Content-Encoding", "gzip")
			b := zip(t, bytes.Repeat([]byte("a,b,c\n"), 600))
			_, _ = w.Write(b[:len(b)-10])
		case "/short":
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "a\n1\n")
		case "/chunks":
			fmt.Fprint(w, "a\n1\n")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case "/announced":
			w.Header().Set("Content-Length", "5000")
			_, _ = w.Write(make([]byte, 5000))
		case "/endless":
			for range 100 {
				if _, err := w.Write(make([]byte, 1000)); err != nil {
					return
				}
			}
		case "/partial":
			w.WriteHeader(http.StatusPartialContent)
		default:
			var code int
			fmt.Sscanf(path, "/status/%d", &code)
			w.WriteHeader(code)
		}
	})
	at := srv.Listener.Addr().String()
	_, port, _ := net.SplitHostPort(at)
	bearer := func(secret string) map[string]any {
		return map[string]any{"http": map[string]any{"url": srv.URL + "/short", "bearer": secret}}
	}
	for _, c := range []struct {
		from any
		kind gristmill.Kind
		want string // URL stands for the server's
	}{
		{"/inward", gristmill.Forbidden, "source URL/inward: host 127.0.0.2 is a loopback address, which specs may not reach; start the worker with --allow-url http://127.0.0.2:" + innerPort + " to allow it"},
		{"/metadata", gristmill.Forbidden, "source URL/metadata: host 169.254.169.254 is a link-local address, which specs may not reach; start the worker with --allow-url http://169.254.169.254:80 to allow it"},
		{"/file", gristmill.Invalid, "source URL/file: the server AT redirects to no readable address"},
		{"/nowhere", gristmill.Invalid, "source URL/nowhere: the server AT redirects to no readable address"},
		{"/round", gristmill.Invalid, "source URL/round: more than 5 redirects"},
		{"/status/400", gristmill.Invalid, "source URL/status/400: the server AT answers 400 Bad Request"},
		{"/status/401", gristmill.Forbidden, "source URL/status/401: the server AT answers 401 Unauthorized"},
		{"/status/403", gristmill.Forbidden, "source URL/status/403: the server AT answers 403 Forbidden"},
		{"/status/404", gristmill.NotFound, "source URL/status/404: the server AT answers 404 Not Found"},
		{"/status/418", gristmill.Invalid, "source URL/status/418: the server AT answers 418 I'm a teapot"},
		{"/status/429", gristmill.Unavailable, "source URL/status/429: the server AT answers 429 Too Many Requests"},
		{"/status/503", gristmill.Unavailable, "source URL/status/503: the server AT answers 503 Service Unavailable"},
		{"/status/599", gristmill.Unavailable, "source URL/status/599: the server AT answers 599"},
		{"/partial", gristmill.Invalid, "source URL/partial: the server AT answers 206 Partial Content"},
		{"/brotli", gristmill.Invalid, `source URL/brotli: the answer has the Content-Encoding "br"; expected none or gzip`},
		{"/notzip", gristmill.Invalid, "source URL/notzip: the answer's gzip encoding is damaged"},
		{"/shortzip", gristmill.Unavailable, "source URL/shortzip: the answer broke off after 41 bytes"},
		{"/short", gristmill.Unavailable, "source URL/short: the answer broke off after 4 of 1000 bytes"},
		{"/chunks", gristmill.Unavailable, "source URL/chunks: the answer broke off after 4 bytes"},
		{"/announced", gristmill.Invalid, "source URL/announced: larger than the limit of 4000 bytes"},
		{"/endless", gristmill.Invalid, "source URL/endless: larger than the limit of 4000 bytes"},
		{bearer("secret://NONE"), gristmill.Precondition, "secret://NONE: there is no such secret"},
		{bearer("secret://EMPTY"), gristmill.Precondition, "secret://EMPTY: the secret is empty"},
		{bearer("secret://BROKEN"), gristmill.Invalid, "source URL/short: the secret of the header Authorization holds a line end or another control character"},
		{"http://127.0.0.1:1/x", gristmill.Forbidden, "source http://127.0.0.1:1/x: host 127.0.0.1 is a loopback address, which specs may not reach; start the worker with --allow-url http://127.0.0.1:1 to allow it"},
		{"http://[::ffff:127.0.0.1]:" + port + "0/x", gristmill.Unavailable, ""},
		{"http://localhost:1/x", gristmill.Forbidden, ""},
		{"http://no-such-host.invalid/x", "", ""}, // Invalid where the name service answers, Unavailable where there is none
	} {
		h := remote.NewHTTP(reach(t, srv.URL), secrets, remote.HTTPConfig{MaxBytes: 4000})
		from := c.from
		if path, ok := from.(string); ok && path[0] == '/' {
			from = srv.URL + path
		}
		if text, ok := from.(string); ok && strings.Contains(text, "::ffff:") {
			from, c.kind = "http://[::ffff:127.0.0.1]:1/x", gristmill.Forbidden
		}
		_, err := fetch(t, h, source(t, from))
		got := strings.NewReplacer(srv.URL, "URL", at, "AT").Replace(gristmill.Public(err))
		if c.kind != "" && gristmill.KindOf(err) != c.kind || c.want != "" && got != c.want || err == nil {
			t.Errorf("%v:\n got %s %s\nwant %s %s", c.from, gristmill.KindOf(err), got, c.kind, c.want)
		}
		if strings.Contains(fmt.Sprintf("%v %+v", err, err), "swordfish") {
			t.Errorf("%v: the error shows a secret: %v", c.from, err)
		}
	}
	if hits != 0 {
		t.Errorf("the server behind the redirect was asked %d times", hits)
	}
}

// A decompression bomb ends at the ratio, long before the limit of bytes.
func TestHTTPEndsABomb(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 80 {
		_, err := z.Write(make([]byte, 1<<20))
		must(t, err)
	}
	must(t, z.Close())
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	r, err := remote.NewHTTP(reach(t, srv.URL), nil, remote.HTTPConfig{}).Open(t.Context(), source(t, srv.URL+"/b"))
	must(t, err)
	defer r.Close()
	n, err := io.Copy(io.Discard, r)
	if want := "source " + srv.URL + "/b: the gzip data grow more than 200-fold, the limit"; gristmill.KindOf(err) != gristmill.Invalid || gristmill.Public(err) != want || n > 80<<20 {
		t.Errorf("after %d bytes: %v", n, err)
	}
}

// A server that sends nothing more, or a byte now and then, is given up.
func TestHTTPGivesUpAServerThatHoldsIt(t *testing.T) {
	t.Parallel()
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/silent":
			fmt.Fprint(w, "a\n")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		case "/mute":
			<-r.Context().Done()
		default:
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-r.Context().Done():
					return
				case <-tick.C:
					fmt.Fprint(w, "1")
					w.(http.Flusher).Flush()
				}
			}
		}
	})
	h := remote.NewHTTP(reach(t, srv.URL), nil, remote.HTTPConfig{Headers: 200 * time.Millisecond, Stall: 200 * time.Millisecond})
	for path, want := range map[string]string{"/silent": "the answer stalled after 2 bytes", "/drip": "the answer stalled after ", "/mute": "does not answer"} {
		began := time.Now()
		_, err := fetch(t, h, source(t, srv.URL+path))
		if gristmill.KindOf(err) != gristmill.Unavailable || !strings.Contains(gristmill.Public(err), want) || time.Since(began) > 10*time.Second {
			t.Errorf("%s: after %v: %v", path, time.Since(began), err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	slow := remote.NewHTTP(reach(t, srv.URL), nil, remote.HTTPConfig{})
	r, err := slow.Open(ctx, source(t, srv.URL+"/silent"))
	must(t, err)
	defer r.Close()
	cancel()
	if _, err := io.ReadAll(r); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled read: %v", err)
	}
}

// An address that is a secret is in no error, whatever goes wrong.
func TestHTTPHidesAnAddressThatIsASecret(t *testing.T) {
	t.Parallel()
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("token") != "swordfish" {
			t.Errorf("asked for %s", r.URL)
		}
		w.WriteHeader(http.StatusNotFound)
	})
	host := strings.TrimPrefix(srv.URL, "http://")
	s := source(t, map[string]any{"http": map[string]any{"url": "secret://ADDRESS"}})
	for address, want := range map[string]string{
		srv.URL + "/treasure?token=swordfish":           "source secret://ADDRESS: the server of the address answers 404 Not Found",
		"http://127.0.0.3:1/treasure?token=swordfish":   "source secret://ADDRESS: the secret address leads to a machine that specs may not reach; start the worker with --allow-url to allow it",
		"http://127.0.0.1:1/treasure?token=swordfish":   "source secret://ADDRESS: the server of the address does not answer",
		"https://" + host + "/treasure?token=swordfish": "source secret://ADDRESS: the server of the address does not speak https",
		"ftp://treasure/swordfish":                      "source secret://ADDRESS: not a whole http:// or https:// address",
		"http://tre asure/swordfish":                    "source secret://ADDRESS: not a whole http:// or https:// address",
	} {
		find := func(context.Context, string) (string, error) { return address, nil }
		_, err := fetch(t, remote.NewHTTP(reach(t, srv.URL, "http://127.0.0.1:1"), find, remote.HTTPConfig{}), s)
		if gristmill.Public(err) != want {
			t.Errorf("%s:\n got %v\nwant %s", address, err, want)
		}
		for _, secret := range []string{"treasure", "swordfish", "127.0.0.3"} {
			if strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
				t.Errorf("%s: the error shows %q: %v", address, secret, err)
			}
		}
	}
}
