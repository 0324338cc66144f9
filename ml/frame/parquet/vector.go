package parquet

import (
	"math"
	"slices"

	"gristmill/ml/frame"
)

// vector is a column that grows page by page.
type vector struct {
	kind   frame.Type
	floats []float64
	ints   []int64
	bools  []bool
	texts  []string
	valid  frame.Bitmap // nil: no nulls
	n      int
}

// width returns how many bytes a row of the type takes, the bytes of texts not
// counted.
func width(t frame.Type) int64 {
	switch t {
	case frame.Bool:
		return 1
	case frame.String:
		return 16
	default:
		return 8
	}
}

// reserve makes room for n more rows.
func (v *vector) reserve(n int) {
	switch v.kind {
	case frame.Float64:
		v.floats = slices.Grow(v.floats, n)
	case frame.Bool:
		v.bools = slices.Grow(v.bools, n)
	case frame.String:
		v.texts = slices.Grow(v.texts, n)
	default:
		v.ints = slices.Grow(v.ints, n)
	}
}

// finish takes the values that have been appended for the next rows as theirs:
// all of them if levels is nil, else those of the rows whose level is 1.
func (v *vector) finish(rows int, levels []byte) {
	from := v.n
	if levels != nil {
		switch v.kind {
		case frame.Float64:
			v.floats = spread(v.floats, from, levels, math.NaN())
		case frame.Bool:
			v.bools = spread(v.bools, from, levels, false)
		case frame.String:
			v.texts = spread(v.texts, from, levels, "")
		default:
			v.ints = spread(v.ints, from, levels, 0)
		}
	}
	v.n += rows
	if levels != nil && v.valid == nil {
		v.valid = make(frame.Bitmap, 0, (max(cap(v.floats), cap(v.ints), cap(v.bools), cap(v.texts))+63)/64)
		v.set(0, from)
	}
	if v.valid != nil {
		if levels == nil {
			v.set(from, v.n)
		} else {
			v.bitmapTo(v.n)
			for i, l := range levels {
				v.valid[(from+i)>>6] |= uint64(l) << ((from + i) & 63)
			}
		}
	}
	if v.kind == frame.Float64 {
		v.dropNaN(from)
	}
}

// dropNaN makes nulls of the rows from on that are NaN.
func (v *vector) dropNaN(from int) {
	for i, x := range v.floats[from:] {
		if x == x {
			continue
		}
		if v.valid == nil {
			v.set(0, v.n)
		}
		v.floats[from+i] = math.NaN() // whatever its bits were
		v.valid[(from+i)>>6] &^= 1 << ((from + i) & 63)
	}
}

// bitmapTo lengthens the bitmap to n rows.
func (v *vector) bitmapTo(n int) {
	for len(v.valid) < (n+63)/64 {
		v.valid = append(v.valid, 0)
	}
	if v.valid == nil {
		v.valid = frame.Bitmap{}
	}
}

// set marks rows as valid.
func (v *vector) set(from, to int) {
	v.bitmapTo(to)
	for i := from; i < to; {
		if i&63 == 0 && to-i >= 64 {
			v.valid[i>>6] = ^uint64(0)
			i += 64
			continue
		}
		v.valid[i>>6] |= 1 << (i & 63)
		i++
	}
}

// spread moves the dense values from position from on to the rows whose level
// is 1 and puts null at the others.
func spread[T any](dense []T, from int, levels []byte, null T) []T {
	have := len(dense)
	dense = slices.Grow(dense, from+len(levels)-have)[:from+len(levels)]
	for i, level := range slices.Backward(levels) {
		if level != 0 {
			have--
			dense[from+i] = dense[have]
		} else {
			dense[from+i] = null
		}
	}
	return dense
}

// column returns the vector as a column that shares its memory. The column is
// nullable if it has a null.
func (v *vector) column(name string) *frame.Column {
	c := &frame.Column{Field: frame.Field{Name: name, Type: v.kind}, Floats: v.floats, Ints: v.ints, Bools: v.bools, Texts: v.texts, Valid: v.valid}
	if c.Nulls() == 0 {
		c.Valid = nil
	}
	c.Field.Nullable = c.Valid != nil
	return c
}

// cut returns rows [from, from+n) as a column of its own memory.
func (v *vector) cut(f frame.Field, from, n int) *frame.Column {
	c := &frame.Column{Field: f}
	switch v.kind {
	case frame.Float64:
		c.Floats = slices.Clone(v.floats[from : from+n])
	case frame.Bool:
		c.Bools = slices.Clone(v.bools[from : from+n])
	case frame.String:
		c.Texts = slices.Clone(v.texts[from : from+n])
	default:
		c.Ints = slices.Clone(v.ints[from : from+n])
	}
	if v.valid == nil {
		return c
	}
	bits, nulls := make(frame.Bitmap, (n+63)/64), 0
	for i := range n {
		if v.valid.Get(from + i) {
			bits[i>>6] |= 1 << (i & 63)
		} else {
			nulls++
		}
	}
	if nulls > 0 {
		c.Valid = bits
	}
	return c
}

// drop forgets the first n rows.
func (v *vector) drop(n int) {
	rest := vector{kind: v.kind}
	if v.n > n {
		c := v.cut(frame.Field{}, n, v.n-n)
		rest.floats, rest.ints, rest.bools, rest.texts, rest.valid, rest.n = c.Floats, c.Ints, c.Bools, c.Texts, c.Valid, v.n-n
	} else { // the memory serves again
		rest.floats, rest.ints, rest.bools, rest.texts = v.floats[:0], v.ints[:0], v.bools[:0], v.texts[:0]
	}
	*v = rest
}

// gather appends the values of a dictionary at the indices, all within it.
func (v *vector) gather(dict *vector, at []uint32) {
	switch v.kind {
	case frame.Float64:
		v.floats = pick(v.floats, dict.floats, at)
	case frame.Bool:
		v.bools = pick(v.bools, dict.bools, at)
	case frame.String:
		v.texts = pick(v.texts, dict.texts, at)
	default:
		v.ints = pick(v.ints, dict.ints, at)
	}
}

func pick[T any](to, from []T, at []uint32) []T {
	n := len(to)
	to = slices.Grow(to, len(at))[:n+len(at)]
	for i, j := range at {
		to[n+i] = from[j]
	}
	return to
}
