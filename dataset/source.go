package dataset

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	"gristmill"
	"gristmill/dataset/sample"
	"gristmill/ml/frame"
)

// SourceKind is a way to get bytes. The values are wire values.
type SourceKind string

// The kinds of source.
const (
	FromSample SourceKind = "sample" // embedded in the program
	FromFile   SourceKind = "file"   // on the machine that reads it
	FromStore  SourceKind = "upload" // stored already, named by digest
)

// SourceSpec is an address of data, parsed.
type SourceSpec struct {
	Kind   SourceKind       `json:"kind"`
	Name   string           `json:"name"`             // of the sample; of the file without its directory; before the "@", or the digest's beginning
	Path   string           `json:"path,omitempty"`   // of a file
	Digest gristmill.Digest `json:"digest,omitempty"` // of stored bytes
}

const sourceForms = "sample:NAME, a file's path, dataset:DIGEST or NAME@DIGEST"

// ParseSource reads an address: "sample:NAME", "dataset:DIGEST", "NAME@DIGEST",
// or else the path of a file. The error is Invalid.
func ParseSource(text string) (SourceSpec, error) {
	refuse := func(why string) (SourceSpec, error) {
		return SourceSpec{}, gristmill.Errorf(gristmill.Invalid, "source %q: %s; expected %s", frame.Shorten(text), why, sourceForms)
	}
	if strings.TrimSpace(text) == "" {
		return refuse("empty")
	}
	if strings.ContainsRune(text, 0) {
		return refuse("holds a NUL byte")
	}
	if name, ok := strings.CutPrefix(text, "sample:"); ok {
		if name == "" {
			return refuse("no sample is named")
		}
		return SourceSpec{Kind: FromSample, Name: name}, nil
	}
	if hex, ok := strings.CutPrefix(text, "dataset:"); ok {
		d := gristmill.Digest(hex)
		if !d.Valid() {
			return refuse("no digest of 64 lower-case hex digits")
		}
		return SourceSpec{Kind: FromStore, Name: d.Short(), Digest: d}, nil
	}
	if i := strings.LastIndexByte(text, '@'); i > 0 && gristmill.Digest(text[i+1:]).Valid() {
		return SourceSpec{Kind: FromStore, Name: text[:i], Digest: gristmill.Digest(text[i+1:])}, nil
	}
	if scheme, _, ok := strings.Cut(text, "://"); ok && !strings.ContainsAny(scheme, "/.") {
		return refuse(scheme + ":// addresses cannot be read")
	}
	path := filepath.Clean(text)
	return SourceSpec{Kind: FromFile, Name: filepath.Base(path), Path: path}, nil
}

// String returns the address in the form that ParseSource reads.
func (s SourceSpec) String() string {
	switch s.Kind {
	case FromSample:
		return "sample:" + s.Name
	case FromStore:
		if s.Name == "" || s.Name == s.Digest.Short() {
			return "dataset:" + string(s.Digest)
		}
		return s.Name + "@" + string(s.Digest)
	default:
		return s.Path
	}
}

// Relative reports whether the address is a path relative to a directory that
// only the caller knows; such a file is uploaded before a plan names it.
func (s SourceSpec) Relative() bool { return s.Kind == FromFile && !filepath.IsAbs(s.Path) }

// Source opens the addresses of one kind. Errors are gristmill.Errors: Invalid
// or NotFound where the address names nothing that can be read, Forbidden where
// it must not be read, Unavailable where trying again may help.
type Source interface {
	// Open returns the bytes as they are, compressed or not; the caller
	// closes it.
	Open(ctx context.Context, s SourceSpec) (io.ReadCloser, error)
}

// Sources opens addresses of any kind by the source of that kind.
type Sources map[SourceKind]Source

// Open opens s; Invalid if there is no source of its kind.
func (all Sources) Open(ctx context.Context, s SourceSpec) (io.ReadCloser, error) {
	source := all[s.Kind]
	if source == nil {
		return nil, gristmill.Errorf(gristmill.Invalid, "source %s: this worker reads no sources of kind %q", s, s.Kind)
	}
	return source.Open(ctx, s)
}

// Samples is the source of the embedded samples.
type Samples struct{}

// Open opens a sample; Invalid names those that there are.
func (Samples) Open(_ context.Context, s SourceSpec) (io.ReadCloser, error) {
	r, err := sample.Open(s.Name)
	if err != nil {
		return nil, gristmill.Errorf(gristmill.Invalid, "source %s: there is no such sample; expected one of %s", s, strings.Join(sample.Names(), ", "))
	}
	return r, nil
}

// Stored is the source of bytes that are stored already.
type Stored struct{ Blobs Blobs }

// Open opens stored bytes by their digest.
func (u Stored) Open(ctx context.Context, s SourceSpec) (io.ReadCloser, error) {
	r, err := u.Blobs.Open(ctx, s.Digest)
	if gristmill.KindOf(err) == gristmill.NotFound {
		return nil, gristmill.Hide(gristmill.NotFound, err, "source %s: no such dataset is stored", s)
	}
	return r, err
}
