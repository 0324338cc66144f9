package frame_test

import (
	"fmt"
	"os"
	"strings"

	"gristmill/ml/frame"
)

func ExampleReadCSV() {
	text := `id,plan,months,paid
007,"Basic, old",12,199.5
008,"Pro",,20
`
	f, err := frame.ReadCSV(strings.NewReader(text), frame.CSVOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range f.Schema().Fields {
		fmt.Println(c.Name, c.Type, c.Nullable)
	}
	fmt.Println(f.Column("plan").Texts[0], f.Column("months").IsNull(1))

	_, err = frame.ReadCSV(strings.NewReader("id,plan\n1,6\" pipe\n"), frame.CSVOptions{})
	fmt.Println(err)
	// Output:
	// id string false
	// plan string false
	// months int64 true
	// paid float64 false
	// Basic, old true
	// row 1 (line 2), column 2 "plan": a quote within an unquoted cell; expected the whole cell in quotes, and the quote within it written twice
}

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
	_ = frame.WriteCSV(os.Stdout, f)
	// Output:
	// column "months": text "twelve" given, expected a whole number (int64)
	// 1 row 2, column "months": no value; expected a value
	// months,plan
	// 12,Pro
	// ,
}
