package parquet

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"sync/atomic"

	"gristmill/ml/frame/parquet/format"
)

// budget is how many bytes a file may still decode to. It is shared by the
// columns.
type budget struct {
	left  atomic.Int64
	limit int64
	why   string // what the limit is
}

func newBudget(o Options, size int64) *budget {
	b := &budget{limit: o.MaxBytes, why: "the limit of a table"}
	if most := ratioSlack + size*int64(o.MaxRatio); most < b.limit && most > 0 {
		b.limit, b.why = most, fmt.Sprintf("%d times its own size; such a file is taken for a decompression bomb", o.MaxRatio)
	}
	b.left.Store(b.limit)
	return b
}

// take counts n bytes that are about to be decoded.
func (b *budget) take(n int64) error {
	if n < 0 || n > b.limit || b.left.Add(-n) < 0 {
		return b.spent()
	}
	return nil
}

func (b *budget) spent() error {
	return &Error{Msg: fmt.Sprintf("the file decodes to more than %d bytes, %s", b.limit, b.why), whole: true}
}

// chunkReader reads the pages of one column, chunk after chunk.
type chunkReader struct {
	decoder
	r    io.ReaderAt
	size int64 // of the file

	chunk    *format.Chunk
	off, end int64
	left     int64 // rows of the chunk that are still to come

	unpacker unpacker
	window   []byte
	body     []byte
	levels   []byte
}

// open turns to a chunk of rows rows.
func (c *chunkReader) open(k *format.Chunk, rows int64) error {
	c.chunk, c.left, c.dict = k, rows, nil
	c.off = k.Offset()
	c.end = c.off + k.Size
	if rows > 0 && (c.off < int64(len(format.Magic)) || k.Size <= 0 || k.Size > c.size || c.end > c.size-format.TailLength) {
		return damaged("its values would lie at bytes %d to %d of a file of %d", c.off, c.end, c.size)
	}
	return nil
}

// page appends the rows of the next page of values to v.
func (c *chunkReader) page(v *vector) error {
	for {
		h, err := c.head()
		if err != nil {
			return err
		}
		if h.Size < 0 || h.Decoded < 0 || int64(h.Size) > c.end-c.off {
			return damaged("a page would have %d bytes, its column has %d left", h.Size, c.end-c.off)
		}
		if int64(h.Decoded) > pageSlack && int64(h.Decoded)/int64(max(h.Size, 1)) > pageRatio || int64(h.Decoded) > c.budget.limit {
			return &Error{Msg: fmt.Sprintf("a page of %d bytes would decompress to %d; such a file is taken for a decompression bomb", h.Size, h.Decoded)}
		}
		c.body = slices.Grow(c.body[:0], int(h.Size))[:h.Size]
		if err := format.ReadAt(c.r, c.body, c.off); err != nil {
			return err
		}
		c.off += int64(h.Size)
		if h.HasCRC && crc32.ChecksumIEEE(c.body) != h.CRC {
			return damaged("the checksum of a page is wrong")
		}
		switch h.Kind {
		case format.PageDictionary:
			if err := c.dictionary(&h); err != nil {
				return err
			}
		case format.PageData, format.PageDataV2:
			return c.data(&h, v)
		case format.PageIndex: // nothing that is needed
		default:
			return damaged("a page is of kind %d, which the format does not have", h.Kind)
		}
	}
}

// head reads a page's header. Its length is not known before: what is tried
// first is enough but for long statistics.
func (c *chunkReader) head() (format.PageHead, error) {
	err := damaged("its pages have fewer values than there are rows")
	for try := int64(1 << 10); c.off < c.end; try <<= 4 {
		n := min(try, c.end-c.off)
		c.window = slices.Grow(c.window[:0], int(n))[:n]
		if err := format.ReadAt(c.r, c.window, c.off); err != nil {
			return format.PageHead{}, err
		}
		h, length, bad := format.ParsePageHead(c.window)
		if bad == nil {
			c.off += int64(length)
			return h, nil
		}
		if err = damaged("the header of a page is cut short or scrambled"); n < try || try > 1<<22 {
			break
		}
	}
	return format.PageHead{}, err
}

