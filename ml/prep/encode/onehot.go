package encode

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"gristmill/ml/prep/vec"
)

// The policies for categories that the training rows did not have, and for
// nulls.
const (
	Ignore = "ignore" // all zeros
	Fail   = "error"  // a Problem that names the row
	Rare   = "rare"   // the column of the rare categories; a null is refused
	Value  = "value"  // a given number
)

// RareName is the category under which the rare ones go.
const RareName = "(rare)"

// OneHot makes one 0/1 column per category, name=value, in the byte order of
// the categories. Categories rarer than a limit share a last column,
// name=(rare). A category that the training rows did not have becomes all zeros
// under "ignore", a Problem with its row under "error", and rare under "rare" if
// there are rare ones (else all zeros); a null is treated as unknown too.
//
// Cost: O(n log k) to look up, n k numbers. Source: scikit-learn's OneHotEncoder
// (handle_unknown, min_frequency, max_categories); unlike there, numbers are
// ordered by their text and a null is no category. Left out: dropping the first
// category (the estimators here bear collinear columns), sparse output.
type OneHot struct {
	Categories []string `json:"categories"`
	Rare       []string `json:"rare,omitempty"` // categories of the training rows without an own column
	Unknown    string   `json:"unknown"`        // "ignore", "error" or "rare"
}

// Limits say which categories are rare; 0 means no limit.
type Limits struct {
	Count int     // fewer training rows than this
	Share float64 // a smaller share of the training rows than this
	Most  int     // so many columns at most, that of the rare included
}

// FitOneHot learns the categories of a column.
func FitOneHot(v *vec.Vec, unknown string, l Limits) (*OneHot, error) {
	words, counts := v.Counts()
	if len(words) == 0 {
		return nil, v.EmptyProblem("categories")
	}
	// The training rows can only hold a null that the encoder does not know.
	if i := v.FirstNull(); i >= 0 && unknown != Ignore {
		return nil, v.NullProblem(i)
	}
	rare, left := make([]bool, len(words)), len(words)
	mark := func(k int) {
		if !rare[k] {
			rare[k] = true
			left--
		}
	}
	least := max(float64(l.Count), l.Share*float64(v.Len()))
	for k, n := range counts {
		if float64(n) < least {
			mark(k)
		}
	}
	// The limit counts a column for the rare even where none is rare yet, so
	// that exactly Most categories make the rarest of them rare: scikit-learn's
	// rule.
	if l.Most > 0 && l.Most < left+1 {
		order := make([]int, len(words))
		for k := range order {
			order[k] = k
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(counts[a], counts[b]) })
		for _, k := range order[:len(words)-(l.Most-1)] {
			mark(k)
		}
	}
	o := &OneHot{Unknown: unknown, Categories: make([]string, 0, left)}
	for k, w := range words {
		if rare[k] {
			o.Rare = append(o.Rare, w)
		} else {
			o.Categories = append(o.Categories, w)
		}
	}
	return o, nil
}

// Check implements vec.Transformer.
func (o *OneHot) Check(n int) error {
	if !slices.IsSorted(o.Categories) || !slices.IsSorted(o.Rare) {
		return errors.New("the categories of one_hot are not sorted")
	}
	if len(o.Categories)+len(o.Rare) == 0 {
		return errors.New("one_hot has no categories")
	}
	return vec.Only("one_hot", n)
}

// Names implements vec.Transformer.
func (o *OneHot) Names(in []string) []string {
	out := make([]string, len(o.Categories), len(o.Categories)+1)
	for k, c := range o.Categories {
		out[k] = in[0] + "=" + c
	}
	if len(o.Rare) > 0 {
		out = append(out, in[0]+"="+RareName)
	}
	return out
}

// Apply implements vec.Transformer.
func (o *OneHot) Apply(in []*vec.Vec) ([]*vec.Vec, error) {
	v := in[0]
	k := len(o.Categories)
	if len(o.Rare) > 0 {
		k++
	}
	out := v.Many(k)
	for i := range v.Len() {
		null := v.Null(i)
		if !null {
			word := v.Category(i)
			if at, known := slices.BinarySearch(o.Categories, word); known {
				out[at].Num[i] = 1
				continue
			}
			if len(o.Rare) > 0 {
				if _, known := slices.BinarySearch(o.Rare, word); known || o.Unknown == Rare {
					out[k-1].Num[i] = 1
					continue
				}
			}
		}
		if o.Unknown == Fail || null && o.Unknown == Rare {
			return nil, unknown(v, i)
		}
	}
	return out, nil
}

func unknown(v *vec.Vec, i int) error {
	if v.Null(i) {
		return v.NullProblem(i)
	}
	word := fmt.Sprintf("%q", v.Category(i))
	return v.RowProblem(i, word, "a category of the training rows (or a policy for unknown values)")
}
