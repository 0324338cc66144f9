package profile_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"gristmill/dataset/profile"
	"gristmill/dataset/sample"
	"gristmill/ml/frame"
)

func floats(name string, values []float64) *frame.Column {
	return &frame.Column{Field: frame.Field{Name: name, Type: frame.Float64}, Floats: values}
}

func words(name string, values []string) *frame.Column {
	return &frame.Column{Field: frame.Field{Name: name, Type: frame.String}, Texts: values}
}

func tableOf(t testing.TB, cols ...*frame.Column) *frame.Frame {
	t.Helper()
	f, err := frame.New(cols...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func encode(t *testing.T, p profile.Profile) string {
	t.Helper()
	b, _, err := p.Encode()
	must(t, err)
	return string(b)
}

// batched profiles f in batches of the given number of rows.
func batched(t *testing.T, f *frame.Frame, rows int, o profile.Options) profile.Profile {
	t.Helper()
	b := profile.NewBuilder(f.Schema(), o)
	for at := 0; at < f.Rows(); at += rows {
		var take []int
		for i := at; i < min(at+rows, f.Rows()); i++ {
			take = append(take, i)
		}
		must(t, b.Add(f.Take(take)))
	}
	return b.Finish()
}

func TestBatchesDoNotMatter(t *testing.T) {
	t.Parallel()
	for name, target := range map[string]string{"telco_churn": "churn", "ames_housing": "Sale_Price"} {
		f := read(t, name).Frame
		o := profile.Options{Target: target}
		want := encode(t, profile.New(f, o))
		for _, rows := range []int{1, 7, 1000, 4096} {
			if got := encode(t, batched(t, f, rows, o)); got != want {
				t.Errorf("%s: batches of %d rows give another profile", name, rows)
			}
		}
	}
}

// Beyond ExactValues a sample stands for the column: also then batches do not
// matter, moments and ends are of all values, and quantiles are near.
func TestAColumnOfManyNumbersIsSampled(t *testing.T) {
	t.Parallel()
	const n = 3 * profile.ExactValues / 2
	r := rand.New(rand.NewPCG(7, 8))
	values, few, target := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range values {
		values[i] = r.NormFloat64()
		few[i] = float64(r.IntN(50))
		target[i] = 2*values[i] + r.NormFloat64()
	}
	f := tableOf(t, floats("x", values), floats("few", few), floats("y", target))
	o := profile.Options{Target: "y"}
	p := profile.New(f, o)
	if got := encode(t, batched(t, f, 100_003, o)); got != encode(t, p) {
		t.Error("batches give another profile")
	}
	x := p.Columns[0]
	if x.Sampled < profile.ExactValues/2 || x.Sampled > profile.ExactValues || !x.Approximate {
		t.Errorf("%d values are sampled", x.Sampled)
	}
	if math.Abs(float64(x.Distinct)/n-1) > 0.1 {
		t.Errorf("about %d of %d distinct", x.Distinct, n)
	}
	if want := 2 / math.Sqrt(5); math.Abs(x.Target.Value-want) > 0.002 || x.Target.Rows != n {
		t.Errorf("correlation %v, want about %v", x.Target, want)
	}
	sorted := slices.Sorted(slices.Values(values))
	if *x.Min != sorted[0] || *x.Max != sorted[n-1] || x.Quantiles[0].Value != sorted[0] || x.Quantiles[8].Value != sorted[n-1] {
		t.Error("the ends are not those of all values")
	}
	for _, q := range x.Quantiles[1:8] {
		at, _ := slices.BinarySearch(sorted, q.Value)
		if off := math.Abs(float64(at)/n - q.P); off > 0.0035 { // five standard errors
			t.Errorf("quantile %v has the rank %v", q.P, float64(at)/n)
		}
	}
	var sum, squares float64
	for _, v := range values {
		sum += v
	}
	for _, v := range values {
		squares += (v - sum/n) * (v - sum/n)
	}
	if math.Abs(*x.Mean-sum/n) > 1e-12 || math.Abs(*x.Std-math.Sqrt(squares/(n-1))) > 1e-12 {
		t.Errorf("mean %v, std %v; want %v, %v", *x.Mean, *x.Std, sum/n, math.Sqrt(squares/(n-1)))
	}
	total := x.Histogram.Below + x.Histogram.Above
	for _, c := range x.Histogram.Counts {
		total += c
	}
	if math.Abs(float64(total)/n-1) > 1e-4 {
		t.Errorf("the histogram holds %d of %d values", total, n)
	}
	count := 0
	for _, v := range few {
		if fmt.Sprint(v) == p.Columns[1].Top[0].Value {
			count++
		}
	}
	if c := p.Columns[1]; c.Distinct != 50 || c.Approximate || c.Top[0].Count != count {
		t.Errorf("few values: %d distinct, approximate %v, top %v, want %d", c.Distinct, c.Approximate, c.Top[0], count)
	}
}

func TestAssociationsAgreeWithSciPy(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/association.json")
	must(t, err)
	var golden []struct {
		Sample, Target, Column, Measure string
		Value                           float64
		Rows                            int
	}
	must(t, json.Unmarshal(b, &golden))
	if len(golden) != 9 {
		t.Fatalf("%d golden associations", len(golden))
	}
	profiles := map[string]profile.Profile{}
	for _, g := range golden {
		if _, ok := profiles[g.Sample]; !ok {
			profiles[g.Sample] = profile.New(read(t, g.Sample).Frame, profile.Options{Target: g.Target})
		}
		for _, c := range profiles[g.Sample].Columns {
			if c.Name != g.Column {
				continue
			}
			if c.Target == nil {
				t.Errorf("%s: no association", g.Column)
			} else if c.Target.Measure != g.Measure || c.Target.Rows != g.Rows || math.Abs(c.Target.Value-g.Value) > 1e-12 {
				t.Errorf("%s: %+v, want %s %v of %d rows", g.Column, *c.Target, g.Measure, g.Value, g.Rows)
			}
		}
	}
}

func TestAssociationsThatSayNothingAreLeftOut(t *testing.T) {
	t.Parallel()
	const n = 3000
	ids, same, x, few := make([]string, n), make([]float64, n), make([]float64, n), make([]string, n)
	for i := range ids {
		ids[i], x[i], few[i] = fmt.Sprint("id", i), float64(i%7), fmt.Sprint(i%3)
	}
	f := tableOf(t, words("id", ids), floats("same", same), floats("x", x), words("few", few))
	for _, c := range []struct{ target, none, some string }{
		{"x", "id", "few"}, {"x", "same", "few"}, {"same", "x", ""}, {"few", "id", "x"}, {"few", "same", "x"}, {"id", "x", ""}, {"id", "few", ""}, {"nowhere", "x", ""},
	} {
		p := profile.New(f, profile.Options{Target: c.target})
		for _, column := range p.Columns {
			if column.Name == c.none && column.Target != nil {
				t.Errorf("%s with %s: %+v", c.none, c.target, *column.Target)
			}
			if column.Name == c.some && column.Target == nil {
				t.Errorf("%s with %s: none", c.some, c.target)
			}
			if column.Name == c.target && column.Target != nil {
				t.Errorf("%s with itself", c.target)
			}
		}
	}
}

func TestDuplicatesSamplesAndAlerts(t *testing.T) {
	t.Parallel()
	f := parse(t, "a,b,c\n1,x,\n2,y,\n1,x,\n1,,\n,x,\n1,x,\n")
	p := profile.New(f, profile.Options{})
	if p.Duplicates != 2 || p.DuplicatesApproximate {
		t.Errorf("%d duplicates", p.Duplicates)
	}
	if len(p.Sample) != 6 || p.Sample[4].Row != 4 || p.Sample[4].Cells[0] != nil || *p.Sample[4].Cells[1] != "x" {
		t.Errorf("sample %+v", p.Sample)
	}
	want := `[{"kind":"duplicates","text":"2 of 6 rows are equal to one before them; copies on both sides of a split make a test look better than it is"},{"column":"c","kind":"empty","text":"no row has a value"}]`
	if b, _ := json.Marshal(p.Alerts); string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
	const n = 100
	ids, constant, y, like, gaps := make([]string, n), make([]string, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		ids[i], constant[i], y[i], like[i], gaps[i] = fmt.Sprint("c", i), "k", float64(i*i), float64(i*i)+0.1, math.Inf(1)
	}
	holes := floats("holes", slices.Clone(y))
	holes.Valid = make(frame.Bitmap, 2)
	holes.Valid[0] = 1<<50 - 1
	p = profile.New(tableOf(t, words("id", ids), words("constant", constant), floats("y", y), floats("like", like), holes, floats("inf", gaps)), profile.Options{Target: "y"})
	var got []string
	for _, a := range p.Alerts {
		got = append(got, a.Column+" "+a.Kind)
	}
	if want := "[id id_like constant constant like target_like holes missing holes target_like inf not_finite]"; fmt.Sprint(got) != want {
		t.Errorf("alerts %v\nwant   %s", got, want)
	}
	if p.Duplicates != 0 || len(p.Sample) != 15 {
		t.Errorf("%d duplicates, %d sample rows", p.Duplicates, len(p.Sample))
	}
}

// Beyond two million different rows the copies are estimated.
func TestDuplicatesOfManyRowsAreEstimated(t *testing.T) {
	t.Parallel()
	const n = 2_400_000
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i)
		if i%3 == 2 {
			x[i] = float64(i - 1)
		}
	}
	b := profile.NewBuilder(frame.Schema{Fields: []frame.Field{{Name: "x", Type: frame.Float64}}}, profile.Options{})
	must(t, b.Add(tableOf(t, floats("x", x))))
	p := b.Finish()
	if p.DuplicatesApproximate || p.Duplicates != n/3 {
		t.Errorf("%d duplicates of %d different rows", p.Duplicates, p.Rows-p.Duplicates)
	}
	b = profile.NewBuilder(frame.Schema{Fields: []frame.Field{{Name: "x", Type: frame.Float64}}}, profile.Options{})
	for range 2 {
		for i := range x {
			x[i] = float64(i)
		}
		must(t, b.Add(tableOf(t, floats("x", x))))
	}
	p = b.Finish()
	if !p.DuplicatesApproximate || math.Abs(float64(p.Duplicates)/n-1) > 0.005 {
		t.Errorf("about %d duplicates, want %d", p.Duplicates, n)
	}
}

