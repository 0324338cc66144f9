package sample_test

import (
	"fmt"

	"gristmill/dataset/sample"
)

func ExampleAll() {
	for _, s := range sample.All() {
		fmt.Println(s.Name, s.Rows, s.Columns, s.Target)
	}
	// Output:
	// ames_housing 2930 74 Sale_Price
	// chicago_ridership 5698 50 ridership
	// telco_churn 7043 20 churn
}