// dictionary reads the chunk's distinct values.
func (c *chunkReader) dictionary(h *format.PageHead) error {
	if c.dict != nil {
		return damaged("it has two dictionaries")
	}
	if h.Values < 0 || h.Encoding != encPlain && h.Encoding != encPlainDict {
		return damaged("its dictionary has %d values in encoding %d", h.Values, h.Encoding)
	}
	data, err := c.unpacker.unpack(c.chunk.Codec, c.body, int(h.Decoded))
	if err != nil {
		return err
	}
	if int64(h.Values) > int64(len(data))*8 { // bools are the smallest
		return damaged("its dictionary would have %d values in %d bytes", h.Values, len(data))
	}
	dict := &vector{kind: c.kind()}
	if err := c.budget.take(int64(h.Values) * width(dict.kind)); err != nil {
		return err
	}
	dict.reserve(int(h.Values))
	if err := c.values(dict, encPlain, data, int(h.Values)); err != nil {
		return err
	}
	dict.n = int(h.Values)
	c.dict = dict
	return nil
}

// data reads a page of values.
func (c *chunkReader) data(h *format.PageHead, v *vector) error {
	n := int(h.Values)
	if n < 0 || int64(n) > c.left {
		return damaged("a page has %d values, its row group %d more rows", n, c.left)
	}
	if err := c.budget.take(int64(n) * width(v.kind)); err != nil {
		return err
	}
	var data, defs []byte
	var err error
	if h.Kind == format.PageData {
		data, err = c.unpacker.unpack(c.chunk.Codec, c.body, int(h.Decoded))
		if err == nil && c.optional {
			defs, data, err = levelsV1(h, data)
		}
	} else {
		data, defs, err = c.levelsV2(h)
	}
	if err != nil {
		return err
	}
	levels, present, err := c.presence(defs, n)
	if err != nil {
		return err
	}
	v.reserve(n)
	if err := c.values(v, h.Encoding, data, present); err != nil {
		return err
	}
	v.finish(n, levels)
	c.left -= int64(n)
	return nil
}

func levelsV1(h *format.PageHead, data []byte) (defs, rest []byte, err error) {
	if h.Levels != encRLE {
		return nil, nil, &Error{Msg: "it says which rows have a value in an old encoding that is not read; write the file anew"}
	}
	if len(data) < 4 || uint64(binary.LittleEndian.Uint32(data)) > uint64(len(data)-4) {
		return nil, nil, damaged("a page is too short for its rows")
	}
	n := 4 + int(binary.LittleEndian.Uint32(data))
	return data[4:n], data[n:], nil
}

func (c *chunkReader) levelsV2(h *format.PageHead) (data, defs []byte, err error) {
	levels := int64(h.RepLen) + int64(h.DefLen)
	if h.RepLen < 0 || h.DefLen < 0 || levels > int64(len(c.body)) || levels > int64(h.Decoded) {
		return nil, nil, damaged("a page is too short for its rows")
	}
	codec := c.chunk.Codec
	if h.Uncompressed {
		codec = codecNone
	}
	data, err = c.unpacker.unpack(codec, c.body[levels:], int(int64(h.Decoded)-levels))
	return data, c.body[h.RepLen:levels], err
}

// presence returns how many of n rows have a value, and which: nil if all.
func (c *chunkReader) presence(defs []byte, n int) (levels []byte, present int, err error) {
	if !c.optional || n == 0 {
		return nil, n, nil
	}
	h := hybrid{b: defs, width: 1}
	if v, ok := h.same(n); ok && v == 1 {
		return nil, n, nil
	} else if ok {
		h.run += n
	}
	c.levels = slices.Grow(c.levels[:0], n)
	for left := n; left > 0; {
		block := c.block[:min(left, len(c.block))]
		if !h.next(block) {
			return nil, 0, damaged("a page is too short for its rows")
		}
		for _, l := range block {
			l &= 1
			c.levels = append(c.levels, byte(l))
			present += int(l)
		}
		left -= len(block)
	}
	if present == n {
		return nil, n, nil
	}
	return c.levels, present, nil
}
