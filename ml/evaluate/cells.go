package evaluate

import "gristmill/ml/metric"

// Cells returns what the four outcomes of a decision between two classes cost,
// whether they are given as cells or as a matrix; nothing for no cost or for
// another number of classes.
func (c *Cost) Cells(classes []string, positive int) metric.CellCost {
	switch {
	case c == nil || len(classes) != 2:
		return metric.CellCost{}
	case c.Matrix == nil:
		return metric.CellCost{TruePositive: c.TruePositive, FalsePositive: c.FalsePositive, TrueNegative: c.TrueNegative, FalseNegative: c.FalseNegative}
	}
	p, n := classes[positive], classes[1-positive]
	return metric.CellCost{TruePositive: c.Matrix[p][p], FalsePositive: c.Matrix[n][p], TrueNegative: c.Matrix[n][n], FalseNegative: c.Matrix[p][n]}
}
