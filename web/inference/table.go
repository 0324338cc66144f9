package inference

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"gristmill/ml"
	"gristmill/ml/frame"
)

// table is a body on its way to a frame. Columns are counted in the order of
// the contract. A value that does not fit leaves a problem and a null, so that
// the rest of the body is still looked at.
type table struct {
	scanner
	*contract
	problems
	b    *frame.Builder
	rows int

	seen     []int    // by column: the last row (counted from 1) that named it; 0: none yet
	extras   []string // unknown names, for hints
	gaps     []gap    // records that lack a column which must have a value
	overflow int      // gaps that are only counted
	micros   bool     // the tensor that is read has times as microseconds
}

// gap is a record that lacks columns.
type gap struct {
	row     int
	columns []int
}

// newTable reads body into a table of the contract's columns.
func newTable(c *contract, body string) *table {
	const digits = 8 // a guess of bytes a value takes, so that columns seldom grow
	room := min(len(body)/(digits*max(len(c.fields), 1))+1, 1<<16)
	return &table{scanner: scanner{s: body}, contract: c,
		b: frame.NewBuilder(c.inputs, room), seen: make([]int, len(c.fields))}
}

// frame ends the reading: the whole body was JSON, nothing is wrong.
func (t *table) frame() (*frame.Frame, error) {
	if t.scanner.err != nil {
		return nil, malformed(t.scanner.err)
	}
	if t.problems.any() {
		return nil, t.problems.err()
	}
	return t.b.Frame()
}

// cell reads the next value into column j.
func (t *table) cell(j int, at place) {
	f := &t.fields[j]
	switch c := t.peek(); {
	case c == '"':
		s := t.text()
		if f.Type == frame.String {
			_ = t.b.Text(j, s) // fits: the column's type was looked at
			return
		}
		if f.Type == frame.Timestamp && !t.micros {
			if moment, ok := frame.ParseTime(s); ok {
				_ = t.b.Time(j, moment)
				return
			}
		}
		t.refuse(j, at, quote(s))
	case c == '-' || c-'0' <= 9:
		t.number(j, at)
	case c == 't' || c == 'f':
		v := c == 't'
		if !t.word(strconv.FormatBool(v)) {
			return
		}
		if f.Type == frame.Bool {
			_ = t.b.Bool(j, v)
			return
		}
		t.refuse(j, at, strconv.FormatBool(v))
	case c == 'n':
		if !t.word("null") {
			return
		}
		if f.Nullable {
			t.b.Null(j)
			return
		}
		t.refuse(j, at, "null (the column has no missing values)")
	case c == '{':
		t.skip()
		t.refuse(j, at, "an object")
	case c == '[':
		t.skip()
		t.refuse(j, at, "a list")
	default:
		t.unexpected("a value")
	}
}

// number reads a number into column j.
func (t *table) number(j int, at place) {
	text := t.scanner.number()
	if t.scanner.err != nil {
		return
	}
	switch t.fields[j].Type {
	case frame.Float64:
		v, err := strconv.ParseFloat(text, 64)
		if err == nil {
			_ = t.b.Float(j, v)
			return
		}
		t.refuse(j, at, frame.Shorten(text)+", which is out of range")
	case frame.Int64:
		if v, err := strconv.ParseInt(text, 10, 64); err == nil {
			_ = t.b.Int(j, v)
			return
		}
		v, err := strconv.ParseFloat(text, 64)
		switch {
		case err != nil || math.Abs(v) > 1<<53: // beyond, a float is no whole number any more
			t.refuse(j, at, frame.Shorten(text)+", which is out of range")
		case v != math.Trunc(v):
			t.refuse(j, at, frame.Shorten(text))
		default:
			_ = t.b.Int(j, int64(v))
		}
	case frame.Timestamp:
		if !t.micros {
			t.refuse(j, at, "number "+frame.Shorten(text))
			return
		}
		v, err := strconv.ParseInt(text, 10, 64)
		switch {
		case err != nil:
			t.refuse(j, at, frame.Shorten(text))
		case v < firstMoment || v > lastMoment:
			t.refuse(j, at, frame.Shorten(text)+", which is beyond the years 1 to 9999")
		default:
			_ = t.b.Time(j, v)
		}
	default:
		t.refuse(j, at, frame.Shorten(text))
	}
}

