package profile

import (
	"fmt"
	"math"
	"slices"

	"gristmill/ml/frame"
)

// Alert is something about a column, or about the table, that a person should
// look at before a model learns from it.
type Alert struct {
	Column string `json:"column,omitempty"` // "" for the table
	Kind   string `json:"kind"`
	Text   string `json:"text"`
}

// The kinds of alert.
const (
	AlertEmpty      = "empty"       // no value at all
	AlertConstant   = "constant"    // one value
	AlertIDLike     = "id_like"     // every row has its own value
	AlertMissing    = "missing"     // many rows have no value
	AlertNotFinite  = "not_finite"  // NaN or infinities
	AlertDuplicates = "duplicates"  // rows that come again
	AlertTarget     = "target_like" // the column almost tells the target
)

// Where alerts begin.
const (
	manyMissing = 0.4
	idRows      = 20
	idShare     = 0.99
	targetLike  = 0.95
)

// alerts looks at a profile that is complete but for them.
func alerts(p Profile) (list []Alert) {
	if p.Duplicates > 0 {
		about := ""
		if p.DuplicatesApproximate {
			about = "about "
		}
		list = append(list, Alert{Kind: AlertDuplicates, Text: fmt.Sprintf("%s%d of %d rows are equal to one before them; copies on both sides of a split make a test look better than it is", about, p.Duplicates, p.Rows)})
	}
	for _, c := range p.Columns {
		list = append(list, columnAlerts(c, p)...)
	}
	return list
}

func columnAlerts(c Column, p Profile) (list []Alert) {
	say := func(kind, format string, args ...any) {
		list = append(list, Alert{Column: c.Name, Kind: kind, Text: fmt.Sprintf(format, args...)})
	}
	values := p.Rows - c.Missing
	switch {
	case p.Rows == 0:
		return nil
	case values == 0:
		say(AlertEmpty, "no row has a value")
		return list
	case c.Distinct == 1 && p.Rows > 1:
		value := ""
		if len(c.Top) > 0 {
			value = c.Top[0].Value
		}
		say(AlertConstant, "every value is %q", value)
	case c.Name != p.Target && idLike(c, values):
		say(AlertIDLike, "%d different values in %d rows: an identifier, which a model can only learn by heart", c.Distinct, values)
	}
	if share := float64(c.Missing) / float64(p.Rows); share >= manyMissing {
		say(AlertMissing, "%.0f %% of the rows have no value", 100*share)
	}
	if c.NotFinite > 0 {
		say(AlertNotFinite, "%d values are NaN or infinite", c.NotFinite)
	}
	if c.Target != nil && math.Abs(c.Target.Value) >= targetLike {
		say(AlertTarget, "it almost tells the target (%s %.3f): is it known before the target is?", c.Target.Measure, c.Target.Value)
	}
	return list
}

// idLike reports whether a column's values look like names of rows: measures
// with decimals and moments are different by nature.
func idLike(c Column, values int) bool {
	return values >= idRows && slices.Contains([]frame.Type{frame.String, frame.Int64}, c.Type) && c.DistinctShare >= idShare
}
