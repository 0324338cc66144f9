package starter_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"gristmill"
	"gristmill/dataset"
	"gristmill/pipeline"
	"gristmill/pipeline/starter"
)

var update = flag.Bool("update", false, "write the golden specs anew")

func Example() {
	var csv strings.Builder
	csv.WriteString("size,town,price\n")
	for i := range 40 {
		fmt.Fprintf(&csv, "%d,%s,%d\n", 50+i, []string{"Ames", "Boone"}[i%2], 1000*i*i%977+i)
	}
	table, err := dataset.Read(context.Background(), strings.NewReader(csv.String()), dataset.Spec{}, dataset.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	text, notes, err := starter.Write(starter.Input{Name: "houses", Frame: table.Frame,
		Data: dataset.Spec{Source: dataset.SourceSpec{Kind: dataset.FromFile, Path: "houses.csv"}, Target: "price"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	spec, err := pipeline.Parse(text)
	fmt.Println(spec.Train.Algorithm, spec.Data.Drop, err)
	fmt.Println(notes)
	// Output:
	// ridge [size] <nil>
	// [size is left out: it numbers the rows: every row has its own whole number]
}

// written makes a table of n rows with a column for each function.
func written(n int, head string, row func(i int, r *rand.Rand) string) func() io.Reader {
	var b bytes.Buffer
	r := rand.New(rand.NewPCG(1, 2))
	b.WriteString(head + "\n")
	for i := range n {
		b.WriteString(row(i, r) + "\n")
	}
	return func() io.Reader { return bytes.NewReader(b.Bytes()) }
}

// made are small tables, each with what real ones have.
func made() map[string]struct {
	open   func() io.Reader
	target string
} {
	type table = struct {
		open   func() io.Reader
		target string
	}
	words := strings.Fields("late early broken fine again never always parcel phone call money back good bad slow fast kind rude")
	return map[string]table{
		// every kind of column: ids, a constant, gaps, a giveaway, prose, many towns, dates by dots, NA
		"orders": {written(600, "order_id,shop,joined,amount,balance,town,remark,coupon,refunded_at,member,score,returned", func(i int, r *rand.Rand) string {
			back := r.IntN(4) == 0
			amount, score := fmt.Sprintf("%.2f", 1+1000*r.Float64()*r.Float64()*r.Float64()*r.Float64()), fmt.Sprint(r.IntN(100))
			if back {
				score = fmt.Sprint(40 + r.IntN(100))
			}
			if r.IntN(10) == 0 {
				score = "NA"
			}
			remark := make([]string, 4+r.IntN(6))
			for j := range remark {
				remark[j] = words[r.IntN(len(words))]
			}
			refunded, coupon := "", ""
			if back {
				refunded = "2024-05-01"
			}
			if i%97 == 0 {
				coupon = "SPRING"
			}
			return fmt.Sprintf("A%05d,one,%02d.%02d.2023,%s,%.1f,town %d,%s,%s,%s,%v,%s,%v", i*7, 1+r.IntN(28), 1+r.IntN(12), amount,
				40*r.NormFloat64()*r.NormFloat64()*r.NormFloat64(), r.IntN(150), strings.Join(remark, " "), coupon, refunded, r.IntN(2) == 0, score, map[bool]string{true: "yes", false: "no"}[back])
		}), "returned"},
		// one series in the order of time, few rows
		"meter": {written(300, `time,temperature,"weird ""name"": [x], # 1",load`, func(i int, r *rand.Rand) string {
			return fmt.Sprintf("2024-01-%02dT%02d:00:00,%.2f,%d,%.3f", 1+i/24, i%24, 10+5*r.NormFloat64(), r.IntN(30), 3+float64(i%24)/4+r.Float64())
		}), "load"},
		// three classes by number, a class of few rows, a long-tailed number, an index without a name
		"grades": {written(90, "row,hours,grade", func(i int, r *rand.Rand) string {
			grade := min(i%3+1, 3)
			if i == 50 {
				grade = 4
			}
			return fmt.Sprintf("%d,%.2f,%d", i, float64(grade)+r.Float64(), grade)
		}), "grade"},
		// a target with a long tail
		"prices": {written(400, "area,rooms,quality,price", func(_ int, r *rand.Rand) string {
			area := 30 + 100*r.Float64()
			return fmt.Sprintf("%.1f,%d,%s,%.0f", area, 1+r.IntN(6), []string{"good", "poor", "odd"}[r.IntN(3)], 1000*area*(1+30*r.Float64()*r.Float64()*r.Float64()*r.Float64()*r.Float64()))
		}), "price"},
	}
}

func TestMadeTables(t *testing.T) {
	t.Parallel()
	for name, c := range made() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, data := read(t, c.open, dataset.Spec{Source: file(name + ".csv"), Target: c.target})
			text, notes, err := starter.Write(starter.Input{Name: name, Data: data, Frame: f})
			if err != nil {
				t.Fatal(err)
			}
			golden := "testdata/golden/" + name + ".yaml"
			got := string(text) + "# notes:\n# " + strings.Join(notes, "\n# ") + "\n"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs; look at it, then: go test ./pipeline/starter -update\n%s", golden, got)
			}
			spec, err := pipeline.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			metrics, baseline := turn(t, spec, f)
			t.Log(metrics, baseline)
			if name != "grades" && (metrics["log_loss"] > baseline["log_loss"] || metrics["rmse"] > baseline["rmse"]) {
				t.Errorf("%v is worse than the baseline %v", metrics, baseline)
			}
		})
	}
}

