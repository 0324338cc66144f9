package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"

	"gristmill"
	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
	"gristmill/ml/frame/parquet"
)

// Scanner reads a table in parts, in memory that does not grow with it. It is
// for one goroutine.
type Scanner struct {
	spec     Spec
	in       *input
	source   io.Closer
	next     func() (*frame.Frame, error)
	schema   frame.Schema
	inferred bool

	rows, used int64
	nulls      []bool // by column, so far
	positive   bool   // was seen
	doubts     doubter
	digest     gristmill.Digest
	size       int64
	err        error
}

// Scan opens a table as Read does, and finds the schema that Read would give it:
// CSV without one in the spec is read once for that, and so open is called
// twice. Errors are those of Read, except that rows that break a schema are
// counted up to where that was noticed.
func Scan(ctx context.Context, open func() (io.ReadCloser, error), s Spec, l Limits) (*Scanner, error) {
	l = l.withDefaults()
	sc := &Scanner{spec: s, inferred: len(s.Schema) == 0}
	if err := sc.reopen(ctx, open, l); err != nil {
		return nil, err
	}
	if err := sc.begin(ctx, open, l); err != nil {
		sc.Close()
		return nil, publicError("data", err)
	}
	sc.nulls = make([]bool, len(sc.schema.Fields))
	if err := s.checkColumns(sc.schema); err != nil {
		sc.Close()
		return nil, err
	}
	return sc, nil
}

// reopen begins at the first byte again.
func (sc *Scanner) reopen(ctx context.Context, open func() (io.ReadCloser, error), l Limits) error {
	sc.Close()
	r, err := open()
	if err != nil {
		return err
	}
	sc.source = r
	if sc.in, err = sc.spec.open(ctx, r, l); err != nil {
		sc.Close()
	}
	return err
}

func (sc *Scanner) begin(ctx context.Context, open func() (io.ReadCloser, error), l Limits) error {
	if sc.in.file != nil {
		r, err := parquet.NewReader(sc.in.file, sc.in.size, sc.spec.parquetOptions(l))
		if err != nil {
			return err
		}
		sc.next, sc.schema = r.Next, r.Schema()
		return nil
	}
	o, err := sc.spec.csvOptions(l)
	if err != nil {
		return err
	}
	if sc.inferred {
		schema, _, err := csv.Infer(sc.in.text, o)
		if err != nil {
			return err
		}
		if _, _, err := sc.in.end(); err != nil { // which also finds damage at the very end
			return err
		}
		if err := sc.reopen(ctx, open, l); err != nil {
			return err
		}
		o.Schema = &schema
	}
	r, err := csv.NewReader(sc.in.text, o)
	if err != nil {
		return err
	}
	sc.next, sc.schema = r.Next, *o.Schema
	return nil
}

// Schema returns the columns. Whether one of a Parquet file is nullable is known
// for certain after the last row only.
func (sc *Scanner) Schema() frame.Schema { return sc.schema }

// Next returns the next rows, also those after Spec.Until, and io.EOF after the
// last, when the whole table is known to fit the spec. After an error comes the
// same error.
func (sc *Scanner) Next() (*frame.Frame, error) {
	if sc.err != nil {
		return nil, sc.err
	}
	f, err := sc.next()
	if err == nil {
		err = sc.look(f)
	}
	if errors.Is(err, io.EOF) {
		if err = sc.finish(); err == nil {
			err = io.EOF
		}
	}
	if err != nil {
		sc.err = sc.public(err)
		return nil, sc.err
	}
	return f, nil
}

// look notes what has to be known of all rows.
func (sc *Scanner) look(f *frame.Frame) error {
	used, err := sc.spec.until(f, sc.rows)
	if err != nil {
		return err
	}
	for j := range f.Cols() {
		sc.nulls[j] = sc.nulls[j] || f.At(j).Nulls() > 0
	}
	if c := f.Column(sc.spec.Target); c != nil && sc.spec.Positive != "" && !sc.positive {
		sc.positive = holds(c, sc.spec.Positive)
	}
	sc.doubts.add(f)
	sc.rows += int64(f.Rows())
	sc.used += int64(used.Rows())
	return nil
}

func (sc *Scanner) finish() (err error) {
	if sc.digest, sc.size, err = sc.in.end(); err != nil {
		return err
	}
	if sc.inferred && sc.in.file != nil { // as Read has it; in CSV it was inferred
		for j := range sc.schema.Fields {
			sc.schema.Fields[j].Nullable = sc.nulls[j]
		}
	}
	switch {
	case sc.spec.Target != "" && sc.spec.Positive != "" && !sc.positive:
		var p problems
		sc.spec.neverPositive(&p)
		return gristmill.Problems("the data do not fit the spec", p)
	case sc.rows > 0 && sc.used == 0:
		return sc.spec.allLater()
	}
	return nil
}

// public is publicError for a table that was read in part.
func (sc *Scanner) public(err error) error {
	if errors.Is(err, io.EOF) {
		return err
	}
	var broken *frame.SchemaError
	what := "data"
	if errors.As(err, &broken) && sc.in.raw.n > 512<<10 { // more than a part, which counts for itself
		what = "data, as far as they were read"
	}
	return publicError(what, err)
}

// Close ends the reading and closes what open returned.
func (sc *Scanner) Close() {
	if sc.in != nil {
		sc.in.close()
		sc.in = nil
	}
	if sc.source != nil {
		_ = sc.source.Close() // only reading ends
		sc.source = nil
	}
}

// Scanned is what is known of a table after its last row.
type Scanned struct {
	Version Version  // of all rows; project, name and source are the caller's to fill in
	Used    int64    // rows that Spec.Until leaves
	Doubts  []string // see Doubts
}

// Scanned returns what the scan found; it is an error before Next said io.EOF.
func (sc *Scanner) Scanned() (Scanned, error) {
	if !errors.Is(sc.err, io.EOF) {
		return Scanned{}, fmt.Errorf("describe table: it was not read to its end")
	}
	return Scanned{Version: Version{Digest: sc.digest, Size: sc.size, Rows: sc.rows, Schema: sc.schema}, Used: sc.used, Doubts: sc.doubts.list()}, nil
}
