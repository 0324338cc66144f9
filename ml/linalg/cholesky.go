package linalg

import (
	"errors"
	"math"
)

// ErrIllConditioned says that a matrix is singular, or so close to it that a
// solution would have no correct digit.
var ErrIllConditioned = errors.New("matrix is singular or ill-conditioned")

// Cholesky is the factor of a symmetric positive definite matrix: S A S = L L'
// with a diagonal S of powers of two that brings the diagonal near 1 without
// any rounding.
//
// Cost: n^3/6 multiplications to factor, n^2 to solve. Source: Golub and Van
// Loan, Matrix Computations, 4.2; scaling: Van der Sluis 1969. Left out:
// blocking for caches, pivoting.
type Cholesky struct {
	n     int
	l     []float64
	scale []float64
}

// NewCholesky factors the n by n matrix a, of which it reads the lower triangle
// and changes nothing. A pivot below n*1e-14 of its scaled diagonal, negative
// or NaN is ErrIllConditioned.
func NewCholesky(a []float64, n int) (*Cholesky, error) {
	c := &Cholesky{n: n, l: make([]float64, n*n), scale: make([]float64, n)}
	for i := range n {
		d := a[i*n+i]
		if !(d > 0) || math.IsInf(d, 0) {
			return nil, ErrIllConditioned
		}
		_, e := math.Frexp(d)
		c.scale[i] = math.Ldexp(1, -e/2)
	}
	for i := range n {
		row := c.l[i*n : (i+1)*n]
		for j := 0; j <= i; j++ {
			s := a[i*n+j]*c.scale[i]*c.scale[j] - Dot(row[:j], c.l[j*n:j*n+j])
			if i > j {
				row[j] = s / c.l[j*n+j]
				continue
			}
			if !(s > float64(n)*1e-14) {
				return nil, ErrIllConditioned
			}
			row[i] = math.Sqrt(s)
		}
	}
	return c, nil
}

// Solve returns x with A x = b.
func (c *Cholesky) Solve(b []float64) []float64 {
	n := c.n
	x := make([]float64, n)
	for i := range n {
		x[i] = (b[i]*c.scale[i] - Dot(c.l[i*n:i*n+i], x[:i])) / c.l[i*n+i]
	}
	for i := n - 1; i >= 0; i-- {
		x[i] /= c.l[i*n+i]
		Axpy(-x[i], c.l[i*n:i*n+i], x[:i])
	}
	for i := range x {
		x[i] *= c.scale[i]
	}
	return x
}

// Condition is a cheap lower estimate of the scaled matrix's condition number:
// the squared ratio of the largest to the smallest pivot.
func (c *Cholesky) Condition() float64 {
	lo, hi := math.Inf(1), 0.0
	for i := range c.n {
		lo, hi = min(lo, c.l[i*c.n+i]), max(hi, c.l[i*c.n+i])
	}
	return hi / lo * (hi / lo)
}
