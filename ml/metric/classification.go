package metric

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// ClassificationNames are the metrics of a classification in their usual order.
func ClassificationNames() []string {
	return []string{"accuracy", "precision", "recall", "f1", "roc_auc", "pr_auc", "log_loss", "brier"}
}

// Classification returns the metrics of n predictions: y holds class indices
// below k, proba n*k probabilities row by row, positive is the index of the
// positive class when k is 2. What is undefined is left out. The map is empty
// if lengths or values are wrong; EvaluateClassification says so in an error.
func Classification(y, proba []float64, k, positive int) map[string]float64 {
	s, err := newScores(context.Background(), y, proba, k, positive)
	if err != nil {
		return map[string]float64{}
	}
	return values(s.measure(ones(len(y))))
}

// Argmax returns for each row of k probabilities the index of the largest, the
// first of equals.
func Argmax(proba []float64, k int) []int {
	if k < 1 {
		return nil
	}
	out := make([]int, len(proba)/k)
	for i := range out {
		row := proba[i*k : (i+1)*k]
		for j, p := range row {
			if p > row[out[i]] {
				out[i] = j
			}
		}
	}
	return out
}

// Confusion returns the matrix of k by k counts: row is the true class, column
// the likeliest one. It is nil if the lengths do not fit or a class is not
// below k.
func Confusion(y, proba []float64, k int) [][]int {
	if k < 1 || len(proba) != len(y)*k {
		return nil
	}
	pred := make([]float64, len(y))
	for i, p := range Argmax(proba, k) {
		pred[i] = float64(p)
	}
	return ConfusionOf(y, pred, k)
}

// ConfusionOf is Confusion of decisions that were already made: pred holds n
// class indices.
func ConfusionOf(y, pred []float64, k int) [][]int {
	if k < 1 || len(pred) != len(y) {
		return nil
	}
	m := make([][]int, k)
	for i := range m {
		m[i] = make([]int, k)
	}
	for i, p := range pred {
		if !(y[i] >= 0 && y[i] < float64(k) && p >= 0 && p < float64(k)) {
			return nil
		}
		m[int(y[i])][int(p)]++
	}
	return m
}

// scores are the per-row terms of every classification metric, and for each
// ranked class the rows from the highest score to the lowest.
type scores struct {
	k, positive int
	y, pred     []int
	loss, brier []float64
	ranked      []int    // classes that are ranked: the positive one of two, or all
	order       [][]int  // by ranked class: row indices, highest score first
	hit         [][]bool // in that order: the row is of the class
	last        [][]bool // in that order: the last of rows with equal scores
}

func newScores(ctx context.Context, y, proba []float64, k, positive int) (*scores, error) {
	n := len(y)
	switch {
	case n == 0:
		return nil, errNoRows
	case k < 2:
		return nil, fmt.Errorf("evaluate: %d classes, want at least 2", k)
	case len(proba) != n*k:
		return nil, fmt.Errorf("evaluate: %d probabilities for %d rows of %d classes, want %d", len(proba), n, k, n*k)
	case k == 2 && positive != 0 && positive != 1:
		return nil, fmt.Errorf("evaluate: positive class %d, want 0 or 1", positive)
	}
	s := &scores{k: k, positive: positive, y: make([]int, n), pred: Argmax(proba, k), loss: make([]float64, n), brier: make([]float64, n)}
	for i, v := range y {
		if !(v >= 0 && v < float64(k)) || v != math.Trunc(v) {
			return nil, fmt.Errorf("evaluate: row %d has class %v, want an index below %d", i+1, v, k)
		}
		s.y[i] = int(v)
		for j, p := range proba[i*k : (i+1)*k] {
			if !(p >= 0 && p <= 1) {
				return nil, fmt.Errorf("evaluate: row %d has probability %v, want a number from 0 to 1", i+1, p)
			}
			t := 0.0
			if j == s.y[i] {
				t = 1
				s.loss[i] = -math.Log(min(max(p, 0x1p-52), 1-0x1p-52))
			}
			if k > 2 || j == positive {
				s.brier[i] += (p - t) * (p - t)
			}
		}
	}
	for c := range k {
		if k > 2 || c == positive {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			s.rank(c, proba)
		}
	}
	return s, nil
}

