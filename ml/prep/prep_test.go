package prep_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"gristmill/ml"
	"gristmill/ml/frame"
	"gristmill/ml/prep"
)

func numbers(name string, v []*float64) *frame.Column {
	c := &frame.Column{Field: frame.Field{Name: name, Type: frame.Float64, Nullable: true}, Floats: make([]float64, len(v)), Valid: make(frame.Bitmap, (len(v)+63)/64)}
	for i, x := range v {
		c.Floats[i] = math.NaN()
		if x != nil {
			c.Floats[i] = *x
			c.Valid[i/64] |= 1 << (i % 64)
		}
	}
	return c
}

func texts(name string, v []*string) *frame.Column {
	c := &frame.Column{Field: frame.Field{Name: name, Type: frame.String, Nullable: true}, Texts: make([]string, len(v)), Valid: make(frame.Bitmap, (len(v)+63)/64)}
	for i, x := range v {
		if x != nil {
			c.Texts[i] = *x
			c.Valid[i/64] |= 1 << (i % 64)
		}
	}
	return c
}

func text(name string, v ...string) *frame.Column {
	return &frame.Column{Field: frame.Field{Name: name, Type: frame.String}, Texts: v}
}

func floats(name string, v ...float64) *frame.Column {
	return &frame.Column{Field: frame.Field{Name: name, Type: frame.Float64}, Floats: v}
}

