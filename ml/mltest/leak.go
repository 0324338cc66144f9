package mltest

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"gristmill/ml/frame"
)

// Leak says, as an error, what a fit learned of rows that are not its training
// rows: it changes every value of those rows, fits again, and compares what fit
// returns, the fitted state as bytes. The rows of train are those that fit may
// learn from; fit is given the whole table, as a pipeline's step is.
func Leak(fit func(all *frame.Frame, train []int) ([]byte, error), all *frame.Frame, train []int) error {
	want, err := fit(all, train)
	if err != nil {
		return fmt.Errorf("fit: %w", err)
	}
	for name, alter := range map[string]func(*frame.Column, int){"other values": other, "extreme values": extreme, "nulls": null} {
		changed, err := altered(all, train, alter)
		if err != nil {
			return err
		}
		got, err := fit(changed, train)
		if err != nil {
			return fmt.Errorf("fit with %s outside the training rows: %w", name, err)
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("with %s outside the training rows the fitted state is another:\n%s\nnot\n%s", name, got, want)
		}
	}
	return nil
}

// altered copies a table and alters every row that is not in train.
func altered(all *frame.Frame, train []int, alter func(*frame.Column, int)) (*frame.Frame, error) {
	keep := make([]bool, all.Rows())
	for _, r := range train {
		keep[r] = true
	}
	cols := make([]*frame.Column, all.Cols())
	for j := range cols {
		from := all.At(j)
		c := &frame.Column{Field: from.Field, Floats: slices.Clone(from.Floats), Ints: slices.Clone(from.Ints), Bools: slices.Clone(from.Bools), Texts: slices.Clone(from.Texts)}
		c.Field.Nullable = true
		c.Valid = make(frame.Bitmap, (c.Len()+63)/64)
		for r := range c.Len() {
			if !from.IsNull(r) {
				c.Valid[r>>6] |= 1 << (r & 63)
			}
			if !keep[r] {
				c.Valid[r>>6] |= 1 << (r & 63)
				alter(c, r)
			}
		}
		cols[j] = c
	}
	return frame.New(cols...)
}

// other moves a value a little, and a text to a new one.
func other(c *frame.Column, r int) {
	switch c.Field.Type {
	case frame.Float64:
		c.Floats[r] = float64(r) + .125
	case frame.Bool:
		c.Bools[r] = !c.Bools[r]
	case frame.String:
		c.Texts[r] = fmt.Sprintf("unheard of %d", r)
	default:
		c.Ints[r] += int64(r) + 1
	}
}

// extreme is what would show in any minimum, maximum, mean or set of levels.
func extreme(c *frame.Column, r int) {
	switch c.Field.Type {
	case frame.Float64:
		c.Floats[r] = math.Copysign(1e300, float64(r%2)-.5)
	case frame.String:
		c.Texts[r] = "\x00"
	case frame.Bool:
		c.Bools[r] = true
	default:
		c.Ints[r] = 1 << 50
	}
}

func null(c *frame.Column, r int) {
	c.Valid[r>>6] &^= 1 << (r & 63)
	if c.Field.Type == frame.Float64 {
		c.Floats[r] = math.NaN()
	}
}
