package schema_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"gristmill"
	"gristmill/ml/catalog"
	"gristmill/ml/frame"
	"gristmill/pipeline"
	"gristmill/pipeline/schema"
)

var update = flag.Bool("update", false, "write docs/pipelines.md's reference anew")

func Example() {
	var s struct{ Required []string }
	if err := json.Unmarshal(schema.JSON(), &s); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Required)
	// Output: [name data train]
}

// compile returns the schema as an independent validator reads it.
func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema.JSON()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("spec.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("spec.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// value reads YAML as the validator wants it; false if it is no YAML.
func value(t *testing.T, text []byte) (any, bool) {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		return nil, false
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, false // .inf
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return out, true
}

func TestShippedFirstAndFullSpecsAreValid(t *testing.T) {
	t.Parallel()
	s := compile(t)
	specs := pipeline.Shipped()
	first, err := filepath.Glob("../starter/testdata/golden/*.yaml")
	if err != nil || len(first) == 0 {
		t.Fatalf("%d first specs, %v", len(first), err)
	}
	for _, name := range append(first, fullSpecs(t)...) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		specs[name] = string(b)
	}
	for name, text := range specs {
		if _, err := pipeline.Parse([]byte(text)); err != nil {
			t.Errorf("%s: the parser refuses it: %v", name, err)
		}
		v, ok := value(t, []byte(text))
		if !ok {
			t.Fatalf("%s is no YAML", name)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// alike gives the keys of all checks the same path.
func alike(path string) string {
	if rest, ok := strings.CutPrefix(path, ".evaluate.checks."); ok {
		if _, key, ok := strings.Cut(rest, "."); ok {
			return ".evaluate.checks.*." + key
		}
	}
	return path
}

func fullSpecs(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/full-*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d full specs, %v", len(names), err)
	}
	return names
}

// onlyTheParserKnows are broken specs whose mistake no schema of this size can
// see: what keys mean beside each other, names that the table's columns would
// tell, the forms of texts.
const onlyTheParserKnows = `alias bad-gates bad-name bad-pattern bad-schema bad-separator bad-source card-too-long check-off-and-refuses
cost-matrix-and-cells cost-not-a-number cost-of-nothing cost-of-zeros cv-by-of-kfold cv-group-without-column cv-stratified-regression cv-time-with-seed
cv-time-without-column card-unknown-fields dates-of-no-format deploy-unregistered drops-the-target empty-source fractions gate-on-no-folds
gate-on-no-validation ids-without-file infinite key-twice name-with-slash no-rows-to-train positive-of-a-number
separator-is-decimal slices-of-the-target slices-too-many source-password-in-clear split-by-of-random split-group-by-the-target split-group-without-column
split-time-without-column step-after-the-last stratified-regression threshold-without-cost threshold-without-validation two-documents unknown-selector until-no-date until-without-time
r-selector-of-two r-source-http-password r-source-postgres-no-query r-source-s3-of-http`

func TestBrokenSpecsAreInvalid(t *testing.T) {
	t.Parallel()
	s := compile(t)
	files, err := filepath.Glob("../testdata/broken/*.yaml")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d broken specs, %v", len(files), err)
	}
	refused := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		v, ok := value(t, b)
		if !ok {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		if s.Validate(v) != nil {
			refused++
		} else if !slices.Contains(strings.Fields(onlyTheParserKnows), name) {
			t.Errorf("%s is valid", name)
		}
	}
	if refused < 30 {
		t.Errorf("only %d are refused", refused)
	}
}

// TestEveryKeyIsInAFullSpec proves with TestShippedFirstAndFullSpecsAreValid that the
// parser takes every key of the table.
func TestEveryKeyIsInAFullSpec(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	var mark func(path string, v any)
	mark = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				used[path+"."+k], used[alike(path+"."+k)] = true, true
				mark(path+"."+k, e)
			}
		case []any:
			for _, e := range v {
				mark(path, e)
			}
		}
	}
	for _, name := range fullSpecs(t) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		v, _ := value(t, b)
		mark("", v)
	}
	var look func(path string, k schema.Key)
	look = func(path string, k schema.Key) {
		for _, form := range append([]schema.Key{k}, k.Or...) {
			if form.Each != nil {
				look(path, *form.Each)
			}
			for _, sub := range form.Keys {
				at := path + "." + sub.Name
				if strings.HasPrefix(at, ".transform.apply.") {
					continue // steps are proven by TestStepsTakeTheirParameters
				}
				if !used[at] && !used[alike(at)] {
					t.Errorf("no full spec has the key %s", at[1:])
				}
				look(at, sub)
			}
		}
	}
	look("", schema.Spec())
}