// The moments that a text can name, in microseconds since 1970 UTC.
const (
	firstMoment = -62135596800 * 1000000
	lastMoment  = 253402300800*1000000 - 1
)

// refuse notes a value that does not fit and puts a null in its place.
func (t *table) refuse(j int, at place, got string) {
	t.b.Null(j)
	if t.problems.full() {
		t.problems.rest++
		return
	}
	name := ""
	if at.form == byList || at.form == byTensor {
		name = "column " + quote(t.fields[j].Name) + ": "
	}
	want := wants(t.fields[j].Type)
	if t.micros {
		want = "microseconds since 1970 UTC"
	}
	t.problems.add(at.String(), "%sexpected %s, got %s", name, want, got)
}

// record reads an object as a row.
func (t *table) record(base string) {
	row := t.rows
	t.rows++
	at := place{base: base, row: row, form: byRecord}
	named, next := 0, 0
	for more := t.open('}'); more; more = t.more('}') {
		name := t.key()
		if t.scanner.err != nil {
			return
		}
		j, known := next, next < len(t.fields) && t.fields[next].Name == name
		if !known {
			j, known = t.index[name]
		}
		if !known {
			t.extra(name)
			t.skip()
			continue
		}
		at.column = name
		if t.seen[j] == t.rows {
			t.problems.add(at.String(), "the column is given twice")
			t.skip()
			continue
		}
		t.cell(j, at)
		t.seen[j], next = t.rows, j+1
		named++
	}
	if named == len(t.fields) || t.scanner.err != nil {
		return
	}
	var lacks []int
	for j, f := range t.fields {
		if t.seen[j] == t.rows {
			continue
		}
		t.b.Null(j)
		if !f.Nullable {
			lacks = append(lacks, j)
		}
	}
	switch {
	case lacks == nil:
	case len(t.gaps) < maxProblems:
		t.gaps = append(t.gaps, gap{row, lacks})
	default:
		t.overflow++
	}
}

// gapsOf notes what the records lack. A column that no record names is missing
// as a whole, also one that may be null: a misspelt name must not pass for a
// missing value. One that only some records leave out is null there.
func (t *table) gapsOf(base string) {
	if t.rows == 0 || t.scanner.err != nil {
		return
	}
	have := make([]bool, len(t.fields))
	for j := range have {
		have[j] = t.seen[j] > 0
	}
	t.lacking(base, have)
	for _, g := range t.gaps {
		var names []string
		for _, j := range g.columns {
			if have[j] {
				names = append(names, t.fields[j].Name)
			}
		}
		t.missing(base+"["+strconv.Itoa(g.row)+"]", names)
	}
	t.problems.rest += t.overflow
}

// extra remembers a name that the model does not know. Extra columns are
// ignored, as MLflow does; a few are kept to explain a missing one.
func (t *table) extra(name string) {
	if len(t.extras) < 32 && len(name) <= 120 && !slices.Contains(t.extras, name) {
		t.extras = append(t.extras, name)
	}
}

// missing notes columns that are not there, with the extra name that may have
// been meant.
func (t *table) missing(path string, names []string) {
	if len(names) == 0 {
		return
	}
	if t.problems.full() {
		t.problems.rest++
		return
	}
	const most = 10
	var b strings.Builder
	for i, n := range names[:min(most, len(names))] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quote(n))
		if near := ml.Nearest(n, t.extras); near != "" {
			b.WriteString(" (you sent " + quote(near) + ")")
		}
	}
	if len(names) > most {
		b.WriteString(" and " + strconv.Itoa(len(names)-most) + " more")
	}
	word := "missing column "
	if len(names) > 1 {
		word = "missing columns "
	}
	t.problems.add(path, "%s%s", word, b.String())
}

