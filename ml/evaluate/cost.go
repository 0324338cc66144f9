package evaluate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"gristmill/ml/metric"
)

// matrix returns what calling a row of class i class j costs, at [i][j]; nil
// without costs.
func (e *evaluation) matrix() [][]float64 {
	c := e.o.Cost
	if c == nil || e.k == 0 {
		return nil
	}
	m := make([][]float64, e.k)
	for i, actual := range e.Classes {
		m[i] = make([]float64, e.k)
		for j, said := range e.Classes {
			m[i][j] = c.Matrix[actual][said]
		}
	}
	if e.k == 2 && len(c.Matrix) == 0 {
		p, n := e.Positive, 1-e.Positive
		m[p][p], m[n][p], m[n][n], m[p][n] = c.TruePositive, c.FalsePositive, c.TrueNegative, c.FalseNegative
	}
	return m
}

// cellCost is the matrix of two classes, 0 without costs.
func (e *evaluation) cellCost() metric.CellCost {
	return e.o.Cost.Cells(e.Classes, e.Positive)
}

// price returns the cost of each answer: of a decision by the matrix, of a
// number by its distance from the truth.
func (e *evaluation) price(y, values []float64) []float64 {
	out, m := make([]float64, len(y)), e.matrix()
	for i, v := range values {
		switch {
		case m != nil:
			out[i] = m[int(y[i])][int(v)]
		case v > y[i]:
			out[i] = e.o.Cost.Over * (v - y[i])
		default:
			out[i] = e.o.Cost.Under * (y[i] - v)
		}
	}
	return out
}

// countCosts says what the model's answers cost on the part looked at, beside
// the baseline's, the cheapest constant's and the best decisions'.
func (e *evaluation) countCosts(ctx context.Context) error {
	if e.o.Cost == nil {
		return nil
	}
	out := &CostReport{Currency: e.o.Cost.Currency, Rows: len(e.at.Y)}
	if out.Currency == "" {
		out.Currency = "units"
	}
	on, y, proba := e.choosing()
	answer, name := e.constant(y)
	same := slices.Repeat([]float64{answer}, len(e.at.Y))
	base, constant := e.price(e.at.Y, e.at.base.values), e.price(e.at.Y, same)
	columns := [][]float64{base, constant}
	decided := [][]float64{e.at.model.values}
	if e.k > 0 {
		best := &BestCost{On: on}
		if e.k > 2 {
			best.On = "" // expected costs need no choosing
		} else if t := e.bestThreshold(y, proba); t != nil {
			best.Threshold = t
		}
		if e.k > 2 || best.Threshold != nil {
			out.Best = best
			decided = append(decided, e.cheapest(best.Threshold))
		}
	}
	for _, values := range decided {
		c := e.price(e.at.Y, values)
		columns = append(columns, c, less(base, c), less(constant, c))
	}
	means, err := e.bootstrap().Means(ctx, columns...)
	if err != nil {
		return fmt.Errorf("count costs: %w", err)
	}
	for _, m := range means {
		if m.Value-m.Value != 0 || m.Low-m.Low != 0 || m.High-m.High != 0 {
			e.omit("cost", "the numbers are too large")
			return nil
		}
	}
	out.Baseline, out.Constant = means[0].Value, Constant{Answer: name, PerRow: means[1].Value}
	out.Outcome = e.outcome(means[2:5])
	if out.Best != nil {
		out.Best.Outcome = e.outcome(means[5:8])
	}
	e.report.Cost = out
	return nil
}

func (e *evaluation) outcome(m []metric.Result) Outcome {
	return Outcome{PerRow: e.estimate(m[0]), Total: m[0].Value * float64(len(e.at.Y)), Saving: e.estimate(m[1]), OverConstant: e.estimate(m[2])}
}

func (e *evaluation) estimate(r metric.Result) Estimate {
	m := measured("", r, e.o.Bootstrap >= 0)
	return Estimate{Value: m.Value, Low: m.Low, High: m.High}
}

// constant returns the answer that, given to all of y, costs least; of equals
// the first class. Of numbers it is the quantile under/(over+under): that many
// of the targets should lie below (the newsvendor's rule).
func (e *evaluation) constant(y []float64) (value float64, name string) {
	if e.k == 0 {
		sorted := slices.Sorted(slices.Values(y))
		share := e.o.Cost.Under / (e.o.Cost.Over + e.o.Cost.Under)
		at := int(math.Ceil(share*float64(len(sorted)))) - 1
		value = sorted[min(max(at, 0), len(sorted)-1)]
		return value, strconv.FormatFloat(value, 'g', -1, 64)
	}
	m, least, best := e.matrix(), math.Inf(1), 0
	for j := range e.k {
		sum := 0.0
		for _, v := range y {
			sum += m[int(v)][j]
		}
		if sum < least {
			least, best = sum, j
		}
	}
	return float64(best), e.Classes[best]
}

// bestThreshold is the threshold of least cost on the rows that choose; nil if
// they are all of one class.
func (e *evaluation) bestThreshold(y, proba []float64) *float64 {
	if t := e.report.Threshold; t != nil && t.By == "cost" {
		return &t.Value
	}
	r, err := metric.Rank(e.oneVsRest(y, proba, e.Positive))
	if err != nil || r.Positive == 0 || r.Negative == 0 {
		return nil
	}
	best, err := r.Best("cost", e.cellCost())
	if err != nil {
		return nil
	}
	return &best.Threshold
}

// cheapest decides the rows looked at: two classes by a threshold, more by the
// least expected cost, of equals the first class.
func (e *evaluation) cheapest(threshold *float64) []float64 {
	out, m := make([]float64, len(e.at.Y)), e.matrix()
	for i := range out {
		p := e.at.model.proba[i*e.k : (i+1)*e.k]
		if threshold != nil {
			out[i] = float64(1 - e.Positive)
			if p[e.Positive] >= *threshold {
				out[i] = float64(e.Positive)
			}
			continue
		}
		least := math.Inf(1)
		for j := range e.k {
			sum := 0.0
			for c, share := range p {
				sum += share * m[c][j]
			}
			if sum < least {
				least, out[i] = sum, float64(j)
			}
		}
	}
	return out
}

// less returns a - b.
func less(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] - b[i]
	}
	return out
}
