package evaluate

import (
	"gristmill/ml/catalog"
	"gristmill/ml/check"
	"gristmill/ml/metric"
)

// Report is the document evaluation.json: everything that was measured of a
// model. Whoever judges gates adds them beside.
type Report struct {
	Task      catalog.Task       `json:"task"`
	Metrics   []Metric           `json:"metrics"`
	Omitted   []metric.Omission  `json:"omitted,omitempty"` // what could not be measured, and why
	Classes   []string           `json:"classes,omitempty"`
	Confusion map[string][][]int `json:"confusion,omitempty"` // by part; row: actual, column: called class
	Rows      map[string]int     `json:"rows"`                // by part

	Part       string          `json:"part,omitempty"`     // the part looked at: "test", or what there is
	Main       string          `json:"main,omitempty"`     // the main metric: "roc_auc" or "rmse"
	Positive   string          `json:"positive,omitempty"` // the positive class of two
	PerClass   []ClassMetrics  `json:"per_class,omitempty"`
	Threshold  *Threshold      `json:"threshold,omitempty"`
	Cost       *CostReport     `json:"cost,omitempty"`
	Slices     []Slice         `json:"slices,omitempty"`
	Importance *Importance     `json:"importance,omitempty"`
	Residuals  *metric.Summary `json:"residuals,omitempty"` // actual less predicted
	ECE        *float64        `json:"calibration_error,omitempty"`
	Checks     []check.Result  `json:"checks,omitempty"`
	PlotList   []PlotRef       `json:"plots,omitempty"`
	Plots      []Plot          `json:"-"` // artifacts of their own
}

// PlotRef names a plot of the report.
type PlotRef struct {
	Name  string `json:"name"` // its artifacts are plots/NAME.json and plots/NAME.svg
	Title string `json:"title"`
}

// Metric is a measured number with its interval and the baseline's.
type Metric struct {
	Name     string   `json:"name"` // "test_roc_auc"; of a slice "roc_auc"
	Value    float64  `json:"value"`
	Low      *float64 `json:"low,omitempty"`
	High     *float64 `json:"high,omitempty"`
	Baseline *float64 `json:"baseline,omitempty"`
}

// Estimate is a number with its 95 % interval, nil without resamples.
type Estimate struct {
	Value float64  `json:"value"`
	Low   *float64 `json:"low,omitempty"`
	High  *float64 `json:"high,omitempty"`
}

// ClassMetrics are one class against the rest. An area is nil when the class or
// the rest does not occur.
type ClassMetrics struct {
	Class     string   `json:"class"`
	Rows      int      `json:"rows"`   // that are of the class
	Called    int      `json:"called"` // that are called so
	Precision float64  `json:"precision"`
	Recall    float64  `json:"recall"`
	F1        float64  `json:"f1"`
	ROCAUC    *float64 `json:"roc_auc,omitempty"`
	PRAUC     *float64 `json:"pr_auc,omitempty"`
}

// Threshold is the probability from which on rows should be called positive.
type Threshold struct {
	By     string          `json:"by"`     // "f1", "youden" or "cost"
	Value  float64         `json:"value"`  // just above the highest probability of the rows that chose: call nothing positive
	On     string          `json:"on"`     // which rows chose it: "val", "folds" or "train"
	Chosen metric.Decision `json:"chosen"` // what it gives on the part looked at
	Half   metric.Decision `json:"half"`   // what 0.5 gives there
}

// Outcome is what decisions cost on the part looked at.
type Outcome struct {
	PerRow       Estimate `json:"per_row"`       // mean
	Total        float64  `json:"total"`         // of all rows
	Saving       Estimate `json:"saving"`        // per row: the baseline's cost less this
	OverConstant Estimate `json:"over_constant"` // per row: the constant's cost less this
}

// CostReport is the business impact. Its Outcome is that of the model's own
// decisions.
type CostReport struct {
	Currency string `json:"currency"` // "units" if the spec names none
	Rows     int    `json:"rows"`
	Outcome
	Baseline float64   `json:"baseline"` // cost per row of the trivial model's answers
	Constant Constant  `json:"constant"`
	Best     *BestCost `json:"best,omitempty"` // of a classification
}

// Constant is the one answer to every row that costs least on the rows that
// choose the threshold.
type Constant struct {
	Answer string  `json:"answer"`
	PerRow float64 `json:"per_row"` // on the part looked at
}

// BestCost are the decisions that cost least on the rows that choose: of two
// classes from a threshold on, of more the class with the least expected cost.
type BestCost struct {
	Threshold *float64 `json:"threshold,omitempty"`
	On        string   `json:"on,omitempty"`
	Outcome
}

// Slice is the rows with one value, or a range of values, of a column.
type Slice struct {
	Column  string   `json:"column"`
	Value   string   `json:"value"` // "Yes", "18 to 35", "2019 Q3", "(other)", "(missing)"
	Rows    int      `json:"rows"`
	Share   float64  `json:"share"`
	Small   bool     `json:"small,omitempty"` // fewer than 30 rows: do not conclude
	Worse   bool     `json:"worse,omitempty"` // not small, and beyond chance worse by the main metric than all rows; needs intervals
	Metrics []Metric `json:"metrics"`
}

// Importance is how much the model relies on each column.
type Importance struct {
	Metric  string             `json:"metric"` // what gets worse
	Part    string             `json:"part"`
	Rows    int                `json:"rows"` // sampled
	Repeats int                `json:"repeats"`
	Value   float64            `json:"value"`   // of the metric, nothing shuffled
	Columns []ColumnImportance `json:"columns"` // the greatest first
}

// ColumnImportance is scikit-learn's permutation_importance of a column.
type ColumnImportance struct {
	Column string  `json:"column"`
	Drop   float64 `json:"drop"` // mean over repeats of how much worse the metric gets; below 0: better
	Std    float64 `json:"std"`  // of the repeats, divided by their number
}
