package check

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"gristmill/ml/frame"
)

// Input is what the checks look at. Train and Test are needed; a check whose
// other needs are missing says so in Result.Skipped.
type Input struct {
	Target   string   // the target's name, for messages
	Classes  []string // labels of a classification in order; nil for a regression
	Positive int      // index of the positive class of two
	// The parts of the table, with the raw features, that is, as the user's
	// table has them, without the target. A Validation without X is none.
	Train, Validation, Test Part
	// Importances are how much worse the model gets when a column is
	// shuffled; nil: unknown.
	Importances []Importance
}

// Part is one part of the table: n rows.
type Part struct {
	X     *frame.Frame
	Y     []float64 // n targets: values, or indices into Classes
	Pred  []float64 // n predictions, like Y; nil: unknown. Only Test's are looked at
	Proba []float64 // n*len(Classes) probabilities, row by row; nil: unknown
}

// rows returns n, 0 for a part that is not there.
func (p Part) rows() int {
	if p.X == nil {
		return 0
	}
	return p.X.Rows()
}

// Importance is how much worse the model gets when a column is shuffled, as the
// mean over Repeats shuffles and their standard deviation (n - 1). Above 0: the
// column helps.
type Importance struct {
	Column  string
	Mean    float64
	Std     float64
	Repeats int
}

// Options change one check. The fields are those of evaluate.CheckOptions.
type Options struct {
	Off     bool     // do not make it
	Refuse  bool     // a gate: a check that is not passed rejects the candidate
	AtMost  *float64 // another threshold than the check's own
	Columns []string // look at these only
}

// Result is what one check found.
type Result struct {
	Name      string  `json:"name"`
	Title     string  `json:"title"`
	Passed    bool    `json:"passed"`
	Value     float64 `json:"value"`     // what was measured, see Info.About
	Threshold float64 `json:"threshold"` // the value is to be at most this
	// Chance says that the value is above the threshold and the check is
	// passed even so, because so few rows can not be told from chance.
	Chance bool   `json:"chance,omitempty"`
	Refuse bool   `json:"refuse,omitempty"` // if it is not passed, the candidate is to be rejected
	Detail string `json:"detail"`           // a sentence with the numbers
	// Skipped says why the check could not be made; it is passed then, and
	// Value is 0.
	Skipped string `json:"skipped,omitempty"`
	// Findings are the columns or segments behind the value, the worst first,
	// at most MaxFindings; Total is how many there are.
	Findings []Finding `json:"findings,omitempty"`
	Total    int       `json:"total,omitempty"`
	Rows     []Twin    `json:"rows,omitempty"` // rows behind the value, at most MaxFindings
}

// Refused reports whether the result rejects the candidate.
func (r Result) Refused() bool { return r.Refuse && !r.Passed }

// MaxFindings is how many columns, segments or rows a result names.
const MaxFindings = 20

// Finding is a column or a segment that a check points at.
type Finding struct {
	Subject string   `json:"subject"`        // `age`, `age above 61.5 and sex is "female"`
	Columns []string `json:"columns"`        // one or two
	Rows    int      `json:"rows,omitempty"` // test rows of a segment
	Value   float64  `json:"value"`
	Passed  bool     `json:"passed"` // not above the threshold, told for comparison
	Detail  string   `json:"detail"`
}

// Twin is a row of test or validation whose features are those of a training
// row. Rows are 0-based in their part.
type Twin struct {
	Part       string `json:"part"` // "test" or "validation"
	Row        int    `json:"row"`
	TrainRow   int    `json:"train_row"`
	SameTarget bool   `json:"same_target"`
}

// maker makes one check. It fills in everything of r but what the catalog and
// the options say.
type maker func(ctx context.Context, b *bench, o Options, r *Result) error

// Run makes all checks but those that are off, in the order of Catalog. It is
// deterministic. The error is ml.Problems for input or options that make no
// sense, all of them at once, or ctx's.
func Run(ctx context.Context, in Input, options map[string]Options) ([]Result, error) {
	if p := problems(in, options); len(p) > 0 {
		return nil, p
	}
	b := newBench(in)
	var list []Result
	for _, k := range kinds() {
		o := options[k.Name]
		if o.Off {
			continue
		}
		r := Result{Name: k.Name, Title: k.Title, Threshold: k.Default, Refuse: o.Refuse}
		if o.AtMost != nil {
			r.Threshold = *o.AtMost
		}
		if err := k.make(ctx, b, o, &r); err != nil {
			return nil, fmt.Errorf("check %s: %w", k.Name, err)
		}
		r.finish()
		list = append(list, r)
	}
	return list, nil
}

// finish derives Passed and cuts the evidence.
func (r *Result) finish() {
	if r.Skipped != "" {
		r.Detail = "Not made: " + r.Skipped + "."
		r.Passed, r.Chance, r.Value = true, false, 0
		return
	}
	above := r.Value > r.Threshold
	r.Chance = r.Chance && above
	r.Passed = !above || r.Chance
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		if a.Passed != b.Passed {
			if a.Passed {
				return 1
			}
			return -1
		}
		return cmp.Compare(b.Value, a.Value)
	})
	r.Total = max(r.Total, len(r.Findings))
	r.Findings = r.Findings[:min(len(r.Findings), MaxFindings)]
}
