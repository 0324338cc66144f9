package metric

import (
	"errors"
	"fmt"
	"slices"
)

// Ranking is n rows of two classes in the order of their scores, the highest
// first, with equal scores as one step. Every curve of two classes is read off
// it. The idea: a threshold t calls every row with a score >= t positive, and
// only the distinct scores are thresholds that differ.
//
// Cost: one sort, O(n log n); each curve is O(n). Source: Fawcett 2006, "An
// introduction to ROC analysis"; definitions as scikit-learn has them.
type Ranking struct {
	Thresholds         []float64 // m distinct scores, falling
	TP, FP             []float64 // m counts of positives and negatives with at least that score
	Positive, Negative float64   // counts of rows
}

// Rank sorts rows by score. truth says which rows are of the positive class.
// Scores that are not finite and lengths that differ are errors; a class may be
// missing.
func Rank(truth []bool, score []float64) (*Ranking, error) {
	switch {
	case len(truth) == 0:
		return nil, errNoRows
	case len(truth) != len(score):
		return nil, fmt.Errorf("rank rows: %d targets and %d scores, want equally many", len(truth), len(score))
	}
	type row struct {
		score float64
		truth bool
	}
	rows := make([]row, len(score))
	for i, s := range score {
		if s-s != 0 {
			return nil, fmt.Errorf("rank rows: row %d has score %v, want a finite number", i+1, s)
		}
		rows[i] = row{s, truth[i]}
	}
	slices.SortFunc(rows, func(a, b row) int { // equal scores are one step: their order is of no meaning
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	r := &Ranking{}
	for i, at := range rows {
		if at.truth {
			r.Positive++
		} else {
			r.Negative++
		}
		if i+1 == len(rows) || rows[i+1].score != at.score {
			r.Thresholds = append(r.Thresholds, at.score)
			r.TP, r.FP = append(r.TP, r.Positive), append(r.FP, r.Negative)
		}
	}
	return r, nil
}

// both reports a class that does not occur.
func (r *Ranking) both() error {
	switch {
	case r.Positive == 0:
		return errors.New("the positive class does not occur among the targets")
	case r.Negative == 0:
		return errors.New("every target is of the positive class")
	}
	return nil
}

// ROCCurve is the true positive rate over the false positive rate.
type ROCCurve struct {
	FPR, TPR   []float64 // m+1 rates, rising from 0 to 1
	Thresholds []float64 // m+1; the first is +Inf, where nothing is called positive
}

// ROC returns the curve of scikit-learn's roc_curve. With corners, points
// between equal steps are left out (drop_intermediate, its default). It needs
// both classes.
func (r *Ranking) ROC(corners bool) (ROCCurve, error) {
	if err := r.both(); err != nil {
		return ROCCurve{}, fmt.Errorf("draw ROC curve: %w", err)
	}
	m := len(r.Thresholds)
	c := ROCCurve{FPR: make([]float64, 1, m+1), TPR: make([]float64, 1, m+1), Thresholds: append(make([]float64, 0, m+1), inf)}
	for i, t := range r.Thresholds {
		if corners && i > 0 && i+1 < m && r.FP[i+1]-2*r.FP[i]+r.FP[i-1] == 0 && r.TP[i+1]-2*r.TP[i]+r.TP[i-1] == 0 {
			continue
		}
		c.FPR = append(c.FPR, r.FP[i]/r.Negative)
		c.TPR = append(c.TPR, r.TP[i]/r.Positive)
		c.Thresholds = append(c.Thresholds, t)
	}
	return c, nil
}

// AUC returns the area under the ROC curve by trapezoids, so that a tie counts
// one half. It needs both classes.
func (r *Ranking) AUC() (float64, error) {
	if err := r.both(); err != nil {
		return 0, fmt.Errorf("measure area under the ROC curve: %w", err)
	}
	var area, tp, fp float64
	for i := range r.TP {
		area += (r.FP[i] - fp) * (r.TP[i] + tp) / 2
		tp, fp = r.TP[i], r.FP[i]
	}
	return area / (r.Positive * r.Negative), nil
}

// PRCurve is precision over recall.
type PRCurve struct {
	Precision, Recall []float64 // m+1; recall falls from 1 to 0, where precision is 1 by definition
	Thresholds        []float64 // m, rising
}

// PR returns the curve of scikit-learn's precision_recall_curve. It needs the
// positive class.
func (r *Ranking) PR() (PRCurve, error) {
	if r.Positive == 0 {
		return PRCurve{}, fmt.Errorf("draw precision-recall curve: %w", r.both())
	}
	m := len(r.Thresholds)
	c := PRCurve{Precision: make([]float64, 0, m+1), Recall: make([]float64, 0, m+1), Thresholds: make([]float64, 0, m)}
	for i := m - 1; i >= 0; i-- {
		c.Precision = append(c.Precision, r.TP[i]/(r.TP[i]+r.FP[i]))
		c.Recall = append(c.Recall, r.TP[i]/r.Positive)
		c.Thresholds = append(c.Thresholds, r.Thresholds[i])
	}
	c.Precision, c.Recall = append(c.Precision, 1), append(c.Recall, 0)
	return c, nil
}

// AveragePrecision is the sum of precision times the gain in recall over the
// thresholds. It needs the positive class.
func (r *Ranking) AveragePrecision() (float64, error) {
	if r.Positive == 0 {
		return 0, fmt.Errorf("measure average precision: %w", r.both())
	}
	sum, before := 0.0, 0.0
	for i, tp := range r.TP {
		sum += (tp - before) * (tp / (tp + r.FP[i]))
		before = tp
	}
	return sum / r.Positive, nil
}

// GainCurve says what looking at the likeliest rows only finds.
type GainCurve struct {
	Rows []float64 // m+1 shares of all rows looked at, rising from 0 to 1
	Gain []float64 // m+1 shares of the positives found among them: cumulative gain
	Lift []float64 // m+1 ratios of gain to rows; the first is that of the first step
}

// Gain returns cumulative gain and lift. Rows of equal score are looked at
// together. It needs the positive class.
func (r *Ranking) Gain() (GainCurve, error) {
	if r.Positive == 0 {
		return GainCurve{}, fmt.Errorf("draw gain curve: %w", r.both())
	}
	m, n := len(r.Thresholds), r.Positive+r.Negative
	c := GainCurve{Rows: make([]float64, 1, m+1), Gain: make([]float64, 1, m+1), Lift: make([]float64, 1, m+1)}
	for i, tp := range r.TP {
		rows, gain := (tp+r.FP[i])/n, tp/r.Positive
		c.Rows, c.Gain, c.Lift = append(c.Rows, rows), append(c.Gain, gain), append(c.Lift, gain/rows)
	}
	c.Lift[0] = c.Lift[1]
	return c, nil
}

// DETCurve is the trade-off of the two kinds of error.
type DETCurve struct {
	FPR, FNR, Thresholds []float64 // false positive rates fall, false negative rates rise
}

// DET returns the curve of scikit-learn's det_curve: from the last threshold
// without false positives to the first without false negatives. It needs both
// classes.
func (r *Ranking) DET() (DETCurve, error) {
	if err := r.both(); err != nil {
		return DETCurve{}, fmt.Errorf("draw DET curve: %w", err)
	}
	var c DETCurve
	add := func(fp, tp, t float64) {
		c.FPR = append(c.FPR, fp/r.Negative)
		c.FNR = append(c.FNR, (r.Positive-tp)/r.Positive)
		c.Thresholds = append(c.Thresholds, t)
	}
	last := 0 // the first threshold that finds every positive
	for r.TP[last] < r.Positive {
		last++
	}
	first := 0 // the number of thresholds without false positives
	for r.FP[first] == 0 {
		first++
	}
	for i := last; i >= max(first-1, 0); i-- {
		add(r.FP[i], r.TP[i], r.Thresholds[i])
	}
	if first == 0 {
		add(0, 0, inf)
	}
	return c, nil
}
