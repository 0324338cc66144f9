package linear

import (
	"context"
	"fmt"
	"math"

	"gristmill/ml"
	"gristmill/ml/linalg"
)

// problem is the data of one logistic fit.
type problem struct {
	x       []float64 // n by q; the last column is 1 unless there is no intercept
	y       []int
	s       []float64 // sample weights
	n, p, q int
	v       int // weight vectors: 1 for two classes, else one each
	l2      float64
	total   float64   // sum of sample weights
	size    []float64 // root mean square of each column, 1 for an all-zero one
	workers int
}

func newProblem(d ml.Data, l Logistic, workers int) (*problem, error) {
	if d.Classes == nil {
		return nil, ml.Problems{{Msg: "logistic predicts classes, but the target is numbers: use ridge or linear"}}
	}
	if err := d.Check(); err != nil {
		return nil, err
	}
	x, err := ml.Dense(d.X, ml.Numeric(d.X))
	if err != nil {
		return nil, err
	}
	pr := &problem{n: d.X.Rows(), p: d.X.Cols(), v: vectorsOf(len(d.Classes)), l2: l.L2, workers: workers, y: make([]int, len(d.Y)), s: make([]float64, len(d.Y))}
	share := make([]float64, len(d.Classes))
	for i, y := range d.Y {
		pr.y[i], pr.s[i] = int(y), rowWeight(d, i)
		share[int(y)] += pr.s[i]
		pr.total += pr.s[i]
	}
	var ps ml.Problems
	for c, w := range share {
		if w == 0 {
			ps = append(ps, ml.Problem{Given: d.Classes[c], Want: "at least one row of every class",
				Msg: fmt.Sprintf("class %q does not occur in the training rows", d.Classes[c])})
		}
	}
	if len(d.Classes) < 2 {
		ps = append(ps, ml.Problem{Given: fmt.Sprint(len(d.Classes)), Want: "at least 2 classes", Msg: fmt.Sprintf("%d class in the target, at least 2 are needed", len(d.Classes))})
	}
	if len(ps) > 0 {
		return nil, ps
	}
	pr.q = pr.p
	if !l.NoIntercept {
		pr.q++
	}
	pr.x = make([]float64, pr.n*pr.q)
	pr.size = make([]float64, pr.q)
	for i := range pr.n {
		row := pr.x[i*pr.q : (i+1)*pr.q]
		copy(row, x[i*pr.p:(i+1)*pr.p])
		if !l.NoIntercept {
			row[pr.p] = 1
		}
		for j, a := range row {
			pr.size[j] += pr.s[i] * a * a / pr.total
		}
	}
	for j, a := range pr.size {
		pr.size[j] = math.Sqrt(a)
		if a == 0 {
			pr.size[j] = 1
		}
	}
	return pr, nil
}

// evaluate computes objective, gradient and probabilities at theta.
func (pr *problem) evaluate(theta []float64) point {
	at := point{theta: append([]float64(nil), theta...), grad: make([]float64, len(theta)), proba: make([]float64, pr.n*pr.v)}
	q, v := pr.q, pr.v
	for i := range pr.n {
		row, out := pr.x[i*q:(i+1)*q], at.proba[i*v:(i+1)*v]
		for c := range v {
			out[c] = linalg.Dot(row, theta[c*q:(c+1)*q])
		}
		if v == 1 {
			z := out[0]
			if pr.y[i] == 0 {
				z = -z
			}
			at.loss += pr.s[i] * (max(-z, 0) + math.Log1p(math.Exp(-math.Abs(z)))) // log(1+exp(-z))
			out[0] = sigmoid(out[0])
		} else {
			z := out[pr.y[i]]
			at.loss += pr.s[i] * (softmax(out) - z)
		}
		for c := range v {
			if r := pr.s[i] * (out[c] - pr.is(i, c)); r != 0 {
				linalg.Axpy(r, row, at.grad[c*q:(c+1)*q])
			}
		}
	}
	for j, t := range theta {
		if j%q < pr.p {
			at.loss += pr.l2 / 2 * t * t
			at.grad[j] += pr.l2 * t
		}
		at.norm = max(at.norm, math.Abs(at.grad[j])/(pr.total*pr.size[j%q]))
		if math.IsNaN(at.grad[j]) {
			at.norm = math.NaN()
		}
	}
	return at
}

// is returns 1 if row i belongs to vector c, else 0.
func (pr *problem) is(i, c int) float64 {
	if pr.v == 1 && pr.y[i] == 1 || pr.v > 1 && pr.y[i] == c {
		return 1
	}
	return 0
}

// mostDirect is the largest number of parameters whose Hessian is factored.
const mostDirect = 1500

