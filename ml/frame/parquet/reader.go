package parquet

import (
	"io"
	"math"

	"gristmill/ml/frame"
)

// Reader reads a table in parts, in memory bounded by a page and a dictionary a
// column beside the part. It must not be used concurrently; inside it decodes
// on Options.Workers goroutines.
type Reader struct {
	t      *table
	schema frame.Schema
	cols   []stream
	group  int   // the next one to open
	left   int64 // rows of the open one
	done   int64 // rows returned
	err    error // sticks
}

// stream is a column of a Reader: rows that are decoded and not yet returned.
type stream struct {
	*chunkReader
	ready  vector
	from   int // rows of ready that have been returned
	budget *budget
}

// NewReader opens a table of size bytes. Its errors are those of Read.
func NewReader(r io.ReaderAt, size int64, o Options) (rd *Reader, err error) {
	err = guarded(func() error {
		rd, err = newReader(r, size, o.withDefaults())
		return err
	})
	if err != nil {
		return nil, err
	}
	return rd, nil
}

func newReader(r io.ReaderAt, size int64, o Options) (*Reader, error) {
	t, err := open(r, size, o)
	if err != nil {
		return nil, err
	}
	claims := o
	claims.MaxBytes = math.MaxInt64 // a table may be larger than memory, but not without bound
	if err := t.plausible(newBudget(claims, size)); err != nil {
		return nil, err
	}
	if o.Schema != nil { // names can be told apart before any row
		if first, total := t.names(); total > 0 {
			return nil, &frame.SchemaError{Violations: first, Total: total}
		}
	}
	rd := &Reader{t: t}
	for _, l := range t.picked {
		rd.schema.Fields = append(rd.schema.Fields, frame.Field{Name: l.name, Type: l.kind(), Nullable: t.mayBeNull(l)})
		b := newBudget(o, size)
		rd.cols = append(rd.cols, stream{chunkReader: t.reader(l, b), ready: vector{kind: l.kind()}, budget: b})
	}
	if o.Schema != nil {
		rd.schema = *o.Schema
	}
	return rd, nil
}

// mayBeNull reports whether nothing in the footer says that the column has no
// nulls. Floats may always be NaN.
func (t *table) mayBeNull(l *leaf) bool {
	if l.kind() == frame.Float64 {
		return true
	}
	if !l.optional {
		return false
	}
	for i := range t.meta.Groups {
		if t.meta.Groups[i].Chunks[l.index].Nulls != 0 {
			return true
		}
	}
	return false
}

// Schema returns the table's columns: those of Options.Schema, or the file's. A
// column is nullable if it may have nulls as far as the footer knows, so that
// a column that Read finds complete may be nullable here.
func (r *Reader) Schema() frame.Schema { return r.schema }

// Rows returns the number of rows that the file claims to have; Next finds out
// whether it does.
func (r *Reader) Rows() int64 { return r.t.meta.Rows }

// Next returns the next rows, up to Options.BatchRows and never of two row
// groups, and io.EOF after the last. The errors are those of Read; after one,
// all further calls return it again.
func (r *Reader) Next() (f *frame.Frame, err error) {
	if r.err != nil {
		return nil, r.err
	}
	r.err = guarded(func() error {
		f, err = r.next()
		return err
	})
	if r.err != nil {
		return nil, r.err
	}
	return f, nil
}

func (r *Reader) next() (*frame.Frame, error) {
	for r.left == 0 {
		if r.group == len(r.t.meta.Groups) {
			return nil, io.EOF
		}
		g := &r.t.meta.Groups[r.group]
		r.group++
		for j := range r.cols {
			c := &r.cols[j]
			if err := c.open(&g.Chunks[c.index], g.Rows); err != nil {
				return nil, at(err, c.name, r.group)
			}
		}
		r.left = g.Rows
	}
	n := int(min(r.left, int64(r.t.o.BatchRows)))
	cols := make([]*frame.Column, len(r.cols))
	err := each(r.t.o.Workers, len(cols), func(j int) (err error) {
		c := &r.cols[j]
		cols[j], err = c.take(r.field(c.name, c.kind()), n)
		return at(err, c.name, r.group)
	})
	if err != nil {
		return nil, err
	}
	f, err := frame.New(cols...)
	if err == nil && r.t.o.Schema != nil {
		f, err = r.t.conform(f, int(r.done))
	}
	if err != nil {
		return nil, err
	}
	r.left -= int64(n)
	r.done += int64(n)
	return f, nil
}

// field describes a column as it is decoded, before any schema.
func (r *Reader) field(name string, kind frame.Type) frame.Field {
	f, _ := r.schema.Field(name)
	return frame.Field{Name: name, Type: kind, Nullable: f.Nullable}
}

// take returns the next n rows of the column. What it decodes for them it gives
// back to the budget, which so bounds what is in memory at a time.
func (c *stream) take(f frame.Field, n int) (*frame.Column, error) {
	c.budget.left.Store(c.budget.limit)
	if c.ready.n-c.from < n && c.from > 0 {
		c.ready.drop(c.from)
		c.from = 0
	}
	for c.ready.n-c.from < n {
		if err := c.page(&c.ready); err != nil {
			return nil, err
		}
	}
	out := c.ready.cut(f, c.from, n)
	c.from += n
	return out, nil
}
