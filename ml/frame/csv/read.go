package csv

import (
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"sync/atomic"

	"gristmill/ml/frame"
)

// Read reads a table in CSV: RFC 4180 with a header line of distinct names,
// in UTF-8 with or without a byte order mark, lines that end in LF, CRLF or CR.
// Cells may be quoted and then hold separators, line ends and doubled quotes;
// spaces belong to the cell. Empty lines are no rows, except in a table of one
// column, where they are nulls.
//
// Without a schema, a column is the first of these that all its values are:
// bool (true and false in any case), int64, float64, timestamp (as
// frame.ParseTime reads it), string. Whole numbers beyond int64 make a float64
// column; numbers with leading zeros ("007") are strings, and so are NaN, Inf
// and numbers that overflow a float64. A column without any value is a nullable
// string; a column is nullable if it has a null. A quoted empty cell is the
// empty text in a string column and a null in any other.
//
// With a schema, values must fit it; leading zeros are then allowed in
// numbers, and 0 and 1 in bools. The error is a *ReadError where the file is no
// table, a *frame.SchemaError where its values break the schema or a format of
// Options.Dates, and otherwise the reader's own.
//
// With a schema the memory is that of the frame and some blocks of 1 MiB;
// without one, the whole file is kept until its end is read, since a column
// that turns out to be text is read again.
func Read(r io.Reader, o Options) (*frame.Frame, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	return read(newSource(r, o), o)
}

// ReadBytes reads a table that is in memory, as Read does. The data must not
// change meanwhile; the frame does not refer to it.
func ReadBytes(data []byte, o Options) (*frame.Frame, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	s, err := newMemory(data, o)
	if err != nil {
		return nil, err
	}
	return read(s, o)
}

// open reads the header and plans the columns.
func open(s *source, o Options) ([]plan, error) {
	cells, line, err := s.header()
	if err != nil {
		return nil, err
	}
	names, err := header(cells, line, o)
	if err != nil {
		return nil, err
	}
	cols, err := plans(names, line, o)
	if err != nil {
		return nil, err
	}
	s.scan.names = names
	if o.block == defaultBlock {
		s.widen(len(cols))
	}
	return cols, nil
}

// table is a frame in the making.
type table struct {
	o       Options
	cols    []plan
	columns []column
	pieces  []*piece // in the file's order
}

// piece is a block and what came of it.
type piece struct {
	block
	parsed
	place int // the row where it would begin if the blocks before it were full
}

func read(s *source, o Options) (*frame.Frame, error) {
	cols, err := open(s, o)
	if err != nil {
		return nil, err
	}
	t := &table{o: o, cols: cols, columns: make([]column, len(cols))}
	rows, lines := 0, s.lines
	t.readAll(s)
	var broken frame.Violations
	for _, b := range t.pieces {
		if b.err != nil {
			return nil, placed(b.err, rows, lines)
		}
		broken.Before = rows
		b.report(&broken)
		rows += b.rows
		lines += b.lines
	}
	broken.Before = 0
	t.settle()
	return t.frame(rows, &broken)
}

// placed makes an error of a block one of the file.
func placed(err error, rows, lines int) error {
	var e *ReadError
	if !errors.As(err, &e) || e.Line == 0 {
		return err
	}
	moved := *e
	moved.Row += rows
	moved.Line += lines
	return &moved
}

// readAll parses all blocks on the option's workers. The first error in the
// file's order is in the last piece that counts.
func (t *table) readAll(s *source) {
	first, err := s.next()
	if err == nil {
		t.prepare(first, s.total)
	}
	var broken atomic.Int64 // the first piece that is known to be broken
	broken.Store(math.MaxInt64)
	work := func(p *parser, i int, b *piece) {
		if int64(i) > broken.Load() {
			return
		}
		b.parsed = p.parse(b.block, t.parts(b), b.room)
		if b.err != nil {
			for at := broken.Load(); int64(i) < at && !broken.CompareAndSwap(at, int64(i)); at = broken.Load() {
			}
		}
		if o := t.o; o.Schema != nil {
			s.done(b.block)
			b.data = nil
		}
	}
	give, wait := t.crew(work, first.last)
	b, place := first, 0
	for ; err == nil && broken.Load() == math.MaxInt64; b, err = s.next() {
		p := &piece{block: b, place: place}
		place += b.room
		t.pieces = append(t.pieces, p)
		give(len(t.pieces)-1, p)
	}
	wait()
	if err != nil && err != io.EOF {
		t.pieces = append(t.pieces, &piece{parsed: parsed{err: err}})
	}
}

// crew starts the workers. With one block or one worker, the work is done where
// it is given.
func (t *table) crew(work func(*parser, int, *piece), single bool) (give func(int, *piece), wait func()) {
	if single || t.o.Workers == 1 {
		p := newParser(t.cols, t.o)
		return func(i int, b *piece) { work(p, i, b) }, func() {}
	}
	type job struct {
		i int
		b *piece
	}
	jobs := make(chan job, t.o.Workers)
	var wg sync.WaitGroup
	for range t.o.Workers {
		wg.Go(func() {
			p := newParser(t.cols, t.o)
			for j := range jobs {
				work(p, j.i, j.b)
			}
		})
	}
	return func(i int, b *piece) { jobs <- job{i, b} }, func() { close(jobs); wg.Wait() }
}

// sampled is how many rows are read beforehand to guess the kinds.
const sampled = 1000

