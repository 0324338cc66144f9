package parquet_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/compress/zstd"

	"gristmill/ml/frame"
	"gristmill/ml/frame/parquet"
)

// Files that are no table, with the sentence that says so.
func TestFilesThatAreNoTableAreNamed(t *testing.T) {
	t.Parallel()
	good := file(t, "types.parquet")
	n := len(good)
	patched := func(at int, b ...byte) []byte {
		out := slices.Clone(good)
		copy(out[at:], b)
		return out
	}
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"empty", nil, "the file is empty; expected a Parquet file"},
		{"tiny", []byte("PAR1"), "no Parquet file: it has 4 bytes, fewer than the smallest"},
		{"csv", []byte("a,b\n1,2\n3,4\n"), `no Parquet file: it begins with "a,b\n" instead of "PAR1"`},
		{"cut in half", good[:n/2], "the file is cut short: it ends with "},
		{"one byte short", good[:n-1], "the file is cut short: it ends with "},
		{"encrypted footer", patched(0, 'P', 'A', 'R', 'E'), "the file is encrypted; write it without encryption"},
		{"a footer beyond the file", patched(n-8, 0xff, 0xff, 0xff, 0x7f), "the file is damaged: its footer would have 2147483647 bytes"},
		{"a scrambled footer", patched(n-8-int(binary.LittleEndian.Uint32(good[n-8:])), 0xff, 0xff, 0xff), "the file is damaged: its metadata is cut short or scrambled"},
		{"an empty footer", append(append([]byte("PAR1"), 0), "\x01\x00\x00\x00PAR1"...), "the file is damaged: it has no schema"},
		{"no columns", file(t, "bad/no_columns.parquet"), "the file has no columns"},
		{"two columns of one name", file(t, "bad/twins.parquet"), `column "x": two columns have this name`},
		{"a list", file(t, "bad/list.parquet"), `column "list": it is nested (a list, a map or a struct), which no column of a table is; leave it out (data.drop) or write it as plain columns`},
		{"a struct", file(t, "bad/struct.parquet"), `column "struct": it is nested`},
		{"a map", file(t, "bad/map.parquet"), `column "map": it is nested`},
		{"bytes", file(t, "bad/binary.parquet"), `column "binary", row group 1: it has bytes that are no text in UTF-8 (0xfffe); leave it out (data.drop) or write it as plain columns`},
		{"fixed bytes", file(t, "bad/fixed_binary.parquet"), `column "fixed_binary", row group 1: it has bytes that are no text in UTF-8 (0xfffe)`},
		{"a number beyond int64", file(t, "bad/uint64_beyond.parquet"), `column "uint64_beyond", row group 1: 18446744073709551615 is beyond int64, the largest whole number of a table; write the column as double`},
		{"a date beyond all years", file(t, "bad/far_date.parquet"), `column "far_date", row group 1: it has a time beyond the years 1 to 9999`},
	} {
		_, err := read(c.b, parquet.Options{})
		var e *parquet.Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
		if r, err := parquet.NewReader(bytes.NewReader(c.b), int64(len(c.b)), parquet.Options{}); err == nil {
			if _, err = r.Next(); err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%s, in parts: error %v", c.name, err)
			}
			if _, again := r.Next(); again != err {
				t.Errorf("%s: the error does not stick: %v", c.name, again)
			}
		}
	}
}

func TestWhatCannotBeReadMayBeLeftOut(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"list", "struct", "map", "binary", "uint64_beyond"} {
		b := file(t, "bad/"+name+".parquet")
		for _, o := range []parquet.Options{{Skip: []string{name}}, {Columns: []string{"id"}},
			{Schema: &frame.Schema{Fields: []frame.Field{{Name: "id", Type: frame.Int64}}}, Loose: true},
			{Schema: &frame.Schema{Fields: []frame.Field{{Name: "id", Type: frame.Int64}}}, Skip: []string{name}}} {
			f, err := read(b, o)
			if err != nil || f.Cols() != 1 || f.At(0).Field.Name != "id" {
				t.Errorf("%s, %+v: %v", name, o, err)
			}
		}
	}
}

