package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"gristmill"
	"gristmill/dataset/charset"
	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
	"gristmill/ml/frame/parquet"
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
	MaxColumns int   // 0 means csv.Options's own
	// MaxRatio bounds how much larger than its compressed form a table beyond
	// 64 MiB may be; 0 means 200.
	MaxRatio int64
}

func (l Limits) withDefaults() Limits {
	if l.MaxBytes == 0 {
		l.MaxBytes = 4 << 30
	}
	if l.MaxRatio == 0 {
		l.MaxRatio = defaultRatio
	}
	return l
}

// Read reads a table from r to its end, decompressing gzip and zstd, as s says:
// without the rows after Spec.Until. What is wrong with the data is an Invalid
// error whose Problems name row and column, the first twenty and then how many
// more; r's own errors are passed on. The whole table is in memory; Scan reads
// in parts.
func Read(ctx context.Context, r io.Reader, s Spec, l Limits) (Table, error) {
	in, err := s.open(ctx, r, l.withDefaults())
	if err != nil {
		return Table{}, err
	}
	defer in.close()
	f, err := in.read(s)
	if err != nil {
		return Table{}, publicError("data", err)
	}
	t := Table{}
	if t.Digest, t.Size, err = in.end(); err != nil {
		return Table{}, err
	}
	if err := s.checkTable(f); err != nil {
		return Table{}, err
	}
	if t.Frame, err = s.until(f, 0); err != nil {
		return Table{}, err
	}
	if t.Frame.Rows() == 0 && f.Rows() > 0 {
		return Table{}, s.allLater()
	}
	return t, nil
}

// input is the bytes of a table on their way into memory.
type input struct {
	raw  *meter
	text io.Reader // of CSV, in UTF-8; nil for Parquet
	file *os.File  // of Parquet, which is read from its end
	size int64     // of file
	l    Limits
}

// open finds out what the bytes are.
func (s Spec) open(ctx context.Context, r io.Reader, l Limits) (*input, error) {
	in := &input{raw: &meter{ctx: ctx, r: r, sum: sha256.New()}, l: l}
	plain, err := plainReader(in.raw, l)
	if err != nil {
		return nil, err
	}
	magic, err := plain.Peek(4)
	if err != nil && err != io.EOF {
		return nil, publicError("data", fmt.Errorf("read dataset: %w", err))
	}
	switch parquet := string(magic) == "PAR1"; {
	case parquet && s.Format == CSV:
		return nil, gristmill.Errorf(gristmill.Invalid, "data.format: csv, but the bytes are Parquet; expected parquet or no key")
	case !parquet && s.Format == Parquet:
		return nil, gristmill.Errorf(gristmill.Invalid, "data.format: parquet, but the bytes do not begin as Parquet; expected csv or no key")
	case !parquet:
		in.text, err = charset.NewReader(plain, s.Encoding)
		return in, err
	}
	var p problems
	s.onlyText(&p, "given, but the bytes are Parquet", "no key: a Parquet file says it itself")
	if err := gristmill.Problems("the data do not fit the spec", p); err != nil {
		return nil, err
	}
	return in, in.spool(plain)
}

// spool copies the bytes into a file of no name, which ends with the process.
func (in *input) spool(r io.Reader) (err error) {
	if in.file, err = os.CreateTemp("", "gristmill-table-"); err != nil {
		return gristmill.Hide(gristmill.Unavailable, err, "no temporary file can be made to read Parquet from")
	}
	_ = os.Remove(in.file.Name()) // where the system allows it; close tries again
	in.size, err = io.Copy(in.file, io.LimitReader(r, in.l.MaxBytes+1))
	if err == nil && in.size > in.l.MaxBytes {
		err = gristmill.Errorf(gristmill.Invalid, "the file is larger than the limit of %d bytes", in.l.MaxBytes)
	}
	if err != nil {
		in.close()
		return publicError("data", fmt.Errorf("spool table: %w", err))
	}
	return nil
}

func (in *input) close() {
	if in.file != nil {
		_ = in.file.Close()           // nothing was written that anybody wants
		_ = os.Remove(in.file.Name()) // gone already, most often
	}
}

// end reads what no reader needed and returns the digest and size of all bytes.
func (in *input) end() (gristmill.Digest, int64, error) {
	if _, err := io.Copy(io.Discard, in.raw); err != nil {
		return "", 0, fmt.Errorf("read dataset: %w", err)
	}
	return gristmill.Digest(hex.EncodeToString(in.raw.sum.Sum(nil))), in.raw.n, nil
}

// read reads all rows.
func (in *input) read(s Spec) (*frame.Frame, error) {
	if in.file != nil {
		return parquet.Read(in.file, in.size, s.parquetOptions(in.l))
	}
	o, err := s.csvOptions(in.l)
	if err != nil {
		return nil, err
	}
	return csv.Read(in.text, o)
}

