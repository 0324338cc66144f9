package tracking_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"gristmill/tracking"
)

func compared(id string) tracking.Compared {
	return tracking.Compared{Weights: "w1", Run: tracking.Run{ID: id,
		Params:  map[string]string{"train.l2": "1", "data.target": "churn"},
		Metrics: map[string]float64{"test_roc_auc": 0.84, "train_loss": math.Inf(1)},
		Tags:    map[string]string{"gristmill.data_digest": "d1", "gristmill.version": "0.1.0"},
	}}
}

func TestEqualRunsDoNotDiffer(t *testing.T) {
	c := tracking.Compare(compared("a"), compared("b"))
	if !c.SameSpec || !c.SameData || !c.SameMetrics || !c.SameWeights || len(c.Differences) > 0 {
		t.Errorf("got %+v", c)
	}
}

func TestCompareFindsEveryDifference(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*tracking.Compared)
		want   tracking.Difference
		same   []bool // spec, data, metrics, weights
	}{
		{"an override", func(b *tracking.Compared) { b.Run.Params["train.l2"] = "2" },
			tracking.Difference{Kind: "spec", Key: "train.l2", A: "1", B: "2"}, []bool{false, true, true, true}},
		{"a param that one run lacks", func(b *tracking.Compared) { delete(b.Run.Params, "data.target") },
			tracking.Difference{Kind: "spec", Key: "data.target", A: "churn"}, []bool{false, true, true, true}},
		{"other bytes", func(b *tracking.Compared) { b.Run.Tags["gristmill.data_digest"] = "d2" },
			tracking.Difference{Kind: "data", Key: "digest", A: "d1", B: "d2"}, []bool{true, false, true, true}},
		{"another version of ours", func(b *tracking.Compared) { b.Run.Tags["gristmill.version"] = "0.2.0" },
			tracking.Difference{Kind: "code", Key: "version", A: "0.1.0", B: "0.2.0"}, []bool{true, true, true, true}},
		{"the last bit of a metric", func(b *tracking.Compared) { b.Run.Metrics["test_roc_auc"] = math.Nextafter(0.84, 1) },
			tracking.Difference{Kind: "metric", Key: "test_roc_auc", A: "0.84", B: "0.8400000000000001"}, []bool{true, true, false, true}},
		{"other weights", func(b *tracking.Compared) { b.Weights = "w2" },
			tracking.Difference{Kind: "weights", Key: "weights_sha256", A: "w1", B: "w2"}, []bool{true, true, true, false}},
		{"a run that ended before it had weights", func(b *tracking.Compared) { b.Weights = "" },
			tracking.Difference{Kind: "weights", Key: "weights_sha256", A: "w1"}, []bool{true, true, true, false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := compared("b")
			b.Run.Params, b.Run.Metrics, b.Run.Tags = maps.Clone(b.Run.Params), maps.Clone(b.Run.Metrics), maps.Clone(b.Run.Tags)
			c.change(&b)
			got := tracking.Compare(compared("a"), b)
			if !slices.Equal(got.Differences, []tracking.Difference{c.want}) {
				t.Errorf("got %+v, want %+v", got.Differences, c.want)
			}
			if same := []bool{got.SameSpec, got.SameData, got.SameMetrics, got.SameWeights}; !slices.Equal(same, c.same) {
				t.Errorf("spec, data, metrics, weights: got %v, want %v", same, c.same)
			}
		})
	}
}

func TestRunsWithoutWeightsOrDataAreNotTheSame(t *testing.T) {
	a := compared("a")
	a.Weights, a.Run.Tags = "", nil
	if c := tracking.Compare(a, a); c.SameData || c.SameWeights {
		t.Errorf("got %+v", c)
	}
}

func ExampleCompare() {
	a, b := compared("a"), compared("b")
	b.Run.Params = map[string]string{"train.l2": "10", "data.target": "churn"}
	for _, d := range tracking.Compare(a, b).Differences {
		fmt.Println(d.Kind, d.Key, d.A, d.B)
	}
	// Output: spec train.l2 1 10
}
