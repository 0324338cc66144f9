package csv_test

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
)

// told renders an error with all that a caller can see.
func told(err error) string {
	var read *csv.ReadError
	if errors.As(err, &read) {
		return fmt.Sprintf("%+v", *read)
	}
	return fmt.Sprint(err)
}

// sameEveryWay reads the text in all ways there are, which must all say the
// same, and returns the frame or nil.
func sameEveryWay(t *testing.T, in string, o csv.Options) *frame.Frame {
	t.Helper()
	o.Workers = 1
	want, wantErr := csv.Read(strings.NewReader(in), o)
	check := func(how string, got *frame.Frame, err error) {
		t.Helper()
		if told(err) != told(wantErr) {
			t.Fatalf("%s of %q:\n got error %s\nwant error %s", how, in, told(err), told(wantErr))
		}
		if err != nil {
			return
		}
		if d := frame.Diff(want, got); d != "" {
			t.Fatalf("%s of %q: %s", how, in, d)
		}
	}
	for _, workers := range []int{1, 2, 5} {
		for _, block := range []int{1, 3, 17, 1 << 10} {
			p := csv.WithBlock(o, block)
			p.Workers = workers
			how := fmt.Sprintf("%d workers, blocks of %d", workers, block)
			got, err := csv.ReadBytes([]byte(in), p)
			check(how, got, err)
			got, err = csv.Read(iotest.HalfReader(strings.NewReader(in)), p)
			check(how+", a reader", got, err)
			if o.Schema == nil {
				schema, rows, err := csv.Infer(strings.NewReader(in), p)
				if told(err) != told(wantErr) {
					t.Fatalf("Infer, %s, of %q:\n got error %s\nwant error %s", how, in, told(err), told(wantErr))
				}
				if err == nil && (rows != want.Rows() || fmt.Sprint(schema) != fmt.Sprint(want.Schema())) {
					t.Fatalf("Infer, %s, of %q: %d rows of %v, want %d of %v", how, in, rows, schema, want.Rows(), want.Schema())
				}
			}
		}
	}
	if wantErr != nil {
		return nil
	}
	typed := o
	schema := want.Schema()
	if typed.Schema == nil {
		typed.Schema = &schema
		got, err := csv.Read(iotest.OneByteReader(strings.NewReader(in)), typed)
		if err != nil {
			t.Fatalf("%q with its own schema: %v", in, err)
		}
		check("with its own schema", got, err)
	}
	for _, workers := range []int{1, 3} {
		p := csv.WithBlock(typed, 11)
		p.Workers = workers
		got, err := inBatches(strings.NewReader(in), p, schema)
		check("in batches", got, err)
	}
	return want
}

// inBatches reads a table by a Reader and joins the batches.
func inBatches(r io.Reader, o csv.Options, s frame.Schema) (*frame.Frame, error) {
	b := frame.NewBuilder(s, 0)
	reader, err := csv.NewReader(r, o)
	if err != nil {
		return nil, err
	}
	for {
		f, err := reader.Next()
		if err == io.EOF {
			return b.Frame()
		}
		if err != nil {
			return nil, err
		}
		for j := range f.Cols() {
			c := f.At(j)
			for i := range f.Rows() {
				var err error
				switch {
				case c.IsNull(i):
					b.Null(j)
				case c.Field.Type == frame.Float64:
					err = b.Float(j, c.Floats[i])
				case c.Field.Type == frame.Int64:
					err = b.Int(j, c.Ints[i])
				case c.Field.Type == frame.Timestamp:
					err = b.Time(j, c.Ints[i])
				case c.Field.Type == frame.Bool:
					err = b.Bool(j, c.Bools[i])
				default:
					err = b.Text(j, c.Texts[i])
				}
				if err != nil {
					return nil, err
				}
			}
		}
	}
}

// roundTrip writes a frame and reads it back.
func roundTrip(t *testing.T, f *frame.Frame) {
	t.Helper()
	var out bytes.Buffer
	must(t, csv.Write(&out, f))
	schema := f.Schema()
	written := out.String()
	g, err := csv.Read(&out, csv.Options{Schema: &schema})
	if err != nil {
		t.Fatalf("written as %q: %v", written, err)
	}
	if d := frame.Diff(f, g); d != "" {
		t.Fatalf("written as %q: %s", written, d)
	}
}

