package frame_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
)

func TestBuilderConvertsOnlyWithoutLoss(t *testing.T) {
	t.Parallel()
	schema := frame.Schema{Fields: []frame.Field{
		{Name: "f", Type: frame.Float64}, {Name: "i", Type: frame.Int64}, {Name: "b", Type: frame.Bool}, {Name: "s", Type: frame.String},
	}}
	for _, c := range []struct {
		col  int
		give any
		want string // the error, or the value's text after "="
	}{
		{0, 1.5, "=1.5"}, {0, json.Number("1e3"), "=1000"}, {0, int64(3), "=3"}, {0, 3, "=3"}, {0, nil, "="}, {0, math.NaN(), "="},
		{0, "5", `column "f": text "5" given, expected a number (float64)`},
		{0, true, `column "f": true given, expected a number (float64)`},
		{0, json.Number("1e999"), `column "f": number 1e999 given, expected a number (float64)`},
		{1, 5.0, "=5"}, {1, json.Number("9223372036854775807"), "=9223372036854775807"}, {1, json.Number("5.0"), "=5"}, {1, -9223372036854775808.0, "=-9223372036854775808"},
		{1, 5.5, `column "i": number 5.5 given, expected a whole number (int64)`},
		{1, 9223372036854775808.0, `column "i": number 9.223372036854776e+18 given, expected a whole number (int64)`},
		{1, math.Inf(1), `column "i": number +Inf given, expected a whole number (int64)`},
		{2, true, "=true"}, {2, 1.0, `column "b": number 1 given, expected true or false (bool)`}, {2, 1, `column "b": number 1 given, expected true or false (bool)`},
		{3, "x", "=x"}, {3, nil, "="}, {3, 1.0, `column "s": number 1 given, expected a text (string)`},
		{3, []any{1}, `column "s": a list given, expected a text (string)`}, {3, map[string]any{}, `column "s": an object given, expected a text (string)`},
		{3, struct{}{}, `column "s": struct {} given, expected a text (string)`},
	} {
		b := frame.NewBuilder(schema, 1)
		err := b.Value(c.col, c.give)
		if err != nil {
			if err.Error() != c.want || b.Len(c.col) != 0 {
				t.Errorf("%v: error %v with %d values, want %s", c.give, err, b.Len(c.col), c.want)
			}
			continue
		}
		for j := range 4 {
			if j != c.col {
				b.Null(j)
			}
		}
		f, err := b.Frame()
		must(t, err)
		if got := "=" + f.At(c.col).Text(0); got != c.want {
			t.Errorf("%v: %s, want %s", c.give, got, c.want)
		}
	}
}

