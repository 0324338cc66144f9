package dataset

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"

	"gristmill"
)

// meter counts and digests what is read through it and ends with the context.
type meter struct {
	ctx context.Context
	r   io.Reader
	sum hash.Hash
	n   int64
	err error // of r, but for its end
}

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.r.Read(p)
	m.n += int64(n)
	m.sum.Write(p[:n])
	if err != nil && err != io.EOF {
		m.err = err
	}
	return n, err
}

// closed are formats that hold tables but are not read, by their first bytes.
var closed = []struct{ magic, what string }{
	{"PK\x03\x04", "a ZIP archive or an Excel workbook"}, {"BZh", "compressed with bzip2"}, {"\xfd7zXZ", "compressed with xz"},
	{"\xd0\xcf\x11\xe0", "an old Excel workbook"}, {"ARROW1", "an Arrow file"}, {"ORC", "an ORC file"}, {"Obj\x01", "an Avro file"}, {"SQLite format 3", "an SQLite database"},
}

// plainReader returns the plain bytes of raw: decompressed if it begins with the
// magic bytes of gzip or zstd, else as it is.
func plainReader(raw *meter, l Limits) (*bufio.Reader, error) {
	b := bufio.NewReaderSize(raw, 64<<10)
	magic, err := b.Peek(16)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read dataset: %w", err)
	}
	for _, c := range closed {
		if bytes.HasPrefix(magic, []byte(c.magic)) && bytes.IndexByte(magic, '\n') < 0 && (len(c.magic) > 3 || bytes.ContainsFunc(magic, binary)) {
			return nil, gristmill.Errorf(gristmill.Invalid, "the file is %s, which is not read; expected CSV or Parquet, plain or compressed by gzip or zstd", c.what)
		}
	}
	u := &unzipper{raw: raw, limits: l}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		u.what = "gzip"
		if u.z, err = gzip.NewReader(b); err != nil {
			return nil, u.damaged(err)
		}
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		u.what = "zstd"
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(64<<20), zstd.WithDecoderMaxMemory(128<<20))
		if err != nil {
			return nil, u.damaged(err)
		}
		u.z, u.close = z, z.Close
	default:
		return b, nil
	}
	return bufio.NewReaderSize(u, 64<<10), nil
}

func binary(r rune) bool { return r < ' ' && r != '\t' && r != '\r' && r != '\n' }

// unzipper decompresses within limits, so that a small file cannot become one
// that fills the memory.
type unzipper struct {
	what   string
	z      io.Reader
	close  func() // at the end of z; nil for none
	raw    *meter
	out    int64
	limits Limits
	err    error
}

// defaultRatio is how much larger than its compressed form a table may be.
const defaultRatio = 200

// ratioFrom is how much plain text may come of any number of bytes.
const ratioFrom = 64 << 20

// Read implements io.Reader. After an error it stays with it.
func (u *unzipper) Read(p []byte) (int, error) {
	if u.err != nil {
		return 0, u.err
	}
	n, err := u.z.Read(p)
	u.out += int64(n)
	switch {
	case u.out > ratioFrom && u.out/u.limits.MaxRatio > u.raw.n:
		n, err = 0, gristmill.Errorf(gristmill.Invalid, "the %s data grow more than %d-fold, the limit", u.what, u.limits.MaxRatio)
	case u.out > u.limits.MaxBytes:
		n, err = 0, gristmill.Errorf(gristmill.Invalid, "the table is larger than the limit of %d bytes when decompressed", u.limits.MaxBytes)
	case err != nil && err != io.EOF:
		err = u.damaged(err)
	}
	if u.err = err; err != nil && u.close != nil {
		u.close()
	}
	return n, err
}

// damaged tells damaged data from a source that broke off.
func (u *unzipper) damaged(err error) error {
	if u.raw.ctx.Err() != nil {
		return u.raw.ctx.Err()
	}
	if u.raw.err != nil { // the source's own
		return u.raw.err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return gristmill.Hide(gristmill.Invalid, err, "the %s data end early: after %d bytes", u.what, u.raw.n)
	}
	return gristmill.Hide(gristmill.Invalid, err, "the %s data are damaged", u.what)
}
