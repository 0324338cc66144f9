package stat

import "math"

// NormalTail returns P(Z > z) of the standard normal distribution.
func NormalTail(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }

// ChiSquareTail returns P(X > x) of the chi-squared distribution with df > 0
// degrees of freedom: the regularised upper incomplete gamma function
// Q(df/2, x/2), by its series below df/2+1 and by its continued fraction
// (modified Lentz) above. Relative error about 1e-13. Source: Abramowitz and
// Stegun 6.5.29 and 6.5.31.
func ChiSquareTail(x, df float64) float64 {
	switch {
	case math.IsNaN(x) || !(df > 0):
		return math.NaN()
	case x <= 0:
		return 1
	case math.IsInf(x, 1):
		return 0
	}
	a, h := df/2, x/2
	lg, _ := math.Lgamma(a)
	front := math.Exp(a*math.Log(h) - h - lg)
	const most = 100000
	if h < a+1 {
		term, sum := 1/a, 1/a
		for n := 1; n < most && term > sum*1e-17; n++ {
			term *= h / (a + float64(n))
			sum += term
		}
		return min(max(1-front*sum, 0), 1)
	}
	const tiny = 1e-300
	b := h + 1 - a
	c, d := 1/tiny, 1/b
	f := d
	for n := 1; n < most; n++ {
		an := -float64(n) * (float64(n) - a)
		b += 2
		if d = an*d + b; math.Abs(d) < tiny {
			d = tiny
		}
		if c = b + an/c; math.Abs(c) < tiny {
			c = tiny
		}
		d = 1 / d
		step := c * d
		f *= step
		if math.Abs(step-1) < 1e-16 {
			break
		}
	}
	return min(front*f, 1)
}

// KolmogorovTail returns P(K > x) of the limit that sqrt(n) D has for large n:
// 2 sum (-1)^(k-1) exp(-2 k² x²), or by the theta function's other series below
// x = 1, where the first converges slowly. Source: Kolmogorov 1933.
func KolmogorovTail(x float64) float64 {
	switch {
	case math.IsNaN(x):
		return math.NaN()
	case x <= 0.04: // 1 to all digits
		return 1
	case x < 1:
		sum := 0.0
		for k := 1.0; k < 60; k += 2 {
			sum += math.Exp(-k * k * math.Pi * math.Pi / (8 * x * x))
		}
		return min(max(1-math.Sqrt(2*math.Pi)/x*sum, 0), 1)
	}
	sum, sign := 0.0, 1.0
	for k := 1.0; k < 60; k++ {
		term := math.Exp(-2 * k * k * x * x)
		sum += sign * term
		sign = -sign
		if term < 1e-18*sum {
			break
		}
	}
	return 2 * sum
}