func TestBuilderRefusesColumnsOfDifferentLength(t *testing.T) {
	t.Parallel()
	b := frame.NewBuilder(frame.Schema{Fields: []frame.Field{{Name: "a", Type: frame.Int64}, {Name: "b", Type: frame.Int64}}}, 0)
	must(t, b.Int(0, 1))
	_, err := b.Frame()
	if want := `make frame: column "b" has 0 rows, column "a" has 1`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// The bitmap is right wherever the first null comes.
func TestNullsAtEveryPlace(t *testing.T) {
	t.Parallel()
	for n := range 200 {
		b := frame.NewBuilder(frame.Schema{Fields: []frame.Field{{Name: "a", Type: frame.Int64}}}, 0)
		for i := range 200 {
			if i == n || i == 199 {
				b.Null(0)
			} else {
				must(t, b.Int(0, int64(i)))
			}
		}
		f, err := b.Frame()
		must(t, err)
		for i := range 200 {
			if f.At(0).IsNull(i) != (i == n || i == 199) {
				t.Fatalf("null at %d: row %d is wrong", n, i)
			}
		}
	}
}

func TestCheckFindsAllKindsOfViolation(t *testing.T) {
	t.Parallel()
	low, high := 1.0, 3.0
	f, err := csv.Read(strings.NewReader("a,b,c,d,x\n1,u,,true,1\n4,v,2.5,false,2\n0,w,1e9,true,3\n"), csv.Options{})
	must(t, err)
	s := frame.Schema{Fields: []frame.Field{
		{Name: "a", Type: frame.Float64, Min: &low, Max: &high},
		{Name: "b", Type: frame.String, Values: []string{"u", "v"}},
		{Name: "c", Type: frame.Float64, Max: &high},
		{Name: "d", Type: frame.String},
		{Name: "e", Type: frame.Bool},
	}}
	got, total := frame.Check(f, s)
	want := []string{
		`column "d" is bool; the schema has string`,
		`column "e" (bool) is missing`,
		`column "x" is not in the schema`,
		`row 1, column "c": no value; expected a value`,
		`row 2, column "a": "4"; expected a number from 1 to 3`,
		`row 3, column "a": "0"; expected a number from 1 to 3`,
		`row 3, column "b": "w"; expected one of "u", "v"`,
		`row 3, column "c": "1e+09"; expected a number of at most 3`,
	}
	if total != len(want) || len(got) != len(want) {
		t.Fatalf("%d violations of %d: %v", len(got), total, got)
	}
	for i, w := range want {
		if got[i].String() != w {
			t.Errorf("violation %d:\n got %s\nwant %s", i, got[i], w)
		}
	}
	if v := got[4]; v.Row != 2 || v.Column != "a" || v.Value != "4" || v.Want != "a number from 1 to 3" {
		t.Errorf("violation %+v", v)
	}
	if got, total := frame.Check(f, f.Schema()); got != nil || total != 0 {
		t.Errorf("a frame breaks its own schema: %v", got)
	}
}

func TestCheckRefusesInfinity(t *testing.T) {
	t.Parallel()
	f, err := frame.New(&frame.Column{Field: frame.Field{Name: "x", Type: frame.Float64}, Floats: []float64{1, math.Inf(-1), math.NaN()}})
	must(t, err)
	if got, total := frame.Check(f, f.Schema()); total != 2 || got[0].Msg != `row 2, column "x": "-Inf"; expected a finite number` {
		t.Errorf("%d: %v", total, got)
	}
}

func TestDiffNamesTheFirstDifference(t *testing.T) {
	t.Parallel()
	read := func(in string) *frame.Frame {
		f, err := csv.Read(strings.NewReader(in), csv.Options{})
		must(t, err)
		return f
	}
	base := read("a,b\n1,x\n2,\n")
	for in, want := range map[string]string{
		"a,b\n1,x\n2,\n":     "",
		"a,b\n1,x\n":         "2 rows x 2 columns against 1 x 2",
		"a,c\n1,x\n2,\n":     `column 2: "b" string nullable against "c" string nullable`,
		"a,b\n1,x\n2.5,\n":   `column 1: "a" int64 against "a" float64`,
		"a,b\n1,x\n3,\n":     `row 2, column "a": "2" against "3"`,
		"a,b\n1,\n2,\n":      `row 1, column "b": "x" against null`,
		"a,b\n1,x\n2,\"\"\n": `column 2: "b" string nullable against "b" string`,
	} {
		if got := frame.Diff(base, read(in)); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	if !frame.Equal(base, base) {
		t.Error("a frame differs from itself")
	}
}

func TestFrameKeepsColumnsByName(t *testing.T) {
	t.Parallel()
	for _, n := range []int{3, 40} { // below and above the use of an index
		var head, row bytes.Buffer
		for j := range n {
			head.WriteString("c" + strconv.Itoa(j) + ",")
			row.WriteString(strconv.Itoa(j) + ",")
		}
		f, err := csv.Read(strings.NewReader(head.String()+"last\n"+row.String()+"z\n"), csv.Options{})
		must(t, err)
		if f.Column("none") != nil || f.Column("c2").Ints[0] != 2 || f.Column("last").Texts[0] != "z" {
			t.Errorf("%d columns are not found by name", n)
		}
		g := f.Without("c0", "c1")
		if g.Cols() != n-1 || g.Column("c0") != nil || g.Column("c2").Ints[0] != 2 || g.Take([]int{0, 0}).Column("c2").Ints[1] != 2 {
			t.Errorf("%d columns: Without and Take lose columns", n)
		}
		h, err := f.Select("last", "c1")
		must(t, err)
		if h.At(0).Field.Name != "last" || h.Column("c1").Ints[0] != 1 || h.Column("c2") != nil {
			t.Errorf("%d columns: Select loses columns", n)
		}
		if _, err := f.Select("none"); err == nil || err.Error() != `select columns: no column "none"` {
			t.Errorf("Select of no column: %v", err)
		}
	}
	if _, err := frame.New(&frame.Column{Field: frame.Field{Name: "a"}}, &frame.Column{Field: frame.Field{Name: "a"}}); err == nil || err.Error() != `make frame: column "a" twice` {
		t.Errorf("twins: %v", err)
	}
}

func TestSchemaFindsFields(t *testing.T) {
	t.Parallel()
	s := frame.Schema{Fields: []frame.Field{{Name: "a", Type: frame.Int64}, {Name: "b", Type: frame.String}}}
	if f, ok := s.Field("b"); !ok || f.Type != frame.String || s.Index("b") != 1 {
		t.Errorf("b: %v, %v", f, ok)
	}
	if _, ok := s.Field("c"); ok || s.Index("c") != -1 {
		t.Error("c is found")
	}
	if names := s.Without("a").Names(); len(names) != 1 || names[0] != "b" {
		t.Errorf("without a: %v", names)
	}
	if !frame.Int64.Numeric() || !frame.Float64.Numeric() || frame.Bool.Numeric() || frame.String.Numeric() {
		t.Error("Numeric is wrong")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
