package prep

import (
	"slices"
	"strconv"

	"gristmill/ml/frame"
)

// OneHotEncoder makes one 0/1 column per category, name=value, in the byte order of
// the categories. A category that the training rows did not have becomes all
// zeros under "ignore" and a Problem with its row under "error"; a null is
// treated as unknown too.
//
// Cost: O(n log k) to look up, n k numbers. Source: scikit-learn's OneHotEncoder
// (handle_unknown); unlike there, numbers are ordered by their text and a null
// is no category. Left out: dropping the first category (the estimators here
// bear collinear columns), rare categories in one, sparse output.
type OneHotEncoder struct {
	Categories []string `json:"categories"`
	Unknown    string   `json:"unknown"` // "ignore" or "error"
}

func (o *OneHotEncoder) names(column string) []string {
	out := make([]string, len(o.Categories))
	for k, c := range o.Categories {
		out[k] = column + "=" + c
	}
	return out
}

func (o *OneHotEncoder) columns(v *vec, names []string) ([]*frame.Column, error) {
	out := make([][]float64, len(o.Categories))
	for k := range out {
		out[k] = make([]float64, v.len())
	}
	for i := range v.len() {
		k, known := lookup(o.Categories, v, i)
		switch {
		case known:
			out[k][i] = 1
		case o.Unknown != Ignore:
			return nil, unknown(v, i)
		}
	}
	cols := make([]*frame.Column, len(out))
	for k := range out {
		cols[k] = floatColumn(names[k], out[k])
	}
	return cols, nil
}

// OrdinalCoder replaces a category by its position in the byte order of the
// training rows' categories. An unknown category or a null becomes Value under
// "value" and a Problem under "error".
//
// Cost: O(n log k). Source: scikit-learn's OrdinalEncoder
// (use_encoded_value). Left out: an order given by hand.
type OrdinalCoder struct {
	Categories []string `json:"categories"`
	Unknown    string   `json:"unknown"` // "value" or "error"
	Value      float64  `json:"value"`   // for unknown categories under "value"
}

func (o *OrdinalCoder) apply(v *vec) (*vec, error) {
	out := &vec{name: v.name, num: make([]float64, v.len())}
	for i := range out.num {
		k, known := lookup(o.Categories, v, i)
		switch {
		case known:
			out.num[i] = float64(k)
		case o.Unknown == GivenValue:
			out.num[i] = o.Value
		default:
			return nil, unknown(v, i)
		}
	}
	return out, nil
}

// lookup finds row i among sorted categories; a null is never known.
func lookup(categories []string, v *vec, i int) (int, bool) {
	if v.null(i) {
		return 0, false
	}
	return slices.BinarySearch(categories, v.category(i))
}

func unknown(v *vec, i int) error {
	if v.null(i) {
		return rowError(v, i, "null", "a value (or an imputer before this step, or a policy for unknown values)")
	}
	return rowError(v, i, strconv.Quote(v.category(i)), "a category of the training rows (or a policy for unknown values)")
}
