package decimal_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"gristmill/ml/frame/csv/decimal"
)

func Example() {
	v, kind := decimal.Float([]byte("1.50"))
	fmt.Println(v, kind == decimal.Plain)
	code, kind := decimal.Int([]byte("007"))
	fmt.Println(code, kind == decimal.Padded)
	fmt.Printf("%s\n", decimal.Pointed([]byte("1.234,5"), nil))
	// Output:
	// 1.5 true
	// 7 true
	// 1234.5
}

// strconv is the oracle, beyond what its grammar has more: infinities, NaN, hex
// digits and underscores.
func FuzzFloat(f *testing.F) {
	for _, s := range []string{"1", "-0", "1e22", "9007199254740993", ".5", "5.", "1e", "0x1", "1_0", "Inf", "+1.7976931348623157e308"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, kind := decimal.Float([]byte(in))
		want, err := strconv.ParseFloat(in, 64)
		if kind != decimal.NotNumber && (err != nil || math.Float64bits(got) != math.Float64bits(want)) {
			t.Errorf("%q: %v, want %v, %v", in, got, want, err)
		}
		if whole, kind := decimal.Int([]byte(in)); kind != decimal.NotNumber {
			if want, err := strconv.ParseInt(in, 10, 64); err != nil || whole != want {
				t.Errorf("%q: %d, want %d, %v", in, whole, want, err)
			}
		}
		if kind == decimal.NotNumber && err == nil && !math.IsInf(want, 0) && !math.IsNaN(want) {
			for _, c := range in {
				if (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' && c != 'e' && c != 'E' {
					return
				}
			}
			t.Errorf("%q is no number, strconv has %v", in, want)
		}
	})
}
