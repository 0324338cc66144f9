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
	FromSample   SourceKind = "sample"   // embedded in the program
	FromFile     SourceKind = "file"     // on the machine that reads it
	FromStore    SourceKind = "upload"   // stored already, named by digest
	FromHTTP     SourceKind = "http"     // a URL of a web server
	FromS3       SourceKind = "s3"       // an object of an S3 server
	FromPostgres SourceKind = "postgres" // the rows of a query
)

// SourceSpec is an address of data, parsed. Credentials in it are references
// (secret://NAME), never the secrets themselves. In JSON and YAML it is a text
// where a text can say it, else a mapping; see DecodeSource.
type SourceSpec struct {
	Kind     SourceKind
	Name     string           // of the sample; of the file or object without its directory; before the "@", or the digest's beginning
	Path     string           // of a file
	Digest   gristmill.Digest // of stored bytes
	URL      string           // of kind FromHTTP the URL, or secret://NAME of one; of kind FromS3 s3://bucket/key
	HTTP     *HTTPAccess      // of kind FromHTTP; nil for none
	S3       *S3Access        // of kind FromS3; nil for the platform's own server
	Postgres *PostgresQuery   // of kind FromPostgres
}

const sourceForms = "sample:NAME, a file's path, dataset:DIGEST, NAME@DIGEST, an https:// or s3:// address, or a mapping {http: ...}, {s3: ...} or {postgres: ...}"

// ParseSource reads an address: "sample:NAME", "dataset:DIGEST", "NAME@DIGEST",
// "https://HOST/PATH", "s3://BUCKET/KEY", or else the path of a file. The error
// is Invalid.
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
	if scheme, _, ok := strings.Cut(text, "://"); ok && !strings.ContainsAny(scheme, "/.") {
		return parseURL(text, scheme)
	}
	if i := strings.LastIndexByte(text, '@'); i > 0 && gristmill.Digest(text[i+1:]).Valid() {
		return SourceSpec{Kind: FromStore, Name: text[:i], Digest: gristmill.Digest(text[i+1:])}, nil
	}
	path := filepath.Clean(text)
	return SourceSpec{Kind: FromFile, Name: filepath.Base(path), Path: path}, nil
}

// String returns the address for people. What ParseSource read comes back in the
// form that it reads; credentials are not shown, nor a query's text.
func (s SourceSpec) String() string {
	switch s.Kind {
	case "":
		return ""
	case FromSample:
		return "sample:" + s.Name
	case FromStore:
		if s.Name == "" || s.Name == s.Digest.Short() {
			return "dataset:" + string(s.Digest)
		}
		return s.Name + "@" + string(s.Digest)
	case FromHTTP, FromS3:
		return s.URL
	case FromPostgres:
		return "postgres:" + s.Postgres.DSN
	default:
		// A path such as ./sample:x is not the sample of that name.
		if again, err := ParseSource(s.Path); err != nil || again.Kind != FromFile {
			return "." + string(filepath.Separator) + s.Path
		}
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

// Secrets finds a secret by its name. Its error names where was looked and never
// holds a secret. The resolved value stays in the memory of the process that
// connects: it is in no history, log, artifact or error.
type Secrets func(ctx context.Context, name string) (string, error)

// Resolve returns what a text stands for: the secret for secret://NAME, and the
// text itself otherwise.
func (find Secrets) Resolve(ctx context.Context, text string) (string, error) {
	if !strings.HasPrefix(text, "secret://") {
		return text, nil
	}
	name, ok := IsSecret(text)
	if !ok {
		return "", gristmill.Errorf(gristmill.Invalid, "a secret is named by secret://NAME, of letters, digits, _ - and .")
	}
	if find == nil {
		return "", gristmill.Errorf(gristmill.Precondition, "secret://%s: this worker has no secrets", name)
	}
	v, err := find(ctx, name)
	if err != nil {
		return "", err
	}
	if v == "" {
		return "", gristmill.Errorf(gristmill.Precondition, "secret://%s: the secret is empty", name)
	}
	return v, nil
}
