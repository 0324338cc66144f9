package inference

import (
	"slices"
	"strconv"
	"strings"

	"gristmill/ml/frame"
)

// shapes are the keys of which a scoring body has exactly one.
var shapes = []string{"dataframe_split", "dataframe_records", "inputs", "instances"}

// readScoring reads the JSON body of MLflow's scoring protocol.
func readScoring(c *contract, body string) (*frame.Frame, error) {
	t := newTable(c, body)
	if t.peek() != '{' {
		return nil, notObject(&t.scanner, "one of the keys "+strings.Join(shapes, ", "))
	}
	shape, keys := "", make([]string, 0, 2)
	for more := t.open('}'); more; more = t.more('}') {
		key := t.key()
		switch {
		case t.scanner.err != nil:
		case slices.Contains(keys, key):
			t.problems.add(key, "the key is given twice")
			t.skip()
		case slices.Contains(shapes, key):
			if shape != "" {
				t.problems.add(key, "the body has %s already; expected exactly one of %s", shape, strings.Join(shapes, ", "))
				t.skip()
				break
			}
			shape = key
			t.shape(key)
		case key == "params":
			t.params()
		default:
			t.unknown("", key, append(slices.Clone(shapes), "params"))
		}
		if len(keys) < 8 {
			keys = append(keys, key)
		}
	}
	t.end()
	if shape == "" && t.scanner.err == nil && !t.problems.any() {
		t.problems.add("", "the body has no rows: expected exactly one of the keys %s", strings.Join(shapes, ", "))
	}
	return t.frame()
}

func (t *table) shape(key string) {
	switch key {
	case "dataframe_split":
		t.split(key)
	case "dataframe_records":
		t.rowsOf(key, false)
	case "instances":
		t.rowsOf(key, true)
	case "inputs":
		if t.peek() == '{' {
			t.byColumn(key)
		} else {
			t.rowsOf(key, true)
		}
	}
}

// params are MLflow's inference parameters, of which our models have none.
func (t *table) params() {
	switch t.peek() {
	case '{':
		for more := t.open('}'); more; more = t.more('}') {
			name := t.key()
			t.skip()
			if t.scanner.err == nil {
				t.problems.add("params"+member(name), "the model takes no params; leave them out")
			}
		}
	case 'n':
		t.word("null")
	default:
		t.wrong("params", "an object")
	}
}

// split reads {"columns": [...], "data": [[...], ...]}. The columns may stand
// after the data, or be left out: then the signature's order counts.
func (t *table) split(base string) {
	if t.peek() != '{' {
		t.wrong(base, `an object with "columns" and "data"`)
		return
	}
	var names []string
	data, read, broken, given := -1, false, false, map[string]bool{}
	for more := t.open('}'); more; more = t.more('}') {
		key := t.key()
		path := base + member(key)
		switch {
		case t.scanner.err != nil:
		case given[key]:
			t.problems.add(path, "the key is given twice")
			t.skip()
		case key == "columns":
			if t.peek() == 'n' {
				t.word("null")
			} else {
				names = t.names(path)
				broken = names == nil
			}
		case key == "data":
			t.peek() // so that the offset is the value's
			data = t.i
			if read = names != nil && !broken; read {
				t.splitData(base, names)
			} else {
				t.skip()
			}
		case key == "index": // row labels, which no model looks at
			if c := t.peek(); c != '[' && c != 'n' {
				t.wrong(path, "a list")
			} else {
				t.skip()
			}
		default:
			t.unknown(base, key, []string{"columns", "data", "index"})
		}
		if len(given) < 8 {
			given[key] = true
		}
	}
	switch {
	case t.scanner.err != nil:
	case data < 0:
		t.problems.add(base, `the key "data" is missing`)
	case !read && !broken:
		after, depth := t.i, t.depth
		t.i = data
		t.splitData(base, names)
		t.i, t.depth = after, depth
	}
}

func (t *table) splitData(base string, names []string) {
	of := t.all
	if names != nil {
		of = t.columns(base+".columns", names)
	}
	path := base + ".data"
	if t.peek() != '[' {
		t.wrong(path, "a list of rows")
		return
	}
	for more := t.open(']'); more; more = t.more(']') {
		if t.peek() == '[' {
			t.list(path, of)
			continue
		}
		t.wrong(path+"["+strconv.Itoa(t.rows)+"]", "a list")
		t.rows++
		for j := range t.fields {
			t.b.Null(j)
		}
	}
}

// byColumn reads {"tenure": [1, 2], "contract": ["a", "b"]}.
func (t *table) byColumn(base string) {
	have := make([]bool, len(t.fields))
	rows, first := -1, ""
	for more := t.open('}'); more; more = t.more('}') {
		name := t.key()
		j, known := t.index[name]
		switch {
		case t.scanner.err != nil:
			return
		case !known:
			t.extra(name)
			t.skip()
			continue
		case have[j]:
			t.problems.add(base+member(name), "the column is given twice")
			t.skip()
			continue
		}
		have[j] = true
		if t.peek() != '[' {
			t.wrong(base+member(name), "a list with one value a row")
			continue
		}
		n := 0
		at := place{base: base, column: name, form: byColumn}
		for more := t.open(']'); more; more = t.more(']') {
			at.row = n
			t.cell(j, at)
			n++
		}
		if rows < 0 {
			rows, first = n, name
		} else if n != rows {
			t.problems.add(base+member(name), "%d values, column %s has %d", n, quote(first), rows)
		}
	}
	if t.scanner.err != nil {
		return
	}
	t.rows = max(rows, 0)
	t.lacking(base, have)
}
