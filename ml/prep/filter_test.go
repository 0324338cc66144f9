package prep_test

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gristmill/ml/frame"
	"gristmill/ml/prep"
)

// FuzzColumnFilter holds what a rule's selector takes against its definition: by
// an expression, by type and by names, with the remainder for the rest. A column
// is taken once, in the order of the table.
func FuzzColumnFilter(f *testing.F) {
	for _, s := range []struct{ kind, text string }{{"pattern", "^b|c$"}, {"pattern", "(?i)GRÖSSE"}, {"pattern", "("}, {"pattern", ""}, {"pattern", "a{2,1}"}, {"pattern", `\p{L}+_\d`},
		{"type", "number"}, {"type", "category"}, {"type", "bool"}, {"type", "date"}, {"type", "text"}, {"names", "a\nb"}, {"names", "b\na\nb"}, {"names", ""}, {"names", "größe_1"}, {"names", "none"}} {
		f.Add(s.kind, s.text)
	}
	table := []*frame.Column{
		floats("a", 1, 2), floats("größe_1", 1, 2), text("b", "x", "y"), text("abc", "x", "y"), moments("at", 1, 2),
		{Field: frame.Field{Name: "bc", Type: frame.Bool}, Bools: []bool{true, false}}, {Field: frame.Field{Name: "", Type: frame.Int64}, Ints: []int64{1, 2}},
	}
	table[len(table)-1].Field.Name = "n\tc"
	f.Fuzz(func(t *testing.T, kind, given string) {
		names := strings.Split(given, "\n")
		var value any = given
		if kind == "names" {
			value = names
		}
		if slices.Contains(names, "\xff") || kind != "names" && kind != "type" && kind != "pattern" {
			t.Skip()
		}
		rule, err := json.Marshal([]any{map[string]any{"columns": map[string]any{kind: value}, "apply": []any{"missing"}}, map[string]any{"columns": "remainder", "apply": []any{"drop"}}})
		if err != nil {
			t.Skip()
		}
		var sent []struct{ Columns json.RawMessage } // what JSON made of texts that are not UTF-8
		if err := json.Unmarshal(rule, &sent); err != nil {
			t.Fatal(err)
		}
		var selector struct {
			Pattern, Type string
			Names         []string
		}
		if err := json.Unmarshal(sent[0].Columns, &selector); err != nil {
			t.Fatal(err)
		}
		var want []string
		expression, wrong := regexp.Compile(selector.Pattern)
		for _, c := range table {
			takes := false
			switch {
			case kind == "pattern":
				takes = wrong == nil && expression.MatchString(c.Field.Name)
			case kind == "names":
				takes = slices.Contains(selector.Names, c.Field.Name)
			default:
				takes = slices.Contains(map[string][]frame.Type{"number": {frame.Float64, frame.Int64}, "category": {frame.String, frame.Bool}, "bool": {frame.Bool}, "date": {frame.Timestamp}}[given], c.Field.Type)
			}
			if takes {
				want = append(want, c.Field.Name+"_missing")
			}
		}
		spec, problems := prep.Parse(rule)
		if len(problems) > 0 {
			if kind == "pattern" && wrong == nil && given != "" {
				t.Errorf("the pattern %q is refused: %v", given, problems)
			}
			return
		}
		fitted, err := prep.Fit(context.Background(), spec, makeFrame(t, table...))
		if err != nil {
			return // nothing is taken, or a name is not there: the rules' own tests know
		}
		got := fitted.FeatureNames()
		if kind == "names" { // in the order given
			slices.Sort(got)
			slices.Sort(want)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s %q takes %q, want %q", kind, given, got, want)
		}
	})
}
