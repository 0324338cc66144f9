//go:build interop

package interop

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"gristmill/dataset/split"
	"gristmill/test/mill"
)

// spineAmes is the mean RMSE of the shipped pipeline housing over the ten
// committed splits, measured by sameScores; docs/benchmarks.md has it.
const spineAmes = 31725.2210

// evaluation is of evaluation.json what the tests look at.
type evaluation struct {
	Metrics []struct {
		Name     string
		Value    float64
		Baseline *float64
	}
	Folds []struct {
		Metrics map[string]float64
		Rows    map[string]int
	}
}

func (e evaluation) metric(name string) float64 {
	for _, m := range e.Metrics {
		if m.Name == name {
			return m.Value
		}
	}
	return math.NaN()
}

// fullTransforms trains Ames with the full set of transforms, the target's
// logarithm and a cross-validation on the ten committed splits, and lets
// scikit-learn do the same: each prediction, each fold and each split must agree.
func fullTransforms(t *testing.T, s *mill.Stack) {
	type rows struct {
		Train []int        `json:"train"`
		Test  []int        `json:"test"`
		Folds []split.Fold `json:"folds"`
	}
	var request []rows
	var got [][]float64
	var found []evaluation
	for i := range 10 {
		name := fmt.Sprintf("ames-%d", i)
		text := strings.ReplaceAll(committed(t, "ames.yaml"), "SPLIT", name)
		s.Write(t, "full/"+name+".csv", committed(t, "splits/"+name+".csv"))
		if i > 1 { // two cross-validations are enough
			text = strings.Replace(text, ", cv: {kind: kfold, folds: 5, seed: 42}", "", 1)
		}
		res := trained(t, s, s.Write(t, "full/"+name+".yaml", text))
		tab := tableOf(t, text, s.Dir+"/full")
		folds, err := split.Folds(tab.Frame, tab.Parts.Train, tab.Spec.Data.Target, tab.Spec.Data.Folding(tab.Spec.Train.CV))
		if err != nil {
			t.Fatal(err)
		}
		request = append(request, rows{tab.Parts.Train, tab.Parts.Test, folds})
		var e evaluation
		mill.Decode(t, string(artifact(t, s, res.RunID, "evaluation.json")), &e)
		found = append(found, e)
		var values []float64
		for _, p := range asked(t, s, "ames-full", tab.Frame.Without(tab.Spec.Data.Target).Take(tab.Parts.Test)).Predictions {
			var v float64
			if err := json.Unmarshal(p, &v); err != nil {
				t.Fatal(err)
			}
			values = append(values, v)
		}
		got = append(got, values)
	}
	var want []struct {
		RMSE        float64
		Predictions []float64
		CV          map[string][]float64
	}
	told(t, "sklearn_ames.py", request, &want)
	ours, theirs, apart, folds := 0.0, 0.0, 0.0, 0
	for i, w := range want {
		rmse := found[i].metric("test_rmse")
		ours, theirs = ours+rmse/10, theirs+w.RMSE/10
		t.Logf("Ames split %d: RMSE %.3f, scikit-learn %.3f", i, rmse, w.RMSE)
		if len(w.Predictions) != len(got[i]) || len(got[i]) == 0 {
			t.Fatalf("split %d: %d predictions, scikit-learn has %d", i, len(got[i]), len(w.Predictions))
		}
		for k, p := range w.Predictions {
			apart = max(apart, math.Abs(got[i][k]/p-1))
		}
		for metric, list := range w.CV {
			for k, v := range list {
				folds++
				if d := math.Abs(found[i].Folds[k].Metrics[metric]/v - 1); !(d <= 1e-9) {
					t.Errorf("split %d, fold %d: %s is %v, scikit-learn's %v", i, k+1, metric, found[i].Folds[k].Metrics[metric], v)
				}
			}
			mean := 0.0
			for _, v := range list {
				mean += v / float64(len(list))
			}
			if d := math.Abs(found[i].metric("cv_"+metric)/mean - 1); !(d <= 1e-9) {
				t.Errorf("split %d: cv_%s is %v, scikit-learn's %v", i, metric, found[i].metric("cv_"+metric), mean)
			}
		}
	}
	t.Logf("Ames with the full transforms: mean RMSE %.4f, scikit-learn %.4f, ratio %.12f; the shipped housing %.4f; predictions at most %.2g apart; %d numbers of folds equal", ours, theirs, ours/theirs, spineAmes, apart, folds)
	if !(apart <= 1e-9) {
		t.Errorf("a prediction is %g apart (relative) from TransformedTargetRegressor's; want 1e-9", apart)
	}
	if len(want) != 10 || folds != 2*5*3 {
		t.Errorf("%d splits and %d numbers of folds were compared, want 10 and 30", len(want), folds)
	}
	if !(ours <= spineAmes) {
		t.Errorf("mean RMSE over 10 splits is %v with the full transforms, %v without", ours, spineAmes)
	}
}
