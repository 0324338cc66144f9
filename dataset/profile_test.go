package dataset_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"gristmill/dataset"
	"gristmill/dataset/sample"
	"gristmill/ml/frame"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// read reads a sample as a pipeline would.
func read(t *testing.T, name string) dataset.Table {
	t.Helper()
	r, err := sample.Open(name)
	must(t, err)
	defer r.Close()
	table, err := dataset.Read(context.Background(), r, dataset.Spec{}, dataset.Limits{})
	must(t, err)
	return table
}

func parse(t *testing.T, csv string) *frame.Frame {
	t.Helper()
	f, err := frame.ReadCSV(strings.NewReader(csv), frame.CSVOptions{})
	must(t, err)
	return f
}

func TestProfileAgreesWithNumPy(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/profile.json")
	must(t, err)
	var golden []struct {
		Sample, Column    string
		Missing, Distinct int
		Mean, Std         float64
		Quantiles         []float64
	}
	must(t, json.Unmarshal(b, &golden))
	if len(golden) != 13 {
		t.Fatalf("%d golden columns", len(golden))
	}
	profiles := map[string]dataset.Profile{"": dataset.NewProfile(parse(t, "far\n1000000004\n1000000007\n1000000013\n1000000016\n"))}
	for _, name := range sample.Names() {
		profiles[name] = dataset.NewProfile(read(t, name).Frame)
	}
	near := func(what string, got *float64, want float64) {
		if got == nil || math.Abs(*got-want) > 1e-12*math.Max(1, math.Abs(want)) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	for _, g := range golden {
		var c dataset.ColumnProfile
		for _, column := range profiles[g.Sample].Columns {
			if column.Name == g.Column {
				c = column
			}
		}
		what := g.Sample + "." + g.Column
		if c.Missing != g.Missing || c.Distinct != g.Distinct || c.Approximate {
			t.Errorf("%s: %d missing, %d distinct; want %d, %d", what, c.Missing, c.Distinct, g.Missing, g.Distinct)
		}
		near(what+" mean", c.Mean, g.Mean)
		near(what+" std", c.Std, g.Std)
		near(what+" min", c.Min, g.Quantiles[0])
		near(what+" max", c.Max, g.Quantiles[8])
		for i, q := range c.Quantiles {
			near(fmt.Sprintf("%s quantile %v", what, q.P), &q.Value, g.Quantiles[i])
		}
		if len(c.Quantiles) != 9 {
			t.Errorf("%s: %d quantiles", what, len(c.Quantiles))
		}
	}
}

func TestProfileOfEveryType(t *testing.T) {
	t.Parallel()
	f := parse(t, "n,s,b,i,none,one\n1.5,x,true,3,,\n1.5,,false,1,,7\n-2,x,true,3,,\n,\"\",true,2,,\n")
	b, digest, err := dataset.NewProfile(f).Encode()
	must(t, err)
	want := `{"rows":4,"columns":[` +
		`{"name":"n","type":"float64","missing":1,"distinct":2,"min":-2,"max":1.5,"mean":0.3333333333333333,"std":2.0207259421636903,"quantiles":[{"p":0,"value":-2},{"p":0.01,"value":-1.93},{"p":0.05,"value":-1.65},{"p":0.25,"value":-0.25},{"p":0.5,"value":1.5},{"p":0.75,"value":1.5},{"p":0.95,"value":1.5},{"p":0.99,"value":1.5},{"p":1,"value":1.5}],"top":[{"value":"1.5","count":2},{"value":"-2","count":1}]},` +
		`{"name":"s","type":"string","missing":1,"distinct":2,"top":[{"value":"x","count":2},{"value":"","count":1}]},` +
		`{"name":"b","type":"bool","missing":0,"distinct":2,"top":[{"value":"true","count":3},{"value":"false","count":1}]},` +
		`{"name":"i","type":"int64","missing":0,"distinct":3,"min":1,"max":3,"mean":2.25,"std":0.9574271077563381,"quantiles":[{"p":0,"value":1},{"p":0.01,"value":1.03},{"p":0.05,"value":1.15},{"p":0.25,"value":1.75},{"p":0.5,"value":2.5},{"p":0.75,"value":3},{"p":0.95,"value":3},{"p":0.99,"value":3},{"p":1,"value":3}],"top":[{"value":"3","count":2},{"value":"1","count":1},{"value":"2","count":1}]},` +
		`{"name":"none","type":"string","missing":4,"distinct":0},` +
		`{"name":"one","type":"int64","missing":3,"distinct":1,"min":7,"max":7,"mean":7,"quantiles":[{"p":0,"value":7},{"p":0.01,"value":7},{"p":0.05,"value":7},{"p":0.25,"value":7},{"p":0.5,"value":7},{"p":0.75,"value":7},{"p":0.95,"value":7},{"p":0.99,"value":7},{"p":1,"value":7}],"top":[{"value":"7","count":1}]}]}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
	if !digest.Valid() {
		t.Errorf("digest %q", digest)
	}
}

func TestProfileIsDeterministic(t *testing.T) {
	t.Parallel()
	var first []byte
	for range 5 {
		b, _, err := dataset.NewProfile(read(t, "ames_housing").Frame).Encode()
		must(t, err)
		if first == nil {
			first = b
		}
		if !bytes.Equal(b, first) {
			t.Fatal("two profiles of one table differ")
		}
	}
}

func TestProfileHasNoInfinities(t *testing.T) {
	t.Parallel()
	f, err := frame.New(&frame.Column{Field: frame.Field{Name: "x", Type: frame.Float64},
		Floats: []float64{math.Inf(1), math.MaxFloat64, -math.MaxFloat64, math.NaN()}})
	must(t, err)
	p := dataset.NewProfile(f)
	if _, _, err := p.Encode(); err != nil {
		t.Errorf("encode: %v", err)
	}
	if c := p.Columns[0]; c.NotFinite != 2 || c.Distinct != 2 || *c.Max != math.MaxFloat64 || c.Std != nil {
		t.Errorf("%+v", c)
	}
}

func TestProfileEstimatesManyTexts(t *testing.T) {
	t.Parallel()
	const n = 3 * dataset.DistinctCap
	c := &frame.Column{Field: frame.Field{Name: "id", Type: frame.String}, Texts: make([]string, 2*n)}
	for i := range c.Texts {
		c.Texts[i] = fmt.Sprintf("customer-%d", i%n)
	}
	f, err := frame.New(c)
	must(t, err)
	p := dataset.NewProfile(f).Columns[0]
	if !p.Approximate || math.Abs(float64(p.Distinct)/n-1) > 0.1 {
		t.Errorf("about %d of %d distinct, approximate %v", p.Distinct, n, p.Approximate)
	}
	c.Texts = c.Texts[:dataset.DistinctCap]
	f, err = frame.New(c)
	must(t, err)
	if p := dataset.NewProfile(f).Columns[0]; p.Approximate || p.Distinct != dataset.DistinctCap {
		t.Errorf("%d distinct, approximate %v", p.Distinct, p.Approximate)
	}
}

func TestProfileListsTheTopValuesShortened(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("a,b\n")
	for i := range 30 {
		for range i + 1 {
			fmt.Fprintf(&b, "%d,v%d%s\n", i, i, strings.Repeat("é", 80))
		}
	}
	p := dataset.NewProfile(parse(t, b.String()))
	for _, c := range p.Columns {
		if len(c.Top) != dataset.TopValues || c.Top[0].Count != 30 || c.Top[9].Count != 21 {
			t.Errorf("%s: %v", c.Name, c.Top)
		}
	}
	if got := p.Columns[1].Top[0].Value; got != "v29"+strings.Repeat("é", 57)+"…" {
		t.Errorf("top value %q", got)
	}
}
