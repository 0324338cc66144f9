package schema

import (
	"fmt"
	"slices"
	"strings"

	"gristmill/ml/catalog"
	"gristmill/ml/check"
	"gristmill/ml/metric"
	"gristmill/ml/prep"
)

// Reference returns the table in Markdown: a section for every mapping, then
// algorithms, steps, checks and metrics.
func Reference() string {
	var b strings.Builder
	root := Spec()
	b.WriteString("### The spec\n\n" + root.About + "\n\n")
	table(&b, root.Keys)
	for _, k := range root.Keys {
		if k.Form == Mapping {
			section(&b, k.Name, k)
		}
		if k.Name == "transform" {
			rules(&b, k)
		}
	}
	referAlgorithms(&b)
	referMetrics(&b)
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// section writes a mapping's keys and then those below it.
func section(b *strings.Builder, path string, k Key) {
	fmt.Fprintf(b, "### %s\n\n%s\n\n", path, k.About)
	if k.Name == "checks" {
		referChecks(b, k)
		return
	}
	table(b, k.Keys)
	for _, sub := range k.Keys {
		at := path + "." + sub.Name
		switch {
		case sub.Form == Mapping && len(sub.Keys) > 0:
			section(b, at, sub)
		case sub.Form == List && sub.Each.Form == Mapping:
			fmt.Fprintf(b, "### %s\n\n%s Each item is a mapping:\n\n", at, sub.About)
			table(b, sub.Each.Keys)
		}
		for _, o := range sub.Or {
			for _, form := range o.Keys {
				fmt.Fprintf(b, "### %s.%s\n\n%s\n\n", at, form.Name, form.About)
				table(b, form.Keys)
			}
		}
	}
}

func table(b *strings.Builder, keys []Key) {
	b.WriteString("| key | takes | without it | |\n|---|---|---|---|\n")
	for _, k := range keys {
		def := k.Default
		if k.Required {
			def = "an error"
		}
		about := k.About
		if len(k.Of) > 0 {
			about += " For " + words(k.Of) + "."
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", k.Name, cell(k.takes()), cell(def), cell(about))
	}
	b.WriteString("\n")
}

// cell makes a text safe in a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func rules(b *strings.Builder, k Key) {
	fmt.Fprintf(b, "### transform\n\n%s A rule is a mapping, or short `remainder: drop` or `remainder: keep`:\n\n", k.About)
	table(b, k.Each.Keys)
	b.WriteString("### transform: columns\n\n" + k.Each.Keys[0].About + "\n\n")
	table(b, k.Each.Keys[0].Keys)
	b.WriteString("### transform: steps\n\nA step is its name, or `name: value` for the parameter in bold, or `name: {parameter: value, …}`.\n\n| step | takes columns of | parameters | |\n|---|---|---|---|\n")
	for _, s := range prep.Steps() {
		var params []string
		for _, p := range s.Params {
			k := stepParam(p)
			name := "`" + p.Name + "`"
			if p.Name == s.Short {
				name = "**" + name + "**"
			}
			line := name + ": " + k.takes()
			if k.Default != "" {
				line += fmt.Sprintf(", default `%s`", k.Default)
			}
			params = append(params, line+". "+k.About)
		}
		about := s.About
		for _, is := range []struct {
			so   bool
			text string
		}{{s.Together, "Works on all columns of its rule together."}, {s.Last, "The last step of its rule."}, {s.Alone, "The only step of its rule."}} {
			if is.so {
				about += " " + is.text
			}
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", s.Name, strings.Join(s.Takes, ", "), cell(strings.Join(params, "<br>")), cell(about))
	}
	b.WriteString("\n")
}

func referChecks(b *strings.Builder, k Key) {
	b.WriteString("| check | measures | bound |\n|---|---|---|\n")
	for _, c := range check.Catalog() {
		fmt.Fprintf(b, "| `%s` | %s: %s | %s |\n", c.Name, c.Title, cell(c.About), show(c.Default))
	}
	b.WriteString("\nEach takes `false`, or a mapping:\n\n")
	keys := slices.Clone(k.Keys[0].Keys)
	for i := range keys {
		if keys[i].Name == "at_most" {
			keys[i].Default = "the check's bound"
		}
	}
	table(b, keys)
}

func referAlgorithms(b *strings.Builder) {
	b.WriteString("### Algorithms\n\n| algorithm | predicts | is | its keys | checkpoints |\n|---|---|---|---|---|\n")
	for _, a := range algorithms() {
		predicts := map[catalog.Task]string{catalog.Regression: "numbers", catalog.Classification: "classes"}[a.Task]
		var keys []string
		for _, p := range a.Params {
			keys = append(keys, p.Name)
		}
		checkpoints := "no"
		if a.Checkpoints {
			checkpoints = "yes"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", a.Name, predicts, cell(sentence(a.Summary)), words(keys), checkpoints)
	}
	b.WriteString("\n")
}

func referMetrics(b *strings.Builder) {
	fmt.Fprintf(b, "### Metrics\n\nA gate's name is `test_`, `val_` (needs `data.split.validation`) or `cv_` (needs `train.cv`) and a metric: of numbers %s; of classes %s.\n",
		words(metric.RegressionNames()), words(metric.ClassificationNames()))
}
