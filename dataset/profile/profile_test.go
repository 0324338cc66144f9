package profile_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"gristmill/dataset/profile"
	"gristmill/dataset/sample"
	"gristmill/ml/frame"
)

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
	profiles := map[string]profile.Profile{"": profile.New(parse(t, "far\n1000000004\n1000000007\n1000000013\n1000000016\n"), profile.Options{})}
	for _, name := range sample.Names() {
		profiles[name] = profile.New(read(t, name).Frame, profile.Options{})
	}
	near := func(what string, got *float64, want float64) {
		if got == nil || math.Abs(*got-want) > 1e-12*math.Max(1, math.Abs(want)) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	for _, g := range golden {
		var c profile.Column
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
	b, digest, err := profile.New(f, profile.Options{}).Encode()
	must(t, err)
	want, err := os.ReadFile("testdata/every_type.json")
	must(t, err)
	if string(b)+"\n" != string(want) {
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
		b, _, err := profile.New(read(t, "ames_housing").Frame, profile.Options{}).Encode()
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
	p := profile.New(f, profile.Options{})
	if _, _, err := p.Encode(); err != nil {
		t.Errorf("encode: %v", err)
	}
	if c := p.Columns[0]; c.NotFinite != 2 || c.Distinct != 2 || *c.Max != math.MaxFloat64 || c.Std != nil {
		t.Errorf("%+v", c)
	}
}

func TestProfileEstimatesManyTexts(t *testing.T) {
	t.Parallel()
	const n = 3 * profile.DistinctCap
	c := &frame.Column{Field: frame.Field{Name: "id", Type: frame.String}, Texts: make([]string, 2*n)}
	for i := range c.Texts {
		c.Texts[i] = fmt.Sprintf("customer-%d", i%n)
	}
	f, err := frame.New(c)
	must(t, err)
	p := profile.New(f, profile.Options{}).Columns[0]
	if !p.Approximate || math.Abs(float64(p.Distinct)/n-1) > 0.1 {
		t.Errorf("about %d of %d distinct, approximate %v", p.Distinct, n, p.Approximate)
	}
	c.Texts = c.Texts[:profile.DistinctCap]
	f, err = frame.New(c)
	must(t, err)
	if p := profile.New(f, profile.Options{}).Columns[0]; p.Approximate || p.Distinct != profile.DistinctCap {
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
	p := profile.New(parse(t, b.String()), profile.Options{})
	for _, c := range p.Columns {
		if len(c.Top) != profile.TopValues || c.Top[0].Count != 30 || c.Top[9].Count != 21 {
			t.Errorf("%s: %v", c.Name, c.Top)
		}
	}
	if got := p.Columns[1].Top[0].Value; got != "v29"+strings.Repeat("é", 57)+"…" {
		t.Errorf("top value %q", got)
	}
}
