package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"gristmill"
	"gristmill/tracking"
)

// Artifacts are a run's files, by path.
type Artifacts struct {
	Artifacts []tracking.Artifact `json:"artifacts"`
}

func (s *server) listArtifacts(r *http.Request) (Artifacts, error) {
	if _, err := s.Runs.Run(r.Context(), r.PathValue("id")); err != nil {
		return Artifacts{}, err
	}
	list, err := s.Runs.ListArtifacts(r.Context(), r.PathValue("id"))
	return Artifacts{Artifacts: orEmpty(list)}, err
}

func (s *server) artifact(w http.ResponseWriter, r *http.Request) error {
	file := r.PathValue("path")
	if err := checkArtifactPath(file); err != nil {
		return err
	}
	a, err := s.Runs.Artifact(r.Context(), r.PathValue("id"), file)
	if err != nil {
		return err
	}
	out := stored{name: path.Base(a.Path), media: a.Type, digest: a.Digest, size: a.Size,
		open: func() (io.ReadCloser, error) { return s.openArtifact(r, a) }}
	if a.Type == "image/svg+xml" { // the pages show plots as pictures, which only their type allows
		out.policy = picturePolicy
	}
	return send(w, r, out)
}

// Policies of stored documents that a browser shows. The sandbox gives them an
// origin of their own and runs no script, whoever wrote them; beyond it only
// their own style and the pictures within them are let in.
const (
	picturePolicy  = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
	documentPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

func (s *server) openArtifact(r *http.Request, a tracking.Artifact) (io.ReadCloser, error) {
	key, ours := strings.CutPrefix(a.URI, gristmill.BlobScheme)
	if !ours {
		return nil, gristmill.Errorf(gristmill.Precondition, "artifact %s lies at %s, which this server does not read", a.Path, a.URI)
	}
	return s.Blobs.OpenAt(r.Context(), key)
}

// checkArtifactPath refuses what can be no artifact's path. The path is a key
// of the store, never of a file system; the check is there so that a traversal
// is named as what it is.
func checkArtifactPath(p string) error {
	if p == "" {
		return gristmill.Errorf(gristmill.NotFound, "artifact path: empty; the list is at the same address without the slash")
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == "" || part == "." || part == ".." || strings.Contains(part, `\`) {
			return gristmill.Errorf(gristmill.Invalid, "artifact path: %q is no relative path without \"..\"", shorten(p))
		}
	}
	return nil
}

// stored is a stored object on its way to a caller.
type stored struct {
	name   string // that the caller's file should get
	media  string
	digest gristmill.Digest
	size   int64
	open   func() (io.ReadCloser, error)
	policy string // with which a browser may show it; "": it is a download
}

// send streams an object as a download, or to be shown under a policy. Bytes
// that do not have the recorded digest are never sent whole: the last of them
// are held back until the digest is known, and the connection is cut if it is
// another.
func send(w http.ResponseWriter, r *http.Request, o stored) error {
	h := w.Header()
	tag := `"` + string(o.digest) + `"`
	if o.digest != "" && r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body, err := o.open()
	if err != nil {
		return err
	}
	defer body.Close()
	disposition := "inline"
	if o.policy == "" {
		disposition, o.policy = "attachment", "sandbox; default-src 'none'"
		o.media = inert(o.media)
	}
	h.Set("Content-Type", o.media)
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": o.name}))
	h.Set("Content-Security-Policy", o.policy)
	if o.digest != "" {
		h.Set("ETag", tag)
		h.Set("X-Content-Sha256", string(o.digest))
		h.Set("Content-Length", strconv.FormatInt(o.size, 10))
	}
	if r.Method == http.MethodHead {
		return nil
	}
	if o.digest == "" { // a foreign client's artifact of which no digest is known
		if _, err := io.Copy(w, body); err != nil {
			panic(http.ErrAbortHandler)
		}
		return nil
	}
	if err := copyVerified(w, body, o.digest, o.size); err != nil {
		err = fmt.Errorf("send %s: %w", o.name, err)
		if a, ok := w.(*answer); ok && a.status == 0 { // nothing is sent yet
			return err
		}
		if a := accessOf(r); a != nil {
			a.err = err
		}
		panic(http.ErrAbortHandler)
	}
	return nil
}

// inert is the type of a download: one that a browser might run in our origin is
// sent as bytes.
func inert(media string) string {
	if media == "" || strings.Contains(media, "html") || strings.Contains(media, "svg") || strings.Contains(media, "xml") {
		return "application/octet-stream"
	}
	return media
}

// copyVerified copies size bytes that must have the digest, holding back the
// last block until it is known that they do.
func copyVerified(w io.Writer, r io.Reader, want gristmill.Digest, size int64) error {
	sum := sha256.New()
	in := io.TeeReader(r, sum)
	const block = 64 << 10
	if ahead := size - block; ahead > 0 {
		if _, err := io.CopyN(w, in, ahead); err != nil {
			return err
		}
		size = block
	}
	last, err := io.ReadAll(io.LimitReader(in, size+1))
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); int64(len(last)) != size || got != string(want) {
		return fmt.Errorf("stored bytes have the digest %s, recorded is %s", got, want)
	}
	_, err = w.Write(last)
	return err
}
