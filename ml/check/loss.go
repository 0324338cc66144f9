package check

// losses measures a prediction row by row, and what it expects of itself: with
// probabilities the Brier score of the row, sum (p_k - [y = k])², of which the
// probabilities themselves expect sum p_k (1 - p_k); with classes only 0 or 1;
// in a regression the absolute or, if squared, the squared error. expected is
// nil where a prediction says nothing of its own certainty.
func (b *bench) losses(y, pred, proba []float64, squared bool) (loss, expected []float64) {
	k := len(b.Classes)
	loss = make([]float64, len(y))
	switch {
	case k > 0 && proba != nil:
		expected = make([]float64, len(y))
		for i := range y {
			for c, p := range proba[i*k : (i+1)*k] {
				expected[i] += p * (1 - p)
				if c == int(y[i]) {
					p--
				}
				loss[i] += p * p
			}
		}
	case k > 0:
		for i := range y {
			if y[i] != pred[i] {
				loss[i] = 1
			}
		}
	default:
		for i := range y {
			d := y[i] - pred[i]
			if squared {
				loss[i] = d * d
			} else {
				loss[i] = max(d, -d)
			}
		}
	}
	return loss, expected
}

// lossName is what losses are called.
func (b *bench) lossName(proba []float64) string {
	switch {
	case !b.classifies():
		return "mean absolute error"
	case proba != nil:
		return "Brier score"
	}
	return "error rate"
}

// predicted says why the test's predictions can not be looked at, or "".
func (b *bench) predicted() string {
	if b.Test.Pred == nil && (b.Test.Proba == nil || !b.classifies()) {
		return "there are no predictions of the test rows"
	}
	return ""
}
