package check_test

import (
	"context"
	"fmt"

	"gristmill/ml/check"
	"gristmill/ml/frame"
)

// A column that is the target under another name is found.
func Example() {
	part := func(from, to int) check.Part {
		var y, noise, leak []float64
		for i := from; i < to; i++ {
			v := float64(i * 7919 % 1000)
			y, noise, leak = append(y, v), append(noise, float64(i*104729%977)), append(leak, 2*v+1)
		}
		x, _ := frame.New(
			&frame.Column{Field: frame.Field{Name: "noise", Type: frame.Float64}, Floats: noise},
			&frame.Column{Field: frame.Field{Name: "invoice", Type: frame.Float64}, Floats: leak})
		return check.Part{X: x, Y: y}
	}
	results, err := check.Run(context.Background(), check.Input{Target: "price", Train: part(0, 300), Test: part(300, 400)}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range results {
		fmt.Printf("%-18s %-5t %s\n", r.Name, r.Passed, r.Detail)
	}
	// Output:
	// train_test_leakage true  0 of 100 rows of test have the features of a training row; no training row has another training row's.
	// single_feature     false "invoice" alone predicts "price" on test rows with R² 1; is it known at the time of a prediction?
	// train_test_drift   true  The largest difference: "noise" has the median 469 in training and 471 in the test, KS distance 0.03667 (p 1).
	// weak_segments      true  Not made: there are no predictions of the test rows.
	// simple_model       true  Not made: there are no predictions of the test rows.
	// unused_features    true  Not made: the columns' importances are not known.
	// calibration        true  Not made: a regression has no probabilities.
}
