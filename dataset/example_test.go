package dataset_test

import (
	"context"
	"fmt"

	"gristmill/dataset"
	"gristmill/dataset/profile"
	"gristmill/dataset/split"
)

// A pipeline's section data, from the address to the parts.
func Example() {
	spec := dataset.Spec{
		Source: dataset.SourceSpec{Kind: dataset.FromSample, Name: "telco_churn"}, Target: "churn", Positive: "Yes",
		Split: dataset.SplitSpec{Kind: dataset.Stratified, Test: 0.2, Validation: 0.2, Seed: 42},
	}
	if problems := spec.Check(); len(problems) > 0 {
		fmt.Println(problems)
		return
	}
	sources := dataset.Sources{dataset.FromSample: dataset.Samples{}}
	ctx := context.Background()
	r, err := sources.Open(ctx, spec.Source)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	table, err := dataset.Read(ctx, r, spec, dataset.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(table.Frame.Rows(), "rows,", table.Frame.Cols(), "columns, digest", table.Digest.Short())

	parts, err := split.Split(table.Frame, spec.Target, spec.Split, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(parts.Train), len(parts.Validation), len(parts.Test))

	for _, c := range profile.New(table.Frame, profile.Options{}).Columns {
		switch c.Name {
		case "churn":
			fmt.Println(c.Name, c.Top)
		case "total_charges":
			fmt.Println(c.Name, c.Missing, "missing, median", c.Quantiles[4].Value)
		}
	}
	// Output:
	// 7043 rows, 20 columns, digest fb32d1a19e25
	// 4225 1409 1409
	// churn [{No 5174} {Yes 1869}]
	// total_charges 11 missing, median 1397.475
}
