package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"gristmill"
)

// Driver keeps objects under keys. It need not know what they are.
type Driver interface {
	// Write stores the size bytes of r under key, replacing what was there.
	// The object appears whole or not at all.
	Write(ctx context.Context, key string, r io.ReadSeeker, size int64, mediaType string) error
	// Read returns length bytes from offset; length < 0 means to the end.
	// Reading past the end is Invalid.
	Read(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error)
	// Stat describes an object; NotFound names the key.
	Stat(ctx context.Context, key string) (Info, error)
	// Check reports whether the place can be reached and written.
	Check(ctx context.Context) error
}

// Info describes a stored object.
type Info struct {
	Key      string
	Size     int64 // in bytes
	Type     string
	Modified time.Time
}

// Store is the store of bytes over a driver. Its methods may be called by many
// goroutines.
type Store struct{ driver Driver }

// New returns a store over a driver.
func New(d Driver) *Store { return &Store{driver: d} }

// ErrCorrupt is wrapped by the error that says that stored bytes are not those
// that their digest names.
var ErrCorrupt = errors.New("corrupt object")

// Scheme begins the URI of every object: "blob:" + key.
const Scheme = gristmill.BlobScheme

// contentPrefix begins the keys of content-addressed objects.
const contentPrefix = "sha256/"

// Key returns the key of the content-addressed object with that digest.
func Key(d gristmill.Digest) string {
	if len(d) < 2 {
		return contentPrefix + string(d)
	}
	return contentPrefix + string(d[:2]) + "/" + string(d)
}

// URI returns the reference of a key.
func URI(key string) string { return Scheme + key }

// KeyOf returns the key that a URI made by URI names.
func KeyOf(uri string) (string, error) {
	key, ok := strings.CutPrefix(uri, Scheme)
	if !ok {
		return "", gristmill.Errorf(gristmill.Invalid, "%q is no reference to a stored object; expected %sKEY", uri, Scheme)
	}
	return key, checkKey(key)
}

// Put stores the bytes of r under their digest, in constant memory. Bytes that
// are there already are not stored again; what stands in their place and is not
// they is replaced.
func (s *Store) Put(ctx context.Context, r io.Reader, mediaType string) (gristmill.Ref, error) {
	b, err := spool(ctx, r)
	if err != nil {
		return gristmill.Ref{}, err
	}
	defer b.close()
	key := Key(b.digest)
	ref := gristmill.Ref{URI: URI(key), Digest: b.digest, Size: b.size, Type: mediaType}
	info, err := s.driver.Stat(ctx, key)
	switch {
	case err == nil && info.Size == b.size && s.intact(ctx, b.digest):
		return ref, nil
	case err != nil && gristmill.KindOf(err) != gristmill.NotFound:
		return gristmill.Ref{}, err
	}
	if err := s.driver.Write(ctx, key, b, b.size, mediaType); err != nil {
		return gristmill.Ref{}, err
	}
	return ref, nil
}

