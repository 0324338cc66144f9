package vec

import (
	"math"
	"slices"
	"strconv"

	"gristmill/ml/frame"
)

// Kind is what the values of a Vec are.
type Kind string

// The kinds of values. The words are those of a spec's selectors and messages.
const (
	Number Kind = "number"
	Bool   Kind = "bool" // in Num, as 0 and 1
	Text   Kind = "text"
	Date   Kind = "date"
)

// KindOf returns the kind of a column's type.
func KindOf(t frame.Type) Kind {
	switch t {
	case frame.String:
		return Text
	case frame.Bool:
		return Bool
	case frame.Timestamp:
		return Date
	}
	return Number
}

// Vec is a column on its way through a chain of steps.
type Vec struct {
	Name  string // of the input column, for messages
	Kind  Kind
	Num   []float64 // of numbers and bools; NaN for a null
	Texts []string  // of text; shared with the frame, never written to
	Times []int64   // of dates: microseconds since 1970 UTC; never written to
	Valid frame.Bitmap
}

// Transformer is a fitted step. It is immutable, safe for concurrent use, and
// plain data.
type Transformer interface {
	// Check says what is wrong with the state, which may come from a file, for
	// n incoming Vecs.
	Check(n int) error
	// Names returns the names of what comes out, for the names of what goes
	// in. The state has passed Check.
	Names(in []string) []string
	// Apply returns what becomes of in, as many Vecs as Names gives names. It
	// owns the numbers of in and may write into them. Values that it cannot
	// work with are ml.Problems that name column and row.
	Apply(in []*Vec) ([]*Vec, error)
}

// Of returns a column as a Vec whose numbers are a copy.
func Of(c *frame.Column) *Vec {
	v := &Vec{Name: c.Field.Name, Kind: KindOf(c.Field.Type)}
	switch v.Kind {
	case Text:
		v.Texts, v.Valid = c.Texts, c.Valid
	case Date:
		v.Times, v.Valid = c.Ints, c.Valid
	default:
		v.Num = make([]float64, c.Len())
		for i := range v.Num {
			v.Num[i] = c.Float(i)
		}
	}
	return v
}

// Like returns a Vec of numbers under v's name, of v's length.
func (v *Vec) Like() *Vec {
	return &Vec{Name: v.Name, Kind: Number, Num: make([]float64, v.Len())}
}

// Many returns k Vecs of numbers under v's name, of v's length, all 0.
func (v *Vec) Many(k int) []*Vec {
	n := v.Len()
	num, each, out := make([]float64, n*k), make([]Vec, k), make([]*Vec, k)
	for j := range out {
		each[j] = Vec{Name: v.Name, Kind: Number, Num: num[j*n : (j+1)*n : (j+1)*n]}
		out[j] = &each[j]
	}
	return out
}

// Len returns the number of rows.
func (v *Vec) Len() int {
	switch v.Kind {
	case Text:
		return len(v.Texts)
	case Date:
		return len(v.Times)
	}
	return len(v.Num)
}

// Null reports whether row i holds no value.
func (v *Vec) Null(i int) bool {
	if v.Kind == Text || v.Kind == Date {
		return !v.Valid.Get(i)
	}
	return math.IsNaN(v.Num[i])
}

// FirstNull returns the first row without a value, or -1.
func (v *Vec) FirstNull() int {
	for i := range v.Len() {
		if v.Null(i) {
			return i
		}
	}
	return -1
}

// Nulls returns the number of rows without a value.
func (v *Vec) Nulls() int {
	n := 0
	for i := range v.Len() {
		if v.Null(i) {
			n++
		}
	}
	return n
}

// Category is the text of row i under which encoders know it. Whole numbers
// have one spelling whether the column came as int64 or as float64.
func (v *Vec) Category(i int) string {
	switch v.Kind {
	case Text:
		return v.Texts[i]
	case Bool:
		return strconv.FormatBool(v.Num[i] != 0)
	case Date:
		return frame.FormatTime(v.Times[i])
	}
	x := v.Num[i]
	if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
		return strconv.FormatInt(int64(x), 10)
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

// Counts returns the distinct non-null values, sorted by their bytes, and how
// often each is there.
func (v *Vec) Counts() (categories []string, counts []int) {
	seen := map[string]int{}
	for i := range v.Len() {
		if !v.Null(i) {
			seen[v.Category(i)]++
		}
	}
	categories = make([]string, 0, len(seen))
	for s := range seen {
		categories = append(categories, s)
	}
	slices.Sort(categories)
	counts = make([]int, len(categories))
	for k, s := range categories {
		counts[k] = seen[s]
	}
	return categories, counts
}
