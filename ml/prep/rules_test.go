package prep_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"gristmill/ml"
	"gristmill/ml/frame"
	"gristmill/ml/prep"
)

func TestAColumnTakenAlsoGoesOnToLaterRules(t *testing.T) {
	t.Parallel()
	f := makeFrame(t, floats("households", 2, 4), floats("rooms", 6, 4), text("city", "Rome", "Oslo"))
	c := fit(t, `[{"columns":{"names":["rooms","households"]},"apply":["ratio"],"also":true},
		{"columns":{"names":["rooms"]},"apply":["log1p"],"also":true,"prefix":"log_"},
		{"columns":{"type":"number"},"apply":["keep"]},{"columns":{"type":"category"},"apply":["ordinal"]}]`, f)
	if got, want := c.FeatureNames(), []string{"rooms_per_households", "log_rooms", "households", "rooms", "city"}; !reflect.DeepEqual(got, want) {
		t.Errorf("features %q, want %q", got, want)
	}
	if got := apply(t, c, f)[0]; got != 3 {
		t.Errorf("6 rooms per 2 households are %v", got)
	}
	// Without another rule a column taken also is left to the remainder, or to
	// none.
	for rules, want := range map[string][]string{
		`[{"columns":{"names":["rooms"]},"apply":["log1p"],"also":true,"prefix":"log_"},{"remainder":"drop"}]`:                                                                  {"log_rooms"},
		`[{"columns":{"names":["rooms"]},"apply":["log1p"],"also":true,"prefix":"log_"},{"columns":{"names":["city"]},"apply":["drop"]},{"remainder":"keep"}]`:                  {"log_rooms", "households", "rooms"},
		`[{"columns":{"names":["rooms"]},"apply":["log1p"],"also":true},{"columns":{"names":["city"]},"apply":["drop"]},{"columns":{"names":["households"]},"apply":["keep"]}]`: {"rooms", "households"},
	} {
		if got := fit(t, rules, f).FeatureNames(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: features %q, want %q", rules, got, want)
		}
	}
	_, err := prep.Fit(context.Background(), parse(t, `[{"columns":{"names":["rooms"]},"apply":["log1p"],"also":true},{"columns":{"type":"number"},"apply":["keep"]},{"remainder":"drop"}]`), f)
	if want := `column "rooms" makes a feature "rooms" twice; give one of its rules a prefix`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAColumnIsNullableIfEachOfItsRulesTakesNulls(t *testing.T) {
	t.Parallel()
	f := makeFrame(t, floats("x", 1, 2))
	for rules, want := range map[string]bool{
		`[{"columns":{"names":["x"]},"apply":["missing"],"also":true},{"columns":"remainder","apply":[{"impute":"mean"}]}]`: true,
		`[{"columns":{"names":["x"]},"apply":["missing"],"also":true},{"columns":"remainder","apply":["keep"]}]`:            false,
	} {
		if in, _ := fit(t, rules, f).In().Field("x"); in.Nullable != want {
			t.Errorf("%s: nullable is %t, want %t", rules, in.Nullable, want)
		}
	}
}

func TestNewStepsAreRefusedWithPathsAndRanges(t *testing.T) {
	t.Parallel()
	number := func(step string) string { return `[{"columns":{"type":"number"},"apply":[` + step + `]}]` }
	for rules, want := range map[string]string{
		number(`{"bins":1}`):                        `transform[0].apply[0].bins.count: given 1, want a whole number from 2 to 255`,
		number(`{"bins":"five"}`):                   `transform[0].apply[0].bins: given "five", want a whole number from 2 to 255, or a map of parameters`,
		number(`{"bins":{"count":2.5,"encode":1}}`): `transform[0].apply[0].bins.encode: given 1, want ordinal or one_hot`,
		number(`{"scale":"max"}`):                   `transform[0].apply[0].scale: given max, want standard, minmax or robust`,
		number(`{"power":"box_cox"}`):               `transform[0].apply[0].power: given box_cox, want yeo_johnson`,
		number(`{"similarity":{"gamma":0,"clusters":0}}`): `transform[0].apply[0].similarity.clusters: given 0, want a whole number from 1 to 1024
transform[0].apply[0].similarity.gamma: given 0, want a number above 0`,
		number(`{"cyclic":["year"]}`):                              `transform[0].apply[0].cyclic.parts: given [year], want a list of quarter, month, day, weekday, day_of_year, week, hour, minute`,
		number(`{"log1p":{"base":10}}`):                            `transform[0].apply[0].log1p: unknown key "base", want no parameters`,
		number(`{"log1p":2}`):                                      `transform[0].apply[0].log1p: given 2, want a word or a map of parameters`,
		number(`{"bins":{"encode":"one_hot"}},"log1p"`):            `transform[0].apply[0]: given bins before another step, want bins as the last step`,
		number(`{"one_hot":{"unknown":"rare"}}`):                   `transform[0].apply[0].one_hot.unknown: given rare, want min_count, min_share or max_categories beside it, which make categories rare`,
		number(`{"one_hot":{"min_share":2}}`):                      `transform[0].apply[0].one_hot.min_share: given 2, want a number above 0 and at most 1`,
		number(`{"cyclic":{"period":24,"parts":["month"]}}`):       `transform[0].apply[0].cyclic: given period and parts, want parts of dates, or the period of numbers`,
		number(`{"impute":{"strategy":"mean","indicator":"yes"}}`): `transform[0].apply[0].impute.indicator: given "yes", want true or false`,
		`[{"columns":{"type":"number"},"apply":["drop"],"also":true},{"columns":"remainder","apply":["keep"],"also":true}]`: `transform[0].also: given true on drop, want drop without also, or another step
transform[1].also: given true on the remainder, want no also, for no rule comes after the remainder`,
		`[{"columns":{"type":"number"},"apply":["keep"],"also":1,"prefix":2}]`: `transform[0].also: given 1, want true or false
transform[0].prefix: given 2, want a text`,
	} {
		if _, ps := prep.Parse([]byte(rules)); ps.Error() != want {
			t.Errorf("%s:\n got %s\nwant %s", rules, ps.Error(), want)
		}
	}
	// A spec made in Go goes through the same checks.
	_, ps := prep.Spec{{Columns: prep.Selector{Type: prep.Number}, Apply: []prep.Step{{Op: prep.OpBins, Params: map[string]any{"count": "x", "edges": 3}}}}}.Check(frame.Schema{})
	if want := "transform[0].apply[0].bins.count: given x, want a whole number from 2 to 255\ntransform[0].apply[0].bins: given edges, want no parameter of that name"; ml.Problems(ps).Error() != want {
		t.Errorf("got %s\nwant %s", ml.Problems(ps).Error(), want)
	}
}

func TestCheckKnowsWhatNewStepsTake(t *testing.T) {
	t.Parallel()
	in := frame.Schema{Fields: []frame.Field{{Name: "age", Type: frame.Float64, Nullable: true}, {Name: "city", Type: frame.String}, {Name: "sold", Type: frame.Timestamp}, {Name: "rooms", Type: frame.Int64}}}
	rule := func(names, steps string) string {
		return `[{"columns":{"names":[` + names + `]},"apply":[` + steps + `]},{"remainder":"drop"}]`
	}
	for rules, want := range map[string]string{
		rule(`"city"`, `"date_parts"`):                                             `transform[0].apply[0]: date_parts on column "city", which is string: want a date`,
		rule(`"rooms"`, `"cyclic"`):                                                `transform[0].apply[0]: cyclic on column "rooms", which is int64: want a period for a number, such as cyclic: {period: 24}`,
		rule(`"sold"`, `{"cyclic":{"period":24}}`):                                 `transform[0].apply[0]: cyclic: period=24 on column "sold", which is timestamp: want a number for a period; parts are for a date`,
		rule(`"sold"`, `{"impute":"median"}`):                                      `transform[0].apply[0]: impute: median on column "sold", which is timestamp: want a number, bool or text`,
		rule(`"sold"`, `"keep"`):                                                   `transform[0].apply[0]: keep on column "sold", which is timestamp: want a number or bool`,
		rule(`"rooms"`, `"text_length"`):                                           `transform[0].apply[0]: text_length on column "rooms", which is int64: want text`,
		rule(`"rooms"`, `"ratio"`):                                                 `transform[0].apply[0]: ratio on columns ["rooms"]: want two columns to divide, not 1`,
		rule(`"rooms","age"`, `"ratio"`):                                           `transform[0]: column "rooms_per_age" may be null after the last step: add impute as the first step`,
		rule(`"rooms","age"`, `{"similarity":1}`):                                  `transform[0]: column "similarity_0" may be null after the last step: add impute as the first step`,
		rule(`"rooms","city"`, `"polynomial"`):                                     `transform[0].apply[0]: polynomial on column "city", which is string: want a number or bool`,
		rule(`"age"`, `{"impute":{"strategy":"median","indicator":true}},"log1p"`): ``,
		rule(`"city"`, `{"one_hot":{"min_count":2}}`):                              ``,
	} {
		_, ps := parse(t, rules).Check(in)
		if got := ml.Problems(ps).Error(); got != want {
			t.Errorf("%s:\n got %s\nwant %s", rules, got, want)
		}
	}
}

func TestDataThatNewStepsCannotTake(t *testing.T) {
	t.Parallel()
	f := makeFrame(t, floats("a", 1, 2, 3), floats("b", 4, 0, 2), texts("s", []*string{nil, nil, nil}), numbers("n", []*float64{nil, nil, nil}))
	for rules, want := range map[string]string{
		`{"columns":{"names":["a","b"]},"apply":["ratio"]}`:                              `column "b" is 0 in row 2, want a number to divide by (or ratio: {by_zero: missing} and an imputer after it)`,
		`{"columns":{"names":["a","b"]},"apply":[{"similarity":4}]}`:                     `similarity to 4 clusters needs as many training rows, there are 3`,
		`{"columns":{"names":["n"]},"apply":["power"]}`:                                  `column "n" has no value to learn the power from; leave it out (data.drop)`,
		`{"columns":{"names":["n"]},"apply":["bins"]}`:                                   `column "n" has no value to learn the bins from; leave it out (data.drop)`,
		`{"columns":{"names":["n"]},"apply":[{"scale":"robust"}]}`:                       `column "n" has no value to learn the scale from`,
		`{"columns":{"names":["s"]},"apply":["frequency"]}`:                              `column "s" has no value to learn categories from; leave it out (data.drop)`,
		`{"columns":{"names":["n","a"]},"apply":[{"similarity":2}]}`:                     `column "n" is null in row 1, want a value (or an imputer before this step, or a policy for unknown values)`,
		`{"columns":{"names":["n","s"]},"apply":[{"impute":"most_frequent"},"ordinal"]}`: "column \"s\" has no value to learn the most_frequent from; leave it out (data.drop)\ncolumn \"n\" has no value to learn the most_frequent from; leave it out (data.drop)",
	} {
		_, err := prep.Fit(context.Background(), parse(t, alone(rules)), f)
		var ps ml.Problems
		if !errors.As(err, &ps) || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", rules, err, want)
		}
	}
}

func TestProblemsOfColumnsTakenTogetherComeAllAtOnce(t *testing.T) {
	t.Parallel()
	c := fit(t, `[{"columns":{"names":["b","a"]},"apply":["log1p","ratio"]}]`, makeFrame(t, floats("a", 1, 2), floats("b", 3, 4)))
	_, err := c.Apply(context.Background(), makeFrame(t, floats("a", 1, -2), floats("b", -3, 4)))
	if want := "column \"b\" is -3 in row 1, want a number > -1 for log1p\ncolumn \"a\" is -2 in row 2, want a number > -1 for log1p"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err = c.Apply(context.Background(), makeFrame(t, floats("c", 1))); err == nil || err.Error() != "column \"b\" is missing\ncolumn \"a\" is missing" {
		t.Errorf("got %v", err)
	}
}

func ExampleSteps() {
	for _, s := range prep.Steps() {
		if s.Together {
			fmt.Println(s.Name, "-", s.About)
		}
	}
	// Output:
	// polynomial - Products of the rule's columns up to a degree, beside the columns themselves.
	// ratio - The first of the rule's two columns divided by the second: rooms per household.
	// similarity - How near a row is to each of k cluster centres of the rule's columns: exp(-gamma distance²).
}