func TestWhatCannotBeTrainedIsRefused(t *testing.T) {
	t.Parallel()
	rows := func(cells ...string) string { return strings.Join(cells, "\n") + "\n" }
	many := func(f func(i int) string) string {
		var lines []string
		for i := range 30 {
			lines = append(lines, f(i))
		}
		return rows(lines...)
	}
	for _, c := range []struct{ csv, target, positive, want string }{
		{"a,price\n" + many(func(i int) string { return fmt.Sprintf("%d,%d", i*i, i) }), "pirce", "", `the table has no column "pirce"; expected one of: a, price (did you mean "price"?)`},
		{"a,b\n1,2\n2,3\n", "b", "", "the table has 2 rows; expected at least 10 to learn from"},
		{"a,b\n" + many(func(i int) string { return fmt.Sprintf("%d,%s", i, strings.Repeat("x", i%2)) }), "b", "", `target "b": 15 of 30 rows have no value in it; expected one in every row: remove those rows first`},
		{"a,b\n" + many(func(i int) string { return fmt.Sprintf("%d,7", i) }), "b", "", `target "b": every row has the value "7"; expected a column whose values differ`},
		{"a,b\n" + many(func(i int) string { return fmt.Sprintf("%d,2024-01-%02d", i, 1+i) }), "b", "", `target "b": it holds times; expected numbers or classes`},
		{"a,b\n" + many(func(i int) string { return fmt.Sprintf("%d,id%d", i, i) }), "b", "", `target "b": it holds 30 different texts in 30 rows, such as "id0"; expected numbers or at most 15 classes`},
		{"a,b\n" + many(func(i int) string { return fmt.Sprintf("%d,%s", i, []string{"x", "y"}[i%2]) }), "b", "z", `target "b": it never is "z"; expected one of its values: "x", "y"`},
		{"a,b\n" + many(func(i int) string { return fmt.Sprintf("%d,%d", i, i*i) }), "b", "1", `target "b": it holds numbers, of which none is positive in the sense of a class; expected no --positive`},
		{"a,b\n" + many(func(i int) string { return fmt.Sprintf("1,%d", i*i) }), "b", "", `no column is left to learn from: a (its only value is "1")`},
		{"id,b\n" + many(func(i int) string { return fmt.Sprintf("%d,%d", i, i*i) }), "b", "", `no column is left to learn from: id (it numbers the rows: every row has its own whole number)`},
		{"b\n" + many(func(i int) string { return fmt.Sprint(i * i) }), "b", "", `no column is left to learn from: the target is the only one`},
	} {
		f, data := read(t, func() io.Reader { return strings.NewReader(c.csv) }, dataset.Spec{Source: file("x.csv"), Target: c.target, Positive: c.positive})
		_, _, err := starter.Write(starter.Input{Name: "x", Data: data, Frame: f})
		if err == nil || err.Error() != c.want || gristmill.KindOf(err) != gristmill.Invalid {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

func TestReread(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, cells, want string }{
		{"numbers with NA", "1 2.5 NA -3e4", `["" "NA"] map[]`},
		{"numbers with two words", "1 ? - 7", `["" "-" "?"] map[]`},
		{"ISO dates with null", "2024-01-01 null 2024-02-01", `["" "null"] map[]`},
		{"dates by dots", "31.12.2024 01.02.2023", `[] map["c":"%d.%m.%Y"]`},
		{"American dates", "12/31/2024 01/02/2023", `[] map["c":"%m/%d/%Y"]`},
		{"European dates by slashes", "31/12/2024 01/02/2023", `[] map["c":"%d/%m/%Y"]`},
		{"dates and NA", "31.12.2024 NA", `["" "NA"] map["c":"%d.%m.%Y"]`},
		{"words", "NA Namibia Zambia", `[] map[]`},
		{"codes with a leading zero", "007 NA 012", `[] map[]`},
		{"only words for nothing", "NA NA NA", `[] map[]`},
		{"no such day", "31.02.2024 x", `[] map[]`},
		{"a number that is none", "1 NA 1e999", `[] map[]`},
	} {
		table, err := dataset.Read(context.Background(), strings.NewReader("c,d\n"+strings.Join(strings.Fields(c.cells), ",x\n")+",x\n"), dataset.Spec{}, dataset.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		r := starter.Reread(table.Frame)
		if got := fmt.Sprintf("%q %q", r.Nulls, r.Dates); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	f, _ := read(t, written(50, "id,label,price", func(i int, _ *rand.Rand) string { return fmt.Sprintf("%d,%s,%d", i, []string{"a", "b"}[i%2], i*i) }), dataset.Spec{Source: file("x.csv")})
	var got []string
	for _, c := range starter.Candidates(f) {
		got = append(got, c.Name+": "+c.Seen+": "+c.Why)
	}
	want := []string{"id: 0 to 49: ", `label: 2 different, most often "a": its name; 2 different values: classes`, "price: 0 to 2401: its name; numbers from 0 to 2401"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", got)
	}
}

// TestAWideTableGetsRulesByType: names one by one would not fit into a plan.
func TestAWideTableGetsRulesByType(t *testing.T) {
	t.Parallel()
	const columns = 2000
	var head []string
	for j := range columns {
		head = append(head, fmt.Sprintf("a_long_name_of_a_skewed_column_%d", j))
	}
	f, data := read(t, written(60, strings.Join(head, ",")+",y", func(_ int, r *rand.Rand) string {
		var cells strings.Builder
		for range columns {
			x := r.ExpFloat64()
			fmt.Fprintf(&cells, "%.3f,", 10*x*x*x)
		}
		return cells.String() + fmt.Sprintf("%.3f", r.NormFloat64())
	}), dataset.Spec{Source: file("wide.csv"), Target: "y"})
	text, _, err := starter.Write(starter.Input{Name: "wide", Data: data, Frame: f})
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > 4000 || strings.Contains(string(text), "names:") || !strings.Contains(string(text), "{type: number}") {
		t.Errorf("%d bytes:\n%.2000s", len(text), text)
	}
}

func TestATableTooLargeToLookAtWholeIsThinned(t *testing.T) {
	t.Parallel()
	f, data := read(t, written(450_000, "id,x,y", func(i int, r *rand.Rand) string {
		return fmt.Sprintf("%d,%d,%d", i, r.IntN(50), r.IntN(900))
	}), dataset.Spec{Source: file("long.csv"), Target: "y"})
	text, _, err := starter.Write(starter.Input{Name: "long", Data: data, Frame: f})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"from 450,000 rows", "- id # it numbers the rows", "kind: random"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// A table of x and y, x counting up, is the first that many people try.
func TestCounterIsLearnedFromIfNothingElseIsThere(t *testing.T) {
	t.Parallel()
	open := written(100, "x,y", func(i int, r *rand.Rand) string { return fmt.Sprintf("%d,%.3f", i+1, 3*float64(i)+r.NormFloat64()) })
	table, err := dataset.Read(context.Background(), open(), dataset.Spec{}, dataset.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	text, notes, err := starter.Write(starter.Input{Name: "line", Frame: table.Frame,
		Data: dataset.Spec{Source: dataset.SourceSpec{Kind: dataset.FromFile, Path: "line.csv"}, Target: "y"}})
	if err != nil {
		t.Fatal(err)
	}
	spec, err := pipeline.Parse(text)
	if err != nil || len(spec.Data.Drop) > 0 {
		t.Errorf("the spec leaves out %v, %v; want nothing left out", spec.Data.Drop, err)
	}
	if want := "x is learned from, though it may only number the rows: there is nothing else"; len(notes) != 1 || notes[0] != want {
		t.Errorf("notes %q, want %q", notes, want)
	}
}
