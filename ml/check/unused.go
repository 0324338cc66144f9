package check

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
)

// unusedFeatures looks for columns that the model could do without: their
// permutation importance (how much worse the model gets when the column is
// shuffled) is at most twice its standard error, or at most 0.5 % of that of
// the most important column, which is where columns of pure noise lie.
//
// The value is the share of such columns. Threshold 0.9: where nine of ten
// columns do nothing, the model should be made smaller, since each must be kept
// right in production; less is told and let pass, because columns that stand in
// for each other look unused one by one (26 of 30 of the breast cancer set do).
// Left out: importance of columns together.
func unusedFeatures(_ context.Context, b *bench, o Options, r *Result) error {
	var list []Importance
	most := 0.0
	for _, imp := range b.Importances {
		if !notFinite(imp.Mean) {
			most = max(most, imp.Mean)
			if len(o.Columns) == 0 || slices.Contains(o.Columns, imp.Column) {
				list = append(list, imp)
			}
		}
	}
	if len(list) == 0 {
		r.Skipped = "the columns' importances are not known"
		return nil
	}
	var names []string
	for _, imp := range list {
		noise := 0.0
		if imp.Repeats > 1 && !notFinite(imp.Std) {
			noise = 2 * imp.Std / math.Sqrt(float64(imp.Repeats))
		}
		if imp.Mean > max(noise, 0.005*most) {
			continue
		}
		names = append(names, imp.Column)
		r.Findings = append(r.Findings, Finding{Subject: imp.Column, Columns: []string{imp.Column}, Value: imp.Mean,
			Detail: fmt.Sprintf("shuffling %s changes nothing: importance %s", quoted(imp.Column), number(imp.Mean))})
	}
	r.Value = float64(len(names)) / float64(len(list))
	switch len(names) {
	case 0:
		r.Detail = fmt.Sprintf("All of %s matter.", rowsOf(len(list), "column"))
		if len(list) == 1 {
			r.Detail = "The column matters."
		}
	default:
		shown := strings.Join(names[:min(len(names), 5)], ", ")
		if len(names) > 5 {
			shown += " and others"
		}
		r.Detail = fmt.Sprintf("The model does as well without any one of %d of %s: %s.", len(names), rowsOf(len(list), "column"), shown)
	}
	return nil
}
