package csv_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
)

// strconv is the oracle of our own way to read floats.
func TestFloatsAreReadExactly(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	var in strings.Builder
	var want []float64
	add := func(s string) {
		v, err := strconv.ParseFloat(s, 64)
		if err == nil {
			in.WriteString(s + "\n")
			want = append(want, v)
		}
	}
	for _, s := range []string{"0", "-0", "0.0", "-0.0", "9007199254740993", "9007199254740992.5", "1e22", "1e23", "1e-22", "1e-23", "123456789012345678901234567890",
		"0.1e-400", "2.2250738585072014e-308", "5e-324", "2e-324", "1.7976931348623157e308", "0.000000000000000000000000000000000001", "1" + strings.Repeat("0", 300),
		"18446744073709551616", "18446744073709551615.9", "3.0000000000000000000000000001", "1e+0022", "1e00000000000000000000001"} {
		add(s)
	}
	for range 200_000 {
		switch r.IntN(4) {
		case 0:
			add(strconv.FormatFloat(math.Float64frombits(r.Uint64()), 'g', -1, 64))
		case 1:
			add(strconv.FormatFloat(r.NormFloat64()*1e3, 'f', r.IntN(20), 64))
		case 2:
			add(strconv.FormatInt(r.Int64N(1<<60), 10) + "." + strconv.Itoa(r.IntN(1000)))
		default:
			add(strconv.Itoa(r.IntN(1_000_000)) + "e" + strconv.Itoa(r.IntN(80)-40))
		}
	}
	schema := frame.Schema{Fields: []frame.Field{{Name: "x", Type: frame.Float64}}}
	text := strings.NewReplacer("NaN\n", "", "+Inf\n", "", "-Inf\n", "").Replace(in.String())
	f, err := csv.Read(strings.NewReader("x\n"+text), csv.Options{Schema: &schema})
	must(t, err)
	i := 0
	for _, v := range want {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		if got := f.At(0).Floats[i]; math.Float64bits(got) != math.Float64bits(v) {
			t.Fatalf("row %d: %v, want %v", i+1, got, v)
		}
		i++
	}
	if i < 150_000 || i != f.Rows() {
		t.Errorf("%d numbers were compared, %d rows read", i, f.Rows())
	}
}

func TestWholeNumbersAtTheEdge(t *testing.T) {
	t.Parallel()
	schema := frame.Schema{Fields: []frame.Field{{Name: "i", Type: frame.Int64}}}
	for s, want := range map[string]bool{
		"9223372036854775807": true, "9223372036854775808": false, "-9223372036854775808": true, "-9223372036854775809": false,
		"00000000000000000000000000000007": true, "99999999999999999999999": false, "18446744073709551617": false,
		"+": false, "-": false, "1-": false, "--1": false, "1.0": false, "1e3": false, " 1": false,
	} {
		f, err := csv.Read(strings.NewReader("i\n"+s+"\n"), csv.Options{Schema: &schema})
		if (err == nil) != want {
			t.Errorf("%s: error %v", s, err)
		}
		if want && err == nil {
			if v, _ := strconv.ParseInt(s, 10, 64); f.At(0).Ints[0] != v {
				t.Errorf("%s: %d", s, f.At(0).Ints[0])
			}
		}
	}
}
