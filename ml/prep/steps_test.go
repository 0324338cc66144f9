package prep_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gristmill/ml"
	"gristmill/ml/frame"
	"gristmill/ml/mltest"
	"gristmill/ml/prep"
)

// everyStep has a rule for each step in each of its manners, over the columns
// of mill.
var everyStep = []string{
	`{"columns":{"names":["rooms"]},"apply":[{"bins":4}]}`,
	`{"columns":{"names":["rooms"]},"apply":[{"bins":{"count":3,"strategy":"uniform","encode":"one_hot"}}]}`,
	`{"columns":{"names":["sold"]},"apply":["cyclic"]}`,
	`{"columns":{"names":["rooms"]},"apply":[{"cyclic":{"period":12}}]}`,
	`{"columns":{"names":["sold"]},"apply":[{"date_parts":["year","is_weekend","epoch_days"]},{"scale":"minmax"}]}`,
	`{"columns":{"names":["city"]},"apply":["frequency"]}`,
	`{"columns":{"names":["note"]},"apply":[{"hash_tokens":8}]}`,
	`{"columns":{"names":["income"]},"apply":[{"impute":{"strategy":"median","indicator":true}}]}`,
	`{"columns":{"names":["note"]},"apply":[{"impute":"most_frequent"},"text_length"]}`,
	`{"columns":{"names":["rooms"]},"apply":["keep"]}`,
	`{"columns":{"names":["rooms"]},"apply":["log1p"]}`,
	`{"columns":{"names":["income","note","sold","new"]},"apply":["missing"]}`,
	`{"columns":{"names":["city"]},"apply":[{"one_hot":{"unknown":"ignore","min_count":3}}]}`,
	`{"columns":{"names":["city"]},"apply":[{"one_hot":{"unknown":"rare","max_categories":2}}]}`,
	`{"columns":{"names":["city"]},"apply":[{"ordinal":{"unknown":"value","value":-1}}]}`,
	`{"columns":{"names":["income","rooms"]},"apply":[{"impute":"mean"},{"polynomial":{"degree":3}}]}`,
	`{"columns":{"names":["rooms","income"]},"apply":[{"impute":"mean"},{"polynomial":{"interactions_only":true}},{"scale":"standard"}]}`,
	`{"columns":{"names":["income"]},"apply":[{"impute":"median"},"power"]}`,
	`{"columns":{"names":["rooms"]},"apply":[{"power":{"standardize":false}}]}`,
	`{"columns":{"names":["rooms","households"]},"apply":["ratio"],"prefix":"r_"}`,
	`{"columns":{"names":["income","households"]},"apply":[{"ratio":{"name":"q","by_zero":"missing"}},{"impute":"median"}]}`,
	`{"columns":{"names":["rooms"]},"apply":[{"scale":"robust"}]}`,
	`{"columns":{"names":["rooms"]},"apply":[{"scale":"minmax"}]}`,
	`{"columns":{"names":["income"]},"apply":[{"impute":"mean"},{"scale":"standard"}]}`,
	`{"columns":{"names":["rooms","households"]},"apply":[{"scale":"standard"},{"similarity":{"clusters":3,"gamma":0.5,"seed":7}}]}`,
	`{"columns":{"names":["note"]},"apply":["text_length"]}`,
	`{"columns":{"type":"bool"},"apply":[{"impute":"most_frequent"}]}`,
}

// mill is a table of every type of column, with nulls.
func mill(t testing.TB, rows int) *frame.Frame {
	t.Helper()
	var rooms, households []float64
	var income []*float64
	var city []string
	var note []*string
	var sold []int64
	var fresh []bool
	for i := range rows {
		rooms = append(rooms, float64(1+i*i%23))
		households = append(households, float64(1+i%7))
		x := math.Exp(float64(i%11)) - 5
		income = append(income, &x)
		if i%6 == 1 {
			income[i] = nil
		}
		city = append(city, []string{"Rome", "Oslo", "Rome", "Bonn", "Oslo", "Rome", "Cork"}[i%7])
		s := strings.Repeat(fmt.Sprintf("good mill %d ", i%4), i%3)
		note = append(note, &s)
		if i%5 == 2 {
			note[i] = nil
		}
		sold = append(sold, int64(i)*37*3600*1e6)
		fresh = append(fresh, i%3 == 0)
	}
	return makeFrame(t, floats("rooms", rooms...), floats("households", households...), numbers("income", income), text("city", city...), texts("note", note), moments("sold", sold...),
		&frame.Column{Field: frame.Field{Name: "new", Type: frame.Bool}, Bools: fresh})
}

