package prep

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"gristmill/ml"
	"gristmill/ml/frame"
)

// vec is a column on its way through a chain: numbers with NaN for null, or
// text with a bitmap. Steps never write into one; they return a new one.
type vec struct {
	name string
	num  []float64 // numbers; bools as 0 and 1
	bool bool      // num holds bools
	text []string  // text; nil for numbers
	ok   frame.Bitmap
}

func newVec(c *frame.Column) *vec {
	v := &vec{name: c.Field.Name}
	if c.Field.Type == frame.String {
		v.text, v.ok = c.Texts, c.Valid
		if v.text == nil {
			v.text = []string{}
		}
		return v
	}
	v.bool = c.Field.Type == frame.Bool
	v.num = make([]float64, c.Len())
	for i := range v.num {
		v.num[i] = c.Float(i)
	}
	return v
}

func (v *vec) len() int {
	if v.text != nil {
		return len(v.text)
	}
	return len(v.num)
}

func (v *vec) null(i int) bool {
	if v.text != nil {
		return !v.ok.Get(i)
	}
	return math.IsNaN(v.num[i])
}

func (v *vec) firstNull() int {
	for i := range v.len() {
		if v.null(i) {
			return i
		}
	}
	return -1
}

// category is the text of row i under which encoders know it. Whole numbers
// have one spelling whether the column came as int64 or as float64.
func (v *vec) category(i int) string {
	switch {
	case v.text != nil:
		return v.text[i]
	case v.bool:
		return strconv.FormatBool(v.num[i] != 0)
	}
	return numberText(v.num[i])
}

func numberText(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
		return strconv.FormatInt(int64(x), 10)
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

// categories returns the distinct non-null values, sorted by their bytes.
func (v *vec) categories() []string {
	seen := map[string]bool{}
	for i := range v.len() {
		if !v.null(i) {
			seen[v.category(i)] = true
		}
	}
	out := make([]string, 0, len(seen))
	for s := range seen {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

// family groups the types that a chain treats alike.
func family(t frame.Type) frame.Type {
	if t == frame.Int64 {
		return frame.Float64
	}
	return t
}

func floatColumn(name string, x []float64) *frame.Column {
	c := &frame.Column{Field: frame.Field{Name: name, Type: frame.Float64}, Floats: x}
	for i, v := range x {
		if math.IsNaN(v) {
			if c.Valid == nil {
				c.Field.Nullable = true
				c.Valid = make(frame.Bitmap, (len(x)+63)/64)
				for r := range x {
					c.Valid[r>>6] |= 1 << (r & 63)
				}
			}
			c.Valid[i>>6] &^= 1 << (i & 63)
		}
	}
	return c
}

func rowError(v *vec, row int, given, want string) error {
	return ml.Problems{{Path: fmt.Sprintf("row %d, column %s", row+1, v.name), Given: given, Want: want,
		Msg: fmt.Sprintf("column %q is %s in row %d, want %s", v.name, given, row+1, want)}}
}

func nullError(v *vec) error {
	return rowError(v, v.firstNull(), "null", "a value (or an imputer before this step, or a policy for unknown values)")
}
