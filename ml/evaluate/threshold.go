package evaluate

import (
	"context"
	"fmt"

	"gristmill/ml/metric"
)

// choosing returns the rows that decide thresholds and constants: validation
// rows, else the answers of a cross-validation, else training rows (whose
// answers flatter the model; the report says which rows it was), else what is
// looked at.
func (e *evaluation) choosing() (on string, y, proba []float64) {
	train, val := e.parts[0], e.parts[1]
	switch {
	case val.rows() > 0:
		return val.name, val.Y, val.model.proba
	case e.CrossValidated != nil && len(e.CrossValidated.Y) > 0:
		return "folds", e.CrossValidated.Y, e.CrossValidated.Proba
	case train.rows() > 0:
		return train.name, train.Y, train.model.proba
	}
	return e.at.name, e.at.Y, e.at.model.proba
}

// criterion is the word by which the threshold is chosen.
func (e *evaluation) criterion() string {
	switch {
	case e.o.Threshold != "":
		return e.o.Threshold
	case e.o.Cost != nil:
		return "cost"
	}
	return "f1"
}

// chooseThreshold finds the best threshold of two classes on the rows that
// choose, and says what it gives on the part looked at.
func (e *evaluation) chooseThreshold(context.Context) error {
	if e.k != 2 {
		return nil
	}
	on, y, proba := e.choosing()
	chooser, err := metric.Rank(e.oneVsRest(y, proba, e.Positive))
	if err != nil {
		return fmt.Errorf("choose threshold: %w", err)
	}
	if chooser.Positive == 0 || chooser.Negative == 0 {
		e.omit("threshold", fmt.Sprintf("the %s rows are all of one class", on))
		return nil
	}
	by := e.criterion()
	cells := e.cellCost()
	best, err := chooser.Best(by, cells)
	if err != nil {
		return err
	}
	r, err := e.rank(e.Positive)
	if err != nil {
		return err
	}
	e.report.Threshold = &Threshold{By: by, Value: best.Threshold, On: on, Chosen: r.At(best.Threshold, cells), Half: r.At(0.5, cells)}
	return nil
}
