package prep

import (
	"fmt"
	"math"
	"slices"

	"gristmill/ml"
)

// Imputer replaces nulls by one value per column, learned from the training
// rows: the median (the mean of the two middle values of an even count), the
// mean, the most frequent value (the smallest of equally frequent ones: by
// size for numbers, by bytes for text) or a constant.
//
// Cost: O(n log n) for median and most frequent, else O(n). Source: the
// definitions are those of scikit-learn's SimpleImputer. Left out: imputing
// from other columns, and a flag column for where a null was.
type Imputer struct {
	Strategy string   `json:"strategy"`
	Number   *float64 `json:"number,omitempty"` // the fill of numbers; of bools 0 or 1
	Text     *string  `json:"text,omitempty"`   // the fill of text
}

func fitImputer(s Step, v *vec) (*Imputer, error) {
	im := &Imputer{Strategy: s.Strategy}
	if s.Strategy == Constant {
		switch x := s.Value.(type) {
		case string:
			im.Text = &x
		case float64:
			im.Number = &x
		case bool:
			one := 0.0
			if x {
				one = 1
			}
			im.Number = &one
		}
		return im, nil
	}
	empty := ml.Problems{{Path: "column " + v.name, Given: "only nulls", Want: "at least one value",
		Msg: fmt.Sprintf("column %q has no value to learn the %s from; leave it out (data.drop)", v.name, s.Strategy)}}
	if v.text != nil {
		counts := map[string]int{}
		for i, t := range v.text {
			if !v.null(i) {
				counts[t]++
			}
		}
		best, most := "", 0
		for t, n := range counts {
			if n > most || n == most && t < best {
				best, most = t, n
			}
		}
		if most == 0 {
			return nil, empty
		}
		im.Text = &best
		return im, nil
	}
	var x []float64
	for _, a := range v.num {
		if !math.IsNaN(a) {
			x = append(x, a)
		}
	}
	if len(x) == 0 {
		return nil, empty
	}
	var fill float64
	switch s.Strategy {
	case Mean:
		fill = mean(x)
	case Median:
		slices.Sort(x)
		fill = x[len(x)/2]
		if len(x)%2 == 0 {
			fill = (x[len(x)/2-1] + fill) / 2
		}
	default:
		slices.Sort(x)
		most := 0
		for i := 0; i < len(x); {
			j := i
			for j < len(x) && x[j] == x[i] {
				j++
			}
			if j-i > most {
				fill, most = x[i], j-i
			}
			i = j
		}
	}
	im.Number = &fill
	return im, nil
}

func (im *Imputer) apply(v *vec) (*vec, error) {
	out := *v
	if v.text != nil {
		if im.Text == nil {
			return nil, fmt.Errorf("impute column %q: it is text, but the fill is not", v.name)
		}
		out.ok = nil
		out.text = slices.Clone(v.text)
		for i := range out.text {
			if v.null(i) {
				out.text[i] = *im.Text
			}
		}
		return &out, nil
	}
	if im.Number == nil {
		return nil, fmt.Errorf("impute column %q: it is numbers, but the fill is not", v.name)
	}
	out.num = slices.Clone(v.num)
	for i, x := range out.num {
		if math.IsNaN(x) {
			out.num[i] = *im.Number
		}
	}
	return &out, nil
}

// mean is the compensated mean (Neumaier 1974) of numbers that are not NaN.
func mean(x []float64) float64 {
	sum, low := 0.0, 0.0
	for _, a := range x {
		t := sum + a
		if math.Abs(sum) >= math.Abs(a) {
			low += (sum - t) + a
		} else {
			low += (a - t) + sum
		}
		sum = t
	}
	return (sum + low) / float64(len(x))
}
