package split_test

import (
	"fmt"

	"gristmill/dataset"
	"gristmill/dataset/split"
	"gristmill/ml/frame"
)

// All visits of a customer are in one part, so the test asks about customers
// that the model has never seen.
func Example() {
	f, err := frame.New(&frame.Column{
		Field: frame.Field{Name: "customer", Type: frame.String},
		Texts: []string{"ada", "ada", "bob", "cyd", "bob", "dan", "dan", "eve", "cyd", "eve"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	parts, err := split.Split(f, "", dataset.SplitSpec{Kind: dataset.Grouped, By: "customer", Test: 0.4, Seed: 42}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("test rows:", parts.Test)

	folds, err := split.Folds(f, parts.Train, "", dataset.FoldSpec{Kind: dataset.Grouped, By: "customer", Folds: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, fold := range folds {
		fmt.Println("fit on", fold.Train, "predict", fold.Test)
	}
	// Output:
	// test rows: [3 7 8 9]
	// fit on [2 4 5 6] predict [0 1]
	// fit on [0 1 2 4] predict [5 6]
	// fit on [0 1 5 6] predict [2 4]
}
