package parquet

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"gristmill/ml/frame"
	"gristmill/ml/frame/parquet/format"
)

// Options say what to read of a file and how much at most. The zero value reads
// every column.
type Options struct {
	// Schema, if given, is what the columns must be, see frame.Check: they are
	// matched by name and come out in the schema's order and types. Nil takes
	// the file's types.
	Schema *frame.Schema
	// Columns names the columns to read, in that order; nil means all. It is
	// not looked at if there is a schema.
	Columns []string
	// Skip names columns to leave out unread.
	Skip []string
	// Loose, with a schema, leaves columns beyond it unread instead of
	// refusing them.
	Loose bool
	// MaxBytes is the most that a table, or of a Reader what is in memory at
	// a time, may decode to; 0 means 8 GiB.
	MaxBytes int64
	// MaxRatio is how many times the size of its file a table may decode to,
	// beyond the first 256 MiB; 0 means 1000.
	MaxRatio int
	// MaxColumns is the largest number of columns of a file; 0 means 20,000.
	MaxColumns int
	// Workers is how many goroutines decode; 0 means as many as there are
	// processors. The result is the same for any number.
	Workers int
	// BatchRows is the most rows that Reader.Next returns; 0 means 65,536.
	BatchRows int
}

const (
	ratioSlack = 256 << 20
	pageSlack  = 16 << 20 // a page up to this size may be as dense as it likes
	pageRatio  = 2000
)

func (o Options) withDefaults() Options {
	def := func(v *int, to int) {
		if *v <= 0 {
			*v = to
		}
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 8 << 30
	}
	def(&o.MaxRatio, 1000)
	def(&o.MaxColumns, 20_000)
	def(&o.Workers, runtime.GOMAXPROCS(0))
	def(&o.BatchRows, 1<<16)
	return o
}

// Read reads a table of size bytes. A column is nullable if it has a null. The
// error is an *Error where the file is no table that can be read, a
// *frame.SchemaError where it breaks the schema, and otherwise the reader's own.
func Read(r io.ReaderAt, size int64, o Options) (f *frame.Frame, err error) {
	err = guarded(func() error {
		f, err = read(r, size, o.withDefaults())
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

func read(r io.ReaderAt, size int64, o Options) (*frame.Frame, error) {
	t, err := open(r, size, o)
	if err != nil {
		return nil, err
	}
	budget := newBudget(o, size)
	if err := t.plausible(budget); err != nil {
		return nil, err
	}
	cols := make([]*frame.Column, len(t.picked))
	order := t.bySize()
	err = each(o.Workers, len(t.picked), func(i int) error {
		j := order[i]
		l := t.picked[j]
		c := t.reader(l, budget)
		v := &vector{kind: l.kind()}
		v.reserve(t.likely(l))
		for g := range t.meta.Groups {
			group := &t.meta.Groups[g]
			if err := c.open(&group.Chunks[l.index], group.Rows); err != nil {
				return at(err, l.name, g+1)
			}
			for c.left > 0 {
				if err := c.page(v); err != nil {
					return at(err, l.name, g+1)
				}
			}
		}
		cols[j] = v.column(l.name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	f, err := frame.New(cols...)
	if err != nil || o.Schema == nil {
		return f, err
	}
	return t.conform(f, 0)
}

// table is an open file and what is to be read of it.
type table struct {
	meta   *format.Meta
	all    []leaf
	picked []*leaf
	o      Options
	r      io.ReaderAt
	size   int64
}

func open(r io.ReaderAt, size int64, o Options) (*table, error) {
	t := &table{r: r, size: size, o: o}
	var err error
	if t.meta, err = format.ReadMeta(r, size); err != nil {
		return nil, err
	}
	if t.all, err = leaves(t.meta, o.MaxColumns); err != nil {
		return nil, err
	}
	switch {
	case o.Schema != nil:
		for _, f := range o.Schema.Fields {
			if l := t.leaf(f.Name); l != nil {
				t.picked = append(t.picked, l)
			}
		}
		if len(t.picked) == 0 { // there is no column to count rows by
			_, err := t.conform(&frame.Frame{}, 0)
			return nil, err
		}
	case o.Columns != nil:
		var missing []string
		for i, name := range o.Columns {
			if slices.Contains(o.Columns[:i], name) {
				return nil, &Error{Column: name, Msg: "it is asked for twice"}
			}
			if l := t.leaf(name); l != nil {
				t.picked = append(t.picked, l)
			} else {
				missing = append(missing, fmt.Sprintf("%q", frame.Shorten(name)))
			}
		}
		if missing != nil {
			return nil, &Error{Msg: "the file has no column " + strings.Join(missing, ", ")}
		}
	default:
		for j := range t.all {
			if !slices.Contains(o.Skip, t.all[j].name) {
				t.picked = append(t.picked, &t.all[j])
			}
		}
	}
	if len(t.picked) == 0 {
		return nil, &Error{Msg: "no column of the file is left to read"}
	}
	for _, l := range t.picked {
		if l.means == unreadable {
			return nil, &Error{Column: l.name, Msg: l.problem}
		}
	}
	return t, nil
}

// leaf returns the named column, unless it is to be skipped, or nil.
func (t *table) leaf(name string) *leaf {
	if slices.Contains(t.o.Skip, name) {
		return nil
	}
	if i := slices.IndexFunc(t.all, func(l leaf) bool { return l.name == name }); i >= 0 {
		return &t.all[i]
	}
	return nil
}

func (t *table) reader(l *leaf, b *budget) *chunkReader {
	return &chunkReader{decoder: decoder{leaf: l, budget: b}, r: t.r, size: t.size}
}

// plausible refuses a number of rows that cannot end well, before anything is
// read.
func (t *table) plausible(b *budget) error {
	row := int64(0)
	for _, l := range t.picked {
		row += width(l.kind())
	}
	if t.meta.Rows > b.limit/row {
		return &Error{Msg: fmt.Sprintf("the file claims %d rows of %d columns, more than %d bytes, %s", t.meta.Rows, len(t.picked), b.limit, b.why)}
	}
	return nil
}

// bySize returns the positions of the picked columns, the largest first, so that
// no worker is left with it at the end.
func (t *table) bySize() []int {
	order, size := make([]int, len(t.picked)), make([]int64, len(t.picked))
	for j, l := range t.picked {
		order[j] = j
		for i := range t.meta.Groups {
			if n := t.meta.Groups[i].Chunks[l.index].Size; n > 0 && n <= t.size {
				size[j] += n
			}
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(size[b], size[a]) })
	return order
}

// likely returns how many rows to make room for: all of them if the column's
// bytes make them likely, since a claim alone is worth little memory.
func (t *table) likely(l *leaf) int {
	bytes := int64(1 << 16)
	for i := range t.meta.Groups {
		if s := t.meta.Groups[i].Chunks[l.index].Size; s > 0 && s <= t.size {
			bytes += s
		}
	}
	return int(min(t.meta.Rows, 64*bytes/width(l.kind())))
}

// each calls f for 0 to n-1 on up to workers goroutines. It returns the error
// of the lowest number; after one, no further calls begin.
func each(workers, n int, f func(i int) error) error {
	errs := make([]error, n)
	var next atomic.Int64
	var failed atomic.Bool
	work := func() {
		for !failed.Load() {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			if errs[i] = guarded(func() error { return f(i) }); errs[i] != nil {
				failed.Store(true)
			}
		}
	}
	var wg sync.WaitGroup
	for range min(workers, n) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
