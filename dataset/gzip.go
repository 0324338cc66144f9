package dataset

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"

	"gristmill"
)

// meter counts and digests what is read through it and ends with the context.
type meter struct {
	ctx context.Context
	r   io.Reader
	sum hash.Hash
	n   int64
}

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.r.Read(p)
	m.n += int64(n)
	m.sum.Write(p[:n])
	return n, err
}

// plainReader returns the plain text of raw: decompressed if it begins with
// gzip's magic bytes, else as it is.
func plainReader(raw *meter, l Limits) (io.Reader, error) {
	b := bufio.NewReaderSize(raw, 64<<10)
	magic, err := b.Peek(2)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read dataset: %w", err)
	}
	if len(magic) < 2 || magic[0] != 0x1f || magic[1] != 0x8b {
		return b, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, gzipError(raw, err)
	}
	return &unzipper{z: z, raw: raw, limits: l}, nil
}

// unzipper decompresses within limits, so that a small file cannot become one
// that fills the memory.
type unzipper struct {
	z      *gzip.Reader
	raw    *meter
	out    int64
	limits Limits
}

// ratioFrom is how much plain text may come of any number of bytes.
const ratioFrom = 64 << 20

// Read implements io.Reader.
func (u *unzipper) Read(p []byte) (int, error) {
	n, err := u.z.Read(p)
	u.out += int64(n)
	if u.out > ratioFrom && u.out/u.limits.MaxRatio > u.raw.n {
		return 0, gristmill.Errorf(gristmill.Invalid, "the gzip data grow more than %d-fold, the limit", u.limits.MaxRatio)
	}
	if u.out > u.limits.MaxBytes {
		return 0, gristmill.Errorf(gristmill.Invalid, "the table is larger than the limit of %d bytes when decompressed", u.limits.MaxBytes)
	}
	if err != nil && err != io.EOF {
		return n, gzipError(u.raw, err)
	}
	return n, err
}

// gzipError tells damaged data from a source that broke off.
func gzipError(raw *meter, err error) error {
	switch {
	case raw.ctx.Err() != nil:
		return raw.ctx.Err()
	case errors.Is(err, io.ErrUnexpectedEOF):
		return gristmill.Hide(gristmill.Invalid, err, "the gzip data end early: after %d bytes", raw.n)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return gristmill.Hide(gristmill.Invalid, err, "the gzip data are damaged")
	}
	var corrupt flate.CorruptInputError
	if errors.As(err, &corrupt) {
		return gristmill.Hide(gristmill.Invalid, err, "the gzip data are damaged")
	}
	return err
}
