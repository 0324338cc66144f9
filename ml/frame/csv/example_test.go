package csv_test

import (
	"fmt"
	"strings"

	"gristmill/ml/frame/csv"
)

func ExampleRead() {
	text := `id,plan,months,paid
007,"Basic, old",12,199.5
008,"Pro",,20
`
	f, err := csv.Read(strings.NewReader(text), csv.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range f.Schema().Fields {
		fmt.Println(c.Name, c.Type, c.Nullable)
	}
	fmt.Println(f.Column("plan").Texts[0], f.Column("months").IsNull(1))

	_, err = csv.Read(strings.NewReader("id,plan\n1,6\" pipe\n"), csv.Options{})
	fmt.Println(err)
	// Output:
	// id string false
	// plan string false
	// months int64 true
	// paid float64 false
	// Basic, old true
	// row 1 (line 2), column 2 "plan": a quote within an unquoted cell; expected the whole cell in quotes, and the quote within it written twice
}
