package serving

import (
	"context"
	"fmt"
	"math"

	"gristmill/ml/frame"
)

// Predictor is a fitted model together with its transformers, the way requests
// need it. It is immutable and safe for concurrent use.
type Predictor interface {
	// Signature says which columns it takes and what it answers.
	Signature() frame.Signature
	// Predict answers for each row of x, whose columns are the signature's
	// inputs. An error that is the data's fault is an Invalid
	// *gristmill.Error or ml.Problems.
	Predict(ctx context.Context, x *frame.Frame) (Answer, error)
	// Example returns the rows that the package carries for tests and what
	// the model answered to them when it was packed; both may be missing.
	Example() (x *frame.Frame, want *Answer)
}

// Answer is what a model says of n rows.
type Answer struct {
	// Values are n numbers: predicted values, or for classifiers indices into
	// the signature's classes.
	Values []float64
	// Proba are n times k probabilities, row by row, in the order of the
	// classes; nil for regressions.
	Proba []float64
}

// Smoke is the test that a version must pass before it may take traffic: it
// answers its own input example with finite numbers of the right shape, and the
// ones that it answered when it was packed.
func Smoke(ctx context.Context, p Predictor) error {
	x, want := p.Example()
	if x == nil || x.Rows() == 0 {
		return fmt.Errorf("the package has no input example")
	}
	got, err := p.Predict(ctx, x)
	if err != nil {
		return fmt.Errorf("predict the input example: %w", err)
	}
	sig := p.Signature()
	if err := got.check(x.Rows(), len(sig.Classes)); err != nil {
		return err
	}
	if want == nil {
		return nil
	}
	if err := same("prediction", got.Values, want.Values, 1); err != nil {
		return err
	}
	return same("probability", got.Proba, want.Proba, max(len(sig.Classes), 1))
}

// check reports an answer to rows rows that no client should see.
func (a Answer) check(rows, classes int) error {
	if len(a.Values) != rows {
		return fmt.Errorf("%d predictions for %d rows", len(a.Values), rows)
	}
	if len(a.Proba) != rows*classes {
		return fmt.Errorf("%d probabilities for %d rows and %d classes", len(a.Proba), rows, classes)
	}
	for i, v := range a.Values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("the prediction of row %d is %v", i+1, v)
		}
		if classes > 0 && (v != math.Trunc(v) || v < 0 || v >= float64(classes)) {
			return fmt.Errorf("the prediction of row %d is %v, no index of one of %d classes", i+1, v, classes)
		}
	}
	for i := 0; classes > 0 && i < rows; i++ {
		sum := 0.0
		for _, p := range a.Proba[i*classes : (i+1)*classes] {
			if !(p >= 0 && p <= 1) {
				return fmt.Errorf("a probability of row %d is %v", i+1, p)
			}
			sum += p
		}
		if math.Abs(sum-1) > 1e-6 {
			return fmt.Errorf("the probabilities of row %d add up to %v", i+1, sum)
		}
	}
	return nil
}

// same compares an answer with the packed one. Another processor may add in
// another order, so the last digits may differ.
func same(what string, got, want []float64, width int) error {
	if want == nil {
		return nil
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d numbers of %s, the package says %d", len(got), what, len(want))
	}
	const tolerance = 1e-9
	for i, w := range want {
		if !(math.Abs(got[i]-w) <= tolerance*max(1, math.Abs(w))) {
			return fmt.Errorf("the %s of row %d is %v, the package says %v", what, i/width+1, got[i], w)
		}
	}
	return nil
}
