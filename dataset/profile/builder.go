package profile

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"gristmill/ml/frame"
)

// Builder profiles a table that comes in batches, in one pass and in memory that
// does not grow with the number of rows. It is not safe for concurrent use; by
// itself it works on two columns at a time or more, one for each processor.
type Builder struct {
	rows   int
	target int // position of the target, or -1
	cols   []*column
	hashes []uint64 // of the rows of a batch
	twins  *duplicates
	sample *sample
}

// column is what is known of a column so far.
type column struct {
	field   frame.Field
	missing int
	numbers *numbers // of a number or timestamp
	texts   *texts   // of a text or truth value
	bond    *bond    // nil: no target
}

// NewBuilder returns a builder for a table of that schema. A target that the
// schema has not is ignored.
func NewBuilder(s frame.Schema, o Options) *Builder {
	b := &Builder{target: -1, cols: make([]*column, len(s.Fields)), twins: newDuplicates(), sample: newSample()}
	if o.Target != "" {
		b.target = s.Index(o.Target)
	}
	exact := budget(ExactValues, 1<<26, len(s.Fields))
	different := budget(DistinctCap, 100*DistinctCap, len(s.Fields))
	for j, f := range s.Fields {
		c := &column{field: f}
		if category(f.Type) {
			c.texts = newTexts(different)
		} else {
			c.numbers = newNumbers(f.Type, exact)
		}
		if b.target >= 0 && j != b.target {
			c.bond = newBond(category(f.Type), category(s.Fields[b.target].Type))
		}
		b.cols[j] = c
	}
	return b
}

// budget shares a total over the columns: most for each, and some for every one.
func budget(most, total, columns int) int {
	const some = 4096
	return min(most, max(some, total/max(1, columns)))
}

// category reports whether values of a type are counted, not measured.
func category(t frame.Type) bool { return t == frame.String || t == frame.Bool }

// Add looks at the next rows. It is an error if their columns are not those of
// the schema.
func (b *Builder) Add(f *frame.Frame) error {
	if f.Cols() != len(b.cols) {
		return fmt.Errorf("profile batch: %d columns, the table has %d", f.Cols(), len(b.cols))
	}
	for j, c := range b.cols {
		if got := f.At(j).Field; got.Name != c.field.Name || got.Type != c.field.Type {
			return fmt.Errorf("profile batch: column %d is %q of type %s, the table has %q of type %s", j+1, got.Name, got.Type, c.field.Name, c.field.Type)
		}
	}
	b.add(f)
	return nil
}

func (b *Builder) add(f *frame.Frame) {
	n := f.Rows()
	if n == 0 {
		return
	}
	b.sample.add(f, b.rows)
	work := make([]*batch, min(max(2, runtime.GOMAXPROCS(0)), max(1, len(b.cols))))
	for w := range work {
		work[w] = newBatch(n)
	}
	goal := b.goal(f, n)
	var wg sync.WaitGroup
	for w := range work {
		wg.Go(func() {
			for j := w; j < len(b.cols); j += len(work) {
				if j != b.target {
					b.cols[j].add(f.At(j), j, work[w], goal)
				}
			}
		})
	}
	wg.Wait()
	if goal != nil {
		work = append(work[:len(work):len(work)], goal)
	}
	b.hashes = slices.Grow(b.hashes[:0], n)[:n]
	for i := range b.hashes {
		b.hashes[i] = 0
		for _, w := range work {
			b.hashes[i] += w.hashes[i]
		}
	}
	b.twins.add(b.hashes)
	b.rows += n
}

// goal looks at the target's values of a batch, which the other columns are
// compared with; nil without a target.
func (b *Builder) goal(f *frame.Frame, rows int) *batch {
	if b.target < 0 {
		return nil
	}
	goal, target := newBatch(rows), b.cols[b.target]
	target.add(f.At(b.target), b.target, goal, nil)
	if target.texts != nil && len(target.texts.names) > maxClasses {
		for _, c := range b.cols {
			c.bond = nil // a target of so many values is no category
		}
	}
	return goal
}

// batch is what the workers note of a batch's rows: sums of the hashes of the
// cells (a sum, so that the order of the columns is no matter; each column has
// its own salt), and the values of the column at hand.
type batch struct {
	hashes []uint64
	values []float64 // NaN: none, or not finite
	ids    []int32   // of a category: -1: none, or one too many
}

func newBatch(rows int) *batch {
	return &batch{hashes: make([]uint64, rows), values: make([]float64, rows), ids: make([]int32, rows)}
}

// add looks at a column's values of a batch, and at the target's beside them.
func (c *column) add(in *frame.Column, j int, w, goal *batch) {
	salt := mix(uint64(j) + 1)
	if c.texts != nil {
		c.addTexts(in, salt, w)
	} else {
		c.addNumbers(in, salt, w)
	}
	if c.bond != nil && goal != nil {
		c.bond.add(w, goal)
	}
}

func (c *column) addTexts(in *frame.Column, salt uint64, w *batch) {
	for i := range w.ids {
		h := uint64(nothing)
		w.ids[i] = -1
		switch {
		case in.IsNull(i):
			c.missing++
		case in.Field.Type == frame.Bool:
			w.ids[i], h = c.texts.add(truth(in.Bools[i]))
		default:
			w.ids[i], h = c.texts.add(in.Texts[i])
		}
		w.hashes[i] += mix(h + salt)
	}
}

func truth(v bool) string {
	if v {
		return "true"
	}
	return "false"
}

func (c *column) addNumbers(in *frame.Column, salt uint64, w *batch) {
	for i := range w.values {
		if in.IsNull(i) {
			c.missing++
			w.values[i] = math.NaN()
			w.hashes[i] += mix(nothing + salt)
			continue
		}
		v := in.Float(i)
		if in.Field.Type == frame.Float64 {
			w.hashes[i] += mix(math.Float64bits(v+0) + salt)
		} else {
			w.hashes[i] += mix(uint64(in.Ints[i]) + salt)
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			c.numbers.notFinite++
			w.values[i] = math.NaN()
			continue
		}
		w.values[i] = v
		c.numbers.add(v)
	}
}

// Finish returns the profile of all rows so far. The builder is used up.
func (b *Builder) Finish() Profile {
	p := Profile{Rows: b.rows, Columns: make([]Column, len(b.cols)), Sample: b.sample.rows()}
	p.Duplicates, p.DuplicatesApproximate = b.twins.estimate()
	if b.target >= 0 {
		p.Target = b.cols[b.target].field.Name
	}
	next := make(chan int, len(b.cols))
	for j := range b.cols {
		next <- j
	}
	close(next)
	var wg sync.WaitGroup
	for range min(max(2, runtime.GOMAXPROCS(0)), max(1, len(b.cols))) {
		wg.Go(func() {
			for j := range next {
				p.Columns[j] = b.cols[j].finish()
				b.cols[j] = nil // its values are no longer needed
			}
		})
	}
	wg.Wait()
	p.Alerts = alerts(p)
	return p
}

func (c *column) finish() Column {
	out := Column{Name: c.field.Name, Type: c.field.Type, Missing: c.missing}
	var values int
	if c.texts != nil {
		values = c.texts.finish(&out)
	} else {
		values = c.numbers.finish(&out)
	}
	if values > 0 {
		out.DistinctShare = min(1, float64(out.Distinct)/float64(values))
	}
	if c.bond != nil {
		out.Target = c.bond.finish()
	}
	return out
}
