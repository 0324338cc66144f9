package dataset_test

import (
	"fmt"
	"strings"
	"testing"

	"gristmill/dataset"
	"gristmill/ml/frame/csv"
)

func TestOneStrayCellThatMakesANumberTextIsDoubted(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("age,zip,town\n")
	for i := range 40 {
		age := fmt.Sprint(i)
		if i == 20 {
			age = "inf"
		}
		fmt.Fprintf(&b, "%s,%05d,t%d\n", age, i, i)
	}
	f, err := csv.Read(strings.NewReader(b.String()), csv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := dataset.Doubts(f)
	want := `column "age" is read as text, yet 39 of its 40 cells are numbers; row 21 is "inf": name such texts in data.nulls, or pin the column in data.schema`
	if len(got) != 1 || got[0] != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
