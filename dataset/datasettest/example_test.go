package datasettest_test

import (
	"context"
	"fmt"

	"gristmill"
	"gristmill/dataset/datasettest"
)

func ExampleMemory() {
	ctx := context.Background()
	store := datasettest.NewMemory()
	v, err := store.Put(ctx, datasettest.Version("telco_churn"))
	if err != nil {
		fmt.Println(err)
		return
	}
	list, _, err := store.List(ctx, gristmill.DefaultProject, gristmill.Page{})
	fmt.Println(v.Name, v.Rows, len(list), err)
	// Output:
	// telco_churn 7043 1 <nil>
}
