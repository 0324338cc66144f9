package csv_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
)

// show renders a frame on one line: `a int64: 1 2 null | b string?: "x"`.
func show(f *frame.Frame) string {
	var cols []string
	for j := range f.Cols() {
		c := f.At(j)
		s := c.Field.Name + " " + string(c.Field.Type)
		if c.Field.Nullable {
			s += "?"
		}
		s += ":"
		for i := range c.Len() {
			switch {
			case c.IsNull(i):
				s += " null"
			case c.Field.Type == frame.String:
				s += fmt.Sprintf(" %q", c.Texts[i])
			default:
				s += " " + c.Text(i)
			}
		}
		cols = append(cols, s)
	}
	return strings.Join(cols, " | ")
}

func TestReadInfersTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"int", "a\n1\n-2\n+3\n0\n", "a int64: 1 -2 3 0"},
		{"the largest and smallest int64", "a\n9223372036854775807\n-9223372036854775808\n", "a int64: 9223372036854775807 -9223372036854775808"},
		{"beyond int64 is float", "a\n1\n9223372036854775808\n", "a float64: 1 9.223372036854776e+18"},
		{"float", "a\n1.5\n.5\n5.\n-1e-3\n2E+2\n", "a float64: 1.5 0.5 5 -0.001 200"},
		{"int widens to float", "a\n1\n\n2.5\n", "a float64?: 1 null 2.5"},
		{"minus zero is a float", "a\n-0\n", "a float64: -0"},
		{"bool in any case", "a\ntrue\nFALSE\nTrue\n", "a bool: true false true"},
		{"bool and int are text", "a\ntrue\n1\n", `a string: "true" "1"`},
		{"leading zeros are text", "a\n7\n007\n", `a string: "7" "007"`},
		{"a padded float is text", "a\n1.5\n00.5\n", `a string: "1.5" "00.5"`},
		{"numbers then text keep their spelling", "a\n1.50\n+2\n\nx\n", `a string?: "1.50" "+2" null "x"`},
		{"nan and inf are text", "a,b,c\nNaN,Inf,-inf\n", `a string: "NaN" | b string: "Inf" | c string: "-inf"`},
		{"hex and underscores are text", "a,b\n0x10,1_000\n", `a string: "0x10" | b string: "1_000"`},
		{"an overflow is text", "a\n1e999\n", `a string: "1e999"`},
		{"an underflow is zero", "a\n1e-999\n", "a float64: 0"},
		{"spaces belong to the cell", "a, b\n1, 2\n", `a int64: 1 |  b string: " 2"`},
		{"all empty", "a,b\n,1\n,2\n", "a string?: null null | b int64: 1 2"},
		{"no rows", "a,b\n", "a string: | b string:"},
		{"header without line end", "a,b", "a string: | b string:"},
		{"quoted empty is text in a text column", "a,b\n\"\",1\nx,2\n,3\n", `a string?: "" "x" null | b int64: 1 2 3`},
		{"quoted empty is null in a number column", "a,b\n\"\",1\n5,2\n", `a int64?: null 5 | b int64: 1 2`},
		{"quoted numbers are numbers", "\"a\",\"b\"\n\"1\",\"2.5\"\n", "a int64: 1 | b float64: 2.5"},
		{"first nulls then text", "a,b\n,1\n\"\",1\nx,1\n", `a string?: null "" "x" | b int64: 1 1 1`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, err := csv.Read(strings.NewReader(c.in), csv.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := show(f); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestReadGrammar(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in, want string
		o              csv.Options
	}{
		{"crlf", "a,b\r\n1,x\r\n2,y\r\n", `a int64: 1 2 | b string: "x" "y"`, csv.Options{}},
		{"cr", "a,b\r1,x\r2,y\r", `a int64: 1 2 | b string: "x" "y"`, csv.Options{}},
		{"no last line end", "a,b\n1,x\n2,y", `a int64: 1 2 | b string: "x" "y"`, csv.Options{}},
		{"last cell empty without line end", "a,b\n1,", `a int64: 1 | b string?: null`, csv.Options{}},
		{"byte order mark", "\ufeffa,b\n1,2\n", "a int64: 1 | b int64: 2", csv.Options{}},
		{"byte order mark before a quote", "\ufeff\"a\",b\n1,2\n", "a int64: 1 | b int64: 2", csv.Options{}},
		{"quotes", "a,b\n\"x,y\",\"say \"\"hi\"\"\"\n\"line\r\nbreak\",\"\"\"\"\n", `a string: "x,y" "line\r\nbreak" | b string: "say \"hi\"" "\""`, csv.Options{}},
		{"quoted header", "\"a,1\",\"b\nc\"\n1,2\n", "a,1 int64: 1 | b\nc int64: 2", csv.Options{}},
		{"empty lines are no rows", "\n\na,b\n\n1,2\n\r\n\n3,4\n\n", "a int64: 1 3 | b int64: 2 4", csv.Options{}},
		{"an empty line in one column is a null", "a\n1\n\n3\n", "a int64?: 1 null 3", csv.Options{}},
		{"semicolon", "a;b\n1,5;2\n", `a string: "1,5" | b int64: 2`, csv.Options{Separator: ';'}},
		{"tab", "a\tb\n1\t2\n", "a int64: 1 | b int64: 2", csv.Options{Separator: '\t'}},
		{"nulls", "a,b\nNA,\"NA\"\n1,\n2,x\n", `a int64?: null 1 2 | b string: "NA" "" "x"`, csv.Options{Nulls: []string{"NA"}}},
		{"skip", "a,b,c\n1,2,3\n", "b int64: 2", csv.Options{Skip: []string{"a", "c"}}},
		{"utf-8", "größe,b\n1,Жар🙂\n", `größe int64: 1 | b string: "Жар🙂"`, csv.Options{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, err := csv.Read(strings.NewReader(c.in), c.o)
			if err != nil {
				t.Fatal(err)
			}
			if got := show(f); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			// With the schema just found, and a byte at a time, the same comes out.
			schema := f.Schema()
			c.o.Schema = &schema
			g, err := csv.Read(iotest.OneByteReader(strings.NewReader(c.in)), c.o)
			if err != nil {
				t.Fatal(err)
			}
			if d := frame.Diff(f, g); d != "" {
				t.Errorf("read with its schema: %s", d)
			}
		})
	}
}

// Each file of testdata/bad has its message beside it.
func TestReadRefusesBrokenFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.csv")
	if err != nil || len(files) < 18 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".csv"), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(strings.TrimSuffix(name, ".csv") + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			for how, r := range map[string]io.Reader{"whole": bytes.NewReader(data), "by bytes": iotest.OneByteReader(bytes.NewReader(data))} {
				_, err := csv.Read(r, csv.Options{})
				var e *csv.ReadError
				if !errors.As(err, &e) {
					t.Fatalf("%s: error %v is no ReadError", how, err)
				}
				if e.Error() != strings.TrimSpace(string(want)) {
					t.Errorf("%s:\n got %s\nwant %s", how, e, want)
				}
			}
		})
	}
}

