package number

import (
	"fmt"
	"math"

	"gristmill/ml"
	"gristmill/ml/prep/vec"
)

// Polynomial multiplies columns with each other: every product of up to Degree
// of them, the columns themselves first, then degree by degree in the order of
// the columns: a, b, a^2, a*b, b^2. With Interactions only products of distinct
// columns: a, b, a*b. A null in a factor gives a null.
//
// Cost: O(n m) for m = C(p+d, d) - 1 outputs. Source: scikit-learn's
// PolynomialFeatures without its bias column. Left out: the bias (the
// estimators have an intercept).
type Polynomial struct {
	Degree       int  `json:"degree"`
	Interactions bool `json:"interactions_only,omitempty"`
}

// MostProducts bounds how many columns a Polynomial makes.
const MostProducts = 4096

// term is a product: an earlier one times a column.
type term struct {
	head int // position of the earlier product; -1: none
	last int // position of the column
}

// terms returns the products of n columns in their order; nil if there are more
// than MostProducts.
func (p *Polynomial) terms(n int) []term {
	if n > MostProducts {
		return nil
	}
	out := make([]term, n, 4*n)
	for j := range out {
		out[j] = term{-1, j}
	}
	level := 0 // where the last degree begins
	for range p.Degree - 1 {
		end := len(out)
		for head := level; head < end; head++ {
			from := out[head].last
			if p.Interactions {
				from++
			}
			for j := from; j < n; j++ {
				if len(out) == MostProducts {
					return nil
				}
				out = append(out, term{head, j})
			}
		}
		level = end
	}
	return out
}

// FitPolynomial refuses columns of which it would make too many.
func FitPolynomial(in []*vec.Vec, degree int, interactions bool) (*Polynomial, error) {
	p := &Polynomial{Degree: degree, Interactions: interactions}
	if p.terms(len(in)) == nil {
		return nil, ml.Problems{{Path: "column " + in[0].Name, Given: fmt.Sprintf("%d columns", len(in)), Want: fmt.Sprintf("at most %d products", MostProducts),
			Msg: fmt.Sprintf("polynomial of degree %d over %d columns makes more than %d columns; name fewer of them, or a lower degree", degree, len(in), MostProducts)}}
	}
	return p, nil
}

// Check implements vec.Transformer.
func (p *Polynomial) Check(n int) error {
	if n < 1 || p.Degree < 1 || p.Degree > 20 || p.terms(n) == nil {
		return fmt.Errorf("polynomial of degree %d over %d columns", p.Degree, n)
	}
	return nil
}

// Names implements vec.Transformer.
func (p *Polynomial) Names(in []string) []string {
	terms := p.terms(len(in))
	out := make([]string, len(terms))
	for k, t := range terms {
		power, head := 1, t.head
		for head >= 0 && terms[head].last == t.last {
			power, head = power+1, terms[head].head
		}
		out[k] = in[t.last]
		if power > 1 {
			out[k] = fmt.Sprintf("%s^%d", in[t.last], power)
		}
		if head >= 0 {
			out[k] = out[head] + "*" + out[k]
		}
	}
	return out
}

// Apply implements vec.Transformer.
func (p *Polynomial) Apply(in []*vec.Vec) ([]*vec.Vec, error) {
	if err := vec.Numbers("polynomial", in); err != nil {
		return nil, err
	}
	terms := p.terms(len(in))
	out := in[0].Many(len(terms))
	for k, t := range terms {
		last := in[t.last]
		out[k].Name = last.Name
		if t.head < 0 {
			copy(out[k].Num, last.Num)
			continue
		}
		head := out[t.head]
		for i, x := range last.Num {
			y := head.Num[i] * x
			if math.IsInf(y, 0) {
				return nil, last.RowProblem(i, vec.Shown(x), "a number whose products are finite")
			}
			out[k].Num[i] = y
		}
	}
	return out, nil
}
