package vec

import "math"

// Mean is the compensated mean (Neumaier 1974) of numbers that are not NaN.
func Mean(x []float64) float64 {
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

// Variance is the mean squared distance from mean m, by two passes with
// correction (Chan, Golub, LeVeque 1983), divisor n.
func Variance(x []float64, m float64) float64 {
	n := float64(len(x))
	sq, dev := 0.0, 0.0
	for _, a := range x {
		d := a - m
		sq += d * d
		dev += d
	}
	return (sq - dev*dev/n) / n
}

// Constant reports whether rounding alone could have made a variance of n
// numbers around m: scikit-learn's rule for constant columns.
func Constant(variance, m float64, n int) bool {
	const eps = 0x1p-52
	k := float64(n)
	return variance <= k*eps*variance+(k*eps*m)*(k*eps*m)
}
