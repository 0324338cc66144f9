package e2e

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Somebody's disk changes a byte of a stored model while the stack is down: the
// model is refused by its digest, everything else goes on.
func TestAlteredModelIsRefused(t *testing.T) {
	t.Parallel()
	s := grist.Stack(t)
	s.Up(t)
	succeeds(t, s, "churn")
	succeeds(t, s, "housing")
	d, err := s.Client(t).Deployment(context.Background(), "churn")
	if err != nil {
		t.Fatal(err)
	}
	digest := string(d.Package.Digest)
	request := encode(t, map[string]any{"dataframe_split": split(customers(t))})
	mustPredict(t, s, request)
	s.OK(t, "down")
	alter(t, filepath.Join(s.Data, "s3"), digest)

	out := s.OK(t, "up", "-d")
	if !strings.Contains(out, "churn is not served") || !strings.Contains(out, digest) {
		t.Errorf("up does not say that churn is not served:\n%s", out)
	}
	resp, body := s.Invoke(t, "churn", "application/json", request)
	if resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, digest) {
		t.Errorf("invocations answers %s: %s; want 503 and the digest", resp.Status, body)
	}
	if got := resp.Header.Get("Retry-After"); got == "" {
		t.Error("a 503 without Retry-After")
	}
	file := s.Write(t, "request.json", string(request))
	if r := s.CLI(t, "predict", "churn", "--file", file); r.Code != 1 || !strings.Contains(r.Err, digest) || r.Out != "" {
		t.Errorf("predict: %s; want exit 1 and the digest %s on stderr", r, digest)
	}
	if resp, body := s.Call(t, http.MethodGet, s.HTTP()+"/readyz", "", nil); resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, digest) {
		t.Errorf("readyz answers %s: %s", resp.Status, body)
	}
	resp, body = s.Call(t, http.MethodGet, s.Inference()+"/v2/models/housing/ready", "", nil)
	if resp.StatusCode != http.StatusOK {
		t.Errorf("housing is not ready beside it: %s: %s", resp.Status, body)
	}
	// A training with other weights takes the place of what is broken.
	if res := succeeds(t, s, "churn", "--set", "train.l2=2"); res.Model.Version != 2 {
		t.Errorf("version %d, want 2", res.Model.Version)
	}
	mustPredict(t, s, request)
	s.OK(t, "down")
}

// alter changes one byte in the middle of the object that a digest names; its
// size stays.
func alter(t *testing.T, dir, digest string) {
	t.Helper()
	found := 0
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() != digest {
			return err
		}
		found++
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		b[len(b)/2] ^= 1
		return os.WriteFile(path, b, 0o600)
	})
	if err != nil || found != 1 {
		t.Fatalf("%d objects of the digest %s below %s, %v; want 1", found, digest, dir, err)
	}
}
