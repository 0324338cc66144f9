package inference

import (
	"slices"
	"strconv"
	"strings"

	"gristmill/ml/frame"
)

// inferRequest is what a body of the Open Inference Protocol asks for beside
// its table.
type inferRequest struct {
	id      string // the client's own; echoed if given
	hasID   bool
	outputs []string // nil: all
}

// tensor is the head of one input.
type tensor struct {
	name, datatype           string
	shape                    []int64
	hasName, hasType, hasDim bool
}

// datatypes are the protocol's types by the column types that take them: a
// number fits a float column whatever its width, and whole floats fit an int
// column, because clients make a column with gaps one of floats.
var datatypes = map[frame.Type][]string{
	frame.Float64: {"FP64", "FP32", "FP16", "INT64", "INT32", "INT16", "INT8", "UINT64", "UINT32", "UINT16", "UINT8"},
	frame.Int64:   {"INT64", "INT32", "INT16", "INT8", "UINT64", "UINT32", "UINT16", "UINT8", "FP64", "FP32", "FP16"},
	frame.Bool:    {"BOOL"},
	frame.String:  {"BYTES"},
	// The texts of ISO 8601, or microseconds since 1970 UTC.
	frame.Timestamp: {"BYTES", "INT64"},
}

// readInfer reads the body of an infer request: one tensor a column, of shape
// [n] or [n,1].
func readInfer(c *contract, body string) (*frame.Frame, inferRequest, error) {
	t := newTable(c, body)
	var req inferRequest
	if t.peek() != '{' {
		return nil, req, notObject(&t.scanner, `the key "inputs"`)
	}
	given := make([]string, 0, 4)
	for more := t.open('}'); more; more = t.more('}') {
		key := t.key()
		switch {
		case t.scanner.err != nil:
		case slices.Contains(given, key):
			t.problems.add(key, "the key is given twice")
			t.skip()
		case key == "id":
			if t.peek() != '"' {
				t.wrong("id", "a text")
				break
			}
			req.id, req.hasID = t.text(), true
		case key == "parameters":
			if t.peek() != '{' && t.peek() != 'n' {
				t.wrong("parameters", "an object")
				break
			}
			t.skip()
		case key == "inputs":
			t.tensors()
		case key == "outputs":
			req.outputs = t.outputs()
		default:
			t.unknown("", key, []string{"id", "parameters", "inputs", "outputs"})
		}
		if len(given) < 8 {
			given = append(given, key)
		}
	}
	t.end()
	if !slices.Contains(given, "inputs") && t.scanner.err == nil && !t.problems.any() {
		t.problems.add("inputs", "the key is missing; expected a list with one tensor a column")
	}
	x, err := t.frame()
	return x, req, err
}

// tensors reads the list of inputs.
func (t *table) tensors() {
	if t.peek() != '[' {
		t.wrong("inputs", "a list with one tensor a column")
		return
	}
	have := make([]bool, len(t.fields))
	rows, first := -1, ""
	i := 0
	for more := t.open(']'); more; more = t.more(']') {
		path := "inputs[" + strconv.Itoa(i) + "]"
		i++
		if t.peek() != '{' {
			t.wrong(path, "an object")
			continue
		}
		j, n := t.tensor(path, have)
		switch {
		case t.scanner.err != nil:
			return
		case j < 0 || n < 0:
		case rows < 0:
			rows, first = n, t.fields[j].Name
		case n != rows:
			t.problems.add(path+".shape", "%d rows, tensor %s has %d", n, quote(first), rows)
		}
	}
	if t.scanner.err != nil {
		return
	}
	t.rows = max(rows, 0)
	t.lacking("inputs", have)
}

// tensor reads one input and returns its column and its rows, -1 where it has
// none that can be used.
func (t *table) tensor(path string, have []bool) (column, rows int) {
	var head tensor
	data, j := -1, -1
	n, read := -1, false
	given := make([]string, 0, 6)
	for more := t.open('}'); more; more = t.more('}') {
		key := t.key()
		switch {
		case t.scanner.err != nil:
			return -1, -1
		case slices.Contains(given, key):
			t.problems.add(path+member(key), "the key is given twice")
			t.skip()
		case key == "name" && t.peek() == '"':
			head.name, head.hasName = t.text(), true
		case key == "datatype" && t.peek() == '"':
			head.datatype, head.hasType = t.text(), true
		case key == "shape" && t.peek() == '[':
			head.shape, head.hasDim = t.dims(path+".shape"), true
		case key == "name" || key == "datatype":
			t.wrong(path+"."+key, "a text")
		case key == "shape":
			t.wrong(path+".shape", "a list of numbers")
		case key == "data":
			t.peek() // so that the offset is the value's
			data = t.i
			if read = head.hasName && head.hasType && head.hasDim; read {
				j, n = t.tensorData(path, head, have)
			} else {
				t.skip()
			}
		case key == "parameters":
			t.skip()
		default:
			t.unknown(path, key, []string{"name", "shape", "datatype", "parameters", "data"})
		}
		if len(given) < 8 {
			given = append(given, key)
		}
	}
	switch {
	case t.scanner.err != nil || read:
	case !head.hasName:
		t.problems.add(path, `the key "name" is missing`)
	case !head.hasType:
		t.problems.add(path, `the key "datatype" is missing`)
	case !head.hasDim:
		t.problems.add(path, `the key "shape" is missing`)
	case data < 0:
		t.problems.add(path, `the key "data" is missing`)
	default:
		after, depth := t.i, t.depth
		t.i = data
		j, n = t.tensorData(path, head, have)
		t.i, t.depth = after, depth
	}
	if j < 0 && head.hasName {
		if k, ok := t.index[head.name]; ok {
			have[k] = true // what is wrong with it has been said
		}
	}
	return j, n
}

