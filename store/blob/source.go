package blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/remote"
)

// SourceConfig says where addresses without an endpoint lie, and how much is read.
type SourceConfig struct {
	Own      S3Config // the platform's own server, key and bucket
	MaxBytes int64    // of an object; 0 means 4 GiB
}

// Source is the source of objects, s3://BUCKET/KEY: of the platform's own server
// unless the address names an endpoint. The platform's key goes to its own
// server only, and its own bucket is not read this way: stored data are named by
// digest (dataset:DIGEST), which also says that they are whole, and models and
// checkpoints are not data. A given endpoint is reached within Reach.
type Source struct {
	reach   *remote.Reach
	secrets dataset.Secrets
	cfg     SourceConfig
}

var _ dataset.Source = (*Source)(nil)

// NewSource returns a source of objects.
func NewSource(reach *remote.Reach, secrets dataset.Secrets, cfg SourceConfig) *Source {
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, 4<<30)
	return &Source{reach: reach, secrets: secrets, cfg: cfg}
}

// Open returns the object's bytes. NotFound and Forbidden as the server says;
// an object that breaks off is Unavailable.
func (s *Source) Open(ctx context.Context, spec dataset.SourceSpec) (io.ReadCloser, error) {
	bucket, key, ok := strings.Cut(strings.TrimPrefix(spec.URL, "s3://"), "/")
	if !ok || bucket == "" || key == "" {
		return nil, gristmill.Errorf(gristmill.Invalid, "source %s: no object is named; expected s3://BUCKET/KEY", spec)
	}
	if !dataset.IsKey(bucket) || !dataset.IsKey(key) { // else the bucket named is not the one that is read
		return nil, gristmill.Errorf(gristmill.Invalid, `source %s: its key has an empty part, "." or ".."; expected s3://BUCKET/KEY without them`, spec)
	}
	if spec.S3 == nil && bucket == s.cfg.Own.Bucket {
		return nil, gristmill.Errorf(gristmill.Forbidden, "source %s: the bucket %s is the platform's own; name stored data as dataset:DIGEST", spec, bucket)
	}
	core, err := s.connect(ctx, spec)
	if err != nil {
		return nil, err
	}
	body, info, _, err := core.GetObject(ctx, bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, sourceError(ctx, spec, err)
	}
	if info.Size > s.cfg.MaxBytes {
		_ = body.Close() // nothing of it is wanted
		return nil, gristmill.Errorf(gristmill.Invalid, "source %s: larger than the limit of %d bytes", spec, s.cfg.MaxBytes)
	}
	return &sourceBody{ReadCloser: body, ctx: ctx, spec: spec, size: info.Size}, nil
}

// connect returns a client of the address's server.
func (s *Source) connect(ctx context.Context, spec dataset.SourceSpec) (minio.Core, error) {
	own := s.cfg.Own
	endpoint, region, lookup := own.Endpoint, own.Region, minio.BucketLookupPath
	creds := credentials.NewStaticV4(own.AccessKey, own.SecretKey, "")
	if spec.S3 != nil {
		access, err := s.secrets.Resolve(ctx, spec.S3.AccessKey)
		if err != nil {
			return minio.Core{}, err
		}
		secret, err := s.secrets.Resolve(ctx, spec.S3.SecretKey)
		if err != nil {
			return minio.Core{}, err
		}
		endpoint, region, lookup = spec.S3.Endpoint, spec.S3.Region, minio.BucketLookupAuto
		creds = credentials.NewStaticV4(access, secret, "") // empty ones sign nothing
	}
	host, secure := endpoint, false
	if u, err := url.Parse(endpoint); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		host, secure = u.Host, u.Scheme == "https"
	}
	transport, err := minio.DefaultTransport(secure)
	if err != nil {
		return minio.Core{}, fmt.Errorf("make S3 transport: %w", err)
	}
	transport.DisableKeepAlives = true // the client lives for one object
	if spec.S3 != nil {
		transport.Proxy, transport.DialContext = nil, s.reach.DialContext
	}
	core, err := minio.NewCore(host, &minio.Options{Creds: creds, Secure: secure, Region: cmp.Or(region, "us-east-1"),
		BucketLookup: lookup, MaxRetries: 2, Transport: transport})
	if err != nil {
		return minio.Core{}, gristmill.Hide(gristmill.Invalid, err, "source %s: the endpoint cannot be read; expected https://HOST or https://HOST:PORT", spec)
	}
	return *core, nil
}

// sourceError gives an S3 error a kind; the address is the caller's own.
func sourceError(ctx context.Context, spec dataset.SourceSpec, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var known *gristmill.Error
	if errors.As(err, &known) { // of Reach
		return gristmill.Errorf(known.Kind, "source %s: %s", spec, known.Public())
	}
	answer := minio.ToErrorResponse(err)
	switch {
	case answer.Code == minio.NoSuchBucket:
		return gristmill.Hide(gristmill.NotFound, err, "source %s: there is no such bucket", spec)
	case answer.StatusCode == http.StatusNotFound:
		return gristmill.Hide(gristmill.NotFound, err, "source %s: there is no such object", spec)
	case answer.StatusCode == http.StatusForbidden, answer.StatusCode == http.StatusUnauthorized:
		return gristmill.Hide(gristmill.Forbidden, err, "source %s: the server refuses the key (%s)", spec, answer.Code)
	case answer.StatusCode >= 400 && answer.StatusCode < 500 && answer.StatusCode != http.StatusTooManyRequests,
		answer.StatusCode >= 300 && answer.StatusCode < 400:
		return gristmill.Hide(gristmill.Invalid, err, "source %s: the server answers %d (%s)", spec, answer.StatusCode, answer.Code)
	default:
		return gristmill.Hide(gristmill.Unavailable, err, "source %s: the server does not answer", spec)
	}
}

// stall is how long an object may bring no byte.
const stall = time.Minute

// sourceBody reads an object to its announced end.
type sourceBody struct {
	io.ReadCloser
	ctx  context.Context
	spec dataset.SourceSpec
	size int64
	n    int64
}

// Read implements io.Reader.
func (b *sourceBody) Read(p []byte) (int, error) {
	alarm := time.AfterFunc(stall, func() { _ = b.ReadCloser.Close() }) // Read then says so
	n, err := b.ReadCloser.Read(p)
	alarm.Stop()
	b.n += int64(n)
	switch {
	case err == nil, errors.Is(err, io.EOF) && (b.size < 0 || b.n == b.size):
		return n, err
	case b.ctx.Err() != nil:
		return n, b.ctx.Err()
	default:
		return n, gristmill.Hide(gristmill.Unavailable, err, "source %s: the object broke off after %d of %d bytes", b.spec, b.n, b.size)
	}
}
