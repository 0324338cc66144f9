// Package evaluate looks at a fitted model from every side that a decision
// needs: metrics with intervals, slices, thresholds, curves, what errors cost,
// which columns matter, and checks that something is wrong.
//
// Run takes the model as a function of rows, so that whatever predicts can be
// evaluated, and returns a Report: the document evaluation.json, and plots as
// numbers and SVG. The same input gives the same bytes. A bundle.Model m is the
// Predictor
//
//	func(ctx context.Context, x *frame.Frame) (values, proba []float64, err error) {
//		p, err := m.Predict(ctx, x)
//		if err != nil {
//			return nil, nil, err
//		}
//		return p.Values, p.Proba, nil
//	}
//
// Glossary. A part is train, val or test rows. The part looked at is the test
// rows, else the validation rows, else the training rows: slices, costs,
// importance and curves are of it. The main metric is roc_auc of a
// classification and rmse of a regression. An answer is what a model says to a
// row; a decision is the class that it calls. A slice is the rows of the part
// looked at that have one value of a column. The baseline is the trivial model
// that a candidate has to beat; the constant is the one answer to every row
// that costs least. An Estimate is a number with its 95 % bootstrap interval.
// Importance of a column is how much worse the main metric gets when the
// column's values are shuffled.
package evaluate
