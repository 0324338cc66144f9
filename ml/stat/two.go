package stat

import (
	"math"
	"slices"
)

// KolmogorovSmirnov compares two samples of finite numbers: d is the largest
// difference of their distribution functions, p is two-sided, by the limit for
// large samples (conservative for small and for tied ones). It sorts copies;
// cost (n+m) log(n+m). An empty sample gives d 0 and p 1.
//
// Source: Smirnov 1939; Hollander and Wolfe, Nonparametric Statistical Methods,
// 5.4. Left out: exact p of small samples.
func KolmogorovSmirnov(a, b []float64) (d, p float64) {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	if len(a) == 0 || len(b) == 0 {
		return 0, 1
	}
	n, m := float64(len(a)), float64(len(b))
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		v := min(a[i], b[j])
		for i < len(a) && a[i] == v {
			i++
		}
		for j < len(b) && b[j] == v {
			j++
		}
		d = max(d, math.Abs(float64(i)/n-float64(j)/m))
	}
	return d, KolmogorovTail(d * math.Sqrt(n*m/(n+m)))
}

// ChiSquare tests whether two rows of counts over the same categories come from
// one distribution (homogeneity, without Yates' correction):
//
//	sum (observed - expected)² / expected
//
// with as many degrees of freedom as categories that occur, less one. Fewer
// than two of them, or an empty row, give statistic 0 and p 1. a and b must be
// of one length. Source: Pearson 1900.
func ChiSquare(a, b []float64) (statistic, df, p float64) {
	n, m := sum(a), sum(b)
	if n == 0 || m == 0 {
		return 0, 0, 1
	}
	for i := range a {
		both := a[i] + b[i]
		if both == 0 {
			continue
		}
		df++
		ea, eb := both*n/(n+m), both*m/(n+m)
		statistic += (a[i]-ea)*(a[i]-ea)/ea + (b[i]-eb)*(b[i]-eb)/eb
	}
	df = max(df-1, 0)
	if df == 0 {
		return 0, 0, 1
	}
	return statistic, df, ChiSquareTail(statistic, df)
}

// PopulationStability returns PSI of two rows of counts over the same
// categories: sum (p - q) ln(p/q). A share of 0 counts as 0.0001. Rules of
// thumb: below 0.1 stable, above 0.25 another population. An empty row gives 0.
func PopulationStability(a, b []float64) float64 {
	n, m := sum(a), sum(b)
	if n == 0 || m == 0 {
		return 0
	}
	psi := 0.0
	for i := range a {
		p, q := a[i]/n, b[i]/m
		if p == 0 && q == 0 {
			continue
		}
		if p == 0 {
			p = 1e-4
		}
		if q == 0 {
			q = 1e-4
		}
		psi += (p - q) * math.Log(p/q)
	}
	return psi
}

// JensenShannon returns the distance of two rows of counts over the same
// categories: the square root of the Jensen-Shannon divergence to base 2, from
// 0 (the same shares) to 1 (nothing in common). An empty row gives 0.
//
// Source: Lin 1991; Endres and Schindelin 2003.
func JensenShannon(a, b []float64) float64 {
	n, m := sum(a), sum(b)
	if n == 0 || m == 0 {
		return 0
	}
	js := 0.0
	for i := range a {
		p, q := a[i]/n, b[i]/m
		mid := (p + q) / 2
		if p > 0 {
			js += p * math.Log2(p/mid) / 2
		}
		if q > 0 {
			js += q * math.Log2(q/mid) / 2
		}
	}
	return math.Sqrt(min(max(js, 0), 1))
}

func sum(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		s += x
	}
	return s
}
