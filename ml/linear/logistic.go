package linear

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"

	"gristmill/ml"
	"gristmill/ml/linalg"
)

// Logistic is logistic regression for two classes (one weight vector, sigmoid)
// or more (a vector each, softmax). It minimises
//
//	sum_i -s_i log P(y_i | x_i)  +  l2/2 |w|^2
//
// with unpenalised intercepts, by Newton's method: each iteration solves
// H step = -gradient (iteratively reweighted least squares) and halves the step
// until the objective falls enough (Armijo). The objective is convex and the
// method converges quadratically, in 5 to 10 iterations as a rule. H is factored
// by Cholesky up to 1,500 parameters; above, the step comes from conjugate
// gradients, which need only products with H (Newton-CG).
//
// With k > 2 vectors, adding one vector to all of them changes nothing; H is
// made regular by fixing their sum, which is 0 at the penalised minimum anyway.
// Collinear features without a penalty make H singular: it is damped then, and
// of all minimisers a small one is found. Separable classes without a penalty
// have no minimum; the weights then grow until the gradient is below the
// tolerance or the iterations are used up.
//
// Cost an iteration: n q^2/2 v^2 + (q v)^3/6 for q = p+1 and v vectors. Source:
// Nocedal and Wright, Numerical Optimization, 3.1, 7.1; Hastie, Tibshirani,
// Friedman, ESL 4.4. Left out: L1 penalty, class weights (give sample weights).
type Logistic struct {
	L2          float64 `json:"l2"`                     // >= 0; scikit-learn's 1/C
	Iterations  int     `json:"iterations,omitempty"`   // the most; 0 means 100
	Tolerance   float64 `json:"tolerance,omitempty"`    // of the mean gradient in units of each feature's size; 0 means 1e-10
	NoIntercept bool    `json:"no_intercept,omitempty"` // the boundary goes through the origin
}

// Kind returns "logistic".
func (Logistic) Kind() string { return "logistic" }

// Check reports hyperparameters out of range.
func (l Logistic) Check() ml.Problems {
	var ps ml.Problems
	if !(l.L2 >= 0) || math.IsInf(l.L2, 0) {
		ps = append(ps, ml.Problem{Path: "l2", Given: fmt.Sprint(l.L2), Want: "a finite number >= 0", Msg: fmt.Sprintf("l2 is %v, want a finite number >= 0", l.L2)})
	}
	if l.Iterations < 0 {
		ps = append(ps, ml.Problem{Path: "iterations", Given: fmt.Sprint(l.Iterations), Want: "a whole number >= 1", Msg: fmt.Sprintf("iterations is %d, want a whole number >= 1", l.Iterations)})
	}
	if !(l.Tolerance >= 0) || l.Tolerance >= 1 {
		ps = append(ps, ml.Problem{Path: "tolerance", Given: fmt.Sprint(l.Tolerance), Want: "a number from 0 to below 1", Msg: fmt.Sprintf("tolerance is %v, want a number from 0 to below 1", l.Tolerance)})
	}
	return ps
}

