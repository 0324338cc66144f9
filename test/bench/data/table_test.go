package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
	"gristmill/ml/frame/parquet"
)

// The table is the same everywhere, or runs could not be compared.
func TestTheTableIsAlwaysTheSame(t *testing.T) {
	var b bytes.Buffer
	if err := generate(&b, 1000); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b.Bytes())
	if got, want := hex.EncodeToString(sum[:8]), "f210bbffd5f2b600"; got != want {
		t.Errorf("digest %s, want %s:\n%s", got, want, b.String()[:300])
	}
	f, err := csv.Read(strings.NewReader(b.String()), csv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	types := []frame.Type{frame.Int64, frame.Timestamp, frame.String, frame.Float64, frame.Int64, frame.Bool, frame.Float64, frame.String}
	for j, want := range types {
		if got := f.At(j).Field.Type; got != want {
			t.Errorf("column %s is %s, want %s", f.At(j).Field.Name, got, want)
		}
	}
	var packed bytes.Buffer
	if err := parquet.Write(&packed, f, parquet.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	g, err := parquet.Read(bytes.NewReader(packed.Bytes()), int64(packed.Len()), parquet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := frame.Diff(f, g); d != "" {
		t.Errorf("CSV and Parquet differ: %s", d)
	}
	a, b2 := sums(f), sums(g)
	if err := a.same(&b2); err != nil || a.Rows != 1000 || a.Missing == 0 {
		t.Errorf("%+v, %+v: %v", a, b2, err)
	}
	if b2.Members++; a.same(&b2) == nil {
		t.Error("a difference is not seen")
	}
}

func TestTheWideTableHasFiftyColumns(t *testing.T) {
	f, err := wide(100)
	if err != nil || f.Cols() != 50 || f.Rows() != 100 || f.At(0).Nulls() == 0 {
		t.Errorf("%v", err)
	}
}
