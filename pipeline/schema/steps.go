package schema

import (
	"encoding/json"

	"gristmill/ml/catalog"
	"gristmill/ml/check"
	"gristmill/ml/prep"
)

// show writes a default as a spec has it.
func show(v any) string {
	if v == nil {
		return ""
	}
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "" // defaults are plain values
	}
	return string(b)
}

func transform() Key {
	selector := mapping("columns", "Which columns the rule takes: exactly one of the keys, or the word `remainder` for those that no rule takes.",
		word("type", "All of a type; `category` is text and true or false.", "", prep.Number, prep.Category, prep.Bool, prep.Date),
		texts("names", "These."),
		text("pattern", "Those whose name a regular expression (RE2) finds."),
		Key{Name: "remainder", About: "Those that no other rule takes, wherever this one stands.", Form: Switch},
	).or(word("", "", "", "remainder")).needed()
	rule := Key{Form: Mapping, Keys: []Key{
		selector,
		{Name: "apply", About: "The steps, one after the other.", Form: List, AtLeast: 1, Required: true, Each: &Key{Form: Word, Values: stepNames(), Or: []Key{{Form: Mapping, Keys: steps()}}}},
		{Name: "also", About: "Later rules see its columns too.", Form: Switch, Default: "false"},
		text("prefix", "Of the names of what comes out."),
	}, Or: []Key{mapping("", "", word("remainder", "Short for the last rule.", "", prep.OpDrop, prep.OpKeep).needed())}}
	return Key{Name: "transform", About: "What happens to the columns before the fit, fitted on the training rows only. The first rule that matches a column takes it.",
		Form: List, Each: &rule, Default: "numbers: `impute: median`, `scale: standard`; categories: `one_hot: ignore`; dates: `date_parts`, `impute: median`, `scale: standard`"}
}

func stepNames() (names []string) {
	for _, s := range prep.Steps() {
		names = append(names, s.Name)
	}
	return names
}

// steps describes every step as the one key of a mapping.
func steps() []Key {
	var out []Key
	for _, s := range prep.Steps() {
		k := Key{Name: s.Name, About: s.About, Form: Mapping}
		for _, p := range s.Params {
			k.Keys = append(k.Keys, stepParam(p))
			if p.Name == s.Short {
				short := stepParam(p)
				short.Name, short.About = "", ""
				k.Or = append(k.Or, short)
			}
		}
		out = append(out, k)
	}
	return out
}

func stepParam(p prep.ParamInfo) Key {
	k := Key{Name: p.Name, About: p.About, Values: p.Values, Min: p.Min, Max: p.Max, Above: p.Above, Default: show(p.Default)}
	switch p.Type {
	case prep.Whole:
		k.Form = Whole
	case prep.Real:
		k.Form = Number
	case prep.Switch:
		k.Form = Switch
	case prep.Word:
		k.Form = Word
	case prep.Words:
		k.Form, k.Values, k.AtLeast, k.Each = List, nil, 1, &Key{Form: Word, Values: p.Values}
	case prep.Scalar:
		k.Form = Value
	default:
		k.Form = Text
	}
	return k
}

func checks() Key {
	k := mapping("checks", "What is looked at beside the metrics, by name; `false` leaves a check out.")
	for _, c := range check.Catalog() {
		name := mapping(c.Name, c.About,
			Key{Name: "off", About: "Do not make it.", Form: Switch, Default: "false"},
			Key{Name: "refuse", About: "A gate: a candidate that does not pass is rejected.", Form: Switch, Default: "false"},
			Key{Name: "at_most", About: "Another bound than the check's own.", Form: Number, Min: at(0), Max: at(1e9), Default: show(c.Default)},
			texts("columns", "Look at these only, of the columns that the model sees."),
		).or(Key{Form: Never})
		if c.Name == "calibration" {
			name = name.of(algorithmNames(catalog.Classification))
		}
		k.Keys = append(k.Keys, name)
	}
	return k
}