// columns matches the names of a row's items with the contract's columns: the
// column of each item, -1 for one to ignore.
func (t *table) columns(path string, names []string) []int {
	of := make([]int, len(names))
	have := make([]bool, len(t.fields))
	for i, name := range names {
		j, known := t.index[name]
		switch {
		case !known:
			of[i] = -1
			t.extra(name)
		case have[j]:
			of[i] = -1
			t.problems.add(path+"["+strconv.Itoa(i)+"]", "column %s is given twice", quote(name))
		default:
			of[i], have[j] = j, true
		}
	}
	t.lacking(path, have)
	return of
}

// lacking notes the columns that are not there.
func (t *table) lacking(path string, have []bool) {
	var missing []string
	for j, ok := range have {
		if !ok {
			missing = append(missing, t.fields[j].Name)
		}
	}
	t.missing(path, missing)
}

// list reads a list as a row whose items belong to the given columns.
func (t *table) list(base string, of []int) {
	row := t.rows
	t.rows++
	n := 0
	for more := t.open(']'); more; more = t.more(']') {
		if n < len(of) && of[n] >= 0 {
			t.cell(of[n], place{base: base, row: row, item: n, form: byList})
		} else {
			t.skip()
		}
		n++
	}
	if t.scanner.err != nil {
		return
	}
	if n != len(of) {
		t.problems.add(base+"["+strconv.Itoa(row)+"]", "expected %d values, one a column, got %d", len(of), n)
		for _, j := range of[min(n, len(of)):] {
			if j >= 0 {
				t.b.Null(j)
			}
		}
	}
}

// rowsOf reads a list of rows, each an object or a list of items in the
// signature's order.
func (t *table) rowsOf(base string, lists bool) {
	if t.peek() != '[' {
		t.wrong(base, "a list of rows")
		return
	}
	for more := t.open(']'); more; more = t.more(']') {
		switch c := t.peek(); {
		case c == '{':
			t.record(base)
		case c == '[' && lists:
			t.list(base, t.all)
			for j := range t.seen {
				t.seen[j] = t.rows
			}
		default:
			want := "an object"
			if lists {
				want = "an object or a list"
			}
			t.wrong(base+"["+strconv.Itoa(t.rows)+"]", want)
			t.rows++
			for j := range t.fields {
				t.b.Null(j)
			}
		}
	}
	if t.problems.any() && !slices.ContainsFunc(t.seen, func(row int) bool { return row > 0 }) {
		return // no row was one
	}
	t.gapsOf(base)
}

// unknown notes a key that nobody asked for and skips its value.
func (t *table) unknown(path, key string, known []string) {
	if t.problems.full() { // the search for the nearest key is dear
		t.problems.rest++
	} else {
		t.problems.add("", "%s", ml.Unknown(path, "key", frame.Shorten(key), known).Msg)
	}
	t.skip()
}

// wrong notes a value of another kind than is wanted and skips it.
func (t *table) wrong(path, want string) {
	kind := t.kindOf()
	t.skip() // which fails if there is no value
	if t.scanner.err == nil {
		t.problems.add(path, "expected %s, got %s", want, kind)
	}
}

// names reads a list of texts.
func (t *table) names(path string) []string {
	if t.peek() != '[' {
		t.wrong(path, "a list of column names")
		return nil
	}
	list := []string{}
	for more := t.open(']'); more; more = t.more(']') {
		if t.peek() != '"' {
			t.wrong(path+"["+strconv.Itoa(len(list))+"]", "a column name")
			list = append(list, "")
			continue
		}
		list = append(list, t.text())
	}
	return slices.Clip(list)
}
