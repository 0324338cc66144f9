package prep

import (
	"context"
	"fmt"
	"math"

	"gristmill/ml"
	"gristmill/ml/frame"
	"gristmill/ml/prep/vec"
)

// Apply transforms the rows of f into a frame of float64 columns named by
// FeatureNames. Columns that it does not need are ignored; missing ones, text
// where numbers were, unknown categories and values outside log1p's domain are
// ml.Problems, all at once, that name column and row.
func (c *Columns) Apply(ctx context.Context, f *frame.Frame) (*frame.Frame, error) {
	width := 0
	for _, ch := range c.Chains {
		width += len(ch.Out)
	}
	var ps ml.Problems
	cols, each := make([]*frame.Column, 0, width), make([]frame.Column, width)
	for _, ch := range c.Chains {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		vs, err := c.applyChain(ch, f)
		if ps, err = gather(ps, err); err != nil {
			return nil, err
		}
		if len(ps) > 0 {
			continue
		}
		if len(vs) != len(ch.Out) {
			return nil, fmt.Errorf("apply transformers: the chain of column %q made %d columns, want %d", ch.Columns[0], len(vs), len(ch.Out))
		}
		for k, v := range vs {
			col := &each[len(cols)]
			*col = frame.Column{Field: frame.Field{Name: ch.Out[k], Type: frame.Float64}, Floats: v.Num}
			mark(col)
			cols = append(cols, col)
		}
	}
	if len(ps) > 0 {
		return nil, ps
	}
	return frame.New(cols...)
}

func (c *Columns) applyChain(ch Chain, f *frame.Frame) ([]*vec.Vec, error) {
	var ps ml.Problems
	vs := make([]*vec.Vec, len(ch.Columns))
	for i, name := range ch.Columns {
		want, _ := c.Inputs.Field(name)
		col := f.Column(name)
		switch {
		case col == nil:
			ps = append(ps, ml.Problem{Path: "column " + name, Want: string(want.Type), Msg: fmt.Sprintf("column %q is missing", name)})
		case vec.KindOf(col.Field.Type) != vec.KindOf(want.Type):
			ps = append(ps, ml.Problem{Path: "column " + name, Given: string(col.Field.Type), Want: string(want.Type),
				Msg: fmt.Sprintf("column %q is %s, want %s", name, col.Field.Type, want.Type)})
		default:
			vs[i] = vec.Of(col)
		}
	}
	if len(ps) > 0 {
		return nil, ps
	}
	for _, st := range ch.Steps {
		var err error
		if vs, err = st.apply(vs); err != nil {
			return nil, err
		}
	}
	return vs, nil
}

// apply sends columns through the stage. The problems of all columns come out
// at once.
func (s Stage) apply(vs []*vec.Vec) ([]*vec.Vec, error) {
	if s.All != nil {
		return s.All.Apply(vs)
	}
	if len(s.Each) != len(vs) {
		return nil, fmt.Errorf("apply transformers: %d columns arrive at %d steps", len(vs), len(s.Each))
	}
	if len(vs) == 1 {
		return s.Each[0].Apply(vs)
	}
	var ps ml.Problems
	out := make([]*vec.Vec, 0, len(vs))
	for i, f := range s.Each {
		more, err := f.Apply(vs[i : i+1 : i+1])
		if ps, err = gather(ps, err); err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, ps.Err()
}

// mark gives a column its bitmap if it has nulls.
func mark(c *frame.Column) {
	for i, v := range c.Floats {
		if !math.IsNaN(v) {
			continue
		}
		if c.Valid == nil {
			c.Field.Nullable = true
			c.Valid = make(frame.Bitmap, (len(c.Floats)+63)/64)
			for r := range c.Floats {
				c.Valid[r>>6] |= 1 << (r & 63)
			}
		}
		c.Valid[i>>6] &^= 1 << (i & 63)
	}
}