// intact reports whether the stored object can be read and is what its digest
// says: an object that was altered must not keep its place for ever.
func (s *Store) intact(ctx context.Context, d gristmill.Digest) bool {
	r, err := s.Open(ctx, d)
	if err != nil {
		return false
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return err == nil
}

// Open returns the object's bytes. They are verified while they are read: where
// the last Read would say io.EOF, it says that they are corrupt. Whoever must
// not act on unverified bytes uses Get.
func (s *Store) Open(ctx context.Context, d gristmill.Digest) (io.ReadCloser, error) {
	if !d.Valid() {
		return nil, gristmill.Errorf(gristmill.Invalid, "%q is no digest; expected 64 hex digits", string(d))
	}
	r, err := s.driver.Read(ctx, Key(d), 0, -1)
	if err != nil {
		return nil, err
	}
	return &verifier{r: r, key: Key(d), want: d, sum: sha256.New()}, nil
}

// Get returns the verified bytes of an object, at most maxSize of them: a larger
// one is Exhausted before it is read.
func (s *Store) Get(ctx context.Context, d gristmill.Digest, maxSize int64) ([]byte, error) {
	info, err := s.Stat(ctx, d)
	if err != nil {
		return nil, err
	}
	if info.Size > maxSize {
		return nil, gristmill.Errorf(gristmill.Exhausted, "object %s has %d bytes; at most %d are read at once", info.Key, info.Size, maxSize)
	}
	r, err := s.Open(ctx, d)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var b bytes.Buffer
	b.Grow(int(info.Size) + bytes.MinRead)
	// One byte more than allowed still reaches the verifier's verdict.
	if _, err := b.ReadFrom(io.LimitReader(r, maxSize+1)); err != nil {
		return nil, err
	}
	if int64(b.Len()) > maxSize {
		return nil, gristmill.Errorf(gristmill.Exhausted, "object %s has more than %d bytes", info.Key, maxSize)
	}
	return b.Bytes(), nil
}

// Stat describes the object with that digest; NotFound names its key.
func (s *Store) Stat(ctx context.Context, d gristmill.Digest) (Info, error) {
	if !d.Valid() {
		return Info{}, gristmill.Errorf(gristmill.Invalid, "%q is no digest; expected 64 hex digits", string(d))
	}
	return s.driver.Stat(ctx, Key(d))
}

// PutAt stores the bytes of r under a readable key, such as
// "1/4bc1…/artifacts/model_card.md", replacing what was there. Its media type
// follows the key's extension.
func (s *Store) PutAt(ctx context.Context, key string, r io.Reader) (gristmill.Ref, error) {
	if err := checkKey(key); err != nil {
		return gristmill.Ref{}, err
	}
	if strings.HasPrefix(key, contentPrefix) {
		return gristmill.Ref{}, gristmill.Errorf(gristmill.Forbidden, "key %q: keys below %s are made from digests", key, contentPrefix)
	}
	b, err := spool(ctx, r)
	if err != nil {
		return gristmill.Ref{}, err
	}
	defer b.close()
	ref := gristmill.Ref{URI: URI(key), Digest: b.digest, Size: b.size, Type: MediaType(key)}
	return ref, s.driver.Write(ctx, key, b, b.size, ref.Type)
}

// OpenAt returns the bytes under a key, as they are.
func (s *Store) OpenAt(ctx context.Context, key string) (io.ReadCloser, error) {
	return s.OpenRange(ctx, key, 0, -1)
}

// OpenRange returns length bytes under a key from offset on; length < 0 means
// to the end. A range that begins past the end is Invalid.
func (s *Store) OpenRange(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if offset < 0 {
		return nil, gristmill.Errorf(gristmill.Invalid, "range of %q: offset %d is negative", key, offset)
	}
	if length == 0 {
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	return s.driver.Read(ctx, key, offset, length)
}

// StatAt describes the object under a key; NotFound names it.
func (s *Store) StatAt(ctx context.Context, key string) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	return s.driver.Stat(ctx, key)
}

// Check reports whether the store can be reached, for readiness.
func (s *Store) Check(ctx context.Context) error { return s.driver.Check(ctx) }

// maxKey is S3's limit of a key, in bytes.
const maxKey = 1024

// checkKey refuses keys that S3 or a file system could not hold, or that could
// leave a directory.
func checkKey(key string) error {
	bad := ""
	switch {
	case key == "":
		bad = "is empty"
	case len(key) > maxKey:
		bad = fmt.Sprintf("has %d bytes, at most %d are allowed", len(key), maxKey)
	case !utf8.ValidString(key) || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r == 0x7f }):
		bad = "holds a control character or is not UTF-8"
	case strings.Contains(key, `\`):
		bad = `holds a backslash; parts are separated by "/"`
	}
	for part := range strings.SplitSeq(key, "/") {
		if bad == "" && (part == "" || part == "." || part == "..") {
			bad = `has a part that is empty, "." or ".."`
		}
		if bad == "" && len(part) > 255 {
			bad = "has a part of more than 255 bytes"
		}
	}
	if bad == "" {
		return nil
	}
	return gristmill.Errorf(gristmill.Invalid, "object key %q %s", shorten(key), bad)
}

func shorten(s string) string {
	if len(s) <= 80 {
		return s
	}
	return strings.ToValidUTF8(s[:77], "") + "..."
}

// inMemory is how many bytes are held in memory before a file is used.
const inMemory = 1 << 20

// spooled is input that was read and hashed, in memory or in a temporary file.
type spooled struct {
	io.ReadSeeker
	digest gristmill.Digest
	size   int64
	file   *os.File // nil: in memory
}

// spool reads all of r before anything is stored, so that an input that breaks
// off leaves nothing behind.
func spool(ctx context.Context, r io.Reader) (*spooled, error) {
	sum := sha256.New()
	in := io.TeeReader(&ctxReader{ctx, r}, sum)
	head, err := io.ReadAll(io.LimitReader(in, inMemory))
	if err != nil {
		return nil, fmt.Errorf("read bytes to store: %w", err)
	}
	s := &spooled{size: int64(len(head)), ReadSeeker: bytes.NewReader(head)}
	if len(head) == inMemory {
		if err := s.toFile(head, in); err != nil {
			s.close()
			return nil, err
		}
	}
	s.digest = gristmill.Digest(hex.EncodeToString(sum.Sum(nil)))
	return s, nil
}

func (s *spooled) toFile(head []byte, rest io.Reader) error {
	f, err := os.CreateTemp("", "gristmill-spool-")
	if err != nil {
		return gristmill.Hide(gristmill.Unavailable, err, "no temporary file can be made to spool bytes")
	}
	s.file, s.ReadSeeker = f, f
	_ = os.Remove(f.Name()) // where the system allows it, nothing stays of it if the process is killed
	n, err := io.Copy(f, io.MultiReader(bytes.NewReader(head), rest))
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	s.size = n
	if err != nil {
		return fmt.Errorf("spool bytes to store: %w", err)
	}
	return nil
}

func (s *spooled) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
	}
}

// ctxReader ends with the context's error.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// verifier compares the digest of what was read at the end.
type verifier struct {
	r    io.ReadCloser
	key  string
	want gristmill.Digest
	sum  hash.Hash
	err  error
}

func (v *verifier) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	n, err := v.r.Read(p)
	v.sum.Write(p[:n])
	if errors.Is(err, io.EOF) {
		if got := gristmill.Digest(hex.EncodeToString(v.sum.Sum(nil))); got != v.want {
			err = gristmill.Hide(gristmill.Internal, ErrCorrupt, "object %s is corrupt: expected sha256 %s, got %s", v.key, v.want, got)
		}
	}
	v.err = err
	return n, err
}

func (v *verifier) Close() error { return v.r.Close() }