func TestColumnsComeInTheOrderAskedFor(t *testing.T) {
	t.Parallel()
	b := file(t, "types.parquet")
	f, err := read(b, parquet.Options{Columns: []string{"string", "bool", "int64"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Schema().Names(); !slices.Equal(got, []string{"string", "bool", "int64"}) {
		t.Errorf("columns %q", got)
	}
	for want, o := range map[string]parquet.Options{
		`the file has no column "x", "y"`:             {Columns: []string{"x", "bool", "y"}},
		`column "bool": it is asked for twice`:        {Columns: []string{"bool", "bool"}},
		"no column of the file is left to read":       {Columns: []string{}},
		"the file has 38 columns; at most 3 are read": {MaxColumns: 3},
	} {
		if _, err := read(b, o); err == nil || err.Error() != want {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// A pinned schema is held against the file as frame.Check does it.
func TestAPinnedSchemaIsCheckedLikeAnyTable(t *testing.T) {
	t.Parallel()
	f := sample(t, 50)
	var buf bytes.Buffer
	if err := parquet.Write(&buf, f, parquet.WriteOptions{GroupRows: 13}); err != nil {
		t.Fatal(err)
	}
	low := 0.0
	strict := frame.Schema{Fields: []frame.Field{
		{Name: "id", Type: frame.Int64, Min: &low}, {Name: "zone", Type: frame.String, Values: []string{"north"}}, {Name: "gone", Type: frame.Bool},
		{Name: "price", Type: frame.Float64}, {Name: "at", Type: frame.String}, {Name: "ok", Type: frame.Bool, Nullable: true}, {Name: "none", Type: frame.Timestamp, Nullable: true}}}
	whole, err := read(buf.Bytes(), parquet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	first, total := frame.Check(whole, strict)
	_, err = read(buf.Bytes(), parquet.Options{Schema: &strict})
	var e *frame.SchemaError
	if !errors.As(err, &e) || e.Total != total || len(e.Violations) != len(first) {
		t.Fatalf("%d violations, want %d: %v", e.Total, total, err)
	}
	for _, v := range first {
		if !slices.Contains(e.Violations, v) {
			t.Errorf("lacks %s", v)
		}
	}
	wide := frame.Schema{Fields: []frame.Field{{Name: "id", Type: frame.Float64}, {Name: "none", Type: frame.Timestamp, Nullable: true}, {Name: "ok", Type: frame.Bool, Nullable: true}}}
	got, err := read(buf.Bytes(), parquet.Options{Schema: &wide, Loose: true})
	if err != nil {
		t.Fatal(err)
	}
	if got.At(0).Field.Type != frame.Float64 || got.At(0).Floats[7] != float64(f.Column("id").Ints[7]) || got.At(1).Nulls() != 50 || len(got.At(1).Ints) != 50 {
		t.Errorf("the columns are not the schema's: %+v", got.At(0).Field)
	}
	// In parts, the row is the file's.
	zones := frame.Schema{Fields: []frame.Field{{Name: "id", Type: frame.Int64}, {Name: "price", Type: frame.Float64, Nullable: true}, {Name: "zone", Type: frame.String, Values: []string{"north", "south", "ö", ""}}}}
	f.Column("zone").Texts[40] = "nowhere"
	buf.Reset()
	if err := parquet.Write(&buf, f, parquet.WriteOptions{GroupRows: 13}); err != nil {
		t.Fatal(err)
	}
	r, err := parquet.NewReader(bytes.NewReader(buf.Bytes()), int64(buf.Len()), parquet.Options{Schema: &zones, Loose: true, BatchRows: 5})
	for err == nil {
		_, err = r.Next()
	}
	if want := `row 41, column "zone": "nowhere"; expected one of "north", "south", "ö", ""`; err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// Every byte of small files, changed: an error or a table, never a panic, and
// never much memory.
func TestNoChangedByteDoesHarm(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"split_ints.parquet", "bad/map.parquet", "bad/binary.parquet"} {
		good := file(t, name)
		for i := range good {
			for _, x := range []byte{0, 1, 0x7f, 0x80, 0xff, good[i] + 1, good[i] ^ 0x10} {
				b := slices.Clone(good)
				b[i] = x
				try(t, b)
			}
			try(t, good[:i])
		}
	}
}

// try reads a file whole and in parts; both agree on whether it is one.
func try(t *testing.T, b []byte) {
	t.Helper()
	o := parquet.Options{MaxBytes: 64 << 20, Workers: 1}
	whole, err := read(b, o)
	if err != nil && strings.Contains(err.Error(), "panic") {
		t.Errorf("panic: %v", err)
	}
	r, perr := parquet.NewReader(bytes.NewReader(b), int64(len(b)), o)
	rows := 0
	for perr == nil {
		var f *frame.Frame
		if f, perr = r.Next(); perr == nil {
			rows += f.Rows()
		}
		if rows > 64<<20 {
			t.Fatalf("a file of %d bytes has more than %d rows", len(b), rows)
		}
	}
	var cause *parquet.Error
	if errors.As(err, &cause) && cause.Err != nil && strings.HasPrefix(cause.Err.Error(), "panic") {
		t.Fatalf("decoding panics: %v", cause.Err)
	}
	if (err == nil) != errors.Is(perr, io.EOF) {
		t.Fatalf("whole: %v, in parts: %v", err, perr)
	}
	if err == nil && whole.Rows() != rows {
		t.Fatalf("%d rows whole, %d in parts", whole.Rows(), rows)
	}
}

// thrift writes what the tests' own files need of the compact protocol.
type thrift struct{ bytes.Buffer }

func (w *thrift) uvarint(v uint64) { w.Write(binary.AppendUvarint(nil, v)) }
func (w *thrift) int(step, kind byte, v int64) {
	w.WriteByte(step<<4 | kind)
	w.Write(binary.AppendVarint(nil, v))
}
func (w *thrift) text(step byte, s string) {
	w.WriteByte(step<<4 | 8)
	w.uvarint(uint64(len(s)))
	w.WriteString(s)
}

// forged makes a file of one column "x" of int64 with a page of this header and
// body, whose footer claims rows and codec.
func forged(rows int64, codec int64, pages ...[]byte) []byte {
	var f thrift
	f.WriteString("PAR1")
	for _, p := range pages {
		f.Write(p)
	}
	size := int64(f.Len() - 4)
	at := f.Len()
	f.int(1, 5, 1)
	f.WriteByte(1<<4 | 9)
	f.WriteByte(2<<4 | 12)
	f.text(4, "root")
	f.int(1, 5, 1)
	f.WriteByte(0)
	f.int(1, 5, 2)
	f.int(2, 5, 0)
	f.text(1, "x")
	f.WriteByte(0)
	f.int(1, 6, rows)
	f.WriteByte(1<<4 | 9)
	f.WriteByte(1<<4 | 12)
	f.WriteByte(1<<4 | 9) // columns
	f.WriteByte(1<<4 | 12)
	f.int(2, 6, 4)
	f.WriteByte(1<<4 | 12)
	f.int(1, 5, 2)
	f.int(3, 5, codec)
	f.int(1, 6, rows)
	f.int(1, 6, size)
	f.int(1, 6, size)
	f.int(2, 6, 4)
	f.WriteByte(0)
	f.WriteByte(0)
	f.int(1, 6, size)
	f.int(1, 6, rows)
	f.WriteByte(0)
	f.WriteByte(0)
	length := f.Len() - at
	f.Write(binary.LittleEndian.AppendUint32(nil, uint32(length)))
	f.WriteString("PAR1")
	return f.Bytes()
}

// page makes a data page of plain values.
func page(values, decoded int64, body []byte, crc uint32) []byte {
	var p thrift
	p.int(1, 5, 0)
	p.int(1, 5, decoded)
	p.int(1, 5, int64(len(body)))
	if crc != 0 {
		p.int(1, 5, int64(int32(crc)))
		p.WriteByte(1<<4 | 12)
	} else {
		p.WriteByte(2<<4 | 12)
	}
	p.int(1, 5, values)
	p.int(1, 5, 0)
	p.int(1, 5, 3)
	p.int(1, 5, 3)
	p.WriteByte(0)
	p.WriteByte(0)
	return append(p.Bytes(), body...)
}

func TestLiesAndBombsAreRefusedInLittleMemory(t *testing.T) {
	eight := make([]byte, 8)
	if f, err := read(forged(1, 0, page(1, 8, eight, crc32.ChecksumIEEE(eight))), parquet.Options{}); err != nil || f.Rows() != 1 {
		t.Fatalf("an honest forged file: %v", err)
	}
	zeros, err := new(zstd.Codec).Encode(nil, make([]byte, 128<<20))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"a trillion rows", forged(1e12, 0, page(1, 8, eight, 0)), "the file claims 1000000000000 rows of 1 columns, more than 268"},
		{"more rows than values", forged(2, 0, page(1, 8, eight, 0)), `column "x", row group 1: the file is damaged: its pages have fewer values than there are rows`},
		{"more values than rows", forged(1, 0, page(2, 8, eight, 0)), `column "x", row group 1: the file is damaged: a page has 2 values, its row group 1 more rows`},
		{"values without bytes", forged(1e6, 0, page(1e6, 8, eight, 0)), `column "x", row group 1: the file is damaged: a page of 8 bytes cannot hold 1000000 values of type int64 in encoding 0`},
		{"a wrong checksum", forged(1, 0, page(1, 8, eight, 12345)), `column "x", row group 1: the file is damaged: the checksum of a page is wrong`},
		{"a bomb that says so", forged(8<<20, 6, page(8<<20, 128<<20, zeros, 0)), "would decompress to 134217728; such a file is taken for a decompression bomb"},
		{"a bomb that does not", forged(1, 6, page(1, 8, zeros, 0)), `column "x", row group 1: the file is damaged: a page cannot be decompressed`},
		{"a page larger than its column", forged(1, 0, page(1, 8, eight, 0)[:20]), `column "x", row group 1: the file is damaged: `},
		{"another codec", forged(1, 3, page(1, 8, eight, 0)), `column "x", row group 1: its compression (LZO, or LZ4 of the old form) is not read; write the file with zstd or snappy`},
		{"no codec", forged(1, 77, page(1, 8, eight, 0)), `column "x", row group 1: the file is damaged: its compression 77 is none of the format's`},
		{"negative values", forged(1, 0, page(-1, 8, eight, 0)), `column "x", row group 1: the file is damaged: a page has -1 values`},
		{"negative rows", forged(-1, 0, page(1, 8, eight, 0)), `row group 1: the file is damaged: it claims -1 rows`},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := read(c.b, parquet.Options{})
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 32<<20 {
			t.Errorf("%s: took %d MiB", c.name, took>>20)
		}
		if r, err := parquet.NewReader(bytes.NewReader(c.b), int64(len(c.b)), parquet.Options{}); err == nil {
			if _, err = r.Next(); err == nil {
				t.Errorf("%s, in parts: no error", c.name)
			}
		}
	}
	// A file that is honest about its size meets the caller's limit.
	b := file(t, "types.parquet")
	if _, err := read(b, parquet.Options{MaxBytes: 1000}); err == nil || err.Error() != "the file claims 61 rows of 38 columns, more than 1000 bytes, the limit of a table" {
		t.Errorf("a limit: %v", err)
	}
}

// A source that breaks is not a damaged file.
func TestABrokenSourceIsNotADamagedFile(t *testing.T) {
	t.Parallel()
	b := file(t, "types.parquet")
	_, err := parquet.Read(failing{bytes.NewReader(b)}, int64(len(b)), parquet.Options{})
	var e *parquet.Error
	if !errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &e) {
		t.Errorf("error %v", err)
	}
}

type failing struct{ *bytes.Reader }

// ReadAt fails in the middle of the file.
func (f failing) ReadAt(b []byte, off int64) (int, error) {
	if off > 0 && off < 1000 {
		return 0, os.ErrDeadlineExceeded
	}
	return f.Reader.ReadAt(b, off)
}