// Fit minimises the objective. Each iteration is traced with train_loss (mean
// log loss plus penalty over the sum of weights) and gradient_norm; its state
// is the weights, so a checkpoint holds them and nothing else. A fit that uses
// up its iterations returns the model with Converged false.
func (l Logistic) Fit(ctx context.Context, d ml.Data, o ml.FitOptions) (ml.Model, error) {
	if err := l.Check().Err(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if l.Iterations == 0 {
		l.Iterations = 100
	}
	if l.Tolerance == 0 {
		l.Tolerance = 1e-10
	}
	pr, err := newProblem(d, l, o.Workers)
	if err != nil {
		return nil, err
	}
	theta, it := make([]float64, pr.v*pr.q), 0
	if len(o.Resume) > 0 {
		if it, err = l.resume(o.Resume, d, theta); err != nil {
			return nil, err
		}
	}
	cur := pr.evaluate(theta)
	done := it > 0 && cur.norm <= l.Tolerance
	for it < l.Iterations && !done {
		next, stuck, err := pr.iterate(ctx, cur)
		if err != nil {
			return nil, err
		}
		cur = next
		it++
		done = cur.norm <= l.Tolerance || stuck
		if o.Trace != nil {
			if err := o.Trace(ml.Progress{Iteration: it, Of: l.Iterations, Done: done,
				Metrics: map[string]float64{"train_loss": cur.loss / pr.total, "gradient_norm": cur.norm}}); err != nil {
				return nil, err
			}
		}
		if o.Checkpoint != nil && o.CheckpointEvery > 0 && it%o.CheckpointEvery == 0 && !done && it < l.Iterations {
			state, err := l.checkpoint(it, d, cur.theta)
			if err != nil {
				return nil, err
			}
			if err := o.Checkpoint(it, state); err != nil {
				return nil, err
			}
		}
	}
	p := d.X.Cols()
	m := &Classification{L2: l.L2, NoIntercept: l.NoIntercept, Features: ml.Numeric(d.X), Labels: append([]string(nil), d.Classes...),
		Coef: make([]float64, 0, pr.v*p), Intercept: make([]float64, pr.v), Iterations: it, Converged: done}
	for c := range pr.v {
		t := cur.theta[c*pr.q : (c+1)*pr.q]
		m.Coef = append(m.Coef, t[:p]...)
		if !l.NoIntercept {
			m.Intercept[c] = t[p]
		}
		for _, x := range t {
			if x-x != 0 {
				return nil, ml.Problems{{Msg: "the numbers are too large for logistic regression: scale the features first"}}
			}
		}
	}
	return m, nil
}

// saved is the first line of a checkpoint; little-endian weights follow it.
type saved struct {
	Format    string   `json:"format"`
	Iteration int      `json:"iteration"`
	Spec      Logistic `json:"spec"`
	Rows      int      `json:"rows"`
	Features  []string `json:"features"`
	Classes   []string `json:"classes"`
}

const checkpointFormat = "gristmill logistic checkpoint v1"

func (l Logistic) header(it int, d ml.Data) saved {
	l.Iterations = 0 // a resumed fit may go on for longer
	return saved{checkpointFormat, it, l, d.X.Rows(), d.X.Schema().Names(), d.Classes}
}

func (l Logistic) checkpoint(it int, d ml.Data, theta []float64) ([]byte, error) {
	b, err := json.Marshal(l.header(it, d))
	if err != nil {
		return nil, fmt.Errorf("checkpoint logistic: %w", err)
	}
	return append(append(b, '\n'), ml.PutFloats(theta)...), nil
}

func (l Logistic) resume(b []byte, d ml.Data, theta []float64) (int, error) {
	line, rest, ok := bytes.Cut(b, []byte("\n"))
	var s saved
	if !ok || json.Unmarshal(line, &s) != nil || s.Format != checkpointFormat {
		return 0, fmt.Errorf("resume logistic: not a %q", checkpointFormat)
	}
	want, err := json.Marshal(l.header(s.Iteration, d))
	if err != nil {
		return 0, fmt.Errorf("resume logistic: %w", err)
	}
	if !bytes.Equal(line, want) {
		return 0, fmt.Errorf("resume logistic: the checkpoint is of another fit: it has %s, this fit has %s", line, want)
	}
	w, err := ml.Floats(rest, len(theta))
	if err != nil {
		return 0, fmt.Errorf("resume logistic: %w", err)
	}
	copy(theta, w)
	return s.Iteration, nil
}

// point is the objective at theta.
type point struct {
	theta, grad []float64
	proba       []float64 // n by v: probabilities (of class 1 when v is 1)
	loss, norm  float64
}

// iterate takes one Newton step. stuck says that rounding leaves no way down.
func (pr *problem) iterate(ctx context.Context, at point) (next point, stuck bool, err error) {
	step, err := pr.direction(ctx, at)
	if err != nil {
		return at, false, err
	}
	slope := linalg.Dot(step, at.grad)
	if !(slope < 0) {
		return at, true, nil
	}
	trial := make([]float64, len(step))
	for t := 1.0; t > 1e-10; t /= 2 {
		if err := ctx.Err(); err != nil {
			return at, false, err
		}
		copy(trial, at.theta)
		linalg.Axpy(t, step, trial)
		next = pr.evaluate(trial)
		if next.loss <= at.loss+1e-4*t*slope {
			return next, false, nil
		}
		// The last digits of the objective are noise; the gradient still tells.
		if -t*slope <= 1e-12*math.Abs(at.loss) && next.norm < at.norm {
			return next, false, nil
		}
	}
	return at, true, nil
}
