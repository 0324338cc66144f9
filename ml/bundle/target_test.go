package bundle_test

import (
	"bytes"
	"context"
	"math"
	"os"
	"strings"
	"testing"

	"gristmill/ml"
	"gristmill/ml/bundle"
	"gristmill/ml/frame"
	"gristmill/ml/linear"
)

// The packages of testdata were written before targets had a transform and a
// threshold: at commit 51d51da, by Pack of the models of bundle_test.go.
func TestPackagesOfBeforeAreReadAndKeepTheirBytes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ridge", "logistic"} {
		old, err := os.ReadFile("testdata/" + name + "_issue3.tar")
		if err != nil {
			t.Fatal(err)
		}
		files, err := bundle.Unpack(old)
		if err != nil {
			t.Fatal(err)
		}
		m, err := bundle.Read(files)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if m.Target.Transform != "" || m.Target.Threshold != 0 {
			t.Errorf("%s: target %+v", name, m.Target)
		}
		got := predict(t, m, m.InputExample)
		for i, v := range m.ExampleOutput.Values {
			if math.Abs(got.Values[i]-v) > 1e-9 {
				t.Errorf("%s: row %d is %v, was %v", name, i+1, got.Values[i], v)
			}
		}
		now, err := bundle.Pack(write(t, m))
		if err != nil || !bytes.Equal(now, old) {
			t.Errorf("%s: written anew the package has other bytes (%v)", name, err)
		}
	}
}

func TestATransformedTargetIsInvertedAtPrediction(t *testing.T) {
	t.Parallel()
	m := build(t, linear.Ridge{L2: 1})
	f := people(t, 30)
	raw := predict(t, m, f).Values
	before, err := m.WeightsSHA256()
	if err != nil {
		t.Fatal(err)
	}
	m.Target.Transform = bundle.Log1p
	back, err := bundle.Read(write(t, m))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range predict(t, back, f).Values {
		if want := math.Expm1(raw[i]); v != want {
			t.Errorf("row %d: %v, want expm1(%v) = %v", i+1, v, raw[i], want)
		}
	}
	if back.ExampleOutput.Values[0] != math.Expm1(raw[0]) {
		t.Errorf("the example output is %v, want %v", back.ExampleOutput.Values[0], math.Expm1(raw[0]))
	}
	if after, err := back.WeightsSHA256(); err != nil || after != before {
		t.Errorf("the weights' digest changed from %s to %s (%v)", before, after, err)
	}
}

func TestAThresholdDecidesTheLabelAndLeavesTheProbabilities(t *testing.T) {
	t.Parallel()
	f := people(t, 120)
	for _, positive := range []string{"Yes", "No"} {
		m := build(t, linear.Logistic{L2: 1}, "No", "Yes")
		m.Target.Positive = positive
		likeliest := predict(t, m, f)
		at := map[string]int{"No": 0, "Yes": 1}[positive]
		exact := likeliest.Proba[2*7+at] // one row's own probability: it counts as positive
		for _, threshold := range []float64{1e-9, 0.3, exact, 0.9, 1} {
			m.Target.Threshold = threshold
			back, err := bundle.Read(write(t, m))
			if err != nil {
				t.Fatal(err)
			}
			got := predict(t, back, f)
			for i, label := range got.Labels {
				if got.Proba[2*i] != likeliest.Proba[2*i] || got.Proba[2*i+1] != likeliest.Proba[2*i+1] {
					t.Fatalf("row %d: the probabilities changed", i+1)
				}
				if (label == positive) != (got.Proba[2*i+at] >= threshold) || got.Classes[int(got.Values[i])] != label {
					t.Errorf("threshold %v, positive %s: row %d with %v is %s (%v)", threshold, positive, i+1, got.Proba[2*i+at], label, got.Values[i])
				}
			}
		}
	}
}

func TestATargetThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	ridge, two, three := build(t, linear.Ridge{L2: 1}), build(t, linear.Logistic{L2: 1}, "No", "Yes"), build(t, linear.Logistic{L2: 1}, "a", "b", "c")
	for _, c := range []struct {
		m    *bundle.Model
		t    bundle.Target
		want []string
	}{
		{ridge, bundle.Target{Transform: "sqrt"}, []string{`the target's transform is "sqrt", want "log1p" or none`}},
		{ridge, bundle.Target{Threshold: 0.5}, []string{"the threshold is 0.5, which only a target of two classes"}},
		{two, bundle.Target{Positive: "Yes", Threshold: -0.1, Transform: "log1p"}, []string{"the threshold is -0.1, want a probability above 0 and up to 1", `the target's transform is "log1p", which only a regression can have`}},
		{two, bundle.Target{Positive: "Yes", Threshold: 30}, []string{"the threshold is 30, want a probability"}},
		{two, bundle.Target{Positive: "Yes", Threshold: math.NaN()}, []string{"the threshold is NaN, want a probability"}},
		{two, bundle.Target{Threshold: 0.3}, []string{"with a positive one"}},
		{two, bundle.Target{Positive: "Maybe", Threshold: 0.3}, []string{`the positive class "Maybe" is none of ["No" "Yes"]`}},
		{three, bundle.Target{Positive: "a", Threshold: 0.3}, []string{"only a target of two classes"}},
	} {
		c.t.Classes = c.m.Target.Classes
		m := *c.m
		m.Target = c.t
		_, err := m.Write()
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: error %v, want %q", c.t, err, want)
			}
		}
		if _, err := bundle.New("x", c.m.Prep, c.m.Model, c.t); err == nil {
			t.Errorf("New takes %+v", c.t)
		}
	}
}

