package profile_test

import (
	"fmt"

	"gristmill/dataset/profile"
	"gristmill/ml/frame"
)

// A table that comes in batches is profiled in one pass.
func Example() {
	schema := frame.Schema{Fields: []frame.Field{{Name: "rooms", Type: frame.Int64}, {Name: "price", Type: frame.Float64}}}
	b := profile.NewBuilder(schema, profile.Options{Target: "price"})
	for _, rooms := range [][]int64{{3, 4, 5}, {2, 4}} {
		prices := make([]float64, len(rooms))
		for i, n := range rooms {
			prices[i] = 50_000 * float64(n)
		}
		batch, err := frame.New(
			&frame.Column{Field: schema.Fields[0], Ints: rooms},
			&frame.Column{Field: schema.Fields[1], Floats: prices},
		)
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := b.Add(batch); err != nil {
			fmt.Println(err)
			return
		}
	}
	p := b.Finish()
	rooms := p.Columns[0]
	fmt.Println(p.Rows, "rows, mean", *rooms.Mean, "rooms;", rooms.Target.Measure, rooms.Target.Value)
	fmt.Println("bins", rooms.Histogram.Edges, rooms.Histogram.Counts)
	for _, a := range p.Alerts {
		fmt.Println(a.Column, a.Text)
	}
	// Output:
	// 5 rows, mean 3.6 rooms; pearson 1
	// bins [2 3 4 5 6] [1 1 2 1]
	//  1 of 5 rows are equal to one before them; copies on both sides of a split make a test look better than it is
	// rooms it almost tells the target (pearson 1.000): is it known before the target is?
}
