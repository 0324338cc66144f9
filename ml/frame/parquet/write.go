package parquet

import (
	"fmt"
	"io"
	"reflect"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"gristmill/ml/frame"
)

// Compression is how the pages of a written file are compressed.
type Compression string

// The compressions of Write.
const (
	Zstd         Compression = "zstd"
	Snappy       Compression = "snappy"
	Uncompressed Compression = "none"
)

// WriteOptions say how to write a file.
type WriteOptions struct {
	Compression Compression // "": Zstd
	// GroupRows is the number of rows of a row group, the part of a file that
	// other programs read at a time; 0 means 131,072.
	GroupRows int
}

// Write writes a table. Columns that are nullable or have a null are optional,
// texts are written with a dictionary while it is small, timestamps as
// microseconds in UTC. Equal tables give equal bytes. A text that is not UTF-8
// and a column that has no name are errors.
func Write(w io.Writer, f *frame.Frame, o WriteOptions) error {
	var codec compress.Codec
	switch o.Compression {
	case Zstd, "":
		codec = &parquet.Zstd
	case Snappy:
		codec = &parquet.Snappy
	case Uncompressed:
		codec = &parquet.Uncompressed
	default:
		return fmt.Errorf("write parquet: compression %q; expected zstd, snappy or none", o.Compression)
	}
	if o.GroupRows <= 0 {
		o.GroupRows = 1 << 17
	}
	if f.Cols() == 0 {
		return fmt.Errorf("write parquet: the table has no columns")
	}
	if err := guarded(func() error { return write(w, f, codec, o.GroupRows) }); err != nil {
		return fmt.Errorf("write parquet: %w", err)
	}
	return nil
}

func write(w io.Writer, f *frame.Frame, codec compress.Codec, groupRows int) error {
	root := ordered{Group: parquet.Group{}}
	for j := range f.Cols() {
		c := f.At(j)
		if c.Field.Name == "" {
			return fmt.Errorf("column %d has no name", j+1)
		}
		n := node(c)
		root.Group[c.Field.Name] = n
		root.fields = append(root.fields, field{Node: n, name: c.Field.Name})
	}
	out := parquet.NewWriter(w, parquet.NewSchema("table", root), parquet.Compression(codec),
		parquet.CreatedBy("gristmill", "1", ""), parquet.DictionaryMaxBytes(1<<20))
	for from := 0; from < f.Rows(); from += groupRows {
		to := min(from+groupRows, f.Rows())
		for j, cw := range out.ColumnWriters() {
			if err := writeColumn(cw, f.At(j), j, from, to); err != nil {
				return err
			}
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return out.Close()
}

// ordered is a schema whose columns keep their order; a plain parquet.Group
// sorts them by name.
type ordered struct {
	parquet.Group
	fields []parquet.Field
}

// Fields returns the columns.
func (o ordered) Fields() []parquet.Field { return o.fields }

// field is a column of ordered.
type field struct {
	parquet.Node
	name string
}

// Name returns the column's name.
func (f field) Name() string { return f.name }

// Value is for rows that are Go values, which are not written.
func (f field) Value(reflect.Value) reflect.Value { return reflect.Value{} }

func optional(c *frame.Column) bool { return c.Field.Nullable || c.Nulls() > 0 }

func node(c *frame.Column) parquet.Node {
	var n parquet.Node
	switch c.Field.Type {
	case frame.Float64:
		n = parquet.Leaf(parquet.DoubleType)
	case frame.Int64:
		n = parquet.Leaf(parquet.Int64Type)
	case frame.Bool:
		n = parquet.Leaf(parquet.BooleanType)
	case frame.Timestamp:
		n = parquet.Timestamp(parquet.Microsecond)
	default:
		n = parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
	}
	if optional(c) {
		n = parquet.Optional(n)
	}
	return n
}

// writeColumn writes rows [from, to) of a column.
func writeColumn(w *parquet.ColumnWriter, c *frame.Column, index, from, to int) error {
	const block = 1024
	values := make([]parquet.Value, 0, block)
	level := 0
	if optional(c) {
		level = 1
	}
	for i := from; i < to; i++ {
		switch {
		case c.IsNull(i):
			values = append(values, parquet.NullValue().Level(0, 0, index))
		case c.Field.Type == frame.Float64:
			values = append(values, parquet.DoubleValue(c.Floats[i]).Level(0, level, index))
		case c.Field.Type == frame.Int64 || c.Field.Type == frame.Timestamp:
			values = append(values, parquet.Int64Value(c.Ints[i]).Level(0, level, index))
		case c.Field.Type == frame.Bool:
			values = append(values, parquet.BooleanValue(c.Bools[i]).Level(0, level, index))
		default:
			if !utf8.ValidString(c.Texts[i]) {
				return fmt.Errorf("column %q is not UTF-8 in row %d", c.Field.Name, i+1)
			}
			values = append(values, parquet.ByteArrayValue([]byte(c.Texts[i])).Level(0, level, index))
		}
		if len(values) == block || i == to-1 {
			if _, err := w.WriteRowValues(values); err != nil {
				return fmt.Errorf("column %q: %w", c.Field.Name, err)
			}
			values = values[:0]
		}
	}
	return nil
}
