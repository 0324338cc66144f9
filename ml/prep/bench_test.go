package prep_test

import (
	"context"
	"fmt"
	"testing"

	"gristmill/ml/frame"
)

// customers is a table like the churn sample's: 3 numbers, 16 categories.
func customers(b *testing.B, rows int) *frame.Frame {
	var cols []*frame.Column
	for j := range 19 {
		if j < 3 {
			x := make([]float64, rows)
			for i := range x {
				x[i] = float64((i*7 + j) % 31)
			}
			cols = append(cols, floats(fmt.Sprint("n", j), x...))
			continue
		}
		s := make([]string, rows)
		for i := range s {
			s[i] = []string{"Yes", "No", "No internet service"}[(i+j)%3]
		}
		cols = append(cols, text(fmt.Sprint("c", j), s...))
	}
	return makeFrame(b, cols...)
}

func benchmarkApply(b *testing.B, rows int) {
	f := customers(b, 100)
	c := fit(b, `[{"columns":{"type":"number"},"apply":[{"impute":"median"},{"scale":"standard"}]},{"columns":{"type":"category"},"apply":[{"one_hot":"ignore"}]}]`, f)
	some := make([]int, rows)
	for i := range some {
		some[i] = i % 100
	}
	f = f.Take(some)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Apply(context.Background(), f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkApplyOneRow(b *testing.B)       { benchmarkApply(b, 1) }
func BenchmarkApplyThousandRows(b *testing.B) { benchmarkApply(b, 1000) }