// dims reads a shape.
func (t *table) dims(path string) []int64 {
	list := []int64{}
	for more := t.open(']'); more; more = t.more(']') {
		at := path + "[" + strconv.Itoa(len(list)) + "]"
		if c := t.peek(); c != '-' && c-'0' > 9 {
			t.wrong(at, "a whole number")
			list = append(list, -1)
			continue
		}
		text := t.scanner.number()
		v, err := strconv.ParseInt(text, 10, 64)
		if t.scanner.err == nil && (err != nil || v < 0) {
			t.problems.add(at, "expected a whole number of at least 0, got %s", frame.Shorten(text))
			v = -1
		}
		list = append(list, v)
	}
	return list
}

// tensorData reads the data of a tensor whose head is known.
func (t *table) tensorData(path string, head tensor, have []bool) (column, rows int) {
	j, known := t.index[head.name]
	if !known {
		t.extra(head.name)
		t.skip()
		return -1, -1
	}
	if have[j] {
		t.problems.add(path+".name", "column %s is given twice", quote(head.name))
		t.skip()
		return -1, -1
	}
	have[j] = true
	ok := true
	if !slices.Contains(datatypes[t.fields[j].Type], head.datatype) {
		want := datatypes[t.fields[j].Type][0]
		if t.fields[j].Type == frame.Timestamp {
			want = "BYTES or INT64"
		}
		t.problems.add(path+".datatype", "column %s: expected %s, got %s", quote(head.name), want, quote(head.datatype))
		ok = false
	}
	flat := len(head.shape) == 1 || len(head.shape) == 2 && head.shape[1] == 1
	if !flat {
		t.problems.add(path+".shape", "column %s: expected [n] or [n,1], got %s", quote(head.name), shapeText(head.shape))
		ok = false
	}
	if t.peek() != '[' {
		t.wrong(path+".data", "a list")
		return -1, -1
	}
	if !ok {
		t.skip()
		return -1, -1
	}
	t.micros = head.datatype == "INT64" && t.fields[j].Type == frame.Timestamp
	n := t.tensorValues(path+".data", j, len(head.shape) == 2)
	t.micros = false
	if t.scanner.err == nil && head.shape[0] >= 0 && int64(n) != head.shape[0] {
		t.problems.add(path+".data", "%d values, the shape %s says %d", n, shapeText(head.shape), head.shape[0])
		return -1, -1
	}
	return j, n
}

// tensorValues reads a list of values, each in a list of its own if the tensor
// has two dimensions and is not flat.
func (t *table) tensorValues(base string, j int, nested bool) int {
	n := 0
	for more := t.open(']'); more; more = t.more(']') {
		at := place{base: base, row: n, form: byTensor}
		n++
		if !nested || t.peek() != '[' {
			t.cell(j, at)
			continue
		}
		items := 0
		for more := t.open(']'); more; more = t.more(']') {
			if items++; items == 1 {
				t.cell(j, at)
			} else {
				t.skip()
			}
		}
		if t.scanner.err == nil && items != 1 {
			t.problems.add(at.String(), "expected one value, got %d", items)
			if items == 0 {
				t.b.Null(j)
			}
		}
	}
	return n
}

// outputs reads the list of wanted outputs.
func (t *table) outputs() []string {
	if t.peek() == 'n' {
		t.word("null")
		return nil
	}
	if t.peek() != '[' {
		t.wrong("outputs", "a list")
		return nil
	}
	known := []string{"prediction"}
	if len(t.classes) > 0 {
		known = append(known, "probability")
	}
	var list []string
	i := 0
	for more := t.open(']'); more; more = t.more(']') {
		path := "outputs[" + strconv.Itoa(i) + "]"
		i++
		if t.peek() != '{' {
			t.wrong(path, "an object with a name")
			continue
		}
		name, named := "", false
		for more := t.open('}'); more; more = t.more('}') {
			if t.key() == "name" && t.peek() == '"' {
				name, named = t.text(), true
			} else {
				t.skip() // parameters: all we have is JSON
			}
		}
		switch {
		case t.scanner.err != nil:
			return nil
		case !named:
			t.problems.add(path, `the key "name" is missing`)
		case !slices.Contains(known, name):
			t.problems.add(path+".name", "the model has no output %s; it has %s", quote(name), strings.Join(known, ", "))
		case slices.Contains(list, name):
			t.problems.add(path+".name", "output %s is asked for twice", quote(name))
		default:
			list = append(list, name)
		}
	}
	return list
}

func shapeText(shape []int64) string {
	parts := make([]string, 0, 5)
	for i, d := range shape {
		if i == 4 {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, strconv.FormatInt(d, 10))
	}
	return "[" + strings.Join(parts, ",") + "]"
}
