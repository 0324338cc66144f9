package format

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The physical types of values.
const (
	Bool = iota
	Int32
	Int64
	Int96
	Float
	Double
	Bytes
	Fixed
)

// Element is a node of the schema, which is a tree written depth first.
type Element struct {
	Phys      int32 // -1: a group
	Length    int32 // of Fixed
	Repeat    int32 // 0 required, 1 optional, 2 repeated
	Name      string
	Children  int32
	Converted int32 // the older way to say what values mean; -1: not said
	Scale     int32
	Logical   Logical
}

// Logical is what values mean.
type Logical struct {
	Kind   int // number of the union's member; 0: not said
	Scale  int32
	Unit   int // 1 ms, 2 us, 3 ns
	Bits   int8
	Signed bool
}

// Chunk is a column's part of a row group.
type Chunk struct {
	Phys       int32
	Codec      int32
	Values     int64
	Size       int64 // compressed, in the file
	Data, Dict int64 // offsets of the first page and of the dictionary, 0: none
	Nulls      int64 // -1: not said
	Elsewhere  bool  // in another file
	Encrypted  bool
	Known      bool // has metadata
}

// Offset returns where the chunk begins: at its dictionary if it has one.
func (c *Chunk) Offset() int64 {
	if c.Dict > 0 && c.Dict < c.Data {
		return c.Dict
	}
	return c.Data
}

// Group is a row group.
type Group struct {
	Chunks []Chunk
	Rows   int64
}

// Meta is a file's footer.
type Meta struct {
	Elements  []Element
	Rows      int64
	Groups    []Group
	Encrypted bool
}

const (
	// Magic begins and ends every file.
	Magic = "PAR1"
	// TailLength is the bytes after the footer: its length and Magic.
	TailLength = 8
	maxFooter  = 64 << 20
)

