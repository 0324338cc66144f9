package number

import (
	"fmt"
	"math"
	"slices"

	"gristmill/ml/prep/vec"
)

// Imputer replaces nulls by one value per column, learned from the training
// rows: the median (the mean of the two middle values of an even count), the
// mean, the most frequent value (the smallest of equally frequent ones: by
// size for numbers, by bytes for text) or a constant. With Indicator a second
// column, name_missing, says where the nulls were.
//
// Cost: O(n log n) for median and most frequent, else O(n). Source: the
// definitions are those of scikit-learn's SimpleImputer, add_indicator
// included: a column without nulls in the training rows gets none. Left out:
// imputing from other columns.
type Imputer struct {
	Strategy  string   `json:"strategy"`
	Number    *float64 `json:"number,omitempty"`    // the fill of numbers; of bools 0 or 1
	Text      *string  `json:"text,omitempty"`      // the fill of text
	Indicator bool     `json:"indicator,omitempty"` // a column name_missing beside
}

// The strategies that learn; any other keeps the given constant.
const (
	Median       = "median"
	Mean         = "mean"
	MostFrequent = "most_frequent"
)

// FitImputer learns the fill of a column; constant (float64, string or bool) is
// the fill of the strategy constant.
func FitImputer(v *vec.Vec, strategy string, constant any, indicator bool) (*Imputer, error) {
	im := &Imputer{Strategy: strategy, Indicator: indicator && v.Nulls() > 0}
	switch x := constant.(type) {
	case string:
		im.Text = &x
		return im, nil
	case float64:
		im.Number = &x
		return im, nil
	case bool:
		one := 0.0
		if x {
			one = 1
		}
		im.Number = &one
		return im, nil
	}
	if v.Kind == vec.Text {
		best, most := "", 0
		words, counts := v.Counts()
		for k, n := range counts {
			if n > most {
				best, most = words[k], n
			}
		}
		if most == 0 {
			return nil, v.EmptyProblem("the " + strategy)
		}
		im.Text = &best
		return im, nil
	}
	x := make([]float64, 0, len(v.Num))
	for _, a := range v.Num {
		if !math.IsNaN(a) {
			x = append(x, a)
		}
	}
	if len(x) == 0 {
		return nil, v.EmptyProblem("the " + strategy)
	}
	fill := 0.0
	switch strategy {
	case Mean:
		fill = vec.Mean(x)
	case Median:
		slices.Sort(x)
		fill = x[len(x)/2]
		if len(x)%2 == 0 {
			fill = (x[len(x)/2-1] + fill) / 2
		}
	default:
		fill = mode(x)
	}
	if fill-fill != 0 { // not finite
		return nil, v.HugeProblem()
	}
	im.Number = &fill
	return im, nil
}

// mode sorts x and returns its most frequent number, the smallest of several.
func mode(x []float64) (best float64) {
	slices.Sort(x)
	most := 0
	for i := 0; i < len(x); {
		j := i
		for j < len(x) && x[j] == x[i] {
			j++
		}
		if j-i > most {
			best, most = x[i], j-i
		}
		i = j
	}
	return best
}

// Check implements vec.Transformer.
func (im *Imputer) Check(n int) error {
	if (im.Number == nil) == (im.Text == nil) {
		return fmt.Errorf("impute has %s", map[bool]string{true: "no fill", false: "two fills"}[im.Number == nil])
	}
	return vec.Only("impute", n)
}

// Names implements vec.Transformer.
func (im *Imputer) Names(in []string) []string {
	if im.Indicator {
		return []string{in[0], in[0] + "_missing"}
	}
	return in
}

// Apply implements vec.Transformer.
func (im *Imputer) Apply(in []*vec.Vec) ([]*vec.Vec, error) {
	v := in[0]
	if im.Indicator {
		in = []*vec.Vec{v, missing(v)}
	}
	switch {
	case v.Kind == vec.Text && im.Text != nil:
		if v.Valid == nil || v.FirstNull() < 0 {
			return in, nil
		}
		out := &vec.Vec{Name: v.Name, Kind: vec.Text, Texts: slices.Clone(v.Texts)}
		for i := range out.Texts {
			if v.Null(i) {
				out.Texts[i] = *im.Text
			}
		}
		in = slices.Clone(in)
		in[0] = out
		return in, nil
	case (v.Kind == vec.Number || v.Kind == vec.Bool) && im.Number != nil:
		for i, x := range v.Num {
			if math.IsNaN(x) {
				v.Num[i] = *im.Number
			}
		}
		return in, nil
	}
	return nil, fmt.Errorf("impute column %q: it is a %s, but the fill is not", v.Name, v.Kind)
}