func TestReadErrorNamesThePlace(t *testing.T) {
	t.Parallel()
	in := "id,name,age\n1,\"two\nlines\",3\n\n2,\"x\" ,4\n"
	_, err := csv.Read(strings.NewReader(in), csv.Options{})
	var e *csv.ReadError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if e.Row != 2 || e.Line != 5 || e.Column != 2 || e.Name != "name" {
		t.Errorf("the error is at %+v, want row 2, line 5, column 2 name", e)
	}
}

func TestReadLimits(t *testing.T) {
	t.Parallel()
	read := func(in string, o csv.Options) string {
		_, err := csv.Read(strings.NewReader(in), o)
		if err == nil {
			return ""
		}
		return err.Error()
	}
	for _, c := range []struct {
		name, in, want string
		o              csv.Options
	}{
		{"cell", "a,b\n1,12345\n", `row 1 (line 2), column 2 "b": the cell is larger than the limit of 4 bytes`, csv.Options{MaxCell: 4}},
		{"quoted cell", "a,b\n1,\"12345\"\n", `row 1 (line 2), column 2 "b": the cell is larger than the limit of 4 bytes, or its quote is never closed`, csv.Options{MaxCell: 4}},
		{"endless quote", "a,b\n1,\"" + strings.Repeat("x", 100), `row 1 (line 2), column 2 "b": the cell is larger than the limit of 4 bytes, or its quote is never closed`, csv.Options{MaxCell: 4}},
		{"columns", "a,b,c\n", "header (line 1): more than 2 columns, the limit", csv.Options{MaxColumns: 2}},
		{"cells", "a,b\n1,2,3\n", "row 1 (line 2): more than 2 cells; the header has 2 columns", csv.Options{MaxColumns: 2}},
		{"bytes", "a,b\n1,2\n", "the file is larger than the limit of 7 bytes", csv.Options{MaxBytes: 7}},
		{"exactly as many bytes", "a,b\n1,2\n", "", csv.Options{MaxBytes: 8}},
		{"separator", "a,b\n", `read csv: separator '"'; expected one ASCII character, not a quote, a line end or NUL`, csv.Options{Separator: '"'}},
		{"wide separator", "a,b\n", `read csv: separator '→'; expected one ASCII character, not a quote, a line end or NUL`, csv.Options{Separator: '→'}},
		{"skip", "a,b\n", `header (line 1): there is no column "c" to leave out`, csv.Options{Skip: []string{"c"}}},
	} {
		if got := read(c.in, c.o); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestReadManyColumns(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	const n = 100_000
	for row := range 3 {
		for j := range n {
			if j > 0 {
				b.WriteByte(',')
			}
			if row == 0 {
				b.WriteByte('c')
			}
			fmt.Fprint(&b, j)
		}
		b.WriteByte('\n')
	}
	_, err := csv.Read(strings.NewReader(b.String()), csv.Options{})
	if err == nil || err.Error() != "header (line 1): more than 20000 columns, the limit" {
		t.Errorf("error %v", err)
	}
	f, err := csv.Read(strings.NewReader(b.String()), csv.Options{MaxColumns: n})
	if err != nil || f.Cols() != n || f.Column("c99999").Ints[1] != 99999 {
		t.Errorf("%d columns: %v", n, err)
	}
}

func TestReadPassesOnTheReadersError(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	schema := frame.Schema{Fields: []frame.Field{{Name: "a", Type: frame.Int64}}}
	for _, o := range []csv.Options{{}, {Schema: &schema}} {
		_, err := csv.Read(io.MultiReader(strings.NewReader("a\n1\n"), iotest.ErrReader(broken)), o)
		if !errors.Is(err, broken) {
			t.Errorf("error %v does not wrap the reader's", err)
		}
	}
}

func TestReadToSchema(t *testing.T) {
	t.Parallel()
	low, high := 0.0, 120.0
	schema := frame.Schema{Fields: []frame.Field{
		{Name: "plan", Type: frame.String, Values: []string{"A", "B"}},
		{Name: "age", Type: frame.Int64, Min: &low, Max: &high},
		{Name: "pay", Type: frame.Float64, Nullable: true},
		{Name: "ok", Type: frame.Bool},
	}}
	read := func(in string) (*frame.Frame, error) {
		return csv.Read(strings.NewReader(in), csv.Options{Schema: &schema, Skip: []string{"note"}})
	}
	f, err := read("note,ok,age,plan,pay\nx,1,007,A,\ny,FALSE,30,B,1.50\n")
	if err != nil {
		t.Fatal(err)
	}
	want := `plan string: "A" "B" | age int64: 7 30 | pay float64?: null 1.5 | ok bool: true false`
	if got := strings.ReplaceAll(show(f), "? ", " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	_, err = read("note,ok,age,plan,pay\nx,maybe,130,C,x\ny,,old,,1\nz,true,5.0,A,2\n")
	wantText := strings.Join([]string{
		`row 1, column "ok": "maybe"; expected true or false (bool)`,
		`row 1, column "pay": "x"; expected a number (float64)`,
		`row 1, column "plan": "C"; expected one of "A", "B"`,
		`row 1, column "age": "130"; expected a number from 0 to 120`,
		`row 2, column "age": "old"; expected a whole number (int64)`,
		`row 2, column "plan": no value; expected a value`,
		`row 2, column "ok": no value; expected a value`,
		`row 3, column "age": "5.0"; expected a whole number (int64)`,
	}, "\n")
	if err == nil || err.Error() != wantText {
		t.Errorf("got\n%v\nwant\n%s", err, wantText)
	}

	_, err = read("note,ok,Age,plan\nx,1,1,A\n")
	wantText = "column \"Age\" is not in the schema\ncolumn \"age\" (int64) is missing\ncolumn \"pay\" (float64) is missing"
	if err == nil || err.Error() != wantText {
		t.Errorf("got\n%v\nwant\n%s", err, wantText)
	}
}

func TestSchemaErrorKeepsTheFirstAndCountsAll(t *testing.T) {
	t.Parallel()
	schema := frame.Schema{Fields: []frame.Field{{Name: "a", Type: frame.Int64}, {Name: "b", Type: frame.String, Values: []string{"x"}}}}
	_, err := csv.Read(strings.NewReader("a,b\n"+strings.Repeat("?,y\n", 5000)), csv.Options{Schema: &schema})
	var e *frame.SchemaError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if e.Total != 10_000 || len(e.Violations) != frame.MaxViolations {
		t.Errorf("%d of %d violations", len(e.Violations), e.Total)
	}
	for i, v := range e.Violations {
		if v.Row != i/2+1 {
			t.Errorf("violation %d is in row %d, want %d", i, v.Row, i/2+1)
		}
	}
	if !strings.HasSuffix(err.Error(), "\nand 9980 more") {
		t.Errorf("the text ends %q", err.Error()[len(err.Error())-30:])
	}
}

// Every cell crosses the window's end at some size of file.
func TestReadAcrossWindows(t *testing.T) {
	t.Parallel()
	big := strings.Repeat(`x""y,`+"\n", 150_000)
	in := "a,b\r\n1,\"" + big + "\"\r\n2,\"" + big + "\"\r\n3,z"
	schema := frame.Schema{Fields: []frame.Field{{Name: "a", Type: frame.Int64}, {Name: "b", Type: frame.String}}}
	f, err := csv.Read(iotest.HalfReader(strings.NewReader(in)), csv.Options{Schema: &schema})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(big, `""`, `"`)
	if c := f.Column("b"); f.Rows() != 3 || c.Texts[0] != want || c.Texts[1] != want || c.Texts[2] != "z" {
		t.Errorf("%d rows, texts of %d, %d bytes", f.Rows(), len(c.Texts[0]), len(c.Texts[1]))
	}
}

func TestWriteReadsBackEqual(t *testing.T) {
	t.Parallel()
	schema := frame.Schema{Fields: []frame.Field{
		{Name: "t,\"1\"", Type: frame.String, Nullable: true}, {Name: "f", Type: frame.Float64, Nullable: true},
		{Name: "i", Type: frame.Int64, Nullable: true}, {Name: "b", Type: frame.Bool, Nullable: true},
	}}
	b := frame.NewBuilder(schema, 0)
	for i, s := range []string{"", "plain", "a,b", "say \"hi\"", "two\nlines", "cr\rhere", "\ufeffbom", "007", " "} {
		must(t, b.Text(0, s))
		must(t, b.Float(1, []float64{math.Copysign(0, -1), math.MaxFloat64, 5e-324, 0.1, 1.0 / 3, -1e22, 1e23, 123456789.123, 7}[i]))
		must(t, b.Int(2, []int64{math.MinInt64, math.MaxInt64, 0, 1, -1, 5, 6, 7, 8}[i]))
		must(t, b.Bool(3, i%2 == 0))
	}
	for j := range 4 {
		b.Null(j)
	}
	f, err := b.Frame()
	must(t, err)
	var out bytes.Buffer
	must(t, csv.Write(&out, f))
	g, err := csv.Read(&out, csv.Options{Schema: &schema})
	must(t, err)
	if d := frame.Diff(f, g); d != "" {
		t.Error(d)
	}
	one, err := f.Select("i")
	must(t, err)
	out.Reset()
	must(t, csv.Write(&out, one))
	schema = one.Schema()
	g, err = csv.Read(&out, csv.Options{Schema: &schema})
	must(t, err)
	if d := frame.Diff(one, g); d != "" {
		t.Errorf("one column: %s", d)
	}
}

func TestWriteRefusesWhatHasNoForm(t *testing.T) {
	t.Parallel()
	f, err := frame.New(&frame.Column{Field: frame.Field{Name: "x", Type: frame.Float64}, Floats: []float64{1, math.Inf(1)}})
	must(t, err)
	err = csv.Write(io.Discard, f)
	if want := `write csv: row 2, column "x": +Inf is not finite`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
