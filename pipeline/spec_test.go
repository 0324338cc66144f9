package pipeline_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gristmill"
	"gristmill/ml/frame"
	"gristmill/pipeline"
)

func ExampleParse() {
	_, err := pipeline.Parse([]byte(`
name: mine
data: {source: "sample:telco_churn", target: churn}
train: {algorithm: logistik, l2: 1.0}
evaluate: {gate: {test_roc_auc: "> 0.8"}}
`))
	fmt.Println(err)
	// Output:
	// invalid spec:
	//   4:20: train.algorithm: unknown algorithm "logistik", allowed: linear, logistic, ridge (did you mean "logistic"?)
	//   5:12: evaluate: unknown key "gate", allowed: bootstrap, checks, cost, gates, importance, seed, slices, threshold (did you mean "gates"?)
}

func ExampleMake() {
	spec, err := pipeline.Parse([]byte(pipeline.Shipped()["churn"]))
	if err != nil {
		fmt.Println(err)
		return
	}
	plan, err := pipeline.Make("default", spec)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range plan.Steps {
		fmt.Println(s.ID, s.Needs, s.Queue)
	}
	// Output:
	// fetch [] gristmill
	// transform [fetch] gristmill-cpu
	// train [fetch transform] gristmill-cpu
	// evaluate [fetch train transform] gristmill-cpu
	// register [evaluate fetch train transform] gristmill
	// deploy [register] gristmill
}

