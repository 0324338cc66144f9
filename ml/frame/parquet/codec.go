package parquet

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// The codecs of a chunk.
const (
	codecNone   = 0
	codecSnappy = 1
	codecGzip   = 2
	codecLZO    = 3
	codecBrotli = 4
	codecLZ4Old = 5
	codecZstd   = 6
	codecLZ4    = 7
)

// unpacker decompresses pages, never to more bytes than their header says. It
// is for one goroutine.
type unpacker struct {
	zstd *zstd.Decoder // decodes in the caller's goroutine and so needs no Close
	buf  []byte
}

// unpack returns size bytes, valid until the next call.
func (u *unpacker) unpack(codec int32, src []byte, size int) ([]byte, error) {
	if codec == codecNone {
		if len(src) != size {
			return nil, damaged("a page has %d bytes, its header says %d", len(src), size)
		}
		return src, nil
	}
	if size == 0 {
		return nil, nil // some writers leave out the codec's own frame
	}
	if cap(u.buf) < size {
		u.buf = make([]byte, size)
	}
	out, err := u.decode(codec, u.buf[:size], src)
	if err != nil {
		return nil, err
	}
	if len(out) != size {
		return nil, damaged("a page decompresses to %d bytes, its header says %d", len(out), size)
	}
	return out, nil
}

func (u *unpacker) decode(codec int32, dst, src []byte) (out []byte, err error) {
	switch codec {
	case codecSnappy:
		n, err := snappy.DecodedLen(src)
		if err != nil {
			return nil, broken(err)
		}
		if n != len(dst) {
			return nil, damaged("a page decompresses to %d bytes, its header says %d", n, len(dst))
		}
		if out, err = snappy.Decode(dst, src); err != nil {
			return nil, broken(err)
		}
		return out, nil
	case codecGzip:
		r, err := gzip.NewReader(bytes.NewReader(src))
		if err != nil {
			return nil, broken(err)
		}
		return fill(r, dst)
	case codecBrotli:
		return fill(brotli.NewReader(bytes.NewReader(src)), dst)
	case codecZstd:
		if u.zstd == nil {
			u.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true))
			if err != nil {
				return nil, fmt.Errorf("make zstd decoder: %w", err)
			}
		}
		if out, err = u.zstd.DecodeAll(src, dst[:0:len(dst)]); err != nil {
			return nil, broken(err)
		}
		return out, nil
	case codecLZ4:
		n, err := lz4.UncompressBlock(src, dst)
		if err != nil {
			return nil, broken(err)
		}
		return dst[:n], nil
	case codecLZO, codecLZ4Old:
		return nil, &Error{Msg: "its compression (LZO, or LZ4 of the old form) is not read; write the file with zstd or snappy"}
	default:
		return nil, damaged("its compression %d is none of the format's", codec)
	}
}

// fill reads exactly len(dst) bytes, after which r must end.
func fill(r io.Reader, dst []byte) ([]byte, error) {
	n, err := io.ReadFull(r, dst)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return nil, broken(err)
	}
	if err == nil {
		var more [1]byte
		if m, err := r.Read(more[:]); m > 0 {
			return nil, damaged("a page decompresses to more than the %d bytes that its header says", len(dst))
		} else if err != nil && err != io.EOF {
			return nil, broken(err)
		}
	}
	return dst[:n], nil
}

func broken(err error) error {
	return &Error{Msg: "the file is damaged: a page cannot be decompressed", Err: err}
}