func TestTimestampsAreProfiled(t *testing.T) {
	t.Parallel()
	const day = 86400 * 1e6
	micros := make([]int64, 1000)
	for i := range micros {
		micros[i] = int64(i)*day + 980121600e6 // from 2001-01-22
	}
	c := profile.New(tableOf(t, &frame.Column{Field: frame.Field{Name: "date", Type: frame.Timestamp}, Ints: micros}), profile.Options{}).Columns[0]
	if c.First != "2001-01-22" || c.Last != "2003-10-18" || c.Top[0].Value != "2001-01-22" || c.Distinct != 1000 {
		t.Errorf("%+v", c)
	}
	h := c.Histogram
	total := 0
	for i, n := range h.Counts {
		total += n
		if text := frame.FormatTime(int64(h.Edges[i] * 1e6)); text[8:] != "01" {
			t.Errorf("edge %s is no begin of a month", text)
		}
	}
	if total != 1000 || len(h.Counts) < 8 {
		t.Errorf("%d values in %d bins", total, len(h.Counts))
	}
}

// Every value is in a bin or counted beside, on ascending edges that are short
// decimals, whatever the numbers.
func TestHistogramsHoldEveryValue(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	draws := []func() float64{
		r.Float64, r.NormFloat64, r.ExpFloat64,
		func() float64 { return float64(r.IntN(6)) },
		func() float64 { return math.Exp(20 * r.NormFloat64()) },
		func() float64 { return 1e15 + r.Float64() },
		func() float64 { return 1e-300 * r.Float64() },
		func() float64 { return math.MaxFloat64 * (r.Float64() - 0.5) },
		func() float64 { return float64(r.IntN(1000)) * 1e12 },
	}
	for k, draw := range draws {
		values := make([]float64, 500)
		whole := make([]int64, 500)
		for i := range values {
			values[i] = draw()
			whole[i] = int64(max(-1e18, min(1e18, values[i])))
		}
		p := profile.New(tableOf(t, floats("x", values), &frame.Column{Field: frame.Field{Name: "i", Type: frame.Int64}, Ints: whole},
			&frame.Column{Field: frame.Field{Name: "t", Type: frame.Timestamp}, Ints: whole}), profile.Options{})
		for _, c := range p.Columns {
			h := c.Histogram
			if h == nil {
				if c.Distinct > 1 {
					t.Errorf("case %d: no histogram of %s with %d different values", k, c.Type, c.Distinct)
				}
				continue
			}
			total := h.Below + h.Above
			for i, n := range h.Counts {
				total += n
				if h.Edges[i] >= h.Edges[i+1] {
					t.Fatalf("case %d: edges %v", k, h.Edges)
				}
			}
			if total != 500 || len(h.Counts) > 82 || len(h.Edges) != len(h.Counts)+1 || h.Below+h.Above > 20 {
				t.Errorf("case %d, %s: %d values in %d bins, %d below and %d above", k, c.Type, total, len(h.Counts), h.Below, h.Above)
			}
		}
	}
	h := profile.New(tableOf(t, floats("x", []float64{0.07, 0.5, 1})), profile.Options{}).Columns[0].Histogram
	if b, _ := json.Marshal(h.Edges); string(b) != "[0.05,0.1,0.15,0.2,0.25,0.3,0.35,0.4,0.45,0.5,0.55,0.6,0.65,0.7,0.75,0.8,0.85,0.9,0.95,1]" {
		t.Errorf("edges %s", b)
	}
}

