package format

import (
	"encoding/binary"
	"math"
	"slices"
)

// thrift reads Thrift's compact protocol
// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md),
// the form of footers and page headers. Nothing is allocated by what a length
// claims. The first error sticks: every later call returns zero and every loop
// ends.
type thrift struct {
	b     []byte
	i     int
	depth int
	err   error
}

// The types of a field.
const (
	thriftStop   = 0
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

const thriftDepth = 32

func (t *thrift) fail() {
	if t.err == nil {
		t.err = Damaged("its metadata is cut short or scrambled")
	}
}

func (t *thrift) byte() byte {
	if t.err != nil || t.i >= len(t.b) {
		t.fail()
		return 0
	}
	t.i++
	return t.b[t.i-1]
}

func (t *thrift) uvarint() uint64 {
	if t.err != nil {
		return 0
	}
	v, n := binary.Uvarint(t.b[t.i:])
	if n <= 0 {
		t.fail()
		return 0
	}
	t.i += n
	return v
}

// int reads an i16, i32 or i64.
func (t *thrift) int() int64 {
	v := t.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// int32 reads an i32 that fits.
func (t *thrift) int32() int32 {
	v := t.int()
	if v < math.MinInt32 || v > math.MaxInt32 {
		t.fail()
		return 0
	}
	return int32(v)
}

// bytes reads a binary, a part of the input.
func (t *thrift) bytes() []byte {
	n := t.uvarint()
	if t.err != nil || n > uint64(len(t.b)-t.i) {
		t.fail()
		return nil
	}
	t.i += int(n)
	return t.b[t.i-int(n) : t.i]
}

// fields reads a struct: f gets every field and must read or skip its value.
func (t *thrift) fields(f func(id int, kind byte)) {
	if t.depth++; t.depth > thriftDepth {
		t.fail()
	}
	id := 0
	for t.err == nil {
		b := t.byte()
		if b == thriftStop {
			break
		}
		if step := int(b >> 4); step != 0 {
			id += step
		} else {
			id = int(t.int())
		}
		if t.err == nil {
			f(id, b&15)
		}
	}
	t.depth--
}

// list reads a list's head and calls f for each element, whose type f gets. An
// element takes at least a byte, so that a list cannot be longer than the rest.
func (t *thrift) list(f func(kind byte)) {
	b := t.byte()
	n := uint64(b >> 4)
	if n == 15 {
		n = t.uvarint()
	}
	if n > uint64(len(t.b)-t.i) {
		t.fail()
	}
	for ; n > 0 && t.err == nil; n-- {
		f(b & 15)
	}
}

// skip passes over a value; inList, where bools take a byte.
func (t *thrift) skip(kind byte, inList bool) {
	switch kind {
	case thriftTrue, thriftFalse:
		if inList {
			t.byte()
		}
	case thriftByte:
		t.byte()
	case thriftI16, thriftI32, thriftI64:
		t.uvarint()
	case thriftDouble:
		if t.i += 8; t.i > len(t.b) {
			t.i = len(t.b)
			t.fail()
		}
	case thriftBinary:
		t.bytes()
	case thriftList, thriftSet:
		if t.depth++; t.depth > thriftDepth {
			t.fail()
		}
		t.list(func(kind byte) { t.skip(kind, true) })
		t.depth--
	case thriftStruct:
		t.fields(func(_ int, kind byte) { t.skip(kind, false) })
	case thriftMap:
		n := t.uvarint()
		if n == 0 {
			return
		}
		kinds := t.byte()
		if t.depth++; t.depth > thriftDepth || n > uint64(len(t.b)-t.i) {
			t.fail()
		}
		for ; n > 0 && t.err == nil; n-- {
			t.skip(kinds>>4, true)
			t.skip(kinds&15, true)
		}
		t.depth--
	default:
		t.fail()
	}
}

// want reads on if a field has the type that it must have; a field of another
// type is an error.
func (t *thrift) want(kind byte, types ...byte) bool {
	if slices.Contains(types, kind) {
		return t.err == nil
	}
	t.fail()
	return false
}
