package csv_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
)

func TestDecimalComma(t *testing.T) {
	t.Parallel()
	german := csv.Options{Separator: ';', Decimal: ','}
	for _, c := range []struct {
		name, in, want string
		o              csv.Options
	}{
		{"decimals", "a\n1,5\n-0,25\n,5\n5,\n1,5e3\n", "a float64: 1.5 -0.25 0.5 5 1500", german},
		{"thousands", "a\n1.234,5\n-12.345.678,25\n0,5\n", "a float64: 1234.5 -1.234567825e+07 0.5", german},
		{"whole thousands", "a\n1.234\n7\n", "a int64: 1234 7", german},
		{"whole and decimal", "a\n1.234\n7,5\n", "a float64: 1234 7.5", german},
		{"a point that groups nothing is text", "a\n1.5\n", `a string: "1.5"`, german},
		{"a group of two is text", "a\n1.23,5\n", `a string: "1.23,5"`, german},
		{"a long first group is text", "a\n1234.567\n", `a string: "1234.567"`, german},
		{"a point after the comma is text", "a\n1,234.5\n", `a string: "1,234.5"`, german},
		{"a lone comma is text", "a\n,\n", `a string: ","`, german},
		{"leading zeros are text", "a\n007,5\n0.123\n", `a string: "007,5" "0.123"`, german},
		{"quoted", "a;b\n\"1,5\";\"x\"\n", `a float64: 1.5 | b string: "x"`, german},
		{"a comma file with a decimal point stays text", "a;b\n1,5;2\n", `a string: "1,5" | b int64: 2`, csv.Options{Separator: ';'}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, err := csv.Read(strings.NewReader(c.in), c.o)
			must(t, err)
			if got := show(f); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestOtherDecimalSignIsNamed(t *testing.T) {
	t.Parallel()
	schema := frame.Schema{Fields: []frame.Field{{Name: "pay", Type: frame.Float64}}}
	for _, c := range []struct {
		in, want string
		o        csv.Options
	}{
		{"pay\n1.234,5\n", `row 1, column "pay": "1.234,5"; expected a number (float64), with a decimal point (of a file with decimal commas: data.decimal ",")`, csv.Options{Separator: ';', Schema: &schema}},
		{"pay\n\"1,5\"\n", `row 1, column "pay": "1,5"; expected a number (float64), with a decimal point (of a file with decimal commas: data.decimal ",")`, csv.Options{Schema: &schema}},
		{"pay\n1,5\n2.5\n", `row 2, column "pay": "2.5"; expected a number (float64), with a decimal comma (of a file with decimal points: no data.decimal)`, csv.Options{Separator: ';', Decimal: ',', Schema: &schema}},
		{"pay\nx,y\n", `row 1, column "pay": "x,y"; expected a number (float64)`, csv.Options{Separator: ';', Schema: &schema}},
	} {
		_, err := csv.Read(strings.NewReader(c.in), c.o)
		if err == nil || err.Error() != c.want {
			t.Errorf("%q:\n got %v\nwant %s", c.in, err, c.want)
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in, want string
		o              csv.Options
	}{
		{"dates", "d\n2001-01-22\n\n2024-02-29\n", "d timestamp?: 2001-01-22 null 2024-02-29", csv.Options{}},
		{"dates and times", "d\n2001-01-22\n2001-01-22 10:30\n2001-01-22T10:30:15.25+02:00\n", "d timestamp: 2001-01-22 2001-01-22T10:30:00Z 2001-01-22T08:30:15.25Z", csv.Options{}},
		{"no such day", "d\n2001-01-22\n2001-02-29\n", `d string: "2001-01-22" "2001-02-29"`, csv.Options{}},
		{"dates and numbers are text", "d\n2001-01-22\n5\n", `d string: "2001-01-22" "5"`, csv.Options{}},
		{"a format", "d,n\n22.01.2001 5:07 PM,1\n,2\n", "d timestamp?: 2001-01-22T17:07:00Z null | n int64: 1 2", csv.Options{Dates: map[string]string{"d": "%d.%m.%Y %I:%M %p"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := sameEveryWay(t, c.in, c.o)
			if f == nil {
				t.Fatal("no table")
			}
			if got := show(f); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestTimesThatBreakTheirFormat(t *testing.T) {
	t.Parallel()
	typed := frame.Schema{Fields: []frame.Field{{Name: "d", Type: frame.Timestamp, Format: "%d/%m/%y"}}}
	bare := frame.Schema{Fields: []frame.Field{{Name: "d", Type: frame.Timestamp}}}
	for _, c := range []struct {
		name, in, want string
		o              csv.Options
	}{
		{"schema's format", "d\n22/01/01\n2001-01-22\n", `row 2, column "d": "2001-01-22"; expected a time in the format "%d/%m/%y"`, csv.Options{Schema: &typed}},
		{"options' format", "d\n22/01/01\n31/02/01\n", `row 2, column "d": "31/02/01"; expected a time in the format "%d/%m/%y"`, csv.Options{Dates: map[string]string{"d": "%d/%m/%y"}}},
		{"options' format for a schema", "d\nx\n", `row 1, column "d": "x"; expected a time in the format "%Y"`, csv.Options{Schema: &bare, Dates: map[string]string{"d": "%Y"}}},
		{"iso", "d\n1.2.2003\n", `row 1, column "d": "1.2.2003"; expected a date or time (timestamp, such as 2001-01-22 or 2001-01-22T10:30:00Z)`, csv.Options{Schema: &bare}},
		{"unknown sign", "d\nx\n", `read csv: column "d": time format "%Q": unknown sign %Q; expected one of %Y %y %m %d %j %H %I %M %S %f %p %b %B %a %A %z %Z %%`, csv.Options{Dates: map[string]string{"d": "%Q"}}},
		{"no such column", "d\nx\n", `header (line 1): there is no column "when" to read as dates`, csv.Options{Dates: map[string]string{"when": "%Y"}}},
	} {
		_, err := csv.Read(strings.NewReader(c.in), c.o)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.name, err, c.want)
		}
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]csv.Options{
		"read csv: a comma is both the separator and the decimal sign; expected another separator, such as ';'": {Decimal: ','},
		"read csv: decimal sign ';'; expected '.' or ','":                                                       {Decimal: ';'},
	} {
		if _, err := csv.Read(strings.NewReader("a\n1\n"), o); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := csv.NewReader(strings.NewReader("a\n1\n"), csv.Options{}); err == nil || err.Error() != "read csv in batches: no schema given; expected one, such as Infer's" {
		t.Errorf("a reader without a schema: %v", err)
	}
}

// A header of one column that holds another separator is most likely a table
// whose separator was not named.
func TestSeparatorThatWasNotNamed(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a;b\n1,5;2\n":       `header (line 1), column 1 "a;b": the header is one column whose name holds ";"; if that separates the columns, say so (data.separator: ";"), else put the name in quotes`,
		"a\tb\n1\t2\n":       `header (line 1), column 1 "a\tb": the header is one column whose name holds a tab; if that separates the columns, say so (data.separator: "\t"), else put the name in quotes`,
		"\n\nid|name\n1|x\n": `header (line 3), column 1 "id|name": the header is one column whose name holds "|"; if that separates the columns, say so (data.separator: "|"), else put the name in quotes`,
	} {
		_, err := csv.Read(strings.NewReader(in), csv.Options{})
		if err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", in, err, want)
		}
	}
	f, err := csv.Read(strings.NewReader("\"a;b\"\n1\n"), csv.Options{})
	must(t, err)
	if got := show(f); got != "a;b int64: 1" {
		t.Error(got)
	}
	roundTrip(t, f)
}

// endless is a text of a head and a body that comes again and again, up to a
// size.
type endless struct {
	head, body string
	left       int
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && e.left > 0 {
		if e.head == "" {
			e.head = e.body
		}
		k := copy(p[n:min(len(p), n+e.left)], e.head)
		e.head = e.head[k:]
		e.left -= k
		n += k
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// peak runs work and returns by how much the heap in use rose at most, as seen
// each time that tick was called.
func peak(work func(tick func())) int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, most := m.HeapInuse, m.HeapInuse
	work(func() {
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapInuse)
	})
	return int64(most) - int64(before)
}

// ticking calls tick once each 4 MiB read.
type ticking struct {
	r    io.Reader
	n    int
	tick func()
}

func (t *ticking) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if t.n += n; t.n > 4<<20 {
		t.n = 0
		t.tick()
	}
	return n, err
}

// Not parallel: it measures the process's memory.
func TestMemoryIsConstant(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 200 MB")
	}
	const size, limit = 200 << 20, 64 << 20
	body := "17,3.25,true,2001-01-22,Month-to-month,\"a, b\",,unique text of some length\n"
	table := func() io.Reader {
		return &endless{head: "i,f,b,d,s,q,n,t\n", body: body, left: size / len(body) * len(body)}
	}
	var schema frame.Schema
	rows := 0
	rose := peak(func(tick func()) {
		var err error
		schema, rows, err = csv.Infer(&ticking{r: table(), tick: tick}, csv.Options{})
		must(t, err)
	})
	if want := size/len(body) - 1; rows < want || rose > limit {
		t.Errorf("Infer: %d rows, the heap rose by %d bytes; expected at least %d and at most %d", rows, rose, want, limit)
	}
	t.Logf("Infer: %d rows in %d MiB", rows, rose>>20)
	read := 0
	rose = peak(func(tick func()) {
		r, err := csv.NewReader(&ticking{r: table(), tick: tick}, csv.Options{Schema: &schema})
		must(t, err)
		for {
			f, err := r.Next()
			if err == io.EOF {
				return
			}
			must(t, err)
			read += f.Rows()
		}
	})
	if read != rows || rose > limit {
		t.Errorf("Reader: %d rows, the heap rose by %d bytes; expected %d and at most %d", read, rose, rows, limit)
	}
	t.Logf("Reader: %d rows in %d MiB", read, rose>>20)
}

// A cell beyond the limit is refused when the limit is reached, not when the
// file has been read.
func TestGiantCells(t *testing.T) {
	const size = 100 << 20
	for name, c := range map[string]struct {
		head, want string
	}{
		"unquoted": {"a,b\n1,x\n2,", `row 2 (line 3), column 2 "b": the cell is larger than the limit of 16777216 bytes`},
		"quoted":   {"a,b\n1,x\n2,\"", `row 2 (line 3), column 2 "b": the cell is larger than the limit of 16777216 bytes, or its quote is never closed`},
	} {
		schema := frame.Schema{Fields: []frame.Field{{Name: "a", Type: frame.Int64}, {Name: "b", Type: frame.String}}}
		for how, o := range map[string]csv.Options{"inferred": {}, "typed": {Schema: &schema}} {
			left := &endless{head: c.head, body: strings.Repeat("x", 1000), left: size}
			rose := peak(func(tick func()) {
				_, err := csv.Read(&ticking{r: left, tick: tick}, o)
				if err == nil || err.Error() != c.want {
					t.Errorf("%s, %s:\n got %v\nwant %s", name, how, err, c.want)
				}
			})
			if rose > size || left.left < size/2 {
				t.Errorf("%s, %s: the heap rose by %d bytes, %d were not read", name, how, rose, left.left)
			}
		}
	}
}

// Empty lines are no rows: they must not take memory for every column.
func TestEmptyLinesTakeNoMemory(t *testing.T) {
	const columns, lines = 20_000, 4 << 20
	var in strings.Builder
	for j := range columns {
		fmt.Fprintf(&in, "c%d,", j)
	}
	in.WriteString("last")
	text := strings.Replace(in.String(), "c0,", "", 1) + strings.Repeat("\n", lines)
	rose := peak(func(tick func()) {
		for _, o := range []csv.Options{{Workers: 1}, {Workers: 2}} {
			f, err := csv.Read(strings.NewReader(text), o)
			must(t, err)
			tick()
			if f.Cols() != columns || f.Rows() != 0 {
				t.Errorf("%d rows of %d columns", f.Rows(), f.Cols())
			}
		}
	})
	if rose > 256<<20 {
		t.Errorf("the heap rose by %d bytes", rose)
	}
}

func TestReaderPassesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	schema := frame.Schema{Fields: []frame.Field{{Name: "a", Type: frame.Int64}}}
	broken := errors.New("connection reset")
	r, err := csv.NewReader(io.MultiReader(strings.NewReader("a\n1\n2\n3"), iotest.ErrReader(broken)), csv.WithBlock(csv.Options{Schema: &schema, Workers: 3}, 2))
	must(t, err)
	got := ""
	for {
		f, err := r.Next()
		if err != nil {
			if _, again := r.Next(); !errors.Is(err, broken) || again != err {
				t.Errorf("error %v, then %v", err, again)
			}
			break
		}
		got += fmt.Sprint(f.At(0).Ints)
	}
	if got != "[1][2]" {
		t.Errorf("before the error came %s", got)
	}
	r, err = csv.NewReader(strings.NewReader("a\n1\n2\nx\n4\ny\n"), csv.WithBlock(csv.Options{Schema: &schema, Workers: 2}, 2))
	must(t, err)
	for err == nil {
		_, err = r.Next()
	}
	if want := `row 3, column "a": "x"; expected a whole number (int64)`; err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
