package evaluate

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"gristmill/ml/frame"
	"gristmill/ml/metric"
)

const (
	importanceRows    = 5_000         // the most that are permuted
	importanceColumns = 2_000         // a table with more is too wide to permute
	importanceCells   = 2_000_000_000 // the most numbers that models are asked for, by which wide tables get fewer rows
)

// shuffle returns the rows from which a column takes its values in a repeat.
type shuffle func(column string, repeat, rows int) []int

// permuteColumns measures how much worse the main metric gets when the values
// of one raw column are shuffled between rows: Breiman 2001, as defined by
// scikit-learn's permutation_importance. A column's shuffles depend on the seed
// and its name, not on the other columns.
func (e *evaluation) permuteColumns(ctx context.Context) error {
	repeats, cols := e.o.Importance, e.at.X.Cols()
	if repeats == 0 {
		repeats = 5
	}
	if repeats < 0 || cols == 0 {
		return nil
	}
	if cols > importanceColumns {
		e.omit("importance", fmt.Sprintf("the table has %d columns, more than %d", cols, importanceColumns))
		return nil
	}
	most := min(importanceRows, max(500, importanceCells/(cols*cols*repeats)))
	x, y := e.at.X, e.at.Y
	if n := len(y); n > most {
		rows := rand.New(rand.NewPCG(e.o.Seed, 0x706572)).Perm(n)[:most]
		slices.Sort(rows)
		x, y = x.Take(rows), make([]float64, most)
		for i, r := range rows {
			y[i] = e.at.Y[r]
		}
	}
	imp, err := e.importance(ctx, x, y, repeats, e.shuffled)
	if err != nil {
		return fmt.Errorf("measure importance of columns: %w", err)
	}
	for _, c := range imp.Columns {
		if c.Drop-c.Drop != 0 || c.Std-c.Std != 0 {
			e.omit("importance", fmt.Sprintf("with column %q shuffled the numbers are too large", c.Column))
			return nil
		}
	}
	slices.SortStableFunc(imp.Columns, func(a, b ColumnImportance) int { return cmp.Compare(b.Drop, a.Drop) })
	e.report.Importance = imp
	return nil
}

func (e *evaluation) shuffled(column string, repeat, rows int) []int {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%d", column, repeat)
	return rand.New(rand.NewPCG(e.o.Seed, h.Sum64())).Perm(rows)
}

// importance permutes each column of x by s and asks the model each time.
func (e *evaluation) importance(ctx context.Context, x *frame.Frame, y []float64, repeats int, s shuffle) (*Importance, error) {
	a, err := ask(ctx, e.Model, x, e.k)
	if err != nil {
		return nil, err
	}
	name, value := e.score(y, a)
	imp := &Importance{Metric: name, Part: e.at.name, Rows: len(y), Repeats: repeats, Value: value}
	cols := make([]*frame.Column, x.Cols())
	for j := range cols {
		cols[j] = x.At(j)
	}
	cells := 0 // asked for since progress was told
	for j, c := range cols {
		only, err := frame.New(c)
		if err != nil {
			return nil, err
		}
		if cells += len(y) * len(cols) * repeats; cells > 10_000_000 { // about a second
			e.say(fmt.Sprintf("permuting columns, %d of %d", j+1, len(cols)))
			cells = 0
		}
		drops := make([]float64, repeats)
		for r := range drops {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			cols[j] = only.Take(s(c.Field.Name, r, len(y))).At(0)
			mixed, err := frame.New(cols...)
			if err != nil {
				return nil, err
			}
			if a, err = ask(ctx, e.Model, mixed, e.k); err != nil {
				return nil, fmt.Errorf("column %q: %w", c.Field.Name, err)
			}
			_, drops[r] = e.score(y, a)
			drops[r] -= value
			if name == "roc_auc" {
				drops[r] = 0 - drops[r] // higher is better; 0 - 0 is 0, not -0
			}
		}
		cols[j] = c
		imp.Columns = append(imp.Columns, spread(c.Field.Name, drops))
	}
	return imp, nil
}

// score is the main metric of some rows, or the log loss of rows of one class.
func (e *evaluation) score(y []float64, a answer) (name string, value float64) {
	if e.k == 0 {
		return "rmse", metric.Regression(y, a.values)["rmse"]
	}
	m := metric.Classification(y, a.proba, e.k, e.Positive)
	if auc, ok := m["roc_auc"]; ok {
		return "roc_auc", auc
	}
	return "log_loss", m["log_loss"]
}

func spread(column string, drops []float64) ColumnImportance {
	n, mean, squares := float64(len(drops)), 0.0, 0.0
	for _, d := range drops {
		mean += d / n
	}
	for _, d := range drops {
		squares += (d - mean) * (d - mean)
	}
	return ColumnImportance{Column: column, Drop: mean, Std: math.Sqrt(squares / n)}
}
