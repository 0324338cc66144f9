package encode

import (
	"fmt"
	"math"
	"time"

	"gristmill/ml/prep/vec"
)

// Cyclic puts what comes round again on a circle, so that December lies beside
// January: name_sin and name_cos of 2 pi x / period. Of a number x is the number
// and the period is given; of a date x is each of Parts, with periods quarter 4,
// month 12, day 31, weekday 7, day_of_year 366, week 53, hour 24, minute 60, and
// the columns are name_part_sin and name_part_cos. A null gives nulls.
//
// Cost: O(n). Source: scikit-learn's example on time-related features. Left out:
// months as long as they are, splines.
type Cyclic struct {
	Parts  []string `json:"parts,omitempty"`  // of a date
	Period float64  `json:"period,omitempty"` // of a number
}

// period returns the period of a date's part, 0 for one that has none.
func period(part string) float64 {
	switch part {
	case "quarter":
		return 4
	case "month":
		return 12
	case "day":
		return 31
	case "weekday":
		return 7
	case "day_of_year":
		return 366
	case "week":
		return 53
	case "hour":
		return 24
	case "minute":
		return 60
	}
	return 0
}

// Check implements vec.Transformer.
func (c *Cyclic) Check(n int) error {
	if (len(c.Parts) > 0) == (c.Period > 0) {
		return fmt.Errorf("cyclic has %d parts and the period %v", len(c.Parts), c.Period)
	}
	for _, p := range c.Parts {
		if period(p) == 0 {
			return fmt.Errorf("cyclic has no part %q", p)
		}
	}
	return vec.Only("cyclic", n)
}

// Names implements vec.Transformer.
func (c *Cyclic) Names(in []string) []string {
	if len(c.Parts) == 0 {
		return []string{in[0] + "_sin", in[0] + "_cos"}
	}
	var out []string
	for _, p := range c.Parts {
		out = append(out, in[0]+"_"+p+"_sin", in[0]+"_"+p+"_cos")
	}
	return out
}

// Apply implements vec.Transformer.
func (c *Cyclic) Apply(in []*vec.Vec) ([]*vec.Vec, error) {
	v := in[0]
	if len(c.Parts) == 0 {
		if err := vec.Numbers("cyclic", in); err != nil {
			return nil, err
		}
		out := v.Many(2)
		for i, x := range v.Num {
			if math.IsInf(x, 0) {
				return nil, v.RowProblem(i, vec.Shown(x), "a finite number")
			}
			out[0].Num[i], out[1].Num[i] = circle(x, c.Period)
		}
		return out, nil
	}
	if v.Kind != vec.Date {
		return nil, fmt.Errorf("cyclic of column %q: it is a %s, not a date", v.Name, v.Kind)
	}
	out := v.Many(2 * len(c.Parts))
	for i, micros := range v.Times {
		t := time.UnixMicro(micros).UTC()
		for k, p := range c.Parts {
			x := math.NaN()
			if !v.Null(i) {
				x, _ = part(t, p)
			}
			out[2*k].Num[i], out[2*k+1].Num[i] = circle(x, period(p))
		}
	}
	return out, nil
}

// circle is the point at x on a circle of the period.
func circle(x, period float64) (sin, cos float64) {
	return math.Sincos(2 * math.Pi * (math.Mod(x, period) / period))
}
