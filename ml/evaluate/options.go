package evaluate

import "encoding/json"

// Options are the section evaluate of a spec without its gates. The zero value
// measures the metrics with intervals of 1,000 resamples, permutes each column
// five times and makes every check with its default threshold.
type Options struct {
	Bootstrap  int      `json:"bootstrap,omitempty"`  // resamples behind every interval; 0: 1,000; below 0: no intervals
	Seed       uint64   `json:"seed,omitempty"`       // of everything random
	Slices     []string `json:"slices,omitempty"`     // columns by whose values the test rows are measured apart
	Threshold  string   `json:"threshold,omitempty"`  // of two classes, how to choose: "f1", "youden" or "cost"; "" means cost if there is one, else f1
	Cost       *Cost    `json:"cost,omitempty"`       // what errors cost; nil: unknown
	Importance int      `json:"importance,omitempty"` // permutations of each column; 0: 5; below 0: none
	// Checks are what to look for beside the metrics, by name; a missing one
	// has its defaults. See Checks for the names.
	Checks map[string]CheckOptions `json:"checks,omitempty"`
}

// Cost says what predictions cost, in one currency; a negative cost is a gain.
// Of a classification either the four cells of two classes are set, or Matrix;
// of a regression Over and Under.
type Cost struct {
	Currency      string  `json:"currency,omitempty"` // "USD"; "" means units
	TruePositive  float64 `json:"true_positive,omitempty"`
	FalsePositive float64 `json:"false_positive,omitempty"`
	TrueNegative  float64 `json:"true_negative,omitempty"`
	FalseNegative float64 `json:"false_negative,omitempty"`
	// Matrix is the cost by actual and then by predicted class; what is not
	// there costs nothing.
	Matrix map[string]map[string]float64 `json:"matrix,omitempty"`
	// Over and Under are the cost of one unit of a prediction above and below
	// the truth.
	Over  float64 `json:"over,omitempty"`
	Under float64 `json:"under,omitempty"`
}

// CheckOptions change one check.
type CheckOptions struct {
	Off     bool     `json:"off,omitempty"`     // do not make it
	Refuse  bool     `json:"refuse,omitempty"`  // a gate: a check that is not passed rejects the candidate
	AtMost  *float64 `json:"at_most,omitempty"` // another threshold than the check's own
	Columns []string `json:"columns,omitempty"` // look at these only
}

// Plot is one picture with the numbers that it shows.
type Plot struct {
	Name  string          `json:"name"`  // "roc": the artifacts are plots/roc.json and plots/roc.svg
	Title string          `json:"title"` // "ROC curve, test rows"
	Data  json.RawMessage `json:"data"`
	SVG   []byte          `json:"-"`
}
