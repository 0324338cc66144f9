package linear

import (
	"context"
	"errors"
	"math"

	"gristmill/ml"
	"gristmill/ml/linalg"
)

// Linear is ordinary least squares: the weights w and intercept b for which
//
//	sum_i s_i (y_i - w·x_i - b)^2
//
// is smallest, s_i being sample weights. It is solved by a QR decomposition
// with pivoting and refinement (linalg.LeastSquares), never by the normal
// equations, which lose twice the digits. Where columns are collinear there
// are many minimisers with the same predictions; the one with the smallest
// |w|^2 is taken, so that a full one-hot encoding needs no dropped category.
//
// Cost: 2 n p^2. Source: Golub and Van Loan, Matrix Computations, 5.3-5.5;
// certified values: NIST StRD. Left out: standard errors and tests of the
// coefficients, robust losses.
type Linear struct {
	NoIntercept bool `json:"no_intercept,omitempty"` // the fit goes through the origin
}

// Kind returns "linear".
func (Linear) Kind() string { return "linear" }

// Fit solves the least-squares problem. Its one iteration is traced; there is
// nothing to checkpoint.
func (l Linear) Fit(ctx context.Context, d ml.Data, o ml.FitOptions) (ml.Model, error) {
	x, err := begin(ctx, d, o, "linear")
	if err != nil {
		return nil, err
	}
	w, b, err := leastSquares(ctx, x, d, 0, !l.NoIntercept)
	if err != nil {
		return nil, err
	}
	m := &Regression{Algorithm: "linear", NoIntercept: l.NoIntercept, Features: ml.Numeric(d.X), Coef: w, Intercept: b}
	return m, traceOnce(o, x, d, m)
}

// leastSquares solves for weights and intercept with the rows of a penalty,
// sqrt(l2) times the identity, below the data.
func leastSquares(ctx context.Context, x []float64, d ml.Data, l2 float64, intercept bool) ([]float64, float64, error) {
	n, p, free, extra := d.X.Rows(), d.X.Cols(), 0, 0
	if intercept {
		free = 1
	}
	if l2 > 0 {
		extra = p
	}
	q := p + free
	a, y := make([]float64, (n+extra)*q), make([]float64, n+extra)
	for i := range n {
		s := math.Sqrt(rowWeight(d, i))
		row := a[i*q : (i+1)*q]
		if intercept {
			row[0] = s
		}
		for j, v := range x[i*p : (i+1)*p] {
			row[free+j] = s * v
		}
		y[i] = s * d.Y[i]
	}
	for j := range extra {
		a[(n+j)*q+free+j] = math.Sqrt(l2)
	}
	s, err := linalg.LeastSquares(ctx, a, y, n+extra, q, free)
	if err != nil {
		return nil, 0, err
	}
	for _, v := range s.X {
		if v-v != 0 {
			return nil, 0, ml.Problems{{Msg: "the numbers are too large or too ill-conditioned for least squares: scale the features first"}}
		}
	}
	if intercept {
		return s.X[1:], s.X[0], nil
	}
	return s.X, 0, nil
}

// begin checks what every regression needs and returns the feature matrix.
func begin(ctx context.Context, d ml.Data, o ml.FitOptions, kind string) ([]float64, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(o.Resume) > 0 {
		return nil, errors.New("resume " + kind + ": it is solved in one step and writes no checkpoints")
	}
	if d.Classes != nil {
		return nil, ml.Problems{{Msg: kind + " predicts numbers, but the target is a set of classes: use logistic"}}
	}
	if err := d.Check(); err != nil {
		return nil, err
	}
	return ml.Dense(d.X, ml.Numeric(d.X))
}

func rowWeight(d ml.Data, i int) float64 {
	if d.Weight == nil {
		return 1
	}
	return d.Weight[i]
}

// traceOnce reports the only iteration of a direct solution: train_loss is the
// weighted mean of squared errors.
func traceOnce(o ml.FitOptions, x []float64, d ml.Data, m *Regression) error {
	if o.Trace == nil {
		return nil
	}
	p, loss, total := d.X.Cols(), 0.0, 0.0
	for i, y := range d.Y {
		e := y - m.Intercept - linalg.Dot(x[i*p:(i+1)*p], m.Coef)
		loss += rowWeight(d, i) * e * e
		total += rowWeight(d, i)
	}
	return o.Trace(ml.Progress{Iteration: 1, Of: 1, Done: true, Metrics: map[string]float64{"train_loss": loss / total}})
}
