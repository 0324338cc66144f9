package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"gristmill/client"
	"gristmill/test/mill"
)

// Somebody brings a table of their own, y = 3a - 2b + noise, beside a spec that
// names it by a relative path, and gets the coefficients back to the noise.
func ownData(t *testing.T, s *mill.Stack) {
	const noise = .1
	for _, c := range []struct {
		name, file, more string // of the section data
		text             string
	}{
		{"plain", "rows.csv", "", plane(400, noise, ",")},
		{"gzipped", "rows.csv.gz", "", zipped(t, plane(400, noise, ","))},
		{"semicolons", "rows.csv", `, separator: ";"`, plane(400, noise, ";")},
	} {
		s.Write(t, c.name+"/"+c.file, c.text)
		spec := s.Write(t, c.name+"/spec.yaml", fmt.Sprintf(`name: plane-%s
data: {source: %s, target: y%s}
transform: [{columns: {type: number}, apply: [keep]}]
train: {algorithm: linear}
evaluate: {gates: {test_rmse: "< 0.2"}}
`, c.name, c.file, c.more))
		res := succeeds(t, s, "--file", spec)
		at := predictions(t, s, "plane-"+c.name, `{"instances":[{"a":0,"b":0},{"a":1,"b":0},{"a":0,"b":1}]}`)
		// 240 training rows and predictors of variance 1/3 on both sides: a
		// coefficient's standard error is noise / sqrt(240/3) = .011.
		for what, pair := range map[string][2]float64{"the intercept": {at[0], 0}, "a": {at[1] - at[0], 3}, "b": {at[2] - at[0], -2}} {
			if got, want := pair[0], pair[1]; math.Abs(got-want) > 4*noise/math.Sqrt(80) {
				t.Errorf("%s: the coefficient of %s is %v, want %v", c.name, what, got, want)
			}
		}
		if rmse := res.Metrics["test_rmse"]; rmse < noise/2 || rmse > 2*noise {
			t.Errorf("%s: test_rmse is %v, want about the noise %v", c.name, rmse, noise)
		}
		var run client.RunDetail
		s.Value(t, &run, "run", "show", res.RunID)
		var steps []string
		for _, step := range run.Steps {
			steps = append(steps, step.ID+" "+string(step.Status))
		}
		if got, want := strings.Join(steps, ", "), "fetch succeeded, transform succeeded, train succeeded, evaluate succeeded, register succeeded, deploy succeeded"; got != want {
			t.Errorf("%s: steps\n  %s, want\n  %s", c.name, got, want)
		}
	}
}

// tenRows runs on ten rows and tells how long that took from the command to its
// result. It is half a second's work (docs/benchmarks.md); ten seconds mean that
// something waits for what never comes, however busy the machine is.
func tenRows(t *testing.T, s *mill.Stack) {
	t.Helper()
	s.Write(t, "ten/rows.csv", plane(10, 0, ","))
	spec := s.Write(t, "ten/spec.yaml", `name: ten
data: {source: rows.csv, target: y}
transform: [{columns: {type: number}, apply: [keep]}]
train: {algorithm: linear}
`)
	began := time.Now()
	succeeds(t, s, "--file", spec)
	took := time.Since(began)
	t.Logf("a run on ten rows: %s", took.Round(time.Millisecond))
	if took > 10*time.Second {
		t.Errorf("a run on ten rows took %s", took)
	}
}

// plane makes a table of y = 3a - 2b + noise.
func plane(rows int, noise float64, comma string) string {
	d := rand.New(rand.NewPCG(3, 2))
	var b strings.Builder
	fmt.Fprintln(&b, strings.Join([]string{"a", "y", "b"}, comma))
	for range rows {
		x, z := 2*d.Float64()-1, 2*d.Float64()-1
		fmt.Fprintf(&b, "%v%s%v%s%v\n", x, comma, 3*x-2*z+noise*d.NormFloat64(), comma, z)
	}
	return b.String()
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// predictions asks a regression's model.
func predictions(t *testing.T, s *mill.Stack, model, body string) []float64 {
	t.Helper()
	resp, text := s.Invoke(t, model, "application/json", []byte(body))
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s answers %s: %s", model, resp.Status, text)
	}
	var a struct{ Predictions []float64 }
	mill.Decode(t, text, &a)
	return a.Predictions
}