func alone(rule string) string { return "[" + rule + `,{"remainder":"drop"}]` }

func TestEveryStepHasItsRules(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{prep.OpDrop: true}
	for _, rule := range everyStep {
		for _, s := range parse(t, alone(rule))[0].Apply {
			seen[s.Op] = true
		}
	}
	for _, s := range prep.Steps() {
		if !seen[s.Name] {
			t.Errorf("step %s is in no test", s.Name)
		}
	}
}

func TestEveryStep(t *testing.T) {
	t.Parallel()
	for _, rule := range everyStep {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			f := mill(t, 60)
			before := f.Take(seq(60))
			c := fit(t, alone(rule), f)
			want := apply(t, c, f)
			width := len(c.FeatureNames())

			e, err := c.Encode()
			if err != nil {
				t.Fatal(err)
			}
			back, err := prep.Decode(e)
			if err != nil {
				t.Fatalf("%v: %s", err, e.State)
			}
			if !reflect.DeepEqual(c, back) {
				t.Errorf("decoded %+v, want %+v", back, c)
			}
			if got := apply(t, back, f); !reflect.DeepEqual(got, want) {
				t.Error("the decoded steps give other numbers")
			}
			if d := frame.Diff(before, f); d != "" {
				t.Errorf("the input was changed: %s", d)
			}
			for i := range f.Rows() {
				got := apply(t, c, f.Take([]int{i}))
				for j := range got {
					if w := want[i*width+j]; got[j] != w && !(math.IsNaN(got[j]) && math.IsNaN(w)) {
						t.Fatalf("row %d alone gives %v for %s, in the table %v", i, got[j], c.FeatureNames()[j], w)
					}
				}
			}
			if got := apply(t, c, f.Take(nil)); len(got) != 0 {
				t.Errorf("no rows give %v", got)
			}

			in := f.Schema()
			steps, ps := parse(t, alone(rule)).Check(in)
			if len(ps) > 0 {
				t.Logf("without data: %v", ps)
			}
			var shown []string
			for i, s := range steps {
				if i+1 == len(steps) || strings.HasPrefix(steps[i+1].Path, "transform[1]") {
					shown = frame.Schema{Fields: s.Out}.Names()
					break
				}
			}
			if got, prefix := c.FeatureNames(), parse(t, alone(rule))[0].Prefix; !strings.Contains(strings.Join(shown, ""), "*") || strings.Contains(rule, "polynomial") {
				for k := range shown {
					shown[k] = prefix + shown[k]
				}
				if !slices.Equal(got, shown) {
					t.Errorf("features %q, but Check shows %q", got, shown)
				}
			}

			b, err := json.Marshal(parse(t, alone(rule)))
			if err != nil {
				t.Fatal(err)
			}
			again, err := json.Marshal(parse(t, string(b)))
			if err != nil || string(again) != string(b) {
				t.Errorf("%s became %s (%v)", b, again, err)
			}
			if e2, err := fit(t, string(b), f).Encode(); err != nil || string(e2.State) != string(e.State) {
				t.Errorf("the canonical form %s fits %s, want %s (%v)", b, e2.State, e.State, err)
			}
		})
	}
}