// direction returns the Newton step at a point.
func (pr *problem) direction(ctx context.Context, at point) ([]float64, error) {
	m := pr.v * pr.q
	if m > mostDirect {
		return pr.conjugate(ctx, at)
	}
	h, err := pr.hessian(ctx, at)
	if err != nil {
		return nil, err
	}
	minus := make([]float64, m)
	linalg.Axpy(-1, at.grad, minus)
	diag := make([]float64, m)
	for j := range m {
		diag[j] = h[j*m+j]
	}
	for damp := 0.0; damp < 1e3; damp = max(damp*100, 1e-11) {
		for j := range m {
			h[j*m+j] = diag[j] + damp*max(diag[j], 1e-8*pr.total*pr.size[j%pr.q]*pr.size[j%pr.q])
		}
		if chol, err := linalg.NewCholesky(h, m); err == nil {
			return chol.Solve(minus), nil
		}
	}
	return nil, ml.Problems{{Want: "scaled features", Msg: "the second derivatives have no finite solution: the numbers are too large or too small, scale the features first"}}
}

// hessian returns the second derivatives: for two classes X' diag(s p (1-p)) X,
// for more a block per pair of vectors. The sum over vectors, along which the
// objective does not change, is given the curvature of the diagonal.
func (pr *problem) hessian(ctx context.Context, at point) ([]float64, error) {
	v, q := pr.v, pr.q
	m := v * q
	h := make([]float64, m*m)
	d := make([]float64, pr.n)
	for a := range v {
		for b := a; b < v; b++ {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			for i := range d {
				pa, pb := at.proba[i*v+a], at.proba[i*v+b]
				d[i] = -pr.s[i] * pa * pb
				if a == b {
					d[i] = pr.s[i] * pa * (1 - pa)
				}
			}
			g := linalg.Gram(pr.x, pr.n, q, d, pr.workers)
			for j := range q {
				copy(h[(a*q+j)*m+b*q:], g[j*q:(j+1)*q])
				copy(h[(b*q+j)*m+a*q:], g[j*q:(j+1)*q])
			}
		}
	}
	for j := range m {
		if j%q < pr.p {
			h[j*m+j] += pr.l2
		}
	}
	for j := 0; j < q && v > 1; j++ {
		gauge := 0.0
		for c := range v {
			gauge += h[(c*q+j)*m+c*q+j] / float64(v*v)
		}
		for a := range v {
			for b := range v {
				h[(a*q+j)*m+b*q+j] += gauge
			}
		}
	}
	return h, nil
}

// conjugate solves H step = -gradient by preconditioned conjugate gradients, to
// a precision that rises as the gradient falls (Nocedal and Wright 7.1).
func (pr *problem) conjugate(ctx context.Context, at point) ([]float64, error) {
	m, q, v := pr.v*pr.q, pr.q, pr.v
	diag := make([]float64, m)
	for i := range pr.n {
		for c := range v {
			p := at.proba[i*v+c]
			w := pr.s[i] * p * (1 - p)
			for j, a := range pr.x[i*q : (i+1)*q] {
				diag[c*q+j] += w * a * a
			}
		}
	}
	for j := range diag {
		if j%q < pr.p {
			diag[j] += pr.l2
		}
		diag[j] = max(diag[j], 1e-12*pr.total*pr.size[j%q]*pr.size[j%q])
	}
	x, r, z := make([]float64, m), make([]float64, m), make([]float64, m)
	linalg.Axpy(-1, at.grad, r)
	precondition := func() float64 {
		for j := range z {
			z[j] = r[j] / diag[j]
		}
		return linalg.Dot(r, z)
	}
	rz := precondition()
	stop := rz * min(0.01, at.norm*at.norm)
	dir := append([]float64(nil), z...)
	for range 500 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		hd := pr.product(at, dir)
		curve := linalg.Dot(dir, hd)
		if !(curve > 0) {
			break
		}
		alpha := rz / curve
		linalg.Axpy(alpha, dir, x)
		linalg.Axpy(-alpha, hd, r)
		before := rz
		if rz = precondition(); rz <= stop {
			break
		}
		for j := range dir {
			dir[j] = z[j] + rz/before*dir[j]
		}
	}
	for j := 0; j < q && v > 1; j++ { // keep the sum over vectors where it is
		if j < pr.p && pr.l2 > 0 {
			continue
		}
		mean := 0.0
		for c := range v {
			mean += x[c*q+j] / float64(v)
		}
		for c := range v {
			x[c*q+j] -= mean
		}
	}
	return x, nil
}

// product returns H d without H.
func (pr *problem) product(at point, d []float64) []float64 {
	q, v := pr.q, pr.v
	out, u := make([]float64, len(d)), make([]float64, v)
	for i := range pr.n {
		row, p := pr.x[i*q:(i+1)*q], at.proba[i*v:(i+1)*v]
		mean := 0.0
		for c := range v {
			u[c] = linalg.Dot(row, d[c*q:(c+1)*q])
			mean += p[c] * u[c]
		}
		for c := range v {
			if w := pr.s[i] * p[c] * (u[c] - mean); w != 0 {
				linalg.Axpy(w, row, out[c*q:(c+1)*q])
			}
		}
	}
	for j := range d {
		if j%q < pr.p {
			out[j] += pr.l2 * d[j]
		}
	}
	return out
}
