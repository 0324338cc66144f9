package parquet_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gristmill/ml/frame"
	"gristmill/ml/frame/parquet"
)

// sample makes a table of every type, with nulls in the columns named so.
func sample(t testing.TB, rows int) *frame.Frame {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	s := frame.Schema{Fields: []frame.Field{
		{Name: "zone", Type: frame.String}, {Name: "id", Type: frame.Int64}, {Name: "price", Type: frame.Float64, Nullable: true},
		{Name: "at", Type: frame.Timestamp, Nullable: true}, {Name: "ok", Type: frame.Bool, Nullable: true},
		{Name: "note", Type: frame.String, Nullable: true}, {Name: "none", Type: frame.Int64, Nullable: true}}}
	b := frame.NewBuilder(s, rows)
	for range rows {
		null := func(j int, add func()) {
			if rnd.IntN(5) == 0 {
				b.Null(j)
			} else {
				add()
			}
		}
		_ = b.Text(0, []string{"north", "south", "", "ö"}[rnd.IntN(4)])
		_ = b.Int(1, rnd.Int64()-rnd.Int64())
		null(2, func() { _ = b.Float(2, rnd.NormFloat64()*math.Pow(10, float64(rnd.IntN(300)))) })
		null(3, func() { _ = b.Time(3, rnd.Int64N(1e17)-5e16) })
		null(4, func() { _ = b.Bool(4, rnd.IntN(2) == 0) })
		null(5, func() { _ = b.Text(5, fmt.Sprint(rnd.Uint64())) })
		b.Null(6)
	}
	f, err := b.Frame()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestWhatIsWrittenReadsBackEqual(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{1, 63, 64, 65, 5000} {
		f := sample(t, rows)
		for j := range f.Cols() { // Read calls a column nullable that has a null
			f.At(j).Field.Nullable = f.At(j).Nulls() > 0
		}
		for _, o := range []parquet.WriteOptions{{}, {Compression: parquet.Snappy, GroupRows: 100}, {Compression: parquet.Uncompressed, GroupRows: 1999}} {
			var a, b bytes.Buffer
			if err := parquet.Write(&a, f, o); err != nil {
				t.Fatal(err)
			}
			if err := parquet.Write(&b, f, o); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
				t.Errorf("written twice the bytes differ (%v)", err)
			}
			g, err := read(a.Bytes(), parquet.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if d := frame.Diff(f, g); d != "" {
				t.Errorf("%d rows, %+v: %s", rows, o, d)
			}
		}
	}
}

func TestWriteRefusesWhatNobodyCouldRead(t *testing.T) {
	t.Parallel()
	bad := func(c *frame.Column) *frame.Frame {
		f, err := frame.New(c)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for want, f := range map[string]*frame.Frame{
		"has no columns":                   {},
		`column "x" is not UTF-8 in row 2`: bad(&frame.Column{Field: frame.Field{Name: "x", Type: frame.String}, Texts: []string{"a", "\xff"}}),
		"column 1 has no name":             bad(&frame.Column{Field: frame.Field{Type: frame.Bool}, Bools: []bool{true}}),
	} {
		if err := parquet.Write(new(bytes.Buffer), f, parquet.WriteOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if err := parquet.Write(new(bytes.Buffer), sample(t, 1), parquet.WriteOptions{Compression: "rar"}); err == nil || !strings.Contains(err.Error(), `"rar"; expected zstd, snappy or none`) {
		t.Errorf("error %v", err)
	}
}
