package bundle_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gristmill/ml"
	"gristmill/ml/baseline"
	"gristmill/ml/bundle"
	"gristmill/ml/frame"
	"gristmill/ml/linear"
	"gristmill/ml/prep"
)

const rules = `[
	{"columns": {"names": ["income"]}, "apply": [{"impute": "median"}, "log1p", {"scale": "standard"}]},
	{"columns": {"type": "number"}, "apply": [{"impute": "mean"}, {"scale": "standard"}]},
	{"columns": {"names": ["plan"]}, "apply": [{"impute": "most_frequent"}, {"ordinal": {"unknown": "value", "value": -1}}]},
	{"columns": {"type": "category"}, "apply": [{"one_hot": {"unknown": "ignore"}}]}]`

// people has columns of every type, with nulls.
func people(t testing.TB, n int) *frame.Frame {
	t.Helper()
	s := frame.Schema{Fields: []frame.Field{{Name: "city", Type: frame.String}, {Name: "age", Type: frame.Int64, Nullable: true},
		{Name: "income", Type: frame.Float64, Nullable: true}, {Name: "new", Type: frame.Bool}, {Name: "plan", Type: frame.String, Nullable: true}}}
	b := frame.NewBuilder(s, n)
	for i := range n {
		row := []any{[]string{"Rome", "Oslo", "São Paulo"}[i%3], 20 + i%40, 1000.5 + float64(i*i%977), i%4 == 0, []string{"basic", "pro"}[i%2]}
		if i%11 == 3 {
			row[1], row[2], row[4] = nil, nil, nil
		}
		for j, v := range row {
			if err := b.Value(j, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	f, err := b.Frame()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func build(t testing.TB, spec ml.Spec, classes ...string) *bundle.Model {
	t.Helper()
	f := people(t, 120)
	ps, problems := prep.Parse([]byte(rules))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	p, err := prep.Fit(context.Background(), ps, f)
	if err != nil {
		t.Fatal(err)
	}
	x, err := p.Apply(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	d := ml.Data{X: x, Classes: classes}
	for i := range f.Rows() {
		y := float64(i*7%13) + float64(i%3)
		if len(classes) > 0 {
			y = float64((i*7%13 + i%3) % len(classes))
		}
		d.Y = append(d.Y, y)
	}
	m, err := spec.Fit(context.Background(), d, ml.FitOptions{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.New("people", p, m, bundle.Target{Name: "target"})
	if err != nil {
		t.Fatal(err)
	}
	b.CreatedBy, b.InputExample, b.Metadata = "gristmill test", f.Take([]int{0, 1, 2, 3, 4}), map[string]string{"run": "42"}
	return b
}

func write(t testing.TB, m *bundle.Model) bundle.Files {
	t.Helper()
	files, err := m.Write()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func predict(t testing.TB, m *bundle.Model, f *frame.Frame) *bundle.Prediction {
	t.Helper()
	p, err := m.Predict(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryKindOfModelSurvivesThePackage(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]*bundle.Model{
		"linear": build(t, linear.Linear{}), "ridge": build(t, linear.Ridge{L2: 1}), "mean": build(t, baseline.Mean{}),
		"binary": build(t, linear.Logistic{L2: 1}, "No", "Yes"), "multiclass": build(t, linear.Logistic{L2: 1}, "a", "b", "c"),
		"majority": build(t, baseline.Majority{}, "a", "b", "c"),
	} {
		files := write(t, m)
		tar, err := bundle.Pack(files)
		if err != nil {
			t.Fatal(err)
		}
		again, err := bundle.Pack(write(t, m))
		if err != nil || !bytes.Equal(tar, again) {
			t.Errorf("%s: packed twice, the bytes differ (error %v)", name, err)
		}
		unpacked, err := bundle.Unpack(tar)
		if err != nil || !maps.EqualFunc(unpacked, files, bytes.Equal) {
			t.Fatalf("%s: unpacked files differ (error %v)", name, err)
		}
		back, err := bundle.Read(unpacked)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := frame.Diff(back.InputExample, mustConform(t, m.InputExample, m.Signature.Inputs)); d != "" {
			t.Errorf("%s: input example: %s", name, d)
		}
		f := people(t, 50)
		if a, b := predict(t, m, f), predict(t, back, f); !reflect.DeepEqual(a, b) {
			t.Errorf("%s: predictions differ after reading", name)
		}
		if !maps.EqualFunc(write(t, back), files, bytes.Equal) {
			t.Errorf("%s: written again, the files differ", name)
		}
	}
}

func mustConform(t testing.TB, f *frame.Frame, s frame.Schema) *frame.Frame {
	t.Helper()
	out, err := bundle.Conform(f, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAnAlteredFileIsRefusedByDigest(t *testing.T) {
	t.Parallel()
	files := write(t, build(t, linear.Logistic{L2: 1}, "No", "Yes"))
	for _, name := range []string{"blobs/coef.bin", "blobs/intercept.bin", "prep.json", "input_example.json"} {
		bad := maps.Clone(files)
		bad[name] = bytes.Clone(files[name])
		bad[name][3] ^= 1
		want, got := sha256.Sum256(files[name]), sha256.Sum256(bad[name])
		_, err := bundle.Read(bad)
		var de *bundle.DigestError
		if !errors.As(err, &de) || de.File != name || de.Want != hex.EncodeToString(want[:]) || de.Got != hex.EncodeToString(got[:]) {
			t.Errorf("%s altered: %v", name, err)
		}
		delete(bad, name)
		if _, err := bundle.Read(bad); err == nil || !strings.Contains(err.Error(), name+" is missing") {
			t.Errorf("%s missing: %v", name, err)
		}
	}
	for what, change := range map[string]func(string) string{
		"digest":     func(s string) string { return strings.Replace(s, `"weights_sha256": "`, `"weights_sha256": "0`, 1) },
		"version":    func(s string) string { return strings.Replace(s, `"version": 1`, `"version": 2`, 1) },
		"format":     func(s string) string { return strings.Replace(s, `gristmill-model`, `other`, 1) },
		"key":        func(s string) string { return strings.Replace(s, `"name"`, `"nmae"`, 1) },
		"class":      func(s string) string { return strings.Replace(s, `"Yes"`, `"Maybe"`, 1) },
		"shape":      func(s string) string { return strings.Replace(s, `"shape": [`, `"shape": [2,`, 1) },
		"model kind": func(s string) string { return strings.Replace(s, `logistic/v1`, `logistic/v7`, 1) },
		"truncation": func(s string) string { return s[:len(s)/2] },
	} {
		bad := maps.Clone(files)
		bad["model.json"] = []byte(change(string(files["model.json"])))
		if bytes.Equal(bad["model.json"], files["model.json"]) {
			t.Fatalf("%s: nothing was changed", what)
		}
		if _, err := bundle.Read(bad); err == nil {
			t.Errorf("a model.json with another %s was read", what)
		}
	}
	bad := maps.Clone(files)
	bad["extra.bin"] = nil
	if _, err := bundle.Read(bad); err == nil || !strings.Contains(err.Error(), "extra.bin does not belong") {
		t.Errorf("a file too many: %v", err)
	}
	if _, err := bundle.Read(nil); err == nil {
		t.Error("no files were read")
	}
}

func TestWeightsDigestIsWhatSha256sumPrints(t *testing.T) {
	t.Parallel()
	m := build(t, linear.Ridge{L2: 1})
	files := write(t, m)
	var list strings.Builder
	for _, name := range []string{"blobs/coef.bin", "blobs/intercept.bin", "prep.json"} {
		fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256(files[name]), name)
	}
	want := fmt.Sprintf("%x", sha256.Sum256([]byte(list.String())))
	if got, err := m.WeightsSHA256(); err != nil || got != want {
		t.Errorf("weights_sha256 %s, want %s (error %v)", got, want, err)
	}
	m.Name, m.CreatedBy, m.Metadata, m.InputExample = "other", "other", nil, nil
	if got, _ := m.WeightsSHA256(); got != want {
		t.Error("weights_sha256 depends on more than the weights")
	}
	if got, _ := build(t, linear.Ridge{L2: 1.001}).WeightsSHA256(); got == want {
		t.Error("other weights have the same weights_sha256")
	}
}

func TestInputIsConformedToTheSignature(t *testing.T) {
	t.Parallel()
	m := build(t, linear.Logistic{L2: 1}, "No", "Yes")
	f := people(t, 6)
	want := predict(t, m, f)
	// Another order, a column too many, numbers in the other type.
	age := &frame.Column{Field: frame.Field{Name: "age", Type: frame.Float64}, Floats: make([]float64, 6)}
	for i := range age.Floats {
		age.Floats[i] = f.Column("age").Float(i)
	}
	other, err := frame.New(f.Column("plan"), age, f.Column("new"), f.Column("income"),
		&frame.Column{Field: frame.Field{Name: "surplus", Type: frame.Bool}, Bools: make([]bool, 6)}, f.Column("city"))
	if err != nil {
		t.Fatal(err)
	}
	if got := predict(t, m, other); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if len(want.Labels) != 6 || want.Labels[0] != want.Classes[int(want.Values[0])] || len(want.Proba) != 12 {
		t.Errorf("prediction %+v", want)
	}
	if got := predict(t, m, f.Take(nil)); len(got.Values) != 0 {
		t.Errorf("no rows predict %v", got.Values)
	}
}

func TestInputThatCannotBeConformedIsReportedAllAtOnce(t *testing.T) {
	t.Parallel()
	m := build(t, linear.Ridge{L2: 1})
	f, err := frame.New(
		&frame.Column{Field: frame.Field{Name: "age", Type: frame.Float64}, Floats: []float64{30, 2.5}},
		&frame.Column{Field: frame.Field{Name: "new", Type: frame.Bool, Nullable: true}, Bools: []bool{true, false}, Valid: frame.Bitmap{1}},
		&frame.Column{Field: frame.Field{Name: "plan", Type: frame.Int64}, Ints: []int64{1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Predict(context.Background(), f)
	want := `column "city" (string) is missing
column "age" is 2.5 in row 2, want a whole number
column "income" (float64) is missing
column "plan" is int64, want string`
	var ps ml.Problems
	if !errors.As(err, &ps) || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	strict := slices.Clone(m.Signature.Inputs.Fields)
	for i := range strict {
		strict[i].Nullable = false
	}
	_, err = bundle.Conform(people(t, 30), frame.Schema{Fields: strict})
	want = `column "age" is null in row 4 (3 in all), but must not be
column "income" is null in row 4 (3 in all), but must not be
column "plan" is null in row 4 (3 in all), but must not be`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestAColumnOfNullsFitsAnyType(t *testing.T) {
	t.Parallel()
	nulls := &frame.Column{Field: frame.Field{Name: "x", Type: frame.String, Nullable: true}, Texts: make([]string, 3), Valid: frame.Bitmap{0}}
	f, err := frame.New(nulls)
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []frame.Type{frame.Float64, frame.Int64, frame.Bool, frame.String} {
		out := mustConform(t, f, frame.Schema{Fields: []frame.Field{{Name: "x", Type: typ, Nullable: true}}})
		if c := out.At(0); c.Field.Type != typ || c.Len() != 3 || c.Nulls() != 3 || !math.IsNaN(c.Float(1)) {
			t.Errorf("%s: %+v", typ, c)
		}
	}
}

func TestPartsThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	m := build(t, linear.Ridge{L2: 1})
	c := build(t, linear.Logistic{L2: 1}, "No", "Yes")
	if _, err := bundle.New("x", nil, m.Model, bundle.Target{}); err == nil {
		t.Error("a model without transformer was made")
	}
	small := *m
	small.Model = &linear.Regression{Algorithm: "ridge", Features: frame.Schema{Fields: []frame.Field{{Name: "a", Type: frame.Float64}}}, Coef: []float64{1}}
	if _, err := small.Write(); err == nil {
		t.Error("an estimator of other features was written")
	}
	wrong := *c
	wrong.Target.Positive = "Perhaps"
	if _, err := wrong.Write(); err == nil {
		t.Error("an unknown positive class was written")
	}
}

func TestUnpackTakesPlainFilesOnly(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../evil", "/etc/x", "a/../b", "./a", `a\b`} {
		tar, err := bundle.Pack(bundle.Files{name: []byte("x")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bundle.Unpack(tar); err == nil {
			t.Errorf("%q was unpacked", name)
		}
	}
	for _, b := range [][]byte{nil, []byte("not a tar"), make([]byte, 1024)} {
		if _, err := bundle.Unpack(b); err == nil {
			t.Errorf("%d bytes were unpacked", len(b))
		}
	}
}

// Bytes are changed at random, with the digests made right again, so that what
// is behind them is reached.
func TestAnyAlteredManifestIsReadOrRefusedWithoutPanic(t *testing.T) {
	t.Parallel()
	files := write(t, build(t, linear.Logistic{L2: 1}, "No", "Yes"))
	rng := rand.New(rand.NewPCG(1, 2))
	rows := people(t, 5)
	sum := func(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }
	read := 0
	for range 3000 {
		changed := maps.Clone(files)
		for _, name := range []string{"model.json", "prep.json"} {
			b := bytes.Clone(files[name])
			for range rng.IntN(3) {
				switch i := rng.IntN(len(b)); rng.IntN(3) {
				case 0:
					b[i] = "0123456789-[]{},:\"nulltre"[rng.IntN(25)]
				case 1:
					b = slices.Delete(b, i, min(i+1+rng.IntN(6), len(b)))
				default:
					j := rng.IntN(len(b))
					b = slices.Insert(b, i, b[j:min(j+8, len(b))]...)
				}
			}
			changed[name] = b
		}
		manifest := bytes.ReplaceAll(changed["model.json"], []byte(sum(files["prep.json"])), []byte(sum(changed["prep.json"])))
		var list strings.Builder
		for _, name := range []string{"blobs/coef.bin", "blobs/intercept.bin", "prep.json"} {
			fmt.Fprintf(&list, "%s  %s\n", sum(changed[name]), name)
		}
		weights, err := weightsOf(files)
		if err != nil {
			t.Fatal(err)
		}
		changed["model.json"] = bytes.ReplaceAll(manifest, []byte(weights), []byte(sum([]byte(list.String()))))
		m, err := bundle.Read(changed)
		if err != nil {
			continue
		}
		read++
		_, _ = m.Predict(context.Background(), rows)
	}
	if read < 300 {
		t.Errorf("only %d of 3000 altered packages got past the digests", read)
	}
}

// weightsOf returns the weights digest of a package.
func weightsOf(files bundle.Files) (string, error) {
	var man struct {
		Weights string `json:"weights_sha256"`
	}
	err := json.Unmarshal(files["model.json"], &man)
	return man.Weights, err
}

func Example() {
	f, _ := frame.New(&frame.Column{Field: frame.Field{Name: "x", Type: frame.Float64}, Floats: []float64{1, 2, 3, 4}})
	spec, _ := prep.Parse([]byte(`[{"columns": {"type": "number"}, "apply": [{"scale": "standard"}]}]`))
	p, _ := prep.Fit(context.Background(), spec, f)
	x, _ := p.Apply(context.Background(), f)
	fitted, _ := linear.Linear{}.Fit(context.Background(), ml.Data{X: x, Y: []float64{3, 5, 7, 9}}, ml.FitOptions{})
	m, _ := bundle.New("line", p, fitted, bundle.Target{Name: "y"})
	files, err := m.Write()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(slices.Sorted(maps.Keys(files)))
	back, _ := bundle.Read(files)
	row, _ := frame.New(&frame.Column{Field: frame.Field{Name: "x", Type: frame.Int64}, Ints: []int64{10}})
	answer, _ := back.Predict(context.Background(), row)
	fmt.Printf("%.6f\n", answer.Values[0])
	// Output:
	// [blobs/coef.bin blobs/intercept.bin model.json prep.json]
	// 21.000000
}
