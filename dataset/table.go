package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"gristmill"
	"gristmill/ml/frame"
)

// Table is bytes read as a table.
type Table struct {
	Frame  *frame.Frame     // all columns; those of Spec.Drop too where the schema describes them
	Digest gristmill.Digest // of the bytes as they came, compressed or not
	Size   int64            // of the same
}

// Limits bound what is read; zero fields mean the defaults.
type Limits struct {
	MaxBytes   int64 // of a table, decompressed; 0 means 4 GiB
	MaxColumns int   // 0 means frame.CSVOptions's own
	// MaxRatio bounds how much larger than its compressed form a table beyond
	// 64 MiB may be; 0 means 200.
	MaxRatio int64
}

func (l Limits) withDefaults() Limits {
	if l.MaxBytes == 0 {
		l.MaxBytes = 4 << 30
	}
	if l.MaxRatio == 0 {
		l.MaxRatio = 200
	}
	return l
}

// Read reads a table from r to its end, decompressing gzip, as s says. What is
// wrong with the data is an Invalid error whose Problems name row and column,
// the first twenty and then how many more; r's own errors are passed on.
func Read(ctx context.Context, r io.Reader, s Spec, l Limits) (Table, error) {
	l = l.withDefaults()
	o, err := s.CSVOptions()
	if err != nil {
		return Table{}, err
	}
	o.MaxBytes, o.MaxColumns = l.MaxBytes, l.MaxColumns
	raw := &meter{ctx: ctx, r: r, sum: sha256.New()}
	plain, err := plainReader(raw, l)
	if err != nil {
		return Table{}, err
	}
	f, err := frame.ReadCSV(plain, o)
	if err != nil {
		return Table{}, publicError("data", err)
	}
	// The digest is of all bytes, also those after what was needed.
	if _, err := io.Copy(io.Discard, raw); err != nil {
		return Table{}, fmt.Errorf("read dataset: %w", err)
	}
	if err := s.checkTable(f); err != nil {
		return Table{}, err
	}
	return Table{Frame: f, Digest: gristmill.Digest(hex.EncodeToString(raw.sum.Sum(nil))), Size: raw.n}, nil
}

// checkTable checks what the section says about columns against the table.
func (s Spec) checkTable(f *frame.Frame) error {
	var p problems
	fields := f.Schema().Fields
	if s.Target != "" {
		if c := f.Column(s.Target); c == nil {
			p.add("data.target", fmt.Sprintf("the table has no column %q", s.Target), "one of its columns"+nearest(s.Target, fields))
		} else if s.Positive != "" && !holds(c, s.Positive) {
			p.add("data.positive", fmt.Sprintf("the target %q never is %q", s.Target, s.Positive), "one of its values")
		}
	}
	for i, name := range s.Drop {
		if f.Column(name) == nil && len(s.Schema) == 0 {
			p.add(fmt.Sprintf("data.drop[%d]", i), fmt.Sprintf("the table has no column %q", name), "one of its columns"+nearest(name, fields))
		}
	}
	return gristmill.Problems("the data do not fit the spec", p)
}

func holds(c *frame.Column, text string) bool {
	for i := range c.Len() {
		if !c.IsNull(i) && c.Text(i) == text {
			return true
		}
	}
	return false
}

// Features returns the columns that a pipeline sees: all but the dropped ones.
func (s Spec) Features(f *frame.Frame) *frame.Frame { return f.Without(s.Drop...) }

// Describe returns the version that t is: a Version with digest, size, rows and
// schema; name, source and project are the caller's.
func (t Table) Describe(project, name, source string) Version {
	return Version{Project: project, Name: name, Source: source, Digest: t.Digest, Size: t.Size, Rows: int64(t.Frame.Rows()), Schema: t.Frame.Schema()}
}

// publicError turns what is wrong with a table into an error for users. Errors
// that are for users already, and the reader's own, are passed on.
func publicError(what string, err error) error {
	var known *gristmill.Error
	if errors.As(err, &known) {
		return known
	}
	var read *frame.ReadError
	if errors.As(err, &read) {
		return gristmill.Problems(what, []gristmill.Problem{{Path: read.Place(), Msg: read.Error()}})
	}
	var broken *frame.SchemaError
	if !errors.As(err, &broken) {
		return err
	}
	list := make([]gristmill.Problem, 0, len(broken.Violations)+1)
	for _, v := range broken.Violations {
		p := gristmill.Problem{Path: fmt.Sprintf("column %q", v.Column), Given: v.Value, Want: v.Want, Msg: v.Msg}
		if v.Row > 0 {
			p.Path = fmt.Sprintf("row %d, column %q", v.Row, v.Column)
		}
		list = append(list, p)
	}
	if more := broken.Total - len(broken.Violations); more > 0 {
		list = append(list, gristmill.Problem{Msg: fmt.Sprintf("and %d more", more)})
	}
	noun := "violations"
	if broken.Total == 1 {
		noun = "violation"
	}
	return gristmill.Problems(fmt.Sprintf("%s: %d %s of the schema", what, broken.Total, noun), list)
}
