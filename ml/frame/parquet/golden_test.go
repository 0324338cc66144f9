package parquet_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"gristmill/ml/frame"
	"gristmill/ml/frame/parquet"
)

// golden is what testdata/make.py says of its files.
type golden map[string]map[string]struct {
	Type   frame.Type        `json:"type"`
	Values []json.RawMessage `json:"values"`
}

func readGolden(t *testing.T) golden {
	t.Helper()
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read(b []byte, o parquet.Options) (*frame.Frame, error) {
	return parquet.Read(bytes.NewReader(b), int64(len(b)), o)
}

// Every type, encoding, codec and kind of page that pyarrow writes, value by
// value as Python sees it.
func TestReadsWhatPyarrowWrites(t *testing.T) {
	t.Parallel()
	values := 0
	for name, cols := range readGolden(t) {
		f, err := read(file(t, name), parquet.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if f.Cols() != len(cols) {
			t.Errorf("%s: %d columns, want %d", name, f.Cols(), len(cols))
		}
		for col, want := range cols {
			c := f.Column(col)
			if c == nil || c.Field.Type != want.Type || c.Len() != len(want.Values) {
				t.Errorf("%s, column %s: %+v, want %s x %d", name, col, c, want.Type, len(want.Values))
				continue
			}
			nulls := 0
			for i, w := range want.Values {
				if string(w) == "null" {
					nulls++
				}
				if msg := differs(c, i, w); msg != "" {
					t.Errorf("%s, column %s, row %d: %s", name, col, i+1, msg)
					break
				}
				values++
			}
			if c.Nulls() != nulls || c.Field.Nullable != (nulls > 0) {
				t.Errorf("%s, column %s: %d nulls, nullable %v; want %d", name, col, c.Nulls(), c.Field.Nullable, nulls)
			}
		}
	}
	if values < 10_000 {
		t.Errorf("only %d values compared", values)
	}
}

func differs(c *frame.Column, i int, want json.RawMessage) string {
	if string(want) == "null" {
		if !c.IsNull(i) {
			return fmt.Sprintf("%q, want null", c.Text(i))
		}
		return ""
	}
	if c.IsNull(i) {
		return "null, want " + string(want)
	}
	var same bool
	switch c.Field.Type {
	case frame.Float64:
		text := string(want)
		if s, err := strconv.Unquote(text); err == nil {
			text = s // inf
		}
		x, err := strconv.ParseFloat(text, 64)
		same = err == nil && math.Float64bits(x) == math.Float64bits(c.Floats[i])
	case frame.Int64, frame.Timestamp:
		same = string(want) == strconv.FormatInt(c.Ints[i], 10)
	case frame.Bool:
		same = string(want) == strconv.FormatBool(c.Bools[i])
	default:
		var s string
		same = json.Unmarshal(want, &s) == nil && s == c.Texts[i]
	}
	if !same {
		return fmt.Sprintf("%q, want %s", c.Text(i), want)
	}
	return ""
}

func TestPartsAreTheWhole(t *testing.T) {
	t.Parallel()
	for name := range readGolden(t) {
		b := file(t, name)
		whole, err := read(b, parquet.Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		if many, err := read(b, parquet.Options{Workers: 7}); err != nil || !frame.Equal(whole, many) {
			t.Errorf("%s: 7 workers: %v, %v", name, err, frame.Diff(whole, many))
		}
		for _, rows := range []int{1, 7, 23, 1000} {
			r, err := parquet.NewReader(bytes.NewReader(b), int64(len(b)), parquet.Options{BatchRows: rows, Workers: 2})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if r.Rows() != int64(whole.Rows()) {
				t.Errorf("%s: %d rows claimed, %d read", name, r.Rows(), whole.Rows())
			}
			at := 0
			for {
				f, err := r.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("%s in parts of %d: %v", name, rows, err)
				}
				if f.Rows() == 0 || f.Rows() > rows || len(f.Schema().Fields) != len(r.Schema().Fields) {
					t.Fatalf("%s: a part of %d rows, want up to %d", name, f.Rows(), rows)
				}
				comparePart(t, name, whole, f, r.Schema(), at)
				at += f.Rows()
			}
			if at != whole.Rows() {
				t.Errorf("%s in parts of %d: %d rows, want %d", name, rows, at, whole.Rows())
			}
			if _, err := r.Next(); !errors.Is(err, io.EOF) {
				t.Errorf("%s: after the end: %v", name, err)
			}
		}
	}
}

func comparePart(t *testing.T, name string, whole, part *frame.Frame, s frame.Schema, at int) {
	t.Helper()
	rows := make([]int, part.Rows())
	for i := range rows {
		rows[i] = at + i
	}
	want := whole.Take(rows)
	for j := range part.Cols() {
		if got, said := part.At(j).Field, s.Fields[j]; got.Name != said.Name || got.Type != said.Type || got.Nullable != said.Nullable {
			t.Fatalf("%s: a part's column is %+v, the schema says %+v", name, got, said)
		}
		if !part.At(j).Field.Nullable && whole.At(j).Nulls() > 0 {
			t.Fatalf("%s: column %s is not nullable and has nulls", name, whole.At(j).Field.Name)
		}
		want.At(j).Field.Nullable = part.At(j).Field.Nullable
	}
	if d := frame.Diff(want, part); d != "" {
		t.Fatalf("%s, rows from %d on: %s", name, at+1, d)
	}
}
