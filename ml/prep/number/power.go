package number

import (
	"fmt"
	"math"
	"slices"

	"gristmill/ml/prep/vec"
)

// Power is the Yeo-Johnson transform, which makes a skewed column more like a
// normal one and takes negative numbers too. With l for lambda,
//
//	x >= 0:  ((1+x)^l - 1) / l            (log(1+x) at l = 0)
//	x <  0:  -((1-x)^(2-l) - 1) / (2-l)   (-log(1-x) at l = 2)
//
// Lambda maximizes the likelihood of the transformed training rows under a
// normal distribution,
//
//	L(l) = -n/2 log(var(t)) + (l - 1) sum sign(x) log(1 + |x|).
//
// L is searched by golden section to about 1e-3, then the root of its
// derivative by false position, which fixes lambda to about 1e-12. A constant
// column keeps lambda 1, the identity.
//
// Cost: O(n) for each of about 35 evaluations. Source: Yeo and Johnson 2000;
// scikit-learn's PowerTransformer, whose lambda comes from Brent's search and is
// known to about 1e-8 only, and whose bounds of lambda these are. Nulls are
// passed over and handed on. Left out: Box-Cox, the inverse.
type Power struct {
	Lambda float64 `json:"lambda"`
	Mean   float64 `json:"mean"`  // of the transformed training rows; 0 without standardizing
	Scale  float64 `json:"scale"` // likewise their deviation; 1 without standardizing
}

// FitPower learns lambda, and mean and deviation if standardize is set.
func FitPower(v *vec.Vec, standardize bool) (*Power, error) {
	x, err := v.Finite()
	if err != nil {
		return nil, err
	}
	if len(x) == 0 {
		return nil, v.EmptyProblem("the power")
	}
	m := vec.Mean(x)
	variance := vec.Variance(x, m)
	if variance-variance != 0 || m-m != 0 {
		return nil, v.HugeProblem()
	}
	p := &Power{Lambda: 1, Scale: 1}
	if !vec.Constant(variance, m, len(x)) {
		p.Lambda = likeliest(x)
	}
	for i := range x {
		x[i] = yeoJohnson(x[i], p.Lambda)
	}
	m = vec.Mean(x)
	variance = vec.Variance(x, m)
	if variance-variance != 0 || m-m != 0 {
		return nil, v.HugeProblem()
	}
	if standardize {
		p.Mean = m
		if !vec.Constant(variance, m, len(x)) {
			p.Scale = math.Sqrt(variance)
		}
	}
	return p, nil
}

// near is how close to 0 an exponent counts as 0: spacing(1).
const near = 0x1p-52

func yeoJohnson(x, l float64) float64 {
	switch {
	case x >= 0 && math.Abs(l) < near:
		return math.Log1p(x)
	case x >= 0:
		return math.Expm1(l*math.Log1p(x)) / l
	case math.Abs(l-2) > near:
		return -math.Expm1((2-l)*math.Log1p(-x)) / (2 - l)
	}
	return -math.Log1p(-x) // NaN stays NaN here
}

// logs are log(1 + |x|) of the training rows, and which of them are negative:
// all that the likelihood needs of them.
type logs struct {
	w   []float64
	neg []bool
	sum float64   // with the signs of x
	t   []float64 // room for the transformed rows
}

func logsOf(x []float64) (l logs, most float64) {
	l = logs{w: make([]float64, len(x)), neg: make([]bool, len(x)), t: make([]float64, len(x))}
	for i, a := range x {
		l.w[i], l.neg[i] = math.Log1p(math.Abs(a)), a < 0
		l.sum += math.Copysign(l.w[i], a)
		most = max(most, l.w[i])
	}
	return l, most
}

// transform fills t for lambda.
func (l logs) transform(lambda float64) {
	for i, w := range l.w {
		e, sign := lambda, 1.0
		if l.neg[i] {
			e, sign = 2-lambda, -1
		}
		if math.Abs(e) < near {
			l.t[i] = sign * w
		} else {
			l.t[i] = sign * math.Expm1(e*w) / e
		}
	}
}

// minus is -L at lambda, infinite where it cannot be computed.
func (l logs) minus(lambda float64) float64 {
	l.transform(lambda)
	s := vec.Variance(l.t, vec.Mean(l.t))
	if !(s >= 0x1p-1022) || math.IsInf(s, 0) {
		return math.Inf(1)
	}
	return float64(len(l.t))/2*math.Log(s) - (lambda-1)*l.sum
}