// nasty makes a text of what goes wrong in files, mostly readable.
func nasty(r *rand.Rand) string {
	sep, end := []string{",", ",", ",", ";"}[r.IntN(4)], []string{"\n", "\r\n", "\r"}[r.IntN(3)]
	cols := 1 + r.IntN(4)
	var b strings.Builder
	if r.IntN(8) == 0 {
		b.WriteString("\ufeff")
	}
	for j := range cols {
		if j > 0 {
			b.WriteString(sep)
		}
		b.WriteString([]string{"a", "größe", "\"q,\"", "\"x\ny\""}[r.IntN(4)] + fmt.Sprint(j))
	}
	head := strings.ReplaceAll(strings.ReplaceAll(b.String(), "\"0", "0\""), "\"1", "1\"")
	head = strings.ReplaceAll(strings.ReplaceAll(head, "\"2", "2\""), "\"3", "3\"")
	b.Reset()
	b.WriteString(head + end)
	themes := make([][]string, cols)
	for j := range themes {
		themes[j] = [][]string{
			{"1", "-2", "30", "", "9223372036854775807"}, {"1.5", "2", "-0", "1e3", "", ".5"}, {"true", "FALSE", ""},
			{"2001-01-22", "2001-01-22 10:30", "", "2024-02-29T00:00:00.5Z"}, {"x", "yes no", "", "\"\"", "1"},
			{"\"a" + sep + "b\"", "\"line\nend\"", "\"say \"\"hi\"\"\"", "\"\r\n\r\"", "\"\""}, {"ä", "🙂", "1.234,5", "1,5"}, {"1", "2.5", "x", "", "\"\""},
		}[r.IntN(8)]
	}
	rows := r.IntN(12)
	spoil := -1
	if r.IntN(3) == 0 {
		spoil = r.IntN(rows + 1)
	}
	for i := range rows {
		if r.IntN(10) == 0 {
			b.WriteString([]string{"\n", "\r\n", "\r"}[r.IntN(3)])
		}
		for j := range cols {
			if j > 0 {
				b.WriteString(sep)
			}
			cell := themes[j][r.IntN(len(themes[j]))]
			if i == spoil && r.IntN(2) == 0 {
				cell = []string{"a\"b", "\"a\"b", "\"open", "\x00", "\xff", "\"\xc3\"", sep, "007", "NaN"}[r.IntN(9)]
			}
			b.WriteString(cell)
		}
		if i < rows-1 || r.IntN(3) > 0 {
			b.WriteString(end)
		}
	}
	return b.String()
}

// The number of workers, where blocks end, streaming, inferring beforehand:
// nothing of it changes the table or the error.
func TestReadingIsTheSameEveryWay(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 2))
	good, bad := 0, 0
	for range 400 {
		in := nasty(r)
		for _, o := range []csv.Options{{}, {Separator: ';', Decimal: ','}} {
			if f := sameEveryWay(t, in, o); f != nil {
				good++
				roundTrip(t, f)
			} else {
				bad++
			}
		}
	}
	if good < 200 || bad < 60 {
		t.Errorf("%d texts are tables, %d are not: the test has lost its balance", good, bad)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a\n\"x\ny\"\n", "\"a\"\"\",b\r\n,\n", "\ufeffa\n1", "a,b\n\"\",\n\n", "a,b\nx,\"y\"z\n", "a;b\n1.234,5;2001-01-22\n", "d\n22.01.2001\n"} {
		f.Add(s, byte(0))
		f.Add(s, byte(7))
	}
	f.Fuzz(func(t *testing.T, in string, how byte) {
		o := csv.Options{MaxCell: 1 << 10}
		if how&1 != 0 {
			o.Separator, o.Decimal = ';', ','
		}
		if how&2 != 0 {
			o.Nulls = []string{"NA", "-1"}
		}
		if how&4 != 0 {
			o.Dates = map[string]string{"d": "%d.%m.%Y"}
		}
		if table := sameEveryWay(t, in, o); table != nil {
			roundTrip(t, table)
		}
		if how == 0 {
			compare(t, in)
		}
	})
}

// compare reads what encoding/csv accepts and that has no lone CR: both give the
// same cells.
func compare(t *testing.T, in string) {
	t.Helper()
	if strings.Contains(strings.ReplaceAll(in, "\r\n", "\n"), "\r") || strings.ContainsAny(in, "\x00") || strings.ToValidUTF8(in, "") != in {
		return
	}
	in = strings.TrimPrefix(in, "\ufeff")
	want, oracle := stdcsv.NewReader(strings.NewReader(in)).ReadAll()
	if oracle != nil || len(want) == 0 || strings.HasPrefix(in, "\ufeff") {
		return
	}
	seen := map[string]bool{}
	for _, name := range want[0] {
		if len(want[0]) == 1 && strings.ContainsAny(name, ";|\t") || seen[name] || strings.TrimSpace(name) == "" {
			return
		}
		seen[name] = true
	}
	// All texts, so that cells come out as they are.
	texts := frame.Schema{}
	for _, name := range want[0] {
		texts.Fields = append(texts.Fields, frame.Field{Name: name, Type: frame.String, Nullable: true})
	}
	if strings.Contains(in, "\r\n") {
		in = strings.ReplaceAll(in, "\r\n", "\n") // encoding/csv does so within quotes too
	}
	table, err := csv.Read(strings.NewReader(in), csv.Options{Schema: &texts})
	if err != nil {
		t.Fatalf("encoding/csv reads %q, Read says %v", in, err)
	}
	rows := want[1:]
	if table.Cols() == 1 { // an empty line is a null here and nothing there
		var full []int
		for i := range table.Rows() {
			if !table.At(0).IsNull(i) {
				full = append(full, i)
			}
		}
		table = table.Take(full)
	}
	if table.Rows() != len(rows) {
		t.Fatalf("%q: %d rows, want %d", in, table.Rows(), len(rows))
	}
	for i, row := range rows {
		for j, cell := range row {
			if got := table.At(j).Texts[i]; got != cell {
				t.Fatalf("row %d, column %d: %q, want %q", i+1, j+1, got, cell)
			}
		}
	}
}
