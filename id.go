package gristmill

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// DefaultProject is the project of everything that names none.
const DefaultProject = "default"

// NewID returns a new random identifier: 32 lower-case hex digits, the form of
// MLflow's run ids.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}

// Digest is the SHA-256 of some bytes in 64 lower-case hex digits. It names
// datasets, specs, models and every stored object.
type Digest string

// DigestOf returns the digest of b.
func DigestOf(b []byte) Digest {
	sum := sha256.Sum256(b)
	return Digest(hex.EncodeToString(sum[:]))
}

var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Valid reports whether d has the form of a digest.
func (d Digest) Valid() bool { return digestForm.MatchString(string(d)) }

// Short returns the first 12 digits, for people.
func (d Digest) Short() string { return string(d[:min(12, len(d))]) }

// BlobScheme begins the URI of what lies in our own store of bytes: the scheme,
// then the object's key.
const BlobScheme = "blob:"

// Ref points at stored bytes. Histories and rows carry references, never data.
type Ref struct {
	URI    string `json:"uri"`            // where, e.g. "blob:sha256/ab12…" or "s3://bucket/key"
	Digest Digest `json:"digest"`         // SHA-256 of the bytes
	Size   int64  `json:"size"`           // in bytes
	Type   string `json:"type,omitempty"` // media type or kind: "text/csv", "dataset", "model"
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,119}$`)

// CheckName returns an Invalid error unless name can name a pipeline or model:
// 1 to 120 letters, digits, "_", "-" or ".", beginning with a letter or digit.
func CheckName(what, name string) error {
	if nameForm.MatchString(name) && !strings.Contains(name, "..") {
		return nil
	}
	return Errorf(Invalid, "%s: %q is no name; expected 1 to 120 letters, digits, _ - or ., beginning with a letter or digit", what, name)
}
