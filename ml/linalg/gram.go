package linalg

import (
	"sync"
	"sync/atomic"
)

// Dot returns the inner product of two vectors of one length.
func Dot(a, b []float64) float64 {
	b = b[:len(a)]
	s := 0.0
	for i, x := range a {
		s += x * b[i]
	}
	return s
}

// Axpy adds s times x to y, of one length.
func Axpy(s float64, x, y []float64) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += s * v
	}
}

// Gram returns the symmetric p by p matrix X' diag(w) X of an n by p matrix;
// nil w means all 1. Rows go four at a time and groups of zeros are skipped,
// which is most of the work for one-hot columns. Cost: n p^2 / 2 multiplications.
// Workers share the rows of the result; each element is one sum over the rows
// of X in their order, whoever computes it.
func Gram(x []float64, n, p int, w []float64, workers int) []float64 {
	g := make([]float64, p*p)
	const stripe = 16
	Parallel(workers, (p+stripe-1)/stripe, func(t int) {
		lo, hi := t*stripe, min((t+1)*stripe, p)
		r := 0
		for ; r+4 <= n; r += 4 {
			gramRows(g, x[r*p:(r+4)*p], p, lo, hi, weights4(w, r))
		}
		for ; r < n; r++ {
			row := x[r*p : (r+1)*p]
			for i := lo; i < hi; i++ {
				a := row[i] * weight(w, r)
				if a != 0 {
					Axpy(a, row[i:], g[i*p+i:(i+1)*p])
				}
			}
		}
	})
	for i := range p {
		for j := range i {
			g[i*p+j] = g[j*p+i]
		}
	}
	return g
}

func gramRows(g, x []float64, p, lo, hi int, w [4]float64) {
	x0, x1, x2, x3 := x[:p], x[p:2*p], x[2*p:3*p], x[3*p:4*p]
	for i := lo; i < hi; i++ {
		a0, a1, a2, a3 := w[0]*x0[i], w[1]*x1[i], w[2]*x2[i], w[3]*x3[i]
		if a0 == 0 && a1 == 0 && a2 == 0 && a3 == 0 {
			continue
		}
		row := g[i*p+i : (i+1)*p]
		y0, y1, y2, y3 := x0[i:][:len(row)], x1[i:][:len(row)], x2[i:][:len(row)], x3[i:][:len(row)]
		for j := range row {
			row[j] += a0*y0[j] + a1*y1[j] + a2*y2[j] + a3*y3[j]
		}
	}
}

func weight(w []float64, r int) float64 {
	if w == nil {
		return 1
	}
	return w[r]
}

func weights4(w []float64, r int) [4]float64 {
	if w == nil {
		return [4]float64{1, 1, 1, 1}
	}
	return [4]float64(w[r : r+4])
}

// MulVec writes X v into dst for an n by p matrix.
func MulVec(dst, x []float64, n, p int, v []float64) {
	for i := range n {
		dst[i] = Dot(x[i*p:(i+1)*p], v)
	}
}

// MulTransVec writes X' v into dst for an n by p matrix.
func MulTransVec(dst, x []float64, n, p int, v []float64) {
	clear(dst[:p])
	for i := range n {
		if v[i] != 0 {
			Axpy(v[i], x[i*p:(i+1)*p], dst[:p])
		}
	}
}

// Parallel calls do for 0 to tasks-1 on up to workers goroutines and waits. The
// tasks must not depend on each other.
func Parallel(workers, tasks int, do func(task int)) {
	if workers < 2 || tasks < 2 {
		for t := range tasks {
			do(t)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, tasks) {
		wg.Go(func() {
			for t := int(next.Add(1)) - 1; t < tasks; t = int(next.Add(1)) - 1 {
				do(t)
			}
		})
	}
	wg.Wait()
}
