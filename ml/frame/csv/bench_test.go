package csv_test

import (
	"bytes"
	stdcsv "encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"testing"

	"gristmill/ml/frame/csv"
)

// table makes a CSV of numbers of several forms and short texts.
func table(rows int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for j := range 28 {
		fmt.Fprintf(&b, "f%d,", j)
	}
	b.WriteString("label\n")
	for range rows {
		for j := range 28 {
			switch j % 7 {
			case 5:
				b.WriteString(strconv.Itoa(r.IntN(100_000)))
			case 6:
				b.WriteString([]string{"Month-to-month", "One year", "Two year"}[r.IntN(3)])
			default:
				b.WriteString(strconv.FormatFloat(r.NormFloat64(), 'f', 6, 64))
			}
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(r.IntN(2)) + "\n")
	}
	return b.Bytes()
}

func BenchmarkRead(b *testing.B) {
	data := table(50_000)
	inferred, err := csv.Read(bytes.NewReader(data), csv.Options{})
	if err != nil {
		b.Fatal(err)
	}
	schema := inferred.Schema()
	for name, o := range map[string]csv.Options{"inferred": {}, "typed": {Schema: &schema}} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := csv.Read(bytes.NewReader(data), o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("encoding_csv_and_strconv", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			r := stdcsv.NewReader(bytes.NewReader(data))
			r.ReuseRecord = true
			sum := 0.0
			for {
				record, err := r.Read()
				if err == io.EOF {
					break
				}
				for _, cell := range record {
					v, _ := strconv.ParseFloat(cell, 64)
					sum += v
				}
			}
		}
	})
}
