package parquet

import "encoding/binary"

// hybrid reads the format's mixture of runs of one value and of bit-packed
// values, in which levels, dictionary indices and bools are written
// (https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE). It
// gives values block by block, so that a run that claims to be endless costs
// nothing.
type hybrid struct {
	b     []byte
	width int // bits a value, 0 to 32

	run   int    // values left of a run of one value
	value uint32 // of that run

	packed []byte // bit-packed values
	pos    int    // of the next one
	left   int    // how many are left
}

// next fills dst and reports whether there were as many values.
func (h *hybrid) next(dst []uint32) bool {
	for len(dst) > 0 {
		switch {
		case h.run > 0:
			n := min(h.run, len(dst))
			for i := range dst[:n] {
				dst[i] = h.value
			}
			h.run -= n
			dst = dst[n:]
		case h.left > 0:
			n := min(h.left, len(dst))
			unpackBits(dst[:n], h.packed, h.pos, h.width)
			h.pos += n
			h.left -= n
			dst = dst[n:]
		default:
			if !h.head() {
				return false
			}
		}
	}
	return true
}

// same reports whether the next n values are one run, and takes it.
func (h *hybrid) same(n int) (value uint32, ok bool) {
	for h.run == 0 && h.left == 0 {
		if !h.head() {
			return 0, false
		}
	}
	if h.run < n {
		return 0, false
	}
	h.run -= n
	return h.value, true
}

// head reads the head of the next run.
func (h *hybrid) head() bool {
	head, n := binary.Uvarint(h.b)
	if n <= 0 || head > 1<<33 {
		return false
	}
	h.b = h.b[n:]
	if head&1 == 0 {
		size := (h.width + 7) / 8
		if len(h.b) < size {
			return false
		}
		h.run, h.value = int(head>>1), 0
		for i := range size {
			h.value |= uint32(h.b[i]) << (8 * i)
		}
		h.b = h.b[size:]
		return true
	}
	groups := int(head >> 1) // of 8 values
	size := groups * h.width
	if size > len(h.b) { // writers may cut the padding of the last one
		size = len(h.b)
		if h.width == 0 {
			return false
		}
	}
	h.packed, h.pos, h.left = h.b[:size], 0, groups*8
	if h.width > 0 {
		h.left = min(h.left, size*8/h.width)
	}
	h.b = h.b[size:]
	return h.left > 0 || groups == 0
}

// unpackBits reads values of width bits, least significant bit first, from the
// one at pos on. All of them are within b.
func unpackBits(dst []uint32, b []byte, pos, width int) {
	mask := uint64(1)<<width - 1
	bit := pos * width
	i := 0
	for ; i < len(dst) && bit>>3+8 <= len(b); i++ {
		dst[i] = uint32(binary.LittleEndian.Uint64(b[bit>>3:]) >> (bit & 7) & mask)
		bit += width
	}
	for ; i < len(dst); i++ {
		var v uint64
		for k, at := 0, bit>>3; k < 8 && at+k < len(b); k++ {
			v |= uint64(b[at+k]) << (8 * k)
		}
		dst[i] = uint32(v >> (bit & 7) & mask)
		bit += width
	}
}

// deltas decodes DELTA_BINARY_PACKED: whole numbers as differences of the one
// before, in blocks of bit-packed ones. It returns n values, appended to dst,
// and what follows them.
func deltas(dst []int64, b []byte, n int) ([]int64, []byte, error) {
	fail := func() ([]int64, []byte, error) {
		return nil, nil, damaged("a page of differences is cut short or scrambled")
	}
	var head [3]uint64
	for i := range head {
		v, k := binary.Uvarint(b)
		if k <= 0 {
			return fail()
		}
		head[i], b = v, b[k:]
	}
	block, parts, total := head[0], head[1], head[2]
	first, k := binary.Varint(b)
	if k <= 0 || block == 0 || block > 1<<20 || parts == 0 || parts > block || block%parts != 0 || block/parts%8 != 0 || total != uint64(n) {
		return fail()
	}
	b = b[k:]
	if n == 0 {
		return dst, b, nil
	}
	dst = append(dst, first)
	last, left := first, n-1
	for left > 0 {
		least, k := binary.Varint(b)
		if k <= 0 || len(b)-k < int(parts) {
			return fail()
		}
		widths := b[k : k+int(parts)]
		b = b[k+int(parts):]
		for _, w := range widths {
			if left == 0 {
				break // parts without values have no bytes
			}
			size := int(block/parts) / 8 * int(w)
			if w > 64 || size > len(b) {
				return fail()
			}
			for i := range min(left, int(block/parts)) {
				last += least + int64(bitsAt(b[:size], i*int(w), int(w)))
				dst = append(dst, last)
			}
			left -= min(left, int(block/parts))
			b = b[size:]
		}
	}
	return dst, b, nil
}

// bitsAt reads width bits, up to 64, from bit on.
func bitsAt(b []byte, bit, width int) uint64 {
	if width == 0 {
		return 0
	}
	var lo, hi uint64
	at := bit >> 3
	if at+8 <= len(b) {
		lo = binary.LittleEndian.Uint64(b[at:])
	} else {
		for k := 0; at+k < len(b); k++ {
			lo |= uint64(b[at+k]) << (8 * k)
		}
	}
	if at+8 < len(b) {
		hi = uint64(b[at+8])
	}
	shift := bit & 7
	v := lo >> shift
	if shift > 0 {
		v |= hi << (64 - shift)
	}
	return v & (^uint64(0) >> (64 - width))
}
