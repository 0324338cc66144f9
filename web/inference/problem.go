package inference

import (
	"fmt"
	"strconv"
	"strings"

	"gristmill"
	"gristmill/ml/frame"
)

// maxProblems is how many problems of one body are named; the rest is counted.
const maxProblems = 20

// problems collects what is wrong with a body.
type problems struct {
	list []gristmill.Problem
	rest int
}

func (ps *problems) any() bool { return len(ps.list) > 0 }

// full reports whether another problem would only be counted.
func (ps *problems) full() bool { return len(ps.list) == maxProblems }

func (ps *problems) add(path, format string, args ...any) {
	if ps.full() {
		ps.rest++
		return
	}
	msg := fmt.Sprintf(format, args...)
	if path != "" {
		msg = path + ": " + msg
	}
	ps.list = append(ps.list, gristmill.Problem{Path: path, Msg: msg})
}

// err returns all as one error whose message says everything on one line.
func (ps *problems) err() error {
	switch {
	case len(ps.list) == 0:
		return nil
	case len(ps.list) == 1:
		return &gristmill.Error{Kind: gristmill.Invalid, Msg: ps.list[0].Msg, Problems: ps.list}
	}
	texts := make([]string, len(ps.list))
	for i, p := range ps.list {
		texts[i] = p.Msg
	}
	head := fmt.Sprintf("%d problems: ", len(ps.list)+ps.rest)
	if ps.rest > 0 {
		head = fmt.Sprintf("the first %d of %d problems: ", len(ps.list), len(ps.list)+ps.rest)
	}
	return &gristmill.Error{Kind: gristmill.Invalid, Msg: head + strings.Join(texts, "; "), Problems: ps.list}
}

// place says where in a body a value stands. It is a value of small parts, so
// that it costs nothing until something is wrong there.
type place struct {
	base   string // "dataframe_records", "inputs[2].data"
	column string // after the indices; before them if byColumn
	row    int
	item   int // index within the row, if rows are lists
	form   form
}

// form is how a place is written.
type form uint8

const (
	byRecord form = iota // base[row].column
	byList               // base[row][item]
	byColumn             // base.column[row]
	byTensor             // base[row]
)

// String renders the place as a path: dataframe_records[3].tenure.
func (p place) String() string {
	row := p.base + "[" + strconv.Itoa(p.row) + "]"
	switch p.form {
	case byRecord:
		return row + member(p.column)
	case byList:
		return row + "[" + strconv.Itoa(p.item) + "]"
	case byColumn:
		return p.base + member(p.column) + "[" + strconv.Itoa(p.row) + "]"
	default:
		return row
	}
}

// member renders access to a key: .tenure or ["Lot Area"].
func member(key string) string {
	plain := key != "" && len(key) <= 60
	for i := 0; plain && i < len(key); i++ {
		c := key[i]
		plain = c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || i > 0 && c >= '0' && c <= '9'
	}
	if plain {
		return "." + key
	}
	return "[" + quote(key) + "]"
}

// quote renders a stranger's text, shortened.
func quote(s string) string { return strconv.Quote(frame.Shorten(s)) }

// wants says in one word what a column takes.
func wants(t frame.Type) string {
	switch t {
	case frame.Float64:
		return "number"
	case frame.Int64:
		return "whole number"
	case frame.Bool:
		return "true or false"
	case frame.Timestamp:
		return "date or time such as 2001-01-22T10:30:00Z"
	default:
		return "text"
	}
}
