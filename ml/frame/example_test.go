package frame_test

import (
	"fmt"
	"os"

	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
)

func ExampleBuilder() {
	schema := frame.Schema{Fields: []frame.Field{{Name: "months", Type: frame.Int64}, {Name: "plan", Type: frame.String, Nullable: true}}}
	b := frame.NewBuilder(schema, 2)
	_ = b.Value(0, 12.0) // as encoding/json decodes 12
	_ = b.Value(1, "Pro")
	if err := b.Value(0, "twelve"); err != nil {
		fmt.Println(err)
		b.Null(0)
	}
	b.Null(1)
	f, err := b.Frame()
	if err != nil {
		fmt.Println(err)
		return
	}
	first, total := frame.Check(f, schema)
	fmt.Println(total, first[0])
	_ = csv.Write(os.Stdout, f)
	// Output:
	// column "months": text "twelve" given, expected a whole number (int64)
	// 1 row 2, column "months": no value; expected a value
	// months,plan
	// 12,Pro
	// ,
}
