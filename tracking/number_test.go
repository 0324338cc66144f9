package tracking_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"gristmill/tracking"
)

func ExampleNumber() {
	b, _ := json.Marshal([]tracking.Number{0.5, tracking.Number(math.NaN()), tracking.Number(math.Inf(-1))})
	fmt.Println(string(b))
	// Output: [0.5,"NaN","-Infinity"]
}

func TestNumberRoundTrips(t *testing.T) {
	t.Parallel()
	for _, f := range []float64{0, -0.1, 1e300, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), math.NaN()} {
		b, err := json.Marshal(tracking.Number(f))
		if err != nil {
			t.Fatal(err)
		}
		var got tracking.Number
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if same := float64(got) == f || math.IsNaN(f) && math.IsNaN(float64(got)); !same {
			t.Errorf("%v became %v through %s", f, got, b)
		}
	}
	for _, bad := range []string{`"nan"`, `true`, `"1"`, `{}`} {
		var n tracking.Number
		if err := json.Unmarshal([]byte(bad), &n); err == nil {
			t.Errorf("%s was read as %v", bad, n)
		}
	}
}