func TestABatchOfOtherColumnsIsRefused(t *testing.T) {
	t.Parallel()
	b := profile.NewBuilder(parse(t, "a,b\n1,x\n").Schema(), profile.Options{})
	for csv, want := range map[string]string{
		"a\n1\n":     "profile batch: 1 columns, the table has 2",
		"a,b\n1,2\n": `profile batch: column 2 is "b" of type int64, the table has "b" of type string`,
		"a,c\n1,x\n": `profile batch: column 2 is "c" of type string, the table has "b" of type string`,
	} {
		if err := b.Add(parse(t, csv)); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if p := b.Finish(); p.Rows != 0 || len(p.Columns) != 2 {
		t.Errorf("%+v", p)
	}
}

func TestLongTextsAreToldApart(t *testing.T) {
	t.Parallel()
	long := string(bytes.Repeat([]byte("é"), 5000))
	c := profile.New(tableOf(t, words("x", []string{long + "a", long + "b", long + "a", ""})), profile.Options{}).Columns[0]
	if c.Distinct != 3 || c.Top[0].Count != 2 || c.Length.Max != 5001 || c.Length.Min != 0 || c.Length.Mean != 15003.0/4 {
		t.Errorf("%d distinct, top %v, length %+v", c.Distinct, c.Top[0], *c.Length)
	}
}

// A table of 1M x 50: BENCH by `go test -run - -bench Profile`.
func BenchmarkProfile(b *testing.B) {
	const n = 1_000_000
	r := rand.New(rand.NewPCG(1, 1))
	var cols []*frame.Column
	for j := range 30 {
		v := make([]float64, n)
		for i := range v {
			v[i] = r.NormFloat64() * float64(j+1)
		}
		cols = append(cols, floats(fmt.Sprint("f", j), v))
	}
	for j := range 10 {
		v := make([]int64, n)
		for i := range v {
			v[i] = r.Int64N(100 << j)
		}
		cols = append(cols, &frame.Column{Field: frame.Field{Name: fmt.Sprint("i", j), Type: frame.Int64}, Ints: v})
	}
	for j := range 10 {
		v := make([]string, n)
		for i := range v {
			v[i] = fmt.Sprint("value ", r.IntN(10<<j))
		}
		cols = append(cols, words(fmt.Sprint("s", j), v))
	}
	f := tableOf(b, cols...)
	for b.Loop() {
		profile.New(f, profile.Options{Target: "f0"})
	}
}

func TestEverySampleIsProfiled(t *testing.T) {
	t.Parallel()
	for _, name := range sample.Names() {
		f := read(t, name).Frame
		p := profile.New(f, profile.Options{})
		for j, c := range p.Columns {
			in := f.At(j).Field.Type
			if in.Numeric() && c.Histogram == nil && c.Distinct > 1 {
				t.Errorf("%s.%s has no histogram", name, c.Name)
			}
			if in == frame.String && c.Length == nil {
				t.Errorf("%s.%s has no lengths", name, c.Name)
			}
		}
	}
}