// decide takes decisions over instead of the likeliest classes.
func (s *scores) decide(pred []float64) error {
	if len(pred) != len(s.y) {
		return fmt.Errorf("evaluate: %d predictions for %d rows, want equally many", len(pred), len(s.y))
	}
	for i, p := range pred {
		if !(p >= 0 && p < float64(s.k)) || p != math.Trunc(p) {
			return fmt.Errorf("evaluate: row %d has prediction %v, want an index below %d", i+1, p, s.k)
		}
		s.pred[i] = int(p)
	}
	return nil
}

// rank sorts the rows by their score for class c once; every sample of the
// bootstrap then needs one pass only.
func (s *scores) rank(c int, proba []float64) {
	n := len(s.y)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		pa, pb := proba[a*s.k+c], proba[b*s.k+c]
		switch {
		case pa > pb:
			return -1
		case pa < pb:
			return 1
		}
		return a - b
	})
	hit, last := make([]bool, n), make([]bool, n)
	for i := range order {
		hit[i] = s.y[order[i]] == c
		last[i] = i+1 == n || proba[order[i]*s.k+c] != proba[order[i+1]*s.k+c]
	}
	s.ranked, s.order, s.last = append(s.ranked, c), append(s.order, order), append(s.last, last)
	s.hit = append(s.hit, hit)
}

// curves returns the area under the ROC curve (trapezoids, so that ties count
// one half) and the average precision (sum of precision times the gain in
// recall, ties as one step), given positives and negatives > 0.
func (s *scores) curves(r int, counts []float64, positives, negatives float64) (roc, pr float64) {
	var tp, fp, tp0, fp0 float64
	hit, last := s.hit[r], s.last[r]
	for at, i := range s.order[r] {
		if hit[at] {
			tp += counts[i]
		} else {
			fp += counts[i]
		}
		if last[at] {
			roc += (fp - fp0) * (tp + tp0) / 2
			if tp > tp0 {
				pr += (tp - tp0) * (tp / (tp + fp))
			}
			tp0, fp0 = tp, fp
		}
	}
	return roc / (positives * negatives), pr / positives
}

// measure computes the metrics of a sample in which row i occurs c[i] times.
func (s *scores) measure(c []float64) ([]Result, []Omission) {
	var n, hits, loss, brier float64
	truth, said, both := make([]float64, s.k), make([]float64, s.k), make([]float64, s.k)
	for i, w := range c {
		n += w
		loss += w * s.loss[i]
		brier += w * s.brier[i]
		truth[s.y[i]] += w
		said[s.pred[i]] += w
		if s.y[i] == s.pred[i] {
			hits += w
			both[s.y[i]] += w
		}
	}
	var precision, recall, f1, classes float64
	for k := range s.k {
		if s.k == 2 && k != s.positive || s.k > 2 && truth[k]+said[k] == 0 {
			continue
		}
		classes++
		precision += ratio(both[k], said[k])
		recall += ratio(both[k], truth[k])
		f1 += ratio(2*both[k], truth[k]+said[k])
	}
	out := []Result{{Name: "accuracy", Value: hits / n}, {Name: "precision", Value: precision / classes},
		{Name: "recall", Value: recall / classes}, {Name: "f1", Value: f1 / classes}}
	var omitted []Omission
	var roc, pr float64
	for r, k := range s.ranked {
		if truth[k] == 0 || truth[k] == n {
			reason := fmt.Sprintf("class %d does not occur among the targets", k)
			if truth[k] == n {
				reason = fmt.Sprintf("every target is class %d", k)
			}
			omitted = []Omission{{Name: "roc_auc", Reason: reason}, {Name: "pr_auc", Reason: reason}}
			break
		}
		a, b := s.curves(r, c, truth[k], n-truth[k])
		roc, pr = roc+a, pr+b
	}
	if omitted == nil {
		m := float64(len(s.ranked))
		out = append(out, Result{Name: "roc_auc", Value: roc / m}, Result{Name: "pr_auc", Value: pr / m})
	}
	return append(out, Result{Name: "log_loss", Value: loss / n}, Result{Name: "brier", Value: brier / n}), omitted
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
