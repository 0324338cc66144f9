//go:build interop

package interop

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gristmill/test/mill"
)

// brokenServer serves what a spec's address may come to.
func brokenServer(t *testing.T) *httptest.Server {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/inward.csv": // another port of this machine
			http.Redirect(w, r, "http://127.0.0.1:1/x.csv", http.StatusFound)
		case "/metadata.csv":
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
		case "/private.csv":
			http.Redirect(w, r, "http://192.168.0.1/x.csv", http.StatusFound)
		case "/file.csv":
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		case "/round.csv":
			http.Redirect(w, r, "/round.csv", http.StatusFound)
		case "/short.csv":
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "a,y\n1,2\n")
		case "/page.csv":
			fmt.Fprint(w, "<!DOCTYPE html>\n<html><body>Sign in, please</body></html>\n")
		case "/empty.csv":
		default:
			var code int
			fmt.Sscanf(r.URL.Path, "/status/%d", &code)
			w.WriteHeader(max(code, 404))
		}
	}))
	t.Cleanup(web.Close)
	return web
}

// brokenSources runs specs whose data cannot be fetched: each run fails with the
// exact sentence, and nothing is stored.
func brokenSources(t *testing.T, s *mill.Stack, web string) {
	before := len(stored(t, s))
	host := strings.TrimPrefix(web, "http://")
	const noSecret = "secret://NONE: neither the environment variable GRISTMILL_SECRET_NONE nor the file "
	for _, c := range []struct{ source, want string }{
		{`"WEB/inward.csv"`, "source WEB/inward.csv: host 127.0.0.1 is a loopback address, which specs may not reach; start the worker with --allow-url http://127.0.0.1:1 to allow it"},
		{`"WEB/metadata.csv"`, "source WEB/metadata.csv: host 169.254.169.254 is a link-local address, which specs may not reach; start the worker with --allow-url http://169.254.169.254:80 to allow it"},
		{`"WEB/private.csv"`, "source WEB/private.csv: host 192.168.0.1 is a private address, which specs may not reach; start the worker with --allow-url http://192.168.0.1:80 to allow it"},
		{`"WEB/file.csv"`, "source WEB/file.csv: the server HOST redirects to no readable address"},
		{`"WEB/round.csv"`, "source WEB/round.csv: more than 5 redirects"},
		{`"WEB/status/404"`, "source WEB/status/404: the server HOST answers 404 Not Found"},
		{`"WEB/status/410"`, "source WEB/status/410: the server HOST answers 410 Gone"},
		{`"WEB/page.csv"`, "row 1 (line 2), column 2: one cell too many: 2 cells, but the header has 1 column"},
		{`"WEB/empty.csv"`, "the file is empty; expected a header line with the columns' names"},
		{`"http://127.0.0.1:1/x.csv"`, "source http://127.0.0.1:1/x.csv: host 127.0.0.1 is a loopback address, which specs may not reach; start the worker with --allow-url http://127.0.0.1:1 to allow it"},
		{`"http://[::1]:1/x.csv"`, "host ::1 is a loopback address, which specs may not reach"},
		{`{http: {url: "WEB/x.csv", bearer: "secret://NONE"}}`, noSecret},
		{`{http: {url: "secret://NONE"}}`, noSecret},
		{`{postgres: {dsn: "secret://NONE", query: "select 1"}}`, noSecret},
		{`{s3: {uri: "s3://bucket/x.csv", endpoint: "https://s3.example.org", access_key: "secret://NONE", secret_key: "secret://NONE"}}`, noSecret},
		{`"s3://no-such-bucket/x.csv"`, "source s3://no-such-bucket/x.csv: there is no such bucket"},
		{`"sample:nothing"`, "source sample:nothing: there is no such sample; expected one of ames_housing, chicago_ridership, telco_churn"},
		{`"dataset:` + strings.Repeat("0", 64) + `"`, "000000"},
		{`"/etc/hostname"`, "source /etc/hostname: not below an allowed directory"},
	} {
		put := strings.NewReplacer("WEB", web, "HOST", host)
		spec := s.Write(t, "source.yaml", put.Replace("name: broken\ndata: {source: "+c.source+", target: y}\ntrain: {algorithm: ridge}\n"))
		r := s.CLI(t, "train", "--file", spec)
		want := put.Replace(c.want)
		if r.Code != 1 && r.Code != 2 || !strings.Contains(r.Err+r.Out, want) || trace.MatchString(r.Out+r.Err) {
			t.Errorf("%s: %s\nwant\n%s", c.source, r, want)
		}
		t.Logf("%s: exit %d in %s", c.source, r.Code, r.Took)
	}
	brokenOff(t, s, web)
	if after := len(stored(t, s)); after != before {
		t.Errorf("%d datasets are stored, %d were before", after, before)
	}
}

// brokenOff is what may be better in a moment: the run says what is wrong and
// tries again until somebody cancels it. Each is watched for some seconds.
func brokenOff(t *testing.T, s *mill.Stack, web string) {
	found, err := filepath.Glob(filepath.Join(s.Data, "*.password"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the password of the stack's database: %q, %v", found, err)
	}
	password, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	secret := s.Write(t, "data/secrets/WAREHOUSE", fmt.Sprintf("postgres://gristmill:%s@127.0.0.1:%d/postgres?sslmode=disable", strings.TrimSpace(string(password)), 5433+s.Offset))
	if err := os.Chmod(secret, 0o600); err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(web, "http://")
	for _, c := range []struct{ source, want string }{
		{`"WEB/status/500"`, "source WEB/status/500: the server HOST answers 500 Internal Server Error"},
		{`"WEB/short.csv"`, "source WEB/short.csv: the answer broke off after 8 of 1000 bytes"},
		{`{postgres: {dsn: "secret://WAREHOUSE", query: "select i, case when i = 50000 then pg_terminate_backend(pg_backend_pid()) end as y from generate_series(1, 100000) i"}}`, "source postgres:secret://WAREHOUSE: the database "},
	} {
		put := strings.NewReplacer("WEB", web, "HOST", host)
		spec := s.Write(t, "source.yaml", put.Replace("name: broken-off\ndata: {source: "+c.source+", target: y}\ntrain: {algorithm: ridge}\n"))
		ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second)
		r := mill.Run(t, s.Command(ctx, "train", "--file", spec))
		cancel()
		if r.Code == 0 || !strings.Contains(r.Out+r.Err, put.Replace(c.want)) || trace.MatchString(r.Out+r.Err) || strings.Contains(r.Out+r.Err, strings.TrimSpace(string(password))) {
			t.Errorf("%s: %s\nwant\n%s", c.source, r, put.Replace(c.want))
		}
		line, _, _ := strings.Cut(r.Out, "\n")
		t.Log(line)
	}
}
