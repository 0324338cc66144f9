package data

import (
	"fmt"
	"math"

	"gristmill/ml/frame"
)

// result is what a contender prints: how long it read, and sums by which all
// contenders are compared.
type result struct {
	Seconds  float64 `json:"seconds"`
	CPU      float64 `json:"cpu"` // seconds of all threads: what other work on the machine disturbs least
	Rows     int     `json:"rows"`
	IDs      int64   `json:"ids"`      // sum
	Prices   float64 `json:"prices"`   // sum
	Missing  int     `json:"missing"`  // prices
	Members  int     `json:"members"`  // true ones
	Quantity int64   `json:"quantity"` // sum
}

// sums adds up a table.
func sums(f *frame.Frame) result {
	r := result{Rows: f.Rows()}
	for i := range f.Rows() {
		r.IDs += f.Column("id").Ints[i]
		r.Quantity += f.Column("quantity").Ints[i]
		if f.Column("member").Bools[i] {
			r.Members++
		}
		if price := f.Column("price"); price.IsNull(i) {
			r.Missing++
		} else {
			r.Prices += price.Floats[i]
		}
	}
	return r
}

// same reports whether another contender has read the same.
func (r *result) same(other *result) error {
	a, b := *r, *other
	a.Seconds, b.Seconds, a.CPU, b.CPU = 0, 0, 0, 0
	if math.Abs(a.Prices-b.Prices) > 1e-9*math.Abs(a.Prices) { // sums in another order
		return fmt.Errorf("has read %+v, the first contender %+v", b, a)
	}
	if a.Prices, b.Prices = 0, 0; a != b {
		return fmt.Errorf("has read %+v, the first contender %+v", b, a)
	}
	return nil
}
