//go:build interop

package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
	"gristmill/ml/prep"
)

// TestEveryTransformOnAWideTable fits every step on the training rows of a mixed
// table of 210 columns, made anew from a seed, and compares the features of rows
// that no fit has seen with scikit-learn's.
func TestEveryTransformOnAWideTable(t *testing.T) {
	for _, seed := range []int{1, 20261123} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { wideTable(t, seed) })
	}
}

func wideTable(t *testing.T, seed int) {
	dir := t.TempDir()
	var made struct{ Columns int }
	told(t, "transforms.py", map[string]any{"dir": dir, "seed": seed}, &made)
	read := func(name string) *frame.Frame {
		t.Helper()
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		table, err := csv.Read(f, csv.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return table
	}
	train, other := read("train.csv"), read("other.csv")
	features := func(rules []byte) (*prep.Columns, [][]float64) {
		t.Helper()
		spec, problems := prep.Parse(rules)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		fitted, err := prep.Fit(context.Background(), spec, train)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := fitted.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if fitted, err = prep.Decode(encoded); err != nil { // as the served package has it
			t.Fatal(err)
		}
		x, err := fitted.Apply(context.Background(), other)
		if err != nil {
			t.Fatal(err)
		}
		rows := make([][]float64, x.Rows())
		for i := range rows {
			for j := range x.Cols() {
				rows[i] = append(rows[i], x.At(j).Float(i))
			}
		}
		return fitted, rows
	}

	// The centres that k-means finds are its own; what becomes of them is not.
	similarity := map[string]any{"similarity": map[string]any{"clusters": 4, "gamma": 0.3}}
	alone, _ := json.Marshal([]any{map[string]any{"columns": map[string]any{"names": []string{"cluster_0", "cluster_1"}}, "apply": []any{similarity}}, map[string]any{"columns": "remainder", "apply": []any{"drop"}}})
	fitted, _ := features(alone)
	encoded, err := fitted.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Chains []struct {
			Steps []struct {
				All struct {
					Similarity *struct {
						Gamma   float64
						Centers [][]float64
					}
				}
			}
		}
	}
	if err := json.Unmarshal(encoded.State, &state); err != nil || len(state.Chains) == 0 || state.Chains[0].Steps[0].All.Similarity == nil {
		t.Fatalf("no centres in %s (%v)", encoded.State, err)
	}
	centres := state.Chains[0].Steps[0].All.Similarity
	var answer struct {
		Rules       []json.RawMessage
		Want        map[string][][]*float64
		Inertia     [2]float64
		LambdaApart float64 `json:"lambda_apart"`
	}
	told(t, "transforms.py", map[string]any{"dir": dir, "centers": centres.Centers, "gamma": centres.Gamma, "similarity": similarity}, &answer)

	rules, _ := json.Marshal(append(answer.Rules, json.RawMessage(`{"columns":"remainder","apply":["drop"]}`)))
	fitted, got := features(rules)
	names := fitted.FeatureNames()
	numbers, ops := 0, map[string]float64{}
	for i, rule := range answer.Rules {
		prefix := fmt.Sprintf("r%d_", i)
		var columns []int
		for j, name := range names {
			if strings.HasPrefix(name, prefix) {
				columns = append(columns, j)
			}
		}
		var parsed struct{ Apply []json.RawMessage }
		if err := json.Unmarshal(rule, &parsed); err != nil {
			t.Fatal(err)
		}
		steps, _ := json.Marshal(parsed.Apply)
		want := answer.Want[prefix]
		if len(want) != len(got) || len(want[0]) != len(columns) {
			t.Errorf("%s: %d features, scikit-learn has %d", steps, len(columns), len(want[0]))
			continue
		}
		worst := 0.0
		for r := range want {
			for k, j := range columns {
				numbers++
				w, g := want[r][k], got[r][j]
				if w == nil {
					t.Fatalf("%s: scikit-learn gives no number for %s", steps, names[j])
				}
				if d := math.Abs(g-*w) / max(1, math.Abs(*w)); !(d <= worst) {
					worst = d
				}
			}
		}
		if !(worst <= 1e-9) {
			t.Errorf("%s: %g apart from scikit-learn's, want 1e-9", steps, worst)
		}
		ops[string(steps)] = worst
	}
	for _, s := range prep.Steps() {
		seen := s.Name == prep.OpDrop || s.Name == prep.OpKeep
		for steps := range ops {
			seen = seen || strings.Contains(steps, `"`+s.Name+`"`)
		}
		if !seen {
			t.Errorf("step %s was not compared", s.Name)
		}
	}
	most, at := 0.0, ""
	for steps, d := range ops {
		if d >= most {
			most, at = d, steps
		}
	}
	t.Logf("%d columns, %d rules, %d features, %d numbers: at most %.2g apart (%s); k-means' inertia %.6g, the best of 20 of scikit-learn's %.6g; its own lambdas are up to %.1g from the likeliest",
		made.Columns, len(ops), len(names), numbers, most, at, answer.Inertia[0], answer.Inertia[1], answer.LambdaApart)
	if made.Columns < 200 || answer.Inertia[0] > 1.05*answer.Inertia[1] {
		t.Errorf("%d columns, inertia %v", made.Columns, answer.Inertia)
	}
}
