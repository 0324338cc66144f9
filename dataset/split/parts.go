package split

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode"

	"gristmill"
	"gristmill/dataset"
	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
)

// ReadParts reads which row belongs to which part, for a table of the given
// number of rows. Row ids are 0-based: row 0 is the first one after the header.
// The content is one of
//
//   - CSV with the columns row and part, a part being train, validation or test;
//   - a JSON object of lists: {"train": [0, 2], "validation": [], "test": [1]}.
//
// Rows that are not listed are in no part; if no training row is listed, all of
// them are training rows. There must be a training and a test row. Errors are
// Invalid and name all bad ids, the first twenty one by one.
func ReadParts(r io.Reader, rows int) (Parts, error) {
	b := bufio.NewReader(r)
	read := partsFromCSV
	for {
		c, _, err := b.ReadRune()
		if err != nil {
			break // an empty file: the CSV reader says so
		}
		if unicode.IsSpace(c) {
			continue
		}
		if c == '{' {
			read = partsFromJSON
		}
		_ = b.UnreadRune() // cannot fail after ReadRune
		break
	}
	l := listing{part: make([]int8, rows)}
	if err := read(b, &l); err != nil {
		return Parts{}, err
	}
	return l.parts()
}

// The parts of a listing; 0 is none.
const (
	train int8 = 1 + iota
	validation
	test
)

func partNames() []string { return []string{"", "train", "validation", "test"} }

// listing gathers the part of each row.
type listing struct {
	part  []int8
	count [4]int
	bad   problems
	more  int
}

// put gives a row to a part; where is what to call the place in the file.
func (l *listing) put(where string, row int64, part int8) {
	switch {
	case row < 0 || row >= int64(len(l.part)):
		l.refuse(where, fmt.Sprintf("row id %d", row), fmt.Sprintf("0 to %d: the table has %d rows", len(l.part)-1, len(l.part)))
	case l.part[row] != 0:
		l.refuse(where, fmt.Sprintf("row id %d is in %s already", row, partNames()[l.part[row]]), "every row id once")
	default:
		l.part[row] = part
		l.count[part]++
	}
}

func (l *listing) refuse(where, given, want string) {
	if len(l.bad) == frame.MaxViolations {
		l.more++
		return
	}
	l.bad.add("data.split.file: "+where, given, want)
}

func (l *listing) parts() (Parts, error) {
	if l.more > 0 {
		l.bad = append(l.bad, gristmill.Problem{Path: "data.split.file", Msg: fmt.Sprintf("and %d more", l.more)})
	}
	if err := gristmill.Problems("row ids", l.bad); err != nil {
		return Parts{}, err
	}
	rest := l.count[train] == 0
	var p Parts
	for row, part := range l.part {
		switch {
		case part == train, part == 0 && rest:
			p.Train = append(p.Train, row)
		case part == validation:
			p.Validation = append(p.Validation, row)
		case part == test:
			p.Test = append(p.Test, row)
		}
	}
	if len(p.Train) == 0 {
		return Parts{}, gristmill.Errorf(gristmill.Invalid, "data.split.file: no row is left for training")
	}
	if len(p.Test) == 0 {
		return Parts{}, gristmill.Errorf(gristmill.Invalid, "data.split.file: no row is in part test; expected one at least")
	}
	return p, nil
}

func partsFromCSV(r io.Reader, l *listing) error {
	schema := frame.Schema{Fields: []frame.Field{
		{Name: "row", Type: frame.Int64},
		{Name: "part", Type: frame.String, Values: partNames()[1:]},
	}}
	f, err := csv.Read(r, csv.Options{Schema: &schema})
	if err != nil {
		return dataset.TableError("data.split.file (expected CSV with the columns row and part)", err)
	}
	for i, row := range f.Column("row").Ints {
		part := train
		switch f.Column("part").Texts[i] {
		case "validation":
			part = validation
		case "test":
			part = test
		}
		l.put(fmt.Sprintf("row %d", i+1), row, part)
	}
	return nil
}

func partsFromJSON(r io.Reader, l *listing) error {
	var lists struct {
		Train      []int64 `json:"train"`
		Validation []int64 `json:"validation"`
		Test       []int64 `json:"test"`
	}
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	err := d.Decode(&lists)
	if err == nil {
		if _, end := d.Token(); end != io.EOF {
			err = errors.New("there is more after the object")
		}
	}
	if err != nil {
		var known *gristmill.Error
		if errors.As(err, &known) {
			return known
		}
		return gristmill.Hide(gristmill.Invalid, err, `data.split.file: no valid JSON; expected {"train": [row ids], "validation": [row ids], "test": [row ids]}`)
	}
	for part, rows := range [][]int64{train: lists.Train, validation: lists.Validation, test: lists.Test} {
		for i, row := range rows {
			l.put(fmt.Sprintf("%s[%d]", partNames()[part], i), row, int8(part))
		}
	}
	return nil
}

// problems gathers what is wrong, each under its path.
type problems []gristmill.Problem

// add adds a problem; its message is "path: given; expected want".
func (p *problems) add(path, given, want string) {
	msg := path + ": " + given + "; expected " + want
	*p = append(*p, gristmill.Problem{Path: path, Given: given, Want: want, Msg: msg})
}
