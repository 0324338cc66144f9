package csv

import (
	"errors"
	"io"

	"gristmill/ml/frame"
)

// Reader reads a table of a known schema in batches, in the memory of a few of
// them. It is for one goroutine.
type Reader struct {
	b     *batches
	ready []batch
	err   error // of Next from now on
}

// NewReader reads the header and returns a reader of the rows. Options.Schema
// must be given; Infer finds one. Errors are as in Read.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	if o.Schema == nil {
		return nil, errors.New("read csv in batches: no schema given; expected one, such as Infer's")
	}
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	s := newSource(r, o)
	cols, err := open(s, o)
	if err != nil {
		return nil, err
	}
	b := &batches{o: o, s: s, cols: cols, lines: s.lines}
	for range o.Workers {
		b.parsers = append(b.parsers, newParser(cols, o))
	}
	return &Reader{b: b}, nil
}

// Next returns the rows that come next, those of about 1 MiB of text, or io.EOF
// after the last. Rows that break the schema are a *frame.SchemaError, which
// counts those of this batch alone, by their rows in the file. After an error
// comes the same error.
func (r *Reader) Next() (*frame.Frame, error) {
	for r.err == nil {
		if len(r.ready) == 0 {
			if r.ready, r.err = r.b.next(); r.err != nil {
				break
			}
		}
		res := r.ready[0]
		r.ready = r.ready[1:]
		if res.rows == 0 {
			continue
		}
		f, err := r.frame(res)
		if err != nil {
			r.err = err
			break
		}
		return f, nil
	}
	return nil, r.err
}

func (r *Reader) frame(res batch) (*frame.Frame, error) {
	cols := r.b.cols
	made := make([]*frame.Column, len(cols))
	sizes, places := []int{res.rows}, []int{0}
	for j := range cols {
		if cols[j].kind != skipped {
			var c column
			p := &res.parts[j]
			made[j] = c.gather(cols[j].field, cols[j].kind, []*part{p}, sizes, places)
		}
	}
	var broken frame.Violations
	broken.Before = res.before
	res.report(&broken)
	return finish(r.b.o, cols, made, res.rows, &broken, func(j int) []int { return res.parts[j].unfit })
}
