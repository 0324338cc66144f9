package linear

import (
	"context"
	"fmt"
	"math"

	"gristmill/ml"
	"gristmill/ml/linalg"
)

// Ridge is least squares with a penalty on large weights: it minimises
//
//	sum_i s_i (y_i - w·x_i - b)^2 + l2 |w|^2
//
// with the intercept b unpenalised: features and targets are centred by their
// weighted means first, and b follows from them. The centred normal equations
// (Xc' S Xc + l2 I) w = Xc' S yc are solved by Cholesky and refined with the
// residual of the original data; where their condition is above 1e10, or l2 is
// 0, the QR decomposition of Linear takes over on [Xc; sqrt(l2) I].
//
// Cost: n p^2 / 2 + p^3 / 6. Source: Hoerl and Kennard 1970; Hastie, Tibshirani,
// Friedman, ESL 3.4.1. Left out: a penalty per feature, choosing l2 by
// cross-validation. Gram's workers share its columns.
type Ridge struct {
	L2          float64 `json:"l2"`                     // >= 0; scikit-learn's alpha
	NoIntercept bool    `json:"no_intercept,omitempty"` // the fit goes through the origin
}

// Kind returns "ridge".
func (Ridge) Kind() string { return "ridge" }

// Check reports a penalty out of range.
func (r Ridge) Check() ml.Problems {
	if !(r.L2 >= 0) || math.IsInf(r.L2, 0) {
		return ml.Problems{{Path: "l2", Given: fmt.Sprint(r.L2), Want: "a finite number >= 0", Msg: fmt.Sprintf("l2 is %v, want a finite number >= 0", r.L2)}}
	}
	return nil
}

// Fit solves the penalised least-squares problem. Its one iteration is traced;
// there is nothing to checkpoint.
func (r Ridge) Fit(ctx context.Context, d ml.Data, o ml.FitOptions) (ml.Model, error) {
	if err := r.Check().Err(); err != nil {
		return nil, err
	}
	x, err := begin(ctx, d, o, "ridge")
	if err != nil {
		return nil, err
	}
	w, b, ok := r.normal(x, d, o.Workers)
	if !ok {
		if w, b, err = leastSquares(ctx, x, d, r.L2, !r.NoIntercept); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m := &Regression{Algorithm: "ridge", L2: r.L2, NoIntercept: r.NoIntercept, Features: ml.Numeric(d.X), Coef: w, Intercept: b}
	return m, traceOnce(o, x, d, m)
}

// normal solves the normal equations; it refuses when they are too
// ill-conditioned for the digits to survive.
func (r Ridge) normal(x []float64, d ml.Data, workers int) (w []float64, b float64, ok bool) {
	n, p := d.X.Rows(), d.X.Cols()
	if r.L2 == 0 {
		return nil, 0, false
	}
	xm, ym := make([]float64, p), 0.0
	if !r.NoIntercept {
		xm, ym = centre(x, d)
	}
	xc, yc := make([]float64, n*p), make([]float64, n)
	for i := range n {
		yc[i] = d.Y[i] - ym
		for j, m := range xm {
			xc[i*p+j] = x[i*p+j] - m
		}
	}
	g := linalg.Gram(xc, n, p, d.Weight, workers)
	for j := range p {
		g[j*p+j] += r.L2
	}
	chol, err := linalg.NewCholesky(g, p)
	if err != nil || chol.Condition() > 1e10 {
		return nil, 0, false
	}
	w = make([]float64, p)
	e, rhs := make([]float64, n), make([]float64, p)
	for range 3 { // the first turn solves, the others refine
		for i := range n {
			e[i] = rowWeight(d, i) * (yc[i] - linalg.Dot(xc[i*p:(i+1)*p], w))
		}
		linalg.MulTransVec(rhs, xc, n, p, e)
		linalg.Axpy(-r.L2, w, rhs)
		linalg.Axpy(1, chol.Solve(rhs), w)
	}
	for _, v := range w {
		if v-v != 0 {
			return nil, 0, false
		}
	}
	return w, ym - linalg.Dot(xm, w), true
}

// centre returns the weighted means of the features and of the targets, each
// taken twice so that the second pass removes the rounding of the first.
func centre(x []float64, d ml.Data) ([]float64, float64) {
	p := d.X.Cols()
	xm, ym := make([]float64, p), 0.0
	for range 2 {
		dx, dy, total := make([]float64, p), 0.0, 0.0
		for i, y := range d.Y {
			s := rowWeight(d, i)
			total += s
			dy += s * (y - ym)
			for j, v := range x[i*p : (i+1)*p] {
				dx[j] += s * (v - xm[j])
			}
		}
		ym += dy / total
		for j := range xm {
			xm[j] += dx[j] / total
		}
	}
	return xm, ym
}