func (s Spec) csvOptions(l Limits) (csv.Options, error) {
	o, err := s.CSVOptions()
	o.MaxBytes, o.MaxColumns = l.MaxBytes, l.MaxColumns
	return o, err
}

func (s Spec) parquetOptions(l Limits) parquet.Options {
	o := parquet.Options{MaxColumns: l.MaxColumns}
	if len(s.Schema) > 0 {
		o.Schema = &frame.Schema{Fields: s.Schema}
		for _, name := range s.Drop {
			if o.Schema.Index(name) < 0 {
				o.Skip = append(o.Skip, name)
			}
		}
	}
	return o
}

// until returns the rows of f that Spec.Until does not cut off; before is how
// many rows of the table came before f. The time column is checked even where
// nothing is cut off.
func (s Spec) until(f *frame.Frame, before int64) (*frame.Frame, error) {
	if s.Time == "" {
		return f, nil
	}
	c := f.Column(s.Time)
	if c == nil || c.Field.Type != frame.Timestamp {
		return nil, s.checkColumns(f.Schema())
	}
	last, limited := s.last()
	if !limited && s.Until != "" {
		return nil, gristmill.Errorf(gristmill.Invalid, "data.until: %q; expected a date or time of ISO 8601", frame.Shorten(s.Until))
	}
	keep := make([]int, 0, f.Rows())
	for i, at := range c.Ints {
		if c.IsNull(i) {
			return nil, gristmill.Errorf(gristmill.Invalid, "data.time: row %d has no value in column %q; expected a time in every row", before+int64(i)+1, s.Time)
		}
		if !limited || at <= last {
			keep = append(keep, i)
		}
	}
	if len(keep) == f.Rows() {
		return f, nil
	}
	return f.Take(keep), nil
}

// last is the last moment that Spec.Until keeps: of a date alone, the end of
// that day in UTC.
func (s Spec) last() (micros int64, ok bool) {
	micros, ok = frame.ParseTime(s.Until)
	if ok && len(s.Until) == len(time.DateOnly) {
		micros += (24 * time.Hour).Microseconds() - 1
	}
	return micros, ok
}

func (s Spec) allLater() error {
	return gristmill.Errorf(gristmill.Invalid, "data.until: every row's %q is after %s; expected a later time", s.Time, s.Until)
}

// checkTable checks what the section says about columns against the table.
func (s Spec) checkTable(f *frame.Frame) error {
	p := s.columnProblems(f.Schema().Fields)
	if c := f.Column(s.Target); s.Target != "" && s.Positive != "" && c != nil && !holds(c, s.Positive) {
		s.neverPositive(&p)
	}
	return gristmill.Problems("the data do not fit the spec", p)
}

// checkColumns is checkTable before any row is known.
func (s Spec) checkColumns(schema frame.Schema) error {
	return gristmill.Problems("the data do not fit the spec", s.columnProblems(schema.Fields))
}

func (s Spec) neverPositive(p *problems) {
	p.add("data.positive", fmt.Sprintf("the target %q never is %q", s.Target, s.Positive), "one of its values")
}

func (s Spec) columnProblems(fields []frame.Field) (p problems) {
	schema := frame.Schema{Fields: fields}
	if s.Target != "" && schema.Index(s.Target) < 0 {
		p.add("data.target", fmt.Sprintf("the table has no column %q", s.Target), "one of its columns"+nearest(s.Target, fields))
	}
	for i, name := range s.Drop {
		if schema.Index(name) < 0 && len(s.Schema) == 0 {
			p.add(fmt.Sprintf("data.drop[%d]", i), fmt.Sprintf("the table has no column %q", name), "one of its columns"+nearest(name, fields))
		}
	}
	switch f, ok := schema.Field(s.Time); {
	case s.Time == "":
	case !ok:
		p.add("data.time", fmt.Sprintf("the table has no column %q", s.Time), "one of its columns"+nearest(s.Time, fields))
	case f.Type != frame.Timestamp:
		p.add("data.time", fmt.Sprintf("column %q is of type %s", s.Time, f.Type), "timestamp: name the format of its times in data.dates, or look for a cell that is no time of ISO 8601")
	}
	return p
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

// TableError turns what a reader of tables found wrong into an error for users,
// which begins with what. Errors for users and the reader's own are passed on.
func TableError(what string, err error) error { return publicError(what, err) }

// publicError turns what is wrong with a table into an error for users. Errors
// that are for users already, and the reader's own, are passed on.
func publicError(what string, err error) error {
	var known *gristmill.Error
	if errors.As(err, &known) {
		return known
	}
	var read *csv.ReadError
	if errors.As(err, &read) {
		return gristmill.Problems(what, []gristmill.Problem{{Path: read.Place(), Msg: read.Error()}})
	}
	var file *parquet.Error
	if errors.As(err, &file) {
		return &gristmill.Error{Kind: gristmill.Invalid, Msg: what, Problems: []gristmill.Problem{{Path: file.Column, Msg: file.Error()}}, Err: file.Err}
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