func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// Awkward tables give numbers or Problems, never a panic or another error, in
// the fit and on new rows.
func TestAwkwardTables(t *testing.T) {
	t.Parallel()
	base := mill(t, 12)
	tables := map[string]*frame.Frame{"no rows": base.Take(nil), "one row": base.Take([]int{3}), "one row twice": base.Take([]int{3, 3}), "constant": base.Take(slices.Repeat([]int{4}, 9))}
	vary := func(name string, change func(c *frame.Column)) {
		cols := make([]*frame.Column, base.Cols())
		for j := range cols {
			from := base.At(j)
			cols[j] = &frame.Column{Field: from.Field, Floats: slices.Clone(from.Floats), Ints: slices.Clone(from.Ints), Bools: slices.Clone(from.Bools), Texts: slices.Clone(from.Texts), Valid: slices.Clone(from.Valid)}
			change(cols[j])
		}
		tables[name] = makeFrame(t, cols...)
	}
	vary("all null", func(c *frame.Column) {
		c.Field.Nullable = true
		c.Valid = make(frame.Bitmap, 1)
		for i := range c.Floats {
			c.Floats[i] = math.NaN()
		}
	})
	for name, v := range map[string]float64{"huge": 1e308, "minus huge": -1e308, "infinite": math.Inf(1), "zero": 0, "minus one": -1, "tiny": 5e-324, "large": 1e155} {
		vary(name, func(c *frame.Column) {
			for i := range c.Floats {
				c.Floats[i] = v
			}
		})
		vary(name+" once", func(c *frame.Column) {
			if len(c.Floats) > 0 {
				c.Floats[5] = v
			}
		})
		vary(name+" and its negative", func(c *frame.Column) {
			for i := range c.Floats {
				c.Floats[i] = math.Copysign(v, float64(i%2)-.5)
			}
		})
	}
	vary("extreme", func(c *frame.Column) {
		for i := range c.Ints {
			c.Ints[i] = []int64{math.MinInt64, math.MaxInt64, 0}[i%3]
		}
		for i := range c.Texts {
			c.Texts[i] = "\xff\x00 " + strings.Repeat("ß", 1000)
		}
	})
	var asProblems ml.Problems
	for _, rule := range everyStep {
		usual := fit(t, alone(rule), base)
		for name, f := range tables {
			out, err := usual.Apply(context.Background(), f)
			if err != nil && !errors.As(err, &asProblems) {
				t.Errorf("%s on %s: %v, want problems", rule, name, err)
			}
			finite(t, rule+" on "+name, f, out)
			c, err := prep.Fit(context.Background(), parse(t, alone(rule)), f)
			if err != nil {
				if !errors.As(err, &asProblems) {
					t.Errorf("%s fitted on %s: %v, want problems", rule, name, err)
				}
				continue
			}
			if out, err = c.Apply(context.Background(), f); err != nil && !errors.As(err, &asProblems) {
				t.Errorf("%s fitted on %s, then applied: %v, want problems", rule, name, err)
			}
			finite(t, rule+" fitted on "+name, f, out)
			e, err := c.Encode()
			if err != nil {
				t.Errorf("%s fitted on %s: %v", rule, name, err)
			} else if _, err := prep.Decode(e); err != nil {
				t.Errorf("%s fitted on %s: %v", rule, name, err)
			}
		}
	}
}

// finite fails if a step made an infinity of finite numbers.
func finite(t *testing.T, what string, in, out *frame.Frame) {
	t.Helper()
	if out == nil {
		return
	}
	for j := range in.Cols() {
		for _, x := range in.At(j).Floats {
			if math.IsInf(x, 0) || math.Abs(x) > 1e300 {
				return // the estimators refuse what comes out
			}
		}
	}
	for j := range out.Cols() {
		for i, x := range out.At(j).Floats {
			if math.IsInf(x, 0) {
				t.Errorf("%s: %s is %v in row %d", what, out.At(j).Field.Name, x, i+1)
			}
		}
	}
}

func TestNothingIsLearnedOutsideTheTrainingRows(t *testing.T) {
	t.Parallel()
	f := mill(t, 60)
	train := seq(40)
	encoded := func(rule string, f *frame.Frame) ([]byte, error) {
		c, err := prep.Fit(context.Background(), parse(t, alone(rule)), f)
		if err != nil {
			return nil, err
		}
		e, err := c.Encode()
		return append([]byte(e.Kind), e.State...), err
	}
	found := map[string]bool{}
	for _, rule := range everyStep {
		if err := mltest.Leak(func(all *frame.Frame, train []int) ([]byte, error) { return encoded(rule, all.Take(train)) }, f, train); err != nil {
			t.Errorf("%s: %v", rule, err)
		}
		// The control: fitted on all rows, whatever learns anything is found.
		leak := mltest.Leak(func(all *frame.Frame, _ []int) ([]byte, error) { return encoded(rule, all) }, f, train)
		for _, s := range parse(t, alone(rule))[0].Apply {
			found[s.Op] = found[s.Op] || leak != nil
		}
	}
	for _, op := range []string{prep.OpBins, prep.OpFrequency, prep.OpImpute, prep.OpOneHot, prep.OpOrdinal, prep.OpPower, prep.OpScale, prep.OpSimilarity} {
		if !found[op] {
			t.Errorf("%s fitted on all rows was not found", op)
		}
	}
}

