package evaluate_test

import (
	"context"
	"fmt"

	"gristmill/ml/catalog"
	"gristmill/ml/evaluate"
	"gristmill/ml/frame"
)

// A model that sees who has called the hotline is looked at on eight customers:
// what its errors cost, and from which probability on one should call them.
func Example() {
	part := func(calls []int64, left []float64) evaluate.Part {
		x, _ := frame.New(&frame.Column{Field: frame.Field{Name: "calls", Type: frame.Int64}, Ints: calls})
		return evaluate.Part{X: x, Y: left}
	}
	model := func(_ context.Context, x *frame.Frame) (values, proba []float64, err error) {
		for _, n := range x.Column("calls").Ints {
			p := min(float64(n)/5, 1)
			v := 0.0
			if p > 0.5 {
				v = 1
			}
			values, proba = append(values, v), append(proba, 1-p, p)
		}
		return values, proba, nil
	}
	nobodyLeaves := func(_ context.Context, x *frame.Frame) (values, proba []float64, err error) {
		for range x.Rows() {
			values, proba = append(values, 0), append(proba, .75, .25)
		}
		return values, proba, nil
	}
	r, err := evaluate.Run(context.Background(), evaluate.Input{
		Task: catalog.Classification, Classes: []string{"stays", "leaves"}, Positive: 1, Target: "churn",
		Validation: part([]int64{0, 1, 2, 3, 2, 5}, []float64{0, 0, 1, 1, 0, 1}),
		Test:       part([]int64{0, 0, 1, 2, 2, 3, 4, 5}, []float64{0, 0, 0, 1, 0, 0, 1, 1}),
		Model:      model, Baseline: nobodyLeaves,
	}, evaluate.Options{Bootstrap: -1, Cost: &evaluate.Cost{Currency: "USD", FalseNegative: 500, FalsePositive: 50}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("call from %.1f on (%s, chosen on %s rows)\n", r.Threshold.Value, r.Threshold.By, r.Threshold.On)
	fmt.Printf("cost: %.2f %s a row, without a model %.2f, at best %.2f\n", r.Cost.PerRow.Value, r.Cost.Currency, r.Cost.Baseline, r.Cost.Best.PerRow.Value)
	for _, p := range r.PlotList[:3] {
		fmt.Println(p.Name+":", p.Title)
	}
	// Output:
	// call from 0.4 on (cost, chosen on val rows)
	// cost: 68.75 USD a row, without a model 187.50, at best 12.50
	// roc: ROC curve, test rows
	// pr: Precision and recall, test rows
	// gain: Cumulative gain, test rows
}