// prepare guesses the kinds of columns from the first rows and makes memory for
// the values where the size of the file is known.
func (t *table) prepare(first block, size int) {
	if t.o.Schema == nil {
		p := newParser(t.cols, t.o)
		p.typesOnly = true
		res := p.parse(first, fresh(t.cols, first.room), sampled)
		for j := range t.cols {
			if !t.cols[j].fixed && t.cols[j].kind != skipped {
				t.cols[j].kind = res.parts[j].kind
			}
		}
	}
	rows := first.room
	if !first.last {
		if size == 0 {
			return
		}
		rows = int(float64(size)/float64(len(first.data))*float64(first.room)*17/16) + first.room
	}
	// The first rows may be much shorter than the others; none is shorter than
	// its separators.
	rows = min(rows, first.room+size/max(1, len(t.cols)))
	for j := range t.cols {
		t.columns[j].reserve(t.cols[j].kind, rows)
	}
}

// fresh returns parts of the columns' kinds with room for rows.
func fresh(cols []plan, rows int) []part {
	parts := make([]part, len(cols))
	for j := range parts {
		parts[j].kind = cols[j].kind
		parts[j].room(rows)
	}
	return parts
}

// parts returns parts for a block, in the columns' memory where they fit.
func (t *table) parts(b *piece) []part {
	parts := make([]part, len(t.cols))
	for j := range parts {
		parts[j].kind = t.cols[j].kind
		t.columns[j].place(&parts[j], b.place, b.room)
	}
	return parts
}

// settle finds the kind of every column and reads the blocks again in which a
// text column was taken for another.
func (t *table) settle() {
	again := make([][]int, len(t.pieces)) // columns by block
	for j := range t.cols {
		c := &t.cols[j]
		if c.kind == skipped || c.fixed {
			continue
		}
		for i := range t.pieces {
			c.kind = join(c.kind, t.pieces[i].parts[j].kind)
		}
		if c.kind == unknown {
			c.kind = text
		}
		if c.kind != text {
			continue
		}
		for i := range t.pieces {
			if q := t.pieces[i].parts[j]; q.again || q.kind != text && (q.kind != unknown || q.quotedNull) {
				again[i] = append(again[i], j)
			}
		}
	}
	each(t.o.Workers, len(t.pieces), func() func(int) {
		p := newParser(t.cols, t.o)
		return func(i int) {
			if len(again[i]) == 0 {
				return
			}
			b := t.pieces[i]
			parts := make([]part, len(t.cols))
			for _, j := range again[i] {
				parts[j].kind = text
				parts[j].room(b.room)
			}
			p.parse(b.block, parts, b.room)
			for _, j := range again[i] {
				b.parts[j] = parts[j]
			}
		}
	})
}

// frame makes the frame of all blocks.
func (t *table) frame(rows int, broken *frame.Violations) (*frame.Frame, error) {
	sizes, places := make([]int, len(t.pieces)), make([]int, len(t.pieces))
	for i, b := range t.pieces {
		sizes[i], places[i] = b.rows, b.place
	}
	made := make([]*frame.Column, len(t.cols))
	each(t.o.Workers, len(t.cols), func() func(int) {
		parts := make([]*part, len(t.pieces))
		return func(j int) {
			if t.cols[j].kind == skipped {
				return
			}
			for i := range t.pieces {
				parts[i] = &t.pieces[i].parts[j]
			}
			made[j] = t.columns[j].gather(t.cols[j].field, t.cols[j].kind, parts, sizes, places)
		}
	})
	return finish(t.o, t.cols, made, rows, broken, func(j int) (unfit []int) {
		at := 0
		for i, b := range t.pieces {
			for _, row := range b.parts[j].unfit {
				unfit = append(unfit, at+row)
			}
			at += sizes[i]
		}
		return unfit
	})
}

// finish makes a frame of columns in the file's order, nil where skipped, after
// a check of those whose type was given. unfit returns the rows of a column that
// have been refused.
func finish(o Options, cols []plan, made []*frame.Column, rows int, broken *frame.Violations, unfit func(j int) []int) (*frame.Frame, error) {
	out := make([]*frame.Column, 0, len(cols))
	if o.Schema != nil {
		at := make(map[string]int, len(cols))
		for j, c := range cols {
			at[c.name] = j
		}
		for _, f := range o.Schema.Fields {
			j := at[f.Name]
			c := made[j]
			if c.Valid != nil || c.Field.Bounded() {
				broken.CheckColumn(c, c.Field, unfit(j))
			}
			out = append(out, c)
		}
	} else {
		for _, c := range made {
			if c != nil {
				c.Field.Nullable = c.Valid != nil
				out = append(out, c)
			}
		}
	}
	if err := broken.Err(); err != nil {
		return nil, err
	}
	if len(out) == 0 { // every column is left out; the rows remain
		out = append(out, &frame.Column{Field: frame.Field{Name: "row", Type: frame.Bool}, Bools: make([]bool, rows)})
		f, err := frame.New(out...)
		if err != nil {
			return nil, fmt.Errorf("read csv: %w", err)
		}
		return f.Select()
	}
	f, err := frame.New(out...)
	if err != nil {
		return nil, fmt.Errorf("read csv: %w", err)
	}
	return f, nil
}

// each calls work(i) for i below n on some goroutines; begin makes the work of
// one of them.
func each(workers, n int, begin func() (work func(i int))) {
	if workers = min(workers, n); workers <= 1 {
		work := begin()
		for i := range n {
			work(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			work := begin()
			for i := int(next.Add(1) - 1); i < n; i = int(next.Add(1) - 1) {
				work(i)
			}
		})
	}
	wg.Wait()
}