func TestStepsDescribeThemselves(t *testing.T) {
	t.Parallel()
	steps := prep.Steps()
	if !slices.IsSortedFunc(steps, func(a, b prep.StepInfo) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the steps are not sorted by name")
	}
	for _, s := range steps {
		if s.About == "" || !strings.HasSuffix(s.About, ".") || len(s.Takes) == 0 {
			t.Errorf("step %s: %q, takes %q", s.Name, s.About, s.Takes)
		}
		for _, p := range s.Params {
			at := s.Name + "." + p.Name
			if p.About == "" || !strings.HasSuffix(p.About, ".") {
				t.Errorf("%s: %q", at, p.About)
			}
			if (p.Type == prep.Word || p.Type == prep.Words) != (len(p.Values) > 0) {
				t.Errorf("%s is %s with values %q", at, p.Type, p.Values)
			}
			// What the table says is allowed, the parser allows; what is out
			// of its range, the parser refuses.
			accepts := func(v any) bool {
				m := map[string]any{p.Name: v}
				switch {
				case at == "impute.value":
					m["strategy"] = "constant"
				case s.Name == prep.OpImpute && p.Name != "strategy":
					m["strategy"] = "median"
				case at == "impute.strategy" && v == "constant":
					m["value"] = 1
				case at == "ordinal.value":
					m["unknown"] = "value"
				case at == "ordinal.unknown" && v == "value":
					m["value"] = -1
				case at == "one_hot.unknown" && v == "rare":
					m["min_count"] = 3
				}
				b, _ := json.Marshal([]any{map[string]any{"columns": map[string]any{"type": "number"}, "apply": []any{map[string]any{s.Name: m}}}})
				_, ps := prep.Parse(b)
				return len(ps) == 0
			}
			good, bad := []any{}, []any{map[string]any{"x": 1}}
			switch p.Type {
			case prep.Word:
				bad = append(bad, "nonsense", 1, true)
			case prep.Words:
				good, bad = append(good, p.Values), append(bad, []string{"nonsense"}, []string{}, []string{p.Values[0], p.Values[0]}, 1)
			case prep.Switch:
				good, bad = append(good, true, false), append(bad, "yes", 1)
			case prep.Line:
				good, bad = append(good, "a name"), append(bad, 1, "")
			case prep.Whole, prep.Real:
				bad = append(bad, "x", true)
				if p.Type == prep.Whole {
					bad = append(bad, 2.5)
				}
				if p.Max != nil {
					good, bad = append(good, *p.Max), append(bad, *p.Max+1)
				}
				if p.Min != nil {
					bad = append(bad, *p.Min-1)
				}
				if p.Min != nil && !p.Above {
					good = append(good, *p.Min)
				} else if p.Min != nil {
					bad = append(bad, *p.Min)
				}
			}
			for _, w := range p.Values {
				if p.Type == prep.Word {
					good = append(good, w)
				} else {
					good = append(good, []string{w})
				}
			}
			if p.Default != nil {
				good = append(good, p.Default)
			}
			for _, v := range good {
				if !accepts(v) {
					t.Errorf("%s: %v is refused", at, v)
				}
			}
			for _, v := range bad {
				if accepts(v) {
					t.Errorf("%s: %v is accepted", at, v)
				}
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, rule := range everyStep {
		f.Add([]byte(alone(rule)))
	}
	f.Add([]byte(`[{"columns":"remainder","also":true,"prefix":1,"apply":[{"bins":null},{"scale":[]},{"cyclic":{"parts":[1]}},{"impute":{"value":{}}}]}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		spec, ps := prep.Parse(b)
		if len(ps) > 0 {
			for _, p := range ps {
				if p.Path == "" || p.Msg == "" {
					t.Errorf("%q: a problem without a path or a sentence: %+v", b, p)
				}
			}
			return
		}
		out, err := json.Marshal(spec)
		if err != nil {
			t.Fatalf("%q was read, but cannot be written: %v", b, err)
		}
		again, ps := prep.Parse(out)
		if len(ps) > 0 {
			t.Fatalf("%q was read, its canonical form %s is refused: %v", b, out, ps)
		}
		if twice, _ := json.Marshal(again); string(twice) != string(out) {
			t.Fatalf("%q: %s became %s", b, out, twice)
		}
		// Whatever the rules are, a table is taken or refused.
		_, _ = spec.Check(mill(t, 3).Schema())
		if len(b) < 400 && len(spec) < 4 {
			_, _ = prep.Fit(context.Background(), spec, mill(t, 5))
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, rule := range everyStep {
		if e, err := fit(f, alone(rule), mill(f, 20)).Encode(); err == nil {
			f.Add(e.Kind == prep.Kind, []byte(e.State))
		}
	}
	f.Fuzz(func(t *testing.T, v2 bool, state []byte) {
		kind := prep.KindV1
		if v2 {
			kind = prep.Kind
		}
		c, err := prep.Decode(ml.Encoded{Kind: kind, State: state})
		if err != nil || len(c.FeatureNames()) > 10000 {
			return
		}
		_, _ = c.Apply(context.Background(), mill(t, 4)) // no panic
		if _, err := c.Encode(); err != nil {
			t.Errorf("%s was read, but cannot be written: %v", state, err)
		}
	})
}