// moments is a schema of one timestamp.
func moments(format string, nullable bool) frame.Schema {
	return frame.Schema{Fields: []frame.Field{{Name: "at", Type: frame.Timestamp, Format: format, Nullable: nullable}}}
}

func TestTextsThatAreTimesConform(t *testing.T) {
	t.Parallel()
	texts := func(v ...string) *frame.Frame {
		f, err := frame.New(&frame.Column{Field: frame.Field{Name: "at", Type: frame.String}, Texts: v})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f, err := bundle.Conform(texts("1970-01-02", "1970-01-01T00:00:01.5Z", "1970-01-01 02:00:00+02:00"), moments("", false))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int64{86400e6, 1500000, 0} {
		if got := f.At(0).Ints[i]; got != want || f.At(0).Field.Type != frame.Timestamp {
			t.Errorf("row %d: %d, want %d", i+1, got, want)
		}
	}
	f, err = bundle.Conform(texts("02.01.1970", "1970-01-03"), moments("%d.%m.%Y", false))
	if err != nil || f.At(0).Ints[0] != 86400e6 || f.At(0).Ints[1] != 2*86400e6 {
		t.Errorf("with a format: %v", err)
	}
	_, err = bundle.Conform(texts("1970-01-02", "soon"), moments("", false))
	ps, ok := err.(ml.Problems)
	if !ok || len(ps) != 1 || ps[0].Msg != `column "at" is "soon" in row 2, want a date or time such as 2001-01-22 or 2001-01-22T10:30:00Z` {
		t.Errorf("error %v", err)
	}
	ints, err := frame.New(&frame.Column{Field: frame.Field{Name: "at", Type: frame.Int64}, Ints: []int64{1}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = bundle.Conform(ints, moments("", true)); err == nil || err.Error() != `column "at" is int64, want timestamp` {
		t.Errorf("whole numbers: %v", err)
	}
	none, err := frame.New(&frame.Column{Field: frame.Field{Name: "at", Type: frame.String}, Texts: []string{"", ""}, Valid: frame.Bitmap{0}})
	if err != nil {
		t.Fatal(err)
	}
	if f, err = bundle.Conform(none, moments("", true)); err != nil || f.At(0).Nulls() != 2 || len(f.At(0).Ints) != 2 {
		t.Errorf("nothing but nulls: %v", err)
	}
	if _, err = bundle.Conform(none, moments("", false)); err == nil || err.Error() != `column "at" is null in row 1 (2 in all), but must not be` {
		t.Errorf("nulls where none may be: %v", err)
	}
}

// A timestamp beside the features travels in the signature and the example.
func TestAModelWithATimestampSurvivesThePackage(t *testing.T) {
	t.Parallel()
	m := build(t, linear.Ridge{L2: 1})
	at := &frame.Column{Field: frame.Field{Name: "at", Type: frame.Timestamp, Nullable: true}, Ints: []int64{0, 1, -86400e6, 1e15, 0}, Valid: frame.Bitmap{0b01111}}
	var cols []*frame.Column
	for j := range m.InputExample.Cols() {
		cols = append(cols, m.InputExample.At(j))
	}
	example, err := frame.New(append(cols, at)...)
	if err != nil {
		t.Fatal(err)
	}
	m.InputExample = example
	m.Signature.Inputs.Fields = append(m.Signature.Inputs.Fields, at.Field)
	files := write(t, m)
	if want := `"1970-01-01T00:00:00.000001Z"`; !bytes.Contains(files["input_example.json"], []byte(want)) {
		t.Errorf("the example lacks %s: %s", want, files["input_example.json"])
	}
	back, err := bundle.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	got := back.InputExample.Column("at")
	for i := range at.Ints {
		if got.Ints[i] != at.Ints[i] || got.IsNull(i) != at.IsNull(i) {
			t.Errorf("row %d: %q, want %q", i+1, got.Text(i), at.Text(i))
		}
	}
	if _, err := back.Predict(context.Background(), example); err != nil {
		t.Error(err)
	}
}
