package pipeline

import (
	"encoding/json"
	"math"
	"strings"

	"gristmill/dataset"
	"gristmill/ml/prep"
)

func (t *tree) data(top *section) dataset.Spec {
	v, _, ok := top.get("data")
	if !ok {
		t.problem("data", "", "a section", "data is missing; expected e.g. data: {source: \"sample:telco_churn\", target: churn}")
		return dataset.Spec{}
	}
	d := t.section("data", v)
	spec := dataset.Spec{
		Source:    t.source(d),
		Format:    d.text("format"),
		Encoding:  d.text("encoding"),
		Decimal:   d.text("decimal"),
		Dates:     d.words("dates"),
		Time:      d.text("time"),
		Until:     d.text("until"),
		Target:    d.required("target", "the name of the column to predict"),
		Positive:  d.text("positive"),
		Separator: d.text("separator"),
		Nulls:     d.texts("nulls"),
		Drop:      d.texts("drop"),
	}
	if list, path, ok := d.get("schema"); ok {
		t.decode(path, list, &spec.Schema, "a list of columns {name, type, nullable, min, max, values}")
	}
	if v, path, ok := d.get("split"); ok {
		sp := t.section(path, v)
		spec.Split = dataset.SplitSpec{
			Kind:       sp.choice("kind", dataset.Random, dataset.Stratified, dataset.IDs, dataset.Grouped, dataset.Timed),
			Test:       sp.number("test", 0, 0, 1),
			Validation: sp.number("validation", 0, 0, 1),
			Seed:       uint64(sp.integer("seed", 0, 0, math.MaxInt32)),
			File:       sp.text("file"),
			By:         sp.text("by"),
		}
		if spec.Split.Test == 0 && sp.has("test") && !t.reported("data.split.test") {
			t.problem("data.split.test", "0", "a fraction above 0", "data.split.test: 0; expected a fraction above 0 and below 1, or no key for the default")
		}
		sp.close()
	}
	d.close()
	return spec
}

// source reads data.source: a text or a mapping.
func (t *tree) source(d *section) dataset.SourceSpec {
	v, _, ok := d.get("source")
	if !ok || v == "" {
		d.required("source", `"sample:telco_churn"`)
		return dataset.SourceSpec{}
	}
	src, problems := dataset.DecodeSource(v)
	t.others(problems)
	return src
}

// decode reads a value by the JSON form of a Go type; its keys must all be known.
func (t *tree) decode(path string, v, to any, want string) {
	b, err := json.Marshal(v)
	if err == nil {
		dec := json.NewDecoder(strings.NewReader(string(b)))
		dec.DisallowUnknownFields()
		err = dec.Decode(to)
	}
	if err != nil {
		t.problem(path, show(v), want, "%s: %s is not %s (%s)", path, show(v), want, strings.TrimPrefix(err.Error(), "json: "))
	}
}

func (t *tree) transform(top *section) prep.Spec {
	v, path, ok := top.get("transform")
	if !ok {
		return usual()
	}
	b, _ := json.Marshal(v)
	spec, problems := prep.Parse(b)
	for _, p := range problems {
		if p.Path == "" {
			p.Path = path
		}
		t.from(p)
	}
	return spec
}

// usual is what happens to columns when the spec says nothing: numbers are
// filled and scaled, categories become indicators, dates become their parts.
func usual() prep.Spec {
	return prep.Spec{
		{Columns: prep.Selector{Type: prep.Number}, Apply: []prep.Step{{Op: prep.OpImpute, Strategy: prep.Median}, {Op: prep.OpScale, Strategy: prep.Standard}}},
		{Columns: prep.Selector{Type: prep.Category}, Apply: []prep.Step{{Op: prep.OpOneHot, Unknown: prep.Ignore}}},
		{Columns: prep.Selector{Type: prep.Date}, Apply: []prep.Step{{Op: prep.OpDateParts}, {Op: prep.OpImpute, Strategy: prep.Median}, {Op: prep.OpScale, Strategy: prep.Standard}}},
	}
}
