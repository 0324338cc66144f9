package activities_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gristmill/ml"
	"gristmill/ml/bundle"
	"gristmill/ml/frame/csv"
	"gristmill/ml/prep"
	"gristmill/ml/recipe"
	"gristmill/pipeline"
)

// cooked trains on a table whose rows from 200 on are the test, and returns the
// digest of everything that was fitted: transforms and weights.
func cooked(t *testing.T, l *lab, rows string) string {
	t.Helper()
	var ids strings.Builder
	ids.WriteString("row,part\n")
	for i := 200; i < 300; i++ {
		fmt.Fprintf(&ids, "%d,test\n", i)
	}
	text := strings.Replace(spec(l.file("rows.csv", rows)), `split: {kind: stratified, seed: 3}`,
		fmt.Sprintf("split: {kind: ids, file: %q}", l.file("ids.csv", ids.String())), 1)
	l.begin(text).steps("fetch", "transform", "train")
	var weights string
	if err := json.Unmarshal(l.out["train"].Out["weights"].Value, &weights); err != nil || weights == "" {
		t.Fatalf("weights %q, %v", weights, err)
	}
	return weights
}

// TestNothingOfTheTestIsFitted changes the features of every test row beyond all
// bounds: what was fitted must be the same to the bit. Two controls show that the
// test can fail: a changed training row, and a fit that looks at all rows.
func TestNothingOfTheTestIsFitted(t *testing.T) {
	l := newLab(t)
	lines := strings.Split(strings.TrimSpace(customers(300)), "\n")
	changed := func(from, to int) string {
		out := append([]string{}, lines...)
		for i := from + 1; i <= to; i++ { // below the header
			cells := strings.Split(out[i], ",")
			cells[0], cells[1], cells[2] = "99999.5", "-1234.5", "never seen"
			out[i] = strings.Join(cells, ",")
		}
		return strings.Join(out, "\n") + "\n"
	}
	plain := changed(0, 0)
	want := cooked(t, l, plain)
	if got := cooked(t, l, changed(200, 300)); got != want {
		t.Errorf("other test rows give other weights: %s and %s", got, want)
	}
	if got := cooked(t, l, changed(199, 200)); got == want {
		t.Error("a changed training row gives the same weights: the test above proves nothing")
	}

	// A leak, planted: the transforms see all rows, the algorithm the training rows.
	leaky := func(rows string) string {
		f, err := csv.Read(strings.NewReader(rows), csv.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := pipeline.Parse([]byte(spec("rows.csv")))
		if err != nil {
			t.Fatal(err)
		}
		y, classes, err := recipe.Targets(f.Column("churn"), s.Train.Task, "Yes")
		if err != nil {
			t.Fatal(err)
		}
		c := recipe.Course{X: f.Without("churn"), Y: y, Target: "churn", Classes: classes, Positive: "Yes"}
		p, err := prep.Fit(context.Background(), s.Transform, c.X)
		if err != nil {
			t.Fatal(err)
		}
		train := make([]int, 200)
		for i := range train {
			train[i] = i
		}
		var m *bundle.Model
		m, err = recipe.Recipe{Rules: s.Transform, Algorithm: s.Train.Algorithm, Params: s.Train.Params}.FitAfter(context.Background(), "m", p, c.Take(train), recipe.Course{}, ml.FitOptions{})
		if err != nil {
			t.Fatal(err)
		}
		weights, err := m.WeightsSHA256()
		if err != nil {
			t.Fatal(err)
		}
		return weights
	}
	if leaky(plain) == leaky(changed(200, 300)) {
		t.Error("transforms fitted on all rows give the same weights: a leak would not be found")
	}
}