// slope is the derivative of -L/n by lambda: cov(t, t') / var(t) - sum/n.
func (l logs) slope(lambda float64) float64 {
	l.transform(lambda)
	m := vec.Mean(l.t)
	variance, cov := 0.0, 0.0
	for i, w := range l.w {
		e := lambda
		if l.neg[i] {
			e = 2 - lambda
		}
		d := l.t[i] - m
		variance += d * d
		cov += d * w * w * h(e*w)
	}
	return cov/variance - l.sum/float64(len(l.t))
}

// likeliest returns the lambda of the greatest likelihood.
func likeliest(x []float64) float64 {
	l, most := logsOf(x)
	least, greatest := bounds(l, most)
	a, b := least, greatest
	const golden = 0.6180339887498949
	c, d := b-golden*(b-a), a+golden*(b-a)
	fc, fd := l.minus(c), l.minus(d)
	for range 200 {
		if b-a <= 1e-3*max(1, math.Abs(a)) {
			break
		}
		// Where both are without a likelihood, the better part is nearer to 1.
		if fc < fd || fc == fd && math.Abs(c-1) < math.Abs(d-1) {
			b, d, fd = d, c, fc
			c = b - golden*(b-a)
			fc = l.minus(c)
		} else {
			a, c, fc = c, d, fd
			d = a + golden*(b-a)
			fd = l.minus(d)
		}
	}
	margin := 10 * (b - a)
	low, high := max(a-margin, least), min(b+margin, greatest)
	down, up := l.slope(low), l.slope(high)
	switch {
	case high == greatest && up <= 0:
		return greatest
	case low == least && down >= 0:
		return least
	case !(down < 0 && up > 0):
		return (a + b) / 2 // no root within: the likelihood is flat
	}
	return root(l.slope, low, high, down, up)
}

// root finds where f is 0 between low, where it is negative, and high, where it
// is positive: false position in the Illinois manner, which halves the value of
// an end that stays.
func root(f func(float64) float64, low, high, down, up float64) float64 {
	x := low
	for range 100 {
		before := x
		x = (low*up - high*down) / (up - down)
		if !(x > low && x < high) || math.Abs(x-before) <= 1e-14*max(1, math.Abs(x)) {
			break
		}
		if y := f(x); y < 0 {
			if before == low {
				up /= 2
			}
			low, down = x, y
		} else {
			if before == high {
				down /= 2
			}
			high, up = x, y
		}
	}
	return x
}

// bounds are the lambdas between which numbers of up to 20 times the largest
// can be transformed and squared: those of scipy.
func bounds(l logs, most float64) (low, high float64) {
	const (
		logTiny = (-708.3964185322641 + 36.04365338911715) / 2
		logHuge = (709.782712893384 - 36.04365338911715) / 2
	)
	reach := math.Log1p(20 * math.Expm1(most))
	low, high = logTiny/reach, logHuge/reach
	switch negative := slices.Index(l.neg, true) >= 0; {
	case negative && slices.Index(l.neg, false) < 0:
		return 2 - high, 2 - low
	case negative:
		return max(2-high, low), min(2-low, high)
	}
	return low, high
}

// h(u) = d/du ((e^u - 1)/u) = (e^u (u-1) + 1) / u^2, by its series near 0, where
// the formula cancels.
func h(u float64) float64 {
	if math.Abs(u) < .5 {
		// sum over k >= 0 of u^k / (k! (k+2))
		sum, term := 0.0, 1.0
		for k := range 18 {
			sum += term / float64(k+2)
			term *= u / float64(k+1)
		}
		return sum
	}
	return (math.Exp(u)*(u-1) + 1) / (u * u)
}

// Check implements vec.Transformer.
func (p *Power) Check(n int) error {
	if !(p.Scale != 0) {
		return fmt.Errorf("the scale is %v", p.Scale)
	}
	return vec.Only("power", n)
}

// Names implements vec.Transformer.
func (*Power) Names(in []string) []string { return in }

// Apply implements vec.Transformer.
func (p *Power) Apply(in []*vec.Vec) ([]*vec.Vec, error) {
	if err := vec.Numbers("power", in); err != nil {
		return nil, err
	}
	v := in[0]
	for i, x := range v.Num {
		y := (yeoJohnson(x, p.Lambda) - p.Mean) / p.Scale
		if math.IsInf(y, 0) || math.IsNaN(y) && !math.IsNaN(x) {
			return nil, v.RowProblem(i, vec.Shown(x), "a number nearer to the training rows, for its power is too large")
		}
		v.Num[i] = y
	}
	v.Kind = vec.Number
	return in, nil
}