func makeFrame(t testing.TB, cols ...*frame.Column) *frame.Frame {
	t.Helper()
	f, err := frame.New(cols...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func parse(t testing.TB, rules string) prep.Spec {
	t.Helper()
	s, ps := prep.Parse([]byte(rules))
	if len(ps) > 0 {
		t.Fatal(ps)
	}
	return s
}

func fit(t testing.TB, rules string, f *frame.Frame) *prep.Columns {
	t.Helper()
	c, err := prep.Fit(context.Background(), parse(t, rules), f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func apply(t testing.TB, c *prep.Columns, f *frame.Frame) []float64 {
	t.Helper()
	out, err := c.Apply(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	flat := make([]float64, 0, out.Rows()*out.Cols())
	for i := range out.Rows() {
		for j := range out.Cols() {
			flat = append(flat, out.At(j).Float(i))
		}
	}
	return flat
}

func TestTransformersEqualScikitLearn(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g struct {
		Num, Whole []*float64
		Text       []*string
		Want       map[string]json.RawMessage
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	cols := map[string]*frame.Column{"num": numbers("num", g.Num), "whole": numbers("whole", g.Whole), "text": texts("text", g.Text)}
	cols["constant"] = floats("constant", .1, .1, .1, .1, .1, .1, .1, .1, .1, .1)
	impute := `{"impute":"most_frequent"}`
	unknownHot, unknownOrd := makeFrame(t, text("text", "zulu", "alpha")), makeFrame(t, text("text", "zulu", "bravo"))
	for _, c := range []struct {
		want, col, steps string
		on               *frame.Frame
	}{
		{"median num", "num", `{"impute":"median"}`, nil},
		{"mean num", "num", `{"impute":{"strategy":"mean"}}`, nil},
		{"most_frequent num", "num", impute, nil},
		{"median whole", "whole", `{"impute":"median"}`, nil},
		{"mean whole", "whole", `{"impute":"mean"}`, nil},
		{"most_frequent whole", "whole", impute, nil},
		{"median+standard num", "num", `{"impute":"median"},{"scale":"standard"}`, nil},
		{"standard num", "num", `{"scale":{}}`, nil},
		{"log1p num", "num", `{"impute":"median"},"log1p"`, nil},
		{"one_hot text", "text", impute + `,{"one_hot":"ignore"}`, nil},
		{"one_hot unknown", "text", impute + `,{"one_hot":{"unknown":"ignore"}}`, unknownHot},
		{"ordinal text", "text", impute + `,"ordinal"`, nil},
		{"ordinal unknown", "text", impute + `,{"ordinal":{"unknown":"value","value":-1}}`, unknownOrd},
		{"standard constant", "constant", `{"scale":{"method":"standard"}}`, nil},
	} {
		train := makeFrame(t, cols[c.col])
		rules := fmt.Sprintf(`[{"columns":{"names":[%q]},"apply":[%s]}]`, c.col, c.steps)
		fitted := fit(t, rules, train)
		on := train
		if c.on != nil {
			on = c.on
		}
		got := apply(t, fitted, on)
		var want []*float64
		if err := json.Unmarshal(g.Want[c.want], &want); err != nil {
			t.Fatalf("%s: %v", c.want, err)
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d numbers, want %d", c.want, len(got), len(want))
		}
		for i, w := range want {
			if w == nil != math.IsNaN(got[i]) || w != nil && math.Abs(got[i]-*w) > 1e-9*max(1, math.Abs(*w)) {
				t.Errorf("%s: number %d is %v, want %v", c.want, i, got[i], w)
			}
		}
	}
}

const mixed = `[
	{"columns": {"type": "number"}, "apply": [{"impute": "median"}, {"scale": "standard"}]},
	{"columns": {"pattern": "^is_"}, "apply": ["keep"]},
	{"columns": {"type": "category"}, "apply": [{"one_hot": {"unknown": "ignore"}}]}]`

func mixedFrame(t testing.TB) *frame.Frame {
	return makeFrame(t,
		text("city", "Rome", "Oslo", "Rome"),
		floats("age", 20, 30, 40),
		&frame.Column{Field: frame.Field{Name: "is_new", Type: frame.Bool}, Bools: []bool{true, false, true}},
		&frame.Column{Field: frame.Field{Name: "visits", Type: frame.Int64}, Ints: []int64{1, 2, 6}})
}

func TestColumnsGoToTheFirstMatchingRuleAndKeepTheirOrderWithin(t *testing.T) {
	t.Parallel()
	c := fit(t, mixed, mixedFrame(t))
	want := []string{"age", "visits", "is_new", "city=Oslo", "city=Rome"}
	if got := c.FeatureNames(); !reflect.DeepEqual(got, want) {
		t.Errorf("features %q, want %q", got, want)
	}
	if got := c.In().Names(); !reflect.DeepEqual(got, []string{"city", "age", "is_new", "visits"}) {
		t.Errorf("inputs %q", got)
	}
	if got := c.Out().Names(); !reflect.DeepEqual(got, want) {
		t.Errorf("outputs %q, want %q", got, want)
	}
	if f, _ := c.In().Field("city"); !f.Nullable {
		t.Error("city goes to one_hot with ignore, but is not nullable")
	}
	if f, _ := c.In().Field("is_new"); f.Nullable {
		t.Error("is_new is kept as it is, but nullable")
	}
}

func TestFittedColumnsSurviveEncoding(t *testing.T) {
	t.Parallel()
	c := fit(t, mixed, mixedFrame(t))
	e, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := prep.Decode(e)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c, back) {
		t.Errorf("decoded %+v, want %+v", back, c)
	}
	if a, b := apply(t, c, mixedFrame(t)), apply(t, back, mixedFrame(t)); !reflect.DeepEqual(a, b) {
		t.Errorf("decoded columns give %v, want %v", b, a)
	}
	for _, bad := range []string{`{"inputs":{"fields":[]},"chains":[{"column":"a","steps":[],"out":["a"]}]}`, `{"surprise":1}`, `[]`,
		`{"inputs":{"fields":[{"name":"a","type":"string"}]},"chains":[{"column":"a","steps":[{}],"out":["a"]}]}`} {
		if _, err := prep.Decode(ml.Encoded{Kind: prep.KindV1, State: []byte(bad)}); err == nil {
			t.Errorf("%s was decoded", bad)
		}
	}
	if _, err := prep.Decode(ml.Encoded{Kind: "columns/v9", State: e.State}); err == nil {
		t.Error("an unknown kind was decoded")
	}
}

func TestSpecSurvivesJSON(t *testing.T) {
	t.Parallel()
	s := parse(t, `[{"columns":{"names":["a"]},"apply":[{"impute":{"strategy":"constant","value":0}},"log1p",{"scale":"standard"}]},
		{"columns":{"pattern":"x"},"apply":[{"impute":{"strategy":"constant","value":"none"}},{"ordinal":{"unknown":"value","value":-1}}]},
		{"columns":{"type":"bool"},"apply":["keep"]},{"remainder":"drop"}]`)
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back prep.Spec
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	again, _ := json.Marshal(back)
	if string(again) != string(b) {
		t.Errorf("%s became %s", b, again)
	}
}

func TestWholeNumbersAreOneCategoryInEitherType(t *testing.T) {
	t.Parallel()
	c := fit(t, `[{"columns":{"type":"number"},"apply":["one_hot"]}]`,
		makeFrame(t, &frame.Column{Field: frame.Field{Name: "n", Type: frame.Int64}, Ints: []int64{1000000, 2, 30}}))
	if got := c.FeatureNames(); !reflect.DeepEqual(got, []string{"n=1000000", "n=2", "n=30"}) {
		t.Errorf("features %q", got)
	}
	if got := apply(t, c, makeFrame(t, floats("n", 1e6))); !reflect.DeepEqual(got, []float64{1, 0, 0}) {
		t.Errorf("1e6 is encoded as %v", got)
	}
}

func TestWrongRulesAreReportedAllAtOnceWithPaths(t *testing.T) {
	t.Parallel()
	for rules, want := range map[string][]string{
		`{}`: {`transform: given {}, want a list of rules {columns: ..., apply: [...]}`},
		`[{"columns":{"type":"number"},"apply":[{"impute":"median"},{"scael":"standard"}]}]`: {
			`transform[0].apply[1]: unknown step "scael", allowed: bins, cyclic, date_parts, drop, frequency, hash_tokens, impute, keep, log1p, missing, one_hot, ordinal, polynomial, power, ratio, scale, similarity, text_length (did you mean "scale"?)`},
		`[{"columns":{"type":"numbr"},"apply":["log1p"]},{"columns":{"pattern":"("},"apply":["log1p"]}]`: {
			`transform[0].columns.type: unknown type "numbr", allowed: bool, category, date, number (did you mean "number"?)`,
			"transform[1].columns.pattern: given (, want a regular expression (error parsing regexp: missing closing ): `(`)"},
		`[{"columns":{"type":"number"},"apply":[{"impute":"avg"}]}]`: {
			`transform[0].apply[0].impute: given avg, want median, mean, most_frequent or constant`},
		`[{"columns":{"type":"number"},"apply":[{"impute":"constant"}]}]`: {
			`transform[0].apply[0].impute.value: given nothing, want a number, text or bool for the strategy constant`},
		`[{"columns":{"type":"number"},"aply":[]}]`: {
			`transform[0]: unknown key "aply", allowed: also, apply, columns, prefix, remainder (did you mean "apply"?)`,
			`transform[0].apply: given {"columns":{"type":"number"},"aply":[]}, want a list of at least one step: bins, cyclic, date_parts, drop, frequency, hash_tokens, impute, keep, log1p, missing, one_hot, ordinal, polynomial, power, ratio, scale, similarity, text_length`},
		`[{"columns":{"type":"category"},"apply":["one_hot",{"scale":"standard"}]}]`: {
			`transform[0].apply[0]: given one_hot before another step, want one_hot as the last step`},
		`[{"columns":{"type":"category"},"apply":[{"one_hot":{"unknwon":"ignore"}}]}]`: {
			`transform[0].apply[0].one_hot: unknown key "unknwon", allowed: max_categories, min_count, min_share, unknown (did you mean "unknown"?)`},
		`[{"columns":{"type":"category"},"apply":[{"ordinal":{"unknown":"value"}}]}]`: {
			`transform[0].apply[0].ordinal.value: given nothing, want a number for unknown categories, such as -1`},
		`[{"columns":"rest","apply":["keep"]},{"remainder":"leave"}]`: {
			`transform[0].columns: given "rest", want {type: number|category|bool|date}, {names: [...]}, {pattern: ...} or remainder`,
			`transform[1].remainder: given "leave", want drop or keep, and no other key beside it`},
		`[{"columns":{"type":"number","names":["a"]},"apply":["drop","keep"]}]`: {
			`transform[0].columns: given 2 selectors, want exactly one of type, names, pattern, remainder`,
			`transform[0].apply[0]: given drop beside other steps, want drop alone`,
			`transform[0].apply[1]: given keep beside other steps, want keep alone`},
	} {
		_, ps := prep.Parse([]byte(rules))
		if got := ps.Error(); got != strings.Join(want, "\n") {
			t.Errorf("%s:\n got %s\nwant %s", rules, got, strings.Join(want, "\n"))
		}
		var s prep.Spec
		var asProblems ml.Problems
		if err := json.Unmarshal([]byte(rules), &s); !errors.As(err, &asProblems) {
			t.Errorf("%s: json.Unmarshal gives %v, want ml.Problems", rules, err)
		}
	}
}

func TestCheckFollowsColumnsWithoutData(t *testing.T) {
	t.Parallel()
	steps, ps := parse(t, mixed).Check(mixedFrame(t).Schema())
	if len(ps) > 0 {
		t.Fatal(ps)
	}
	var got []string
	for _, s := range steps {
		got = append(got, fmt.Sprintf("%s %s: %q -> %q", s.Path, s.Step, frame.Schema{Fields: s.In}.Names(), frame.Schema{Fields: s.Out}.Names()))
	}
	want := []string{
		`transform[0].apply[0] impute: median: ["age" "visits"] -> ["age" "visits"]`,
		`transform[0].apply[1] scale: standard: ["age" "visits"] -> ["age" "visits"]`,
		`transform[1].apply[0] keep: ["is_new"] -> ["is_new"]`,
		`transform[2].apply[0] one_hot: unknown=ignore: ["city"] -> ["city=*"]`}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestCheckNamesWhatCannotWork(t *testing.T) {
	t.Parallel()
	in := frame.Schema{Fields: []frame.Field{{Name: "age", Type: frame.Float64, Nullable: true}, {Name: "city", Type: frame.String}, {Name: "new", Type: frame.Bool}}}
	for rules, want := range map[string]string{
		`[{"columns":{"type":"number"},"apply":[{"impute":"mean"}]}]`: "transform: column \"city\" (string) is matched by no rule; add one, or {columns: remainder, apply: [drop]}\n" +
			"transform: column \"new\" (bool) is matched by no rule; add one, or {columns: remainder, apply: [drop]}",
		`[{"columns":{"names":["agee"]},"apply":["keep"]},{"remainder":"drop"}]`:                                        `transform[0].columns.names[0]: unknown column "agee", allowed: age, city, new (did you mean "age"?)`,
		`[{"columns":{"names":["city"]},"apply":[{"scale":"standard"}]},{"remainder":"drop"}]`:                          `transform[0].apply[0]: scale: standard on column "city", which is string: want a number`,
		`[{"columns":{"names":["age"]},"apply":[{"scale":"standard"}]},{"remainder":"drop"}]`:                           `transform[0]: column "age" may be null after the last step: add impute as the first step`,
		`[{"columns":{"names":["city"]},"apply":[{"impute":"most_frequent"}]},{"remainder":"drop"}]`:                    `transform[0]: column "city" is still text after the last step: add one_hot or ordinal`,
		`[{"columns":{"names":["city"]},"apply":[{"impute":"mean"},"one_hot"]},{"remainder":"drop"}]`:                   `transform[0].apply[0]: impute: mean on column "city", which is string: want a number, or the strategy most_frequent or constant`,
		`[{"columns":{"names":["age"]},"apply":[{"impute":{"strategy":"constant","value":"x"}}]},{"remainder":"drop"}]`: `transform[0].apply[0]: impute: constant x on column "age", which is float64: want a column of text for the constant "x"`,
		`[{"remainder":"drop"}]`: `transform: no column is left to learn from`,
	} {
		_, ps := parse(t, rules).Check(in)
		if got := ml.Problems(ps).Error(); got != want {
			t.Errorf("%s:\n got %s\nwant %s", rules, got, want)
		}
	}
}

func TestDataThatDoNotFitNameColumnAndRow(t *testing.T) {
	t.Parallel()
	c := fit(t, `[{"columns":{"names":["amount"]},"apply":["log1p"]},{"columns":{"names":["city"]},"apply":["one_hot"]},{"columns":{"names":["size"]},"apply":["ordinal"]}]`,
		makeFrame(t, floats("amount", 0, 3), text("city", "Rome", "Oslo"), text("size", "L", "S")))
	_, err := c.Apply(context.Background(), makeFrame(t, floats("amount", 1, -1), text("city", "Rome", "Bonn"), texts("size", []*string{nil, nil})))
	want := `column "amount" is -1 in row 2, want a number > -1 for log1p
column "city" is "Bonn" in row 2, want a category of the training rows (or a policy for unknown values)
column "size" is null in row 1, want a value (or an imputer before this step, or a policy for unknown values)`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	_, err = c.Apply(context.Background(), makeFrame(t, text("amount", "x", "y"), text("city", "Rome", "Oslo")))
	if want := "column \"amount\" is string, want float64\ncolumn \"size\" is missing"; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestFitRefusesDataWithoutContent(t *testing.T) {
	t.Parallel()
	for rules, want := range map[string]string{
		`[{"columns":{"names":["n"]},"apply":[{"impute":"mean"}]},{"remainder":"drop"}]`:    `column "n" has no value to learn the mean from; leave it out (data.drop)`,
		`[{"columns":{"names":["n"]},"apply":[{"scale":"standard"}]},{"remainder":"drop"}]`: `column "n" has no value to learn the scale from`,
		`[{"columns":{"names":["s"]},"apply":[{"one_hot":"ignore"}]},{"remainder":"drop"}]`: `column "s" has no value to learn categories from; leave it out (data.drop)`,
		`[{"columns":{"names":["half"]},"apply":["one_hot"]},{"remainder":"drop"}]`:         `column "half" is null in row 2, want a value (or an imputer before this step, or a policy for unknown values)`,
	} {
		a := "a"
		f := makeFrame(t, numbers("n", []*float64{nil, nil}), texts("s", []*string{nil, nil}), texts("half", []*string{&a, nil}))
		_, err := prep.Fit(context.Background(), parse(t, rules), f)
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", rules, err, want)
		}
	}
	if _, err := prep.Fit(context.Background(), parse(t, `[{"remainder":"keep"}]`), makeFrame(t, floats("x"))); err == nil {
		t.Error("fitted on no rows")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := prep.Fit(ctx, parse(t, mixed), mixedFrame(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v after cancellation", err)
	}
}

func TestInputIsNotTouched(t *testing.T) {
	t.Parallel()
	two := 2.0
	c := numbers("x", []*float64{&two, nil, &two})
	f := makeFrame(t, c, text("city", "a", "b", "a"))
	before := f.Take([]int{0, 1, 2})
	cols := fit(t, `[{"columns":{"type":"number"},"apply":[{"impute":"mean"},"log1p",{"scale":"standard"}]},{"remainder":"drop"}]`, f)
	apply(t, cols, f)
	if d := frame.Diff(before, f); d != "" {
		t.Errorf("the input was changed: %s", d)
	}
}

func ExampleFit() {
	f, _ := frame.New(
		&frame.Column{Field: frame.Field{Name: "age", Type: frame.Float64}, Floats: []float64{20, 40}},
		&frame.Column{Field: frame.Field{Name: "city", Type: frame.String}, Texts: []string{"Rome", "Oslo"}})
	spec, _ := prep.Parse([]byte(`[
		{"columns": {"type": "number"},   "apply": [{"scale": "standard"}]},
		{"columns": {"type": "category"}, "apply": [{"one_hot": {"unknown": "ignore"}}]}]`))
	c, err := prep.Fit(context.Background(), spec, f)
	if err != nil {
		fmt.Println(err)
		return
	}
	out, _ := c.Apply(context.Background(), f)
	for j := range out.Cols() {
		fmt.Println(out.At(j).Field.Name, out.At(j).Floats)
	}
	// Output:
	// age [-1 1]
	// city=Oslo [0 1]
	// city=Rome [1 0]
}
