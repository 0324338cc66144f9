package evaluate

import (
	"context"
	"fmt"

	"gristmill/ml"
	"gristmill/ml/catalog"
	"gristmill/ml/frame"
)

// Predictor answers n rows: values are the predicted numbers, or the indices of
// the called classes; proba n*k probabilities row by row, nil of a regression.
// Each row's answer must depend on that row only.
type Predictor func(ctx context.Context, x *frame.Frame) (values, proba []float64, err error)

// Part is some rows of the table: the raw features, as the user's table has
// them without the target, and n targets, numbers or indices into the classes.
// A part without X is none.
type Part struct {
	X *frame.Frame
	Y []float64
	// All is the same n rows with every column beside the target, also those
	// that the model does not see; nil: X. Slices, and only they, are taken
	// from it: to measure a model by a column that it must not use is what
	// slices are for.
	All *frame.Frame
}

// all returns the rows that slices are taken from.
func (p Part) all() *frame.Frame {
	if p.All == nil {
		return p.X
	}
	return p.All
}

func (p Part) rows() int {
	if p.X == nil {
		return 0
	}
	return p.X.Rows()
}

// Held are the answers of a cross-validation to the rows that each fold's model
// has not seen.
type Held struct {
	Y     []float64 // n targets
	Proba []float64 // n*k probabilities, row by row
}

// Input is a fitted model with the rows to look at it on.
type Input struct {
	Task     catalog.Task
	Classes  []string // labels of a classification in the order of the probabilities
	Positive int      // index of the positive class of two
	Target   string   // the target's name, for titles
	By       string   // the column by whose values rows were parted, "" for none

	Train, Validation, Test Part

	Model    Predictor
	Baseline Predictor // the trivial model
	// CrossValidated answers choose the threshold when there are no validation
	// rows; nil: training rows do.
	CrossValidated *Held
	// Progress is told what is being done; may be nil.
	Progress func(doing string)
}

// check reports an input that cannot be evaluated.
func (in Input) check() error {
	k := len(in.Classes)
	switch {
	case in.Task != catalog.Regression && in.Task != catalog.Classification:
		return fmt.Errorf("evaluate: unknown task %q", in.Task)
	case in.Model == nil || in.Baseline == nil:
		return fmt.Errorf("evaluate: a model and a baseline are needed")
	case in.Task == catalog.Regression && k > 0:
		return fmt.Errorf("evaluate: a regression has no classes, %d given", k)
	case in.Task == catalog.Classification && k < 2:
		return fmt.Errorf("evaluate: %d classes, want at least 2", k)
	case k == 2 && in.Positive != 0 && in.Positive != 1:
		return fmt.Errorf("evaluate: positive class %d, want 0 or 1", in.Positive)
	}
	rows := 0
	for _, p := range in.parts() {
		if p.rows() != len(p.Y) {
			return fmt.Errorf("evaluate: %d targets for %d %s rows", len(p.Y), p.rows(), p.name)
		}
		if p.All != nil && p.All.Rows() != p.rows() {
			return fmt.Errorf("evaluate: %d rows of all columns for %d %s rows", p.All.Rows(), p.rows(), p.name)
		}
		rows += p.rows()
	}
	if h := in.CrossValidated; h != nil {
		if len(h.Proba) != len(h.Y)*k {
			return fmt.Errorf("evaluate: %d probabilities for %d cross-validated rows of %d classes", len(h.Proba), len(h.Y), k)
		}
		for i, v := range h.Y {
			if k > 0 && (!(v >= 0 && v < float64(k)) || v != float64(int(v))) {
				return fmt.Errorf("evaluate: cross-validated row %d has class %v, want an index below %d", i+1, v, k)
			}
		}
	}
	if rows == 0 {
		return ml.Problems{{Msg: "there are no rows to evaluate the model on"}}
	}
	return nil
}

// part is a Part with its name and the answers to it.
type part struct {
	Part
	name        string // "train", "val", "test"
	model, base answer
}

// answer is n values and n*k probabilities.
type answer struct{ values, proba []float64 }

func (in Input) parts() []*part {
	return []*part{{Part: in.Train, name: "train"}, {Part: in.Validation, name: "val"}, {Part: in.Test, name: "test"}}
}

// chunk is how many rows are transformed at a time, which bounds memory.
const chunk = 1 << 16

// ask asks a model for rows, a chunk at a time.
func ask(ctx context.Context, m Predictor, x *frame.Frame, k int) (answer, error) {
	var a answer
	n := x.Rows()
	for from := 0; from < n; from += chunk {
		if err := ctx.Err(); err != nil {
			return a, err
		}
		some := x
		if n > chunk {
			rows := make([]int, min(chunk, n-from))
			for i := range rows {
				rows[i] = from + i
			}
			some = x.Take(rows)
		}
		values, proba, err := m(ctx, some)
		if err != nil {
			return a, err
		}
		if len(values) != some.Rows() || len(proba) != k*some.Rows() {
			return a, fmt.Errorf("the model answers %d rows of %d classes with %d values and %d probabilities", some.Rows(), k, len(values), len(proba))
		}
		if n <= chunk {
			return answer{values, proba}, nil
		}
		a.values, a.proba = append(a.values, values...), append(a.proba, proba...)
	}
	return a, nil
}
