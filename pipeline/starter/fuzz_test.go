package starter_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"gristmill"
	"gristmill/dataset"
	"gristmill/pipeline/starter"
)

// FuzzWrite gives any table, with any of its first columns as the target: the
// answer is a spec that fits the table, or an error that says what is wrong with
// the table.
func FuzzWrite(f *testing.F) {
	for _, c := range made() {
		b, err := io.ReadAll(c.open())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[:min(len(b), 4000)])
	}
	f.Add([]byte("a,b\n1,x\n2,y\n3,x\n4,y\n5,x\n6,y\n7,x\n8,y\n9,x\n10,y\n"))
	f.Add([]byte("\"a\nb\",\"c: #\",yes\n,NA,31.12.2024\n1,2,01.01.2024\n3,?,02.01.2024\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		data := dataset.Spec{Source: file("x.csv")}
		table, err := dataset.Read(context.Background(), bytes.NewReader(text), data, dataset.Limits{MaxBytes: 1 << 20})
		if err != nil {
			return
		}
		if r := starter.Reread(table.Frame); !r.Empty() {
			data.Nulls, data.Dates = r.Nulls, r.Dates
			if table, err = dataset.Read(context.Background(), bytes.NewReader(text), data, dataset.Limits{}); err != nil {
				t.Fatalf("cannot be read again: %v", err)
			}
		}
		starter.Candidates(table.Frame)
		for j := range min(table.Frame.Cols(), 3) {
			data.Target = table.Frame.At(j).Field.Name
			if _, _, err := starter.Write(starter.Input{Name: "x", Data: data, Frame: table.Frame}); err != nil && gristmill.KindOf(err) != gristmill.Invalid {
				t.Errorf("target %q: %v", data.Target, err)
			}
		}
	})
}
