package metric

import (
	"fmt"
	"math"
)

var inf = math.Inf(1)

// CellCost is what the four outcomes of a decision between two classes cost, by
// actual and called class; below 0 is a gain.
type CellCost struct {
	TruePositive, FalsePositive, TrueNegative, FalseNegative float64
}

// Decision is what calling rows positive from a threshold on comes to. Ratios
// with an empty denominator are 0.
type Decision struct {
	Threshold float64 `json:"threshold"` // rows with at least this score are called positive
	TP        int     `json:"tp"`
	FP        int     `json:"fp"`
	TN        int     `json:"tn"`
	FN        int     `json:"fn"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"` // true positive rate
	F1        float64 `json:"f1"`
	Youden    float64 `json:"youden"`         // J: true positive rate less false positive rate
	Cost      float64 `json:"cost,omitempty"` // mean cost of a row
}

// NewDecision fills the ratios of four counts.
func NewDecision(threshold, tp, fp, tn, fn float64, c CellCost) Decision {
	cost := 0.0
	if n := tp + fp + tn + fn; n > 0 {
		cost = (tp*c.TruePositive + fp*c.FalsePositive + tn*c.TrueNegative + fn*c.FalseNegative) / n
	}
	return Decision{Threshold: threshold, TP: int(tp), FP: int(fp), TN: int(tn), FN: int(fn),
		Precision: ratio(tp, tp+fp), Recall: ratio(tp, tp+fn), F1: ratio(2*tp, 2*tp+fp+fn),
		Youden: ratio(tp, tp+fn) - ratio(fp, fp+tn), Cost: cost}
}

// At returns the decision at a threshold, in O(log n).
func (r *Ranking) At(threshold float64, c CellCost) Decision {
	low, high := 0, len(r.Thresholds) // the number of distinct scores >= threshold
	for low < high {
		mid := (low + high) / 2
		if r.Thresholds[mid] >= threshold {
			low = mid + 1
		} else {
			high = mid
		}
	}
	tp, fp := 0.0, 0.0
	if low > 0 {
		tp, fp = r.TP[low-1], r.FP[low-1]
	}
	return NewDecision(threshold, tp, fp, r.Negative-fp, r.Positive-tp, c)
}

// None is the least threshold at which no row is called positive.
func (r *Ranking) None() float64 { return math.Nextafter(r.Thresholds[0], inf) }

// Sweep returns the decision at every threshold that makes a difference,
// falling, from None to the lowest score.
func (r *Ranking) Sweep(c CellCost) []Decision {
	out := make([]Decision, 0, len(r.Thresholds)+1)
	out = append(out, NewDecision(r.None(), 0, 0, r.Negative, r.Positive, c))
	for i, t := range r.Thresholds {
		tp, fp := r.TP[i], r.FP[i]
		out = append(out, NewDecision(t, tp, fp, r.Negative-fp, r.Positive-tp, c))
	}
	return out
}

// Criteria are the words that Best knows.
func Criteria() []string { return []string{"f1", "youden", "cost"} }

// Best returns the decision with the greatest f1 or Youden's J or the least
// cost. Of equally good ones it takes the one whose threshold is nearest to
// 0.5, of two as near the lower, so that the answer is always the same.
func (r *Ranking) Best(criterion string, c CellCost) (Decision, error) {
	score := map[string]func(Decision) float64{
		"f1":     func(d Decision) float64 { return d.F1 },
		"youden": func(d Decision) float64 { return d.Youden },
		"cost":   func(d Decision) float64 { return -d.Cost },
	}[criterion]
	if score == nil {
		return Decision{}, fmt.Errorf("choose threshold: unknown criterion %q, want f1, youden or cost", criterion)
	}
	var best Decision
	for i, d := range r.Sweep(c) {
		gain := score(d) - score(best)
		near := math.Abs(d.Threshold-0.5) - math.Abs(best.Threshold-0.5)
		if i == 0 || gain > 0 || gain == 0 && (near < 0 || near == 0 && d.Threshold < best.Threshold) {
			best = d
		}
	}
	return best, nil
}