// allowed returns what the parser says of an unknown key at a path.
func allowed(t *testing.T, base string, set map[string]any, path string) []string {
	t.Helper()
	_, err := pipeline.ParseWith([]byte(base), set)
	var e *gristmill.Error
	if !errors.As(err, &e) {
		t.Fatalf("set %v: %v", set, err)
	}
	for _, p := range e.Problems {
		if strings.HasPrefix(p.Path, path) && strings.Contains(p.Msg, "zz_nobody") {
			return sorted(strings.Split(strings.TrimPrefix(p.Want, "one of "), ", "))
		}
	}
	t.Fatalf("set %v: nothing is said of the unknown key: %v", set, err)
	return nil
}

func sorted(s []string) []string { s = slices.Clone(s); slices.Sort(s); return s }

func names(keys []schema.Key, algorithm string) []string {
	var out []string
	for _, k := range keys {
		if len(k.Of) == 0 || slices.Contains(k.Of, algorithm) {
			out = append(out, k.Name)
		}
	}
	return sorted(out)
}

// refusedWithReason reports whether the parser knows a key of other algorithms
// only to say why it does not belong to this one.
func refusedWithReason(t *testing.T, base, path, name string, keys []schema.Key, algorithm string) bool {
	t.Helper()
	i := slices.IndexFunc(keys, func(k schema.Key) bool { return k.Name == name })
	if i < 0 || len(keys[i].Of) == 0 || slices.Contains(keys[i].Of, algorithm) {
		return false
	}
	value := append(slices.Clone(keys[i].Values), "f1")[0]
	_, err := pipeline.ParseWith([]byte(base), map[string]any{path + "." + name: value})
	return err != nil && strings.Contains(err.Error(), path+"."+name+": ") && strings.Contains(err.Error(), algorithm+" predicts")
}

// TestTheParserKnowsNoOtherKeys asks the parser, with an unknown key in every
// mapping, which keys it knows.
func TestTheParserKnowsNoOtherKeys(t *testing.T) {
	t.Parallel()
	for _, a := range catalog.Algorithms() {
		if a.Name == catalog.Baseline(a.Task).Kind() {
			continue
		}
		base := "name: a\ndata: {source: /x.csv, target: y}\ntrain: {algorithm: " + a.Name + ", cv: {folds: 3}}\n"
		mappings := 0
		var look func(path string, k schema.Key)
		look = func(path string, k schema.Key) {
			if len(k.Of) > 0 && !slices.Contains(k.Of, a.Name) {
				return
			}
			if k.Form == schema.Named && len(k.Values) > 0 { // gates
				got := allowed(t, base, map[string]any{path + ".zz_nobody": "> 1"}, path)
				for _, name := range got {
					if !slices.Contains(k.Values, name) {
						t.Errorf("%s: %s takes %s, which the table does not name", a.Name, path, name)
					}
				}
				return
			}
			if k.Form != schema.Mapping {
				return
			}
			mappings++
			got := allowed(t, base, map[string]any{strings.TrimPrefix(path+".zz_nobody", "."): 1}, path)
			got = slices.DeleteFunc(got, func(name string) bool { return refusedWithReason(t, base, path, name, k.Keys, a.Name) })
			if want := names(k.Keys, a.Name); !slices.Equal(got, want) {
				t.Errorf("%s: at %q the parser knows %v, the table %v", a.Name, path, got, want)
			}
			for _, sub := range k.Keys {
				look(strings.TrimPrefix(path+"."+sub.Name, "."), sub)
			}
		}
		look("", schema.Spec())
		if mappings < 10 {
			t.Errorf("only %d mappings were looked at", mappings)
		}
	}
}

