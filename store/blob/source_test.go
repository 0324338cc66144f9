//go:build !lean

package blob_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/remote"
	"gristmill/store/blob"
)

func TestSourceReadsObjects(t *testing.T) {
	t.Parallel()
	_, cfg := startS3(t)
	ctx := t.Context()
	for bucket, key := range map[string]string{cfg.Bucket: "sha256/aa/own", "lake": "sales/2024 q1/a+b.csv"} {
		other := cfg
		other.Bucket = bucket
		d, err := blob.OpenS3(ctx, other)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Write(ctx, key, bytes.NewReader([]byte("a\n1\n")), 4, "text/csv"); err != nil {
			t.Fatal(err)
		}
	}
	secrets := func(_ context.Context, name string) (string, error) {
		v, ok := map[string]string{"ACCESS": cfg.AccessKey, "KEY": cfg.SecretKey, "WRONG": "swordfish"}[name]
		if !ok {
			return "", gristmill.Errorf(gristmill.Precondition, "secret://%s: there is no such secret", name)
		}
		return v, nil
	}
	shut, err := remote.NewReach(nil)
	if err != nil {
		t.Fatal(err)
	}
	open, err := remote.NewReach([]string{"http://" + cfg.Endpoint})
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(cfg.Endpoint)
	address := func(uri, access, key string) map[string]any {
		return map[string]any{"s3": map[string]any{"uri": uri, "endpoint": "http://" + cfg.Endpoint, "access_key": access, "secret_key": key}}
	}
	const object = "s3://lake/sales/2024 q1/a+b.csv"
	for name, c := range map[string]struct {
		reach *remote.Reach
		from  any
		kind  gristmill.Kind
		want  string
	}{
		"of the own server":   {shut, object, "", "a\n1\n"},
		"of an endpoint":      {open, address(object, "secret://ACCESS", "secret://KEY"), "", "a\n1\n"},
		"of the own bucket":   {shut, "s3://gristmill/sha256/aa/own", gristmill.Forbidden, "source s3://gristmill/sha256/aa/own: the bucket gristmill is the platform's own; name stored data as dataset:DIGEST"},
		"no such object":      {shut, "s3://lake/none.csv", gristmill.NotFound, "source s3://lake/none.csv: there is no such object"},
		"no such bucket":      {shut, "s3://puddle/none.csv", gristmill.NotFound, "source s3://puddle/none.csv: there is no such bucket"},
		"a wrong key":         {open, address(object, "secret://ACCESS", "secret://WRONG"), gristmill.Forbidden, "source " + object + ": the server refuses the key (SignatureDoesNotMatch)"},
		"a missing secret":    {open, address(object, "secret://ACCESS", "secret://NONE"), gristmill.Precondition, "secret://NONE: there is no such secret"},
		"a loopback endpoint": {shut, address(object, "secret://ACCESS", "secret://KEY"), gristmill.Forbidden, "source " + object + ": host 127.0.0.1 is a loopback address, which specs may not reach; start the worker with --allow-url http://127.0.0.1:" + port + " to allow it"},
	} {
		spec, problems := dataset.DecodeSource(c.from)
		if len(problems) > 0 {
			t.Fatalf("%s: %v", name, problems)
		}
		r, err := blob.NewSource(c.reach, secrets, blob.SourceConfig{Own: cfg}).Open(ctx, spec)
		if c.kind != "" {
			if gristmill.KindOf(err) != c.kind || gristmill.Public(err) != c.want {
				t.Errorf("%s:\n got %v\nwant %s", name, err, c.want)
			}
			for _, secret := range []string{cfg.SecretKey, "swordfish"} {
				if strings.Contains(fmt.Sprintf("%+v", err), secret) {
					t.Errorf("%s: the error shows a secret: %v", name, err)
				}
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		b, err := io.ReadAll(r)
		if r.Close(); err != nil || string(b) != c.want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	for _, url := range []string{"s3://lake/../gristmill/sha256/aa/own", "s3://lake//../gristmill/sha256/aa/own", "s3://./gristmill/sha256/aa/own"} {
		spec := dataset.SourceSpec{Kind: dataset.FromS3, URL: url} // as a stored plan may have it
		if _, err := blob.NewSource(shut, secrets, blob.SourceConfig{Own: cfg}).Open(ctx, spec); gristmill.KindOf(err) != gristmill.Invalid || !strings.Contains(err.Error(), "its key has an empty part") {
			t.Errorf("%s: %v", url, err)
		}
	}
	small := blob.NewSource(shut, secrets, blob.SourceConfig{Own: cfg, MaxBytes: 3})
	spec, _ := dataset.ParseSource(object)
	if _, err := small.Open(ctx, spec); gristmill.Public(err) != "source "+object+": larger than the limit of 3 bytes" {
		t.Errorf("over the limit: %v", err)
	}
}

// An S3 server that breaks off, or leads elsewhere, brings no object.
func TestSourceOfABrokenServer(t *testing.T) {
	t.Parallel()
	var hits int
	inner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { hits++ }))
	defer inner.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/lake/short":
			w.Header().Set("Content-Length", "100")
			w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
			fmt.Fprint(w, "a\n1\n")
		default:
			http.Redirect(w, r, inner.URL, http.StatusTemporaryRedirect)
		}
	}))
	defer srv.Close()
	reach, err := remote.NewReach([]string{srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	read := func(uri string) error {
		spec, problems := dataset.DecodeSource(map[string]any{"s3": map[string]any{"uri": uri, "endpoint": srv.URL}})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		r, err := blob.NewSource(reach, nil, blob.SourceConfig{}).Open(t.Context(), spec)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.ReadAll(r)
		return err
	}
	if err := read("s3://lake/short"); gristmill.KindOf(err) != gristmill.Unavailable || gristmill.Public(err) != "source s3://lake/short: the object broke off after 4 of 100 bytes" {
		t.Errorf("a short object: %v", err)
	}
	if err := read("s3://lake/away"); gristmill.KindOf(err) != gristmill.Invalid || hits != 0 {
		t.Errorf("a redirect: %v, followed %d times", err, hits)
	}
}