// TestBrokenSpecs reads testdata/broken/*.yaml; each ends in a comment block
// with the exact problems that it must give.
func TestBrokenSpecs(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(files) < 90 {
		t.Fatalf("%d broken specs, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, want, ok := strings.Cut(string(b), "#WANT\n")
			if !ok {
				t.Fatal("no #WANT")
			}
			want = strings.TrimSpace(strings.ReplaceAll("\n"+want, "\n# ", "\n"))
			_, err = pipeline.Parse([]byte(text))
			if err == nil {
				t.Fatalf("was accepted; want\n%s", want)
			}
			if kind := gristmill.KindOf(err); kind != gristmill.Invalid {
				t.Errorf("kind %s", kind)
			}
			got := strings.TrimPrefix(err.Error(), "invalid spec:\n  ")
			got = strings.ReplaceAll(got, "\n  ", "\n")
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestShippedSpecsAreValid(t *testing.T) {
	t.Parallel()
	for name, text := range pipeline.Shipped() {
		v, err := pipeline.Applied("default", text, "gristmill", time.Time{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if v.Name != name {
			t.Errorf("%s names itself %s", name, v.Name)
		}
	}
}

func TestDigestIsOfTheContent(t *testing.T) {
	t.Parallel()
	digest := func(text string) gristmill.Digest {
		t.Helper()
		s, err := pipeline.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		_, d := s.JSON()
		return d
	}
	a := digest("name: a\ndata: {source: \"sample:telco_churn\", target: churn}\ntrain: {algorithm: logistic, l2: 1}\n")
	b := digest("# a comment\ntrain:\n  l2: 1\n  algorithm: logistic\nname: a\ndata:\n  target: churn\n  source: sample:telco_churn\n")
	c := digest("name: a\ndata: {source: \"sample:telco_churn\", target: churn}\ntrain: {algorithm: logistic, l2: 2}\n")
	if a != b {
		t.Error("layout and comments change the digest")
	}
	if a == c {
		t.Error("another value has the same digest")
	}
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	v, err := pipeline.Applied("default", pipeline.Shipped()["churn"], "me", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := pipeline.ParseSet([]string{"train.l2=2", "data.split.seed=7", "evaluate.gates.test_accuracy=> 0.5"})
	if err != nil {
		t.Fatal(err)
	}
	spec, err := pipeline.Load(v.Spec, set)
	if err != nil {
		t.Fatal(err)
	}
	params := spec.Params()
	for key, want := range map[string]string{"train.l2": "2", "data.split.seed": "7", "train.algorithm": "logistic", "train.iterations": "100", "data.target": "churn", "train.tolerance": "1e-10"} {
		if params[key] != want {
			t.Errorf("param %s = %q, want %q", key, params[key], want)
		}
	}
	if len(spec.Evaluate.Gates) != 3 {
		t.Errorf("gates %v", spec.Evaluate.Gates)
	}
	for _, c := range []struct {
		set  map[string]any
		want string
	}{
		{map[string]any{"train.l3": 2}, `train: unknown key "l3", allowed: algorithm, checkpoint_every, cv, iterations, l2, no_intercept, queue, seed, target_transform, threshold, tolerance (did you mean "l2"?)`},
		{map[string]any{"train.l2": "many"}, `train.l2: given "many", want a number`},
		{map[string]any{"train.l2": json.Number("-1")}, `train.l2`},
		{map[string]any{"name.first": "x"}, `set name.first: name is not a section; its value is "churn"`},
	} {
		_, err := pipeline.Load(v.Spec, c.set)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("set %v: got %v, want %s", c.set, err, c.want)
		}
	}
	if _, err := pipeline.ParseSet([]string{"train.l2", "=3", "a..b=1", "a=[1"}); err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("bad pairs: %v", err)
	}
}

func TestDescribeFollowsTheColumns(t *testing.T) {
	t.Parallel()
	spec, err := pipeline.Parse([]byte(`
name: mine
data: {source: "sample:telco_churn", target: y, drop: [id]}
transform:
  - {columns: {type: number}, apply: [{impute: median}, {scale: standard}]}
  - {columns: {type: category}, apply: [{one_hot: {unknown: ignore}}]}
train: {algorithm: ridge}
`))
	if err != nil {
		t.Fatal(err)
	}
	schema := frame.Schema{Fields: []frame.Field{
		{Name: "id", Type: frame.String}, {Name: "age", Type: frame.Float64, Nullable: true}, {Name: "town", Type: frame.String}, {Name: "y", Type: frame.Float64}}}
	r, err := pipeline.Describe("default", spec, schema)
	if err != nil {
		t.Fatal(err)
	}
	arrive := map[string]string{}
	for _, s := range r.Steps {
		var names []string
		for _, f := range s.Columns {
			names = append(names, f.Name)
		}
		arrive[s.ID] = strings.Join(names, " ")
	}
	for step, want := range map[string]string{"fetch": "id age town y", "transform": "id age town y", "train": "age town=*", "evaluate": "age town=*", "register": ""} {
		if arrive[step] != want {
			t.Errorf("%s: %q, want %q", step, arrive[step], want)
		}
	}
	_, err = pipeline.Describe("default", spec, schema.Without("y", "id"))
	want := "the spec does not fit its data:\n  data.target: unknown column \"y\", allowed: age, town\n  data.drop[0]: unknown column \"id\", allowed: age, town"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestRelocateUploadsTheCallersFiles(t *testing.T) {
	t.Parallel()
	text := "# mine\nname: a\ndata:\n  source: rows.csv # here\n  target: y\n  split: {kind: ids, file: ids.csv}\n"
	out, err := pipeline.Relocate([]byte(text), func(key, path string) (string, error) { return key + "!" + path, nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`source: "data.source!rows.csv" # here`, `file: "data.split.file!ids.csv"`, "# mine"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	for _, same := range []string{"data: {source: /abs/rows.csv}", "data: {source: \"sample:x\"}", ": not yaml : ["} {
		out, err := pipeline.Relocate([]byte(same), func(string, string) (string, error) { return "", fmt.Errorf("must not be asked") })
		if err != nil || string(out) != same {
			t.Errorf("%s became %s, %v", same, out, err)
		}
	}
}

func TestARelativePathIsNotApplied(t *testing.T) {
	t.Parallel()
	text := "name: a\ndata: {source: rows.csv, target: y}\ntrain: {algorithm: linear}\n"
	_, err := pipeline.Applied("default", text, "me", time.Time{})
	want := "invalid spec:\n  2:16: data.source: \"rows.csv\" is a relative path, which only its owner's machine can find: `gristmill pipeline apply -f` uploads it; or give an absolute path of the worker's machine"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, err := pipeline.Parse([]byte(text)); err != nil {
		t.Errorf("the caller's own reading refuses it: %v", err)
	}
}

func TestAPlanCarriesTheDataSectionByReference(t *testing.T) {
	t.Parallel()
	var columns []string
	for i := range 3000 {
		columns = append(columns, fmt.Sprintf("{name: column_%d, type: float64, nullable: true}", i))
	}
	spec, err := pipeline.Parse([]byte("name: wide\ndata: {source: /rows.csv, target: column_0, schema: [" + strings.Join(columns, ", ") + "]}\ntrain: {algorithm: ridge}\n"))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pipeline.Make("default", spec)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := json.Marshal(plan); len(b) > 8<<10 {
		t.Errorf("a plan of %d bytes", len(b))
	}
}
