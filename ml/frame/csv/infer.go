package csv

import (
	"io"
	"sync"

	"gristmill/ml/frame"
)

// Infer finds the schema that Read would give the file, and its number of rows,
// in one pass and in the memory of some blocks of 1 MiB. Options.Schema is of no
// account; what breaks a format of Options.Dates is an error as in Read.
func Infer(r io.Reader, o Options) (frame.Schema, int, error) {
	o.Schema = nil
	o, err := o.complete()
	if err != nil {
		return frame.Schema{}, 0, err
	}
	s := newSource(r, o)
	cols, err := open(s, o)
	if err != nil {
		return frame.Schema{}, 0, err
	}
	plain, quoted := make([]bool, len(cols)), make([]bool, len(cols)) // nulls, see part
	b := &batches{o: o, s: s, cols: cols, lines: s.lines}
	for range o.Workers {
		p := newParser(cols, o)
		p.typesOnly = true
		b.parsers = append(b.parsers, p)
		b.memory = append(b.memory, make([]part, len(cols)))
	}
	var broken frame.Violations
	for {
		done, err := b.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return frame.Schema{}, 0, err
		}
		for _, res := range done {
			broken.Before = res.before
			res.report(&broken)
			for j := range cols {
				c, p := &cols[j], &res.parts[j]
				plain[j] = plain[j] || p.plainNull
				quoted[j] = quoted[j] || p.quotedNull
				if !c.fixed && c.kind != skipped {
					c.kind = join(c.kind, p.kind)
				}
			}
		}
	}
	if err := broken.Err(); err != nil {
		return frame.Schema{}, 0, err
	}
	var schema frame.Schema
	for j, c := range cols {
		if c.kind == skipped {
			continue
		}
		f := c.field
		f.Type = c.kind.fieldType()
		f.Nullable = plain[j] || quoted[j] && f.Type != frame.String
		schema.Fields = append(schema.Fields, f)
	}
	return schema, b.rows, nil
}

// batches parses a file some blocks at a time, one on each worker, and forgets
// them.
type batches struct {
	o       Options
	s       *source
	cols    []plan
	parsers []*parser
	memory  [][]part // to be used again and again, if not nil
	rows    int      // so far
	lines   int
	ended   error // after the blocks that were given out
}

// batch is what came of one block.
type batch struct {
	parsed
	before int // rows of the file before it
}

// report adds the misfits to the violations.
func (p *parsed) report(broken *frame.Violations) {
	for _, m := range p.misfits {
		broken.AddUnfit(m.row+1, m.field, m.value, m.hint)
	}
	broken.AddMore(p.total - len(p.misfits))
}

// next returns what came of the next blocks in the file's order, at least one,
// or the error that comes after those before.
func (b *batches) next() ([]batch, error) {
	if b.ended != nil {
		return nil, b.ended
	}
	var blocks []block
	var results []parsed
	for range b.parsers {
		bl, err := b.s.next()
		if err != nil {
			b.ended = err
			break
		}
		blocks = append(blocks, bl)
	}
	results = make([]parsed, len(blocks))
	parse := func(i int) {
		results[i] = b.parsers[i].parse(blocks[i], b.parts(i, blocks[i].room), blocks[i].room)
		b.s.done(blocks[i])
	}
	if len(blocks) == 1 {
		parse(0)
	} else {
		var wg sync.WaitGroup
		for i := range blocks {
			wg.Go(func() { parse(i) })
		}
		wg.Wait()
	}
	var out []batch
	for i, res := range results {
		if res.err != nil {
			b.ended = placed(res.err, b.rows, b.lines)
			break
		}
		out = append(out, batch{res, b.rows})
		b.rows += res.rows
		b.lines += blocks[i].lines
	}
	if len(out) == len(results) && b.ended != nil && b.ended != io.EOF {
		b.ended = placed(b.ended, b.rows, b.lines)
	}
	if len(out) == 0 {
		return nil, b.ended
	}
	return out, nil
}

// parts returns parts of the columns' kinds for the i-th block.
func (b *batches) parts(i, room int) []part {
	if b.memory == nil {
		return fresh(b.cols, room)
	}
	parts := b.memory[i]
	for j := range parts {
		p := &parts[j]
		*p = part{kind: b.cols[j].kind, floats: p.floats, ints: p.ints, bools: p.bools, texts: p.texts}
		p.room(room)
	}
	return parts
}
