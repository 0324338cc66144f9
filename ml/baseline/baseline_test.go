package baseline_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"gristmill/ml"
	"gristmill/ml/baseline"
	"gristmill/ml/frame"
	"gristmill/ml/mltest"
)

func data(y []float64, classes ...string) ml.Data {
	f, _ := frame.New(&frame.Column{Field: frame.Field{Name: "x", Type: frame.Float64}, Floats: make([]float64, len(y))})
	return ml.Data{X: f, Y: y, Classes: classes}
}

func TestBaselinesKeepTheContract(t *testing.T) {
	t.Parallel()
	mltest.Regressor(t, baseline.Mean{}, baseline.Decode)
	mltest.Classifier(t, baseline.Majority{}, baseline.Decode)
}

func TestMajorityGivesWeightedSharesAndTheFirstOfEquals(t *testing.T) {
	t.Parallel()
	d := data([]float64{0, 1, 1, 2}, "a", "b", "c")
	d.Weight = []float64{2, 1, 1, 0}
	m, err := baseline.Majority{}.Fit(context.Background(), d, ml.FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	proba, label := make([]float64, 12), make([]float64, 4)
	if err := m.(ml.Classifier).PredictProba(context.Background(), d.X, proba); err != nil {
		t.Fatal(err)
	}
	if err := m.Predict(context.Background(), d.X, label); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(proba[:3], []float64{.5, .5, 0}) || label[0] != 0 {
		t.Errorf("probabilities %v, class %v", proba[:3], label[0])
	}
}

func TestOtherKindsAreNotDecoded(t *testing.T) {
	t.Parallel()
	for _, e := range []ml.Encoded{{Kind: "ridge/v1", State: []byte(`{}`)}, {Kind: "majority/v1", State: []byte(`{}`), Blobs: map[string][]byte{"shares": {}}}} {
		if _, err := baseline.Decode(e); err == nil {
			t.Errorf("%s was decoded", e.Kind)
		}
	}
}

func ExampleMean() {
	d := data([]float64{1, 2, 6})
	m, err := baseline.Mean{}.Fit(context.Background(), d, ml.FitOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	out := make([]float64, 3)
	fmt.Println(m.Predict(context.Background(), d.X, out), out)
	// Output: <nil> [3 3 3]
}
