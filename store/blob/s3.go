package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"gristmill"
)

// S3Config says which bucket of which server, and with which key.
type S3Config struct {
	Endpoint  string // "127.0.0.1:9000" or "https://s3.example.com"; plain HTTP without a scheme
	AccessKey string
	SecretKey string
	Bucket    string // made if it is missing
	Region    string // "" means us-east-1
	Retries   int    // tries of one request; 0 means 4
}

// S3 is the driver over any S3 server, addressed by path.
type S3 struct {
	core     minio.Core
	bucket   string
	endpoint string
}

// NewS3 returns a store in the bucket, which is made if it is missing.
// Unavailable if the server does not answer.
func NewS3(ctx context.Context, cfg S3Config) (*Store, error) {
	d, err := OpenS3(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return New(d), nil
}

// OpenS3 returns the driver alone.
func OpenS3(ctx context.Context, cfg S3Config) (*S3, error) {
	host, secure := cfg.Endpoint, false
	if u, err := url.Parse(cfg.Endpoint); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		host, secure = u.Host, u.Scheme == "https"
	}
	if cfg.Bucket == "" {
		return nil, gristmill.Errorf(gristmill.Invalid, "S3: no bucket is named")
	}
	region, retries := cfg.Region, cfg.Retries
	if region == "" {
		region = "us-east-1"
	}
	if retries == 0 {
		retries = 4
	}
	transport, err := minio.DefaultTransport(secure)
	if err != nil {
		return nil, fmt.Errorf("make S3 transport: %w", err)
	}
	transport.DialContext = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	core, err := minio.NewCore(host, &minio.Options{
		Creds:        credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""),
		Secure:       secure,
		Region:       region,
		BucketLookup: minio.BucketLookupPath,
		MaxRetries:   retries,
		Transport:    leftovers{transport},
	})
	if err != nil {
		return nil, gristmill.Hide(gristmill.Invalid, err, "S3 endpoint %q cannot be read; expected HOST:PORT or https://HOST", cfg.Endpoint)
	}
	d := &S3{core: *core, bucket: cfg.Bucket, endpoint: host}
	return d, d.makeBucket(ctx, region)
}

func (d *S3) makeBucket(ctx context.Context, region string) error {
	ok, err := d.core.BucketExists(ctx, d.bucket)
	if err != nil {
		return d.mapError("look for bucket", d.bucket, err)
	}
	if ok {
		return nil
	}
	err = d.core.MakeBucket(ctx, d.bucket, minio.MakeBucketOptions{Region: region})
	switch minio.ToErrorResponse(err).Code {
	case minio.BucketAlreadyOwnedByYou, minio.BucketAlreadyExists: // another process was faster
		return nil
	}
	return d.mapError("make bucket", d.bucket, err)
}

// Write uploads the bytes; large ones in parts, which the server joins at the
// end.
func (d *S3) Write(ctx context.Context, key string, r io.ReadSeeker, size int64, mediaType string) error {
	_, err := d.core.Client.PutObject(ctx, d.bucket, key, r, size, minio.PutObjectOptions{ContentType: mediaType})
	return d.mapError("store", key, err)
}

// Read asks for a range of the object.
func (d *S3) Read(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	var opts minio.GetObjectOptions
	if offset > 0 || length >= 0 {
		end := int64(0) // SetRange takes it for the end
		if length >= 0 {
			end = offset + length - 1
		}
		if err := opts.SetRange(offset, end); err != nil {
			return nil, fmt.Errorf("read object %q: %w", key, err)
		}
	}
	body, _, _, err := d.core.GetObject(ctx, d.bucket, key, opts)
	if err == nil {
		return &s3Body{ReadCloser: body, d: d, key: key}, nil
	}
	if minio.ToErrorResponse(err).StatusCode == http.StatusRequestedRangeNotSatisfiable {
		info, statErr := d.Stat(ctx, key)
		if statErr != nil {
			return nil, statErr
		}
		if offset == 0 { // the object is empty, and so is any range from its beginning
			return http.NoBody, nil
		}
		return nil, pastEnd(key, offset, info.Size)
	}
	return nil, d.mapError("read", key, err)
}

// s3Body gives a connection that breaks while reading its kind.
type s3Body struct {
	io.ReadCloser
	d   *S3
	key string
}

func (b *s3Body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.d.mapError("read", b.key, err)
	}
	return n, err
}

// Stat asks for the object's headers.
func (d *S3) Stat(ctx context.Context, key string) (Info, error) {
	o, err := d.core.StatObject(ctx, d.bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return Info{}, d.mapError("stat", key, err)
	}
	return Info{Key: key, Size: o.Size, Type: o.ContentType, Modified: o.LastModified.UTC()}, nil
}

// Check asks for the bucket.
func (d *S3) Check(ctx context.Context) error {
	ok, err := d.core.BucketExists(ctx, d.bucket)
	if err == nil && !ok {
		return gristmill.Errorf(gristmill.Unavailable, "S3 at %s has no bucket %q", d.endpoint, d.bucket)
	}
	return d.mapError("look for bucket", d.bucket, err)
}

// mapError gives an S3 error a kind.
func (d *S3) mapError(verb, key string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	answer := minio.ToErrorResponse(err)
	var network net.Error
	var address *url.Error
	switch {
	case answer.Code == minio.NoSuchKey, answer.StatusCode == http.StatusNotFound && answer.Code != minio.NoSuchBucket:
		return gristmill.Hide(gristmill.NotFound, err, "there is no object %q", key)
	case answer.Code == minio.NoSuchBucket:
		return gristmill.Hide(gristmill.Unavailable, err, "S3 at %s has no bucket %q", d.endpoint, d.bucket)
	case answer.StatusCode == http.StatusForbidden, answer.StatusCode == http.StatusUnauthorized:
		return gristmill.Hide(gristmill.Unavailable, err, "S3 at %s refuses our key (%s)", d.endpoint, answer.Code)
	case errors.As(err, &network), errors.As(err, &address), errors.Is(err, io.ErrUnexpectedEOF),
		answer.StatusCode >= 500, answer.StatusCode == http.StatusTooManyRequests:
		return gristmill.Hide(gristmill.Unavailable, err, "S3 at %s does not answer", d.endpoint)
	case answer.Code == "InvalidObjectName", answer.Code == "XMinioInvalidObjectName", answer.Code == "KeyTooLongError":
		return gristmill.Hide(gristmill.Invalid, err, "S3 does not take the key %q", key)
	default:
		return fmt.Errorf("%s object %q in S3 at %s: %w", verb, key, d.endpoint, err)
	}
}