func find(t *testing.T, k schema.Key, path ...string) schema.Key {
	t.Helper()
	for _, name := range path {
		var next []schema.Key
		for _, form := range append([]schema.Key{k}, k.Or...) {
			if form.Each != nil {
				form.Keys = append(slices.Clone(form.Keys), form.Each.Keys...)
			}
			next = append(next, form.Keys...)
		}
		i := slices.IndexFunc(next, func(k schema.Key) bool { return k.Name == name })
		if i < 0 {
			t.Fatalf("the table has no %s of %v", name, path)
		}
		k = next[i]
	}
	return k
}

func TestSourcesRulesAndFieldsHaveNoOtherKeys(t *testing.T) {
	t.Parallel()
	const base = "name: a\ndata: {source: /x.csv, target: y}\ntrain: {algorithm: ridge}\n"
	root := schema.Spec()
	for _, kind := range []string{"http", "s3", "postgres"} {
		got := allowed(t, base, map[string]any{"data.source": map[string]any{kind: map[string]any{"zz_nobody": 1}}}, "data.source")
		if want := names(find(t, root, "data", "source", kind).Keys, ""); !slices.Equal(got, want) {
			t.Errorf("source %s: the parser knows %v, the table %v", kind, got, want)
		}
	}
	rule := func(v any) map[string]any { return map[string]any{"transform": []any{v}} }
	got := allowed(t, base, rule(map[string]any{"zz_nobody": 1}), "transform")
	if want := append(names(find(t, root, "transform").Each.Keys, ""), "remainder"); !slices.Equal(got, sorted(want)) {
		t.Errorf("a rule: the parser knows %v, the table %v", got, want)
	}
	got = allowed(t, base, rule(map[string]any{"columns": map[string]any{"zz_nobody": 1}, "apply": []any{"drop"}}), "transform")
	if want := names(find(t, root, "transform", "columns").Keys, ""); !slices.Equal(got, want) {
		t.Errorf("columns: the parser knows %v, the table %v", got, want)
	}
	var fields []string
	for i := range reflect.TypeFor[frame.Field]().NumField() {
		tag, _, _ := strings.Cut(reflect.TypeFor[frame.Field]().Field(i).Tag.Get("json"), ",")
		fields = append(fields, tag)
	}
	if want := names(find(t, root, "data", "schema").Each.Keys, ""); !slices.Equal(sorted(fields), want) {
		t.Errorf("a field is read with %v, the table has %v", sorted(fields), want)
	}
}

func TestStepsTakeTheirParameters(t *testing.T) {
	t.Parallel()
	const base = "name: a\ndata: {source: /x.csv, target: y}\ntrain: {algorithm: ridge}\n"
	apply := find(t, schema.Spec(), "transform", "apply")
	step := func(name string, v any) map[string]any {
		return map[string]any{"transform": []any{map[string]any{"columns": map[string]any{"type": "number"}, "apply": []any{map[string]any{name: v}}}}}
	}
	for _, s := range apply.Each.Or[0].Keys {
		if len(s.Keys) == 0 {
			continue
		}
		got := allowed(t, base, step(s.Name, map[string]any{"zz_nobody": 1}), "transform")
		if want := names(s.Keys, ""); !slices.Equal(got, want) {
			t.Errorf("%s: the parser knows %v, the table %v", s.Name, got, want)
		}
	}
	got := allowed(t, base, step("zz_nobody", 1), "transform")
	if want := sorted(apply.Each.Values); !slices.Equal(got, want) {
		t.Errorf("the parser knows the steps %v, the table %v", got, want)
	}
}

func TestTheReferenceIsUpToDate(t *testing.T) {
	t.Parallel()
	const file, begin, end = "../../docs/pipelines.md", "<!-- begin: generated by go test ./pipeline/schema -update -->\n", "<!-- end: generated -->\n"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), begin)
	if !ok {
		t.Fatalf("%s has no line %s", file, begin)
	}
	is, after, ok := strings.Cut(rest, end)
	if !ok {
		t.Fatalf("%s has no line %s", file, end)
	}
	want := "\n" + schema.Reference() + "\n"
	if is == want {
		return
	}
	if !*update {
		t.Fatalf("the reference in %s is old; run: go test ./pipeline/schema -update", file)
	}
	if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