// ReadMeta reads the footer of a file of size bytes. Errors are *Error where it is
// none, else the reader's own. Numbers are as they stand there, unchecked.
func ReadMeta(r io.ReaderAt, size int64) (*Meta, error) {
	if size == 0 {
		return nil, &Error{Msg: "the file is empty; expected a Parquet file"}
	}
	if size < int64(len(Magic))+TailLength {
		return nil, &Error{Msg: fmt.Sprintf("no Parquet file: it has %d bytes, fewer than the smallest", size)}
	}
	var head [4]byte
	var tail [TailLength]byte
	if err := ReadAt(r, head[:], 0); err != nil {
		return nil, err
	}
	if err := ReadAt(r, tail[:], size-TailLength); err != nil {
		return nil, err
	}
	switch {
	case string(head[:]) == "PARE" || string(tail[4:]) == "PARE":
		return nil, Encrypted()
	case string(head[:]) != Magic:
		return nil, &Error{Msg: fmt.Sprintf("no Parquet file: it begins with %q instead of %q", head[:], Magic)}
	case string(tail[4:]) != Magic:
		return nil, &Error{Msg: fmt.Sprintf("the file is cut short: it ends with %q instead of %q", tail[4:], Magic)}
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n > size-TailLength-int64(len(Magic)) {
		return nil, Damaged("its footer would have %d bytes, the file has %d", n, size)
	}
	if n > maxFooter {
		return nil, &Error{Msg: fmt.Sprintf("the footer has %d bytes; at most %d are read", n, maxFooter)}
	}
	footer := make([]byte, n)
	if err := ReadAt(r, footer, size-TailLength-n); err != nil {
		return nil, err
	}
	t := &thrift{b: footer}
	m := t.meta()
	if t.err != nil {
		return nil, t.err
	}
	if m.Encrypted {
		return nil, Encrypted()
	}
	return m, nil
}

// ReadAt fills b; a file that ends before is cut short.
func ReadAt(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	switch {
	case n == len(b):
		return nil
	case err == io.EOF || err == nil || err == io.ErrUnexpectedEOF:
		return &Error{Msg: fmt.Sprintf("the file is cut short at byte %d", off+int64(n))}
	default:
		return fmt.Errorf("read parquet: %w", err)
	}
}

func (t *thrift) meta() *Meta {
	m := &Meta{}
	t.fields(func(id int, kind byte) {
		switch id {
		case 2:
			if t.want(kind, thriftList) {
				t.list(func(kind byte) {
					if t.want(kind, thriftStruct) {
						m.Elements = append(m.Elements, t.element())
					}
				})
			}
		case 3:
			if t.want(kind, thriftI64) {
				m.Rows = t.int()
			}
		case 4:
			if t.want(kind, thriftList) {
				t.list(func(kind byte) {
					if t.want(kind, thriftStruct) {
						m.Groups = append(m.Groups, t.group())
					}
				})
			}
		case 8:
			m.Encrypted = true
			t.skip(kind, false)
		default:
			t.skip(kind, false)
		}
	})
	return m
}

func (t *thrift) element() Element {
	e := Element{Phys: -1, Converted: -1}
	t.fields(func(id int, kind byte) {
		to := map[int]*int32{1: &e.Phys, 2: &e.Length, 3: &e.Repeat, 5: &e.Children, 6: &e.Converted, 7: &e.Scale}[id]
		switch {
		case to != nil:
			if t.want(kind, thriftI32) {
				*to = t.int32()
			}
		case id == 4:
			if t.want(kind, thriftBinary) {
				e.Name = string(t.bytes())
			}
		case id == 10:
			if t.want(kind, thriftStruct) {
				t.logical(&e.Logical)
			}
		default:
			t.skip(kind, false)
		}
	})
	return e
}

// logical reads the union of what values mean: one member, whose fields differ
// by member but for their numbers.
func (t *thrift) logical(l *Logical) {
	t.fields(func(member int, kind byte) {
		if !t.want(kind, thriftStruct) {
			return
		}
		l.Kind = member
		t.fields(func(id int, kind byte) {
			switch {
			case member == LogicalDecimal && id == 1:
				if t.want(kind, thriftI32) {
					l.Scale = t.int32()
				}
			case (member == LogicalTime || member == LogicalTimestamp) && id == 2:
				if t.want(kind, thriftStruct) {
					t.fields(func(unit int, kind byte) { l.Unit = unit; t.skip(kind, false) })
				}
			case member == LogicalInteger && id == 1:
				if t.want(kind, thriftByte) {
					l.Bits = int8(t.byte())
				}
			case member == LogicalInteger && id == 2:
				l.Signed = kind == thriftTrue
			default:
				t.skip(kind, false)
			}
		})
	})
}

func (t *thrift) group() Group {
	var g Group
	t.fields(func(id int, kind byte) {
		switch id {
		case 1:
			if t.want(kind, thriftList) {
				t.list(func(kind byte) {
					if t.want(kind, thriftStruct) {
						g.Chunks = append(g.Chunks, t.chunk())
					}
				})
			}
		case 3:
			if t.want(kind, thriftI64) {
				g.Rows = t.int()
			}
		default:
			t.skip(kind, false)
		}
	})
	return g
}

func (t *thrift) chunk() Chunk {
	c := Chunk{Nulls: -1}
	t.fields(func(id int, kind byte) {
		switch id {
		case 1:
			c.Elsewhere = true
			t.skip(kind, false)
		case 3:
			if t.want(kind, thriftStruct) {
				c.Known = true
				t.chunkMeta(&c)
			}
		case 8, 9:
			c.Encrypted = true
			t.skip(kind, false)
		default:
			t.skip(kind, false)
		}
	})
	return c
}

func (t *thrift) chunkMeta(c *Chunk) {
	t.fields(func(id int, kind byte) {
		switch id {
		case 1, 4:
			if t.want(kind, thriftI32) {
				if v := t.int32(); id == 1 {
					c.Phys = v
				} else {
					c.Codec = v
				}
			}
		case 5, 7, 9, 11:
			if t.want(kind, thriftI64) {
				*map[int]*int64{5: &c.Values, 7: &c.Size, 9: &c.Data, 11: &c.Dict}[id] = t.int()
			}
		case 12:
			if t.want(kind, thriftStruct) {
				t.fields(func(id int, kind byte) {
					if id == 3 && t.want(kind, thriftI64) {
						c.Nulls = t.int()
						return
					}
					t.skip(kind, false)
				})
			}
		default:
			t.skip(kind, false)
		}
	})
}

// The kinds of page.
const (
	PageData       = 0
	PageIndex      = 1
	PageDictionary = 2
	PageDataV2     = 3
)

// PageHead is the header of a page.
type PageHead struct {
	Kind         int32
	Decoded      int32 // size uncompressed
	Size         int32 // in the file
	CRC          uint32
	HasCRC       bool
	Values       int32
	Encoding     int32
	Levels       int32 // encoding of the definition levels, of PageData
	Nulls        int32 // of PageDataV2
	DefLen       int32 // bytes of definition levels, of PageDataV2
	RepLen       int32
	Uncompressed bool // of PageDataV2: although the chunk has a codec
}

// ParsePageHead reads the header that b begins with and returns how long it is.
func ParsePageHead(b []byte) (PageHead, int, error) {
	t := &thrift{b: b}
	h := t.pageHead()
	return h, t.i, t.err
}

func (t *thrift) pageHead() PageHead {
	h := PageHead{Kind: -1, Values: -1}
	t.fields(func(id int, kind byte) {
		switch id {
		case 1, 2, 3, 4:
			if !t.want(kind, thriftI32) {
				return
			}
			switch v := t.int32(); id {
			case 1:
				h.Kind = v
			case 2:
				h.Decoded = v
			case 3:
				h.Size = v
			default:
				h.CRC, h.HasCRC = uint32(v), true
			}
		case 5, 7, 8:
			if t.want(kind, thriftStruct) {
				t.pageKind(&h, id)
			}
		default:
			t.skip(kind, false)
		}
	})
	return h
}

// pageKind reads what only one kind of page has: data, dictionary, data v2.
func (t *thrift) pageKind(h *PageHead, member int) {
	var to map[int]*int32
	switch member {
	case 5:
		to = map[int]*int32{1: &h.Values, 2: &h.Encoding, 3: &h.Levels}
	case 7:
		to = map[int]*int32{1: &h.Values, 2: &h.Encoding}
	default:
		to = map[int]*int32{1: &h.Values, 2: &h.Nulls, 4: &h.Encoding, 5: &h.DefLen, 6: &h.RepLen}
	}
	t.fields(func(id int, kind byte) {
		switch {
		case to[id] != nil:
			if t.want(kind, thriftI32) {
				*to[id] = t.int32()
			}
		case member == 8 && id == 7:
			h.Uncompressed = kind == thriftFalse
		default:
			t.skip(kind, false)
		}
	})
}
