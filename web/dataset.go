package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/profile"
)

// Datasets is a page of dataset versions, newest first.
type Datasets struct {
	Datasets []dataset.Version `json:"datasets"`
	Next     string            `json:"next_page_token,omitempty"`
}

func (s *server) listDatasets(r *http.Request) (Datasets, error) {
	list, next, err := s.Datasets.List(r.Context(), s.cfg.Project, pageOf(r))
	return Datasets{Datasets: orEmpty(list), Next: next}, err
}

func (s *server) showDataset(r *http.Request) (dataset.Version, error) {
	digest := gristmill.Digest(r.PathValue("digest"))
	if !digest.Valid() {
		return dataset.Version{}, badDigest(string(digest))
	}
	v, err := s.Datasets.Get(r.Context(), s.cfg.Project, digest)
	v.Schema.Fields = orEmpty(v.Schema.Fields)
	return v, err
}

func (s *server) datasetProfile(r *http.Request) (profile.Profile, error) {
	v, err := s.showDataset(r)
	if err != nil {
		return profile.Profile{}, err
	}
	if v.Profile == "" {
		return profile.Profile{}, gristmill.Errorf(gristmill.NotFound,
			"dataset %s has no profile yet; the first run that reads it makes one", v.Digest.Short())
	}
	return s.profile(r, v.Profile)
}

// profilePolicy lets the profile's own page have its style inline, and nothing
// else: no script runs on it, whatever the data hold.
const profilePolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// datasetProfilePage answers the profile as a page that can be kept: it is the
// one that `gristmill dataset profile --html` writes.
func (s *server) datasetProfilePage(w http.ResponseWriter, r *http.Request) error {
	p, err := s.datasetProfile(r)
	if err != nil {
		return err
	}
	v, err := s.showDataset(r)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := profile.HTML(&b, p, profile.Info{Name: v.Name, Source: v.Source, Digest: string(v.Digest), Size: v.Size}); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", profilePolicy)
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(b.Bytes()) // a caller that is gone cannot be told
	return nil
}

// profile reads a stored profile and checks that its bytes are the ones that
// were stored.
func (s *server) profile(r *http.Request, digest gristmill.Digest) (profile.Profile, error) {
	var p profile.Profile
	b, err := s.readBlob(r, digest)
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	return p, err
}

// maxSmall bounds an object that is read as a whole to be shown.
const maxSmall = 32 << 20

func (s *server) readBlob(r *http.Request, digest gristmill.Digest) ([]byte, error) {
	body, err := s.Blobs.Open(r.Context(), digest)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return readVerified(body, digest)
}

func readVerified(body io.Reader, digest gristmill.Digest) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(body, maxSmall+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read object %s: %w", digest, err)
	case len(b) > maxSmall:
		return nil, fmt.Errorf("read object %s: larger than %d bytes", digest, maxSmall)
	case gristmill.DigestOf(b) != digest:
		return nil, fmt.Errorf("read object %s: the stored bytes have the digest %s", digest, gristmill.DigestOf(b))
	}
	return b, nil
}

func (s *server) uploadDataset(r *http.Request) (dataset.Version, error) {
	want := gristmill.Digest(strings.ToLower(r.Header.Get("X-Content-Sha256")))
	if want != "" && !want.Valid() {
		return dataset.Version{}, gristmill.Errorf(gristmill.Invalid, "X-Content-Sha256: %q is no digest; expected 64 hex digits", shorten(string(want)))
	}
	media := r.Header.Get("Content-Type")
	if media == "" || strings.HasPrefix(media, "multipart/") || media == "application/x-www-form-urlencoded" {
		return dataset.Version{}, &statusError{status: http.StatusUnsupportedMediaType, cause: gristmill.Errorf(
			gristmill.Invalid, "the body's Content-Type is %q; send the file's bytes as they are, e.g. as text/csv", media)}
	}
	body := &brokenBody{r: r.Body}
	first := make([]byte, 1)
	if n, err := io.ReadFull(body, first); n == 0 {
		if err == io.EOF {
			return dataset.Version{}, gristmill.Errorf(gristmill.Invalid, "the body is empty; send the dataset's bytes")
		}
		return dataset.Version{}, bodyError(err)
	}
	ref, err := s.Blobs.Put(r.Context(), io.MultiReader(strings.NewReader(string(first)), body), media)
	if body.err != nil { // the caller's side broke, not the store
		return dataset.Version{}, bodyError(body.err)
	}
	if err != nil {
		return dataset.Version{}, err
	}
	if want != "" && ref.Digest != want {
		return dataset.Version{}, gristmill.Errorf(gristmill.Invalid,
			"the bytes that arrived have the digest %s, X-Content-Sha256 says %s; send them again", ref.Digest, want)
	}
	name := r.URL.Query().Get("name")
	source := "upload:" + name
	if name == "" {
		name = ref.Digest.Short()
		source = "upload"
	}
	v, err := s.Datasets.Put(r.Context(), dataset.Version{
		Project: s.cfg.Project, Digest: ref.Digest, Name: name, Source: source, Size: ref.Size, CreatedAt: s.now().UTC()})
	v.Schema.Fields = orEmpty(v.Schema.Fields)
	return v, err
}

// brokenBody remembers the error with which a body broke off.
type brokenBody struct {
	r   io.Reader
	err error
}

func (c *brokenBody) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

func (s *server) datasetContent(w http.ResponseWriter, r *http.Request) error {
	v, err := s.showDataset(r)
	if err != nil {
		return err
	}
	return send(w, r, stored{name: v.Name, media: "application/octet-stream", digest: v.Digest, size: v.Size,
		open: func() (io.ReadCloser, error) { return s.Blobs.Open(r.Context(), v.Digest) }})
}
