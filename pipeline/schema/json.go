package schema

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"gristmill/ml/catalog"
)

// object is a JSON object; encoding/json writes its keys in order.
type object = map[string]any

// JSON returns the JSON Schema (draft 2020-12) of a spec, indented.
func JSON() []byte {
	root := Spec()
	s := root.schema()
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "Pipeline of gristmill"
	s["allOf"] = byAlgorithm(root)
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(err) // plain values always marshal
	}
	return append(b, '\n')
}

// schema returns the key's value as JSON Schema.
func (k Key) schema() object {
	s := k.form()
	if len(k.Or) > 0 {
		forms := []any{s}
		for _, o := range k.Or {
			forms = append(forms, o.schema())
		}
		s = object{"anyOf": forms}
	}
	about := k.About
	if k.Default != "" {
		about = strings.TrimSpace(about + " Default: " + k.Default + ".")
	}
	if about != "" {
		s["description"] = about
	}
	return s
}

func (k Key) form() object {
	switch k.Form {
	case Text, Value: // YAML makes numbers and truth values of words like 1 and yes
		return object{"type": []string{"string", "number", "boolean"}}
	case Number:
		return k.bounded("number")
	case Whole:
		return k.bounded("integer")
	case Switch:
		return object{"type": "boolean"}
	case Word:
		return object{"enum": k.Values}
	case List:
		s := object{"type": "array", "items": k.Each.schema()}
		if k.AtLeast > 0 {
			s["minItems"] = k.AtLeast
		}
		return s
	case Named:
		s := object{"type": "object", "additionalProperties": k.Each.schema()}
		if len(k.Values) > 0 { // listed one by one, so that an editor offers them
			names := object{}
			for _, v := range k.Values {
				names[v] = k.Each.schema()
			}
			s["properties"], s["additionalProperties"] = names, false
		}
		return s
	case Never:
		return object{"const": false}
	case Mapping:
		return k.mapping()
	default:
		return object{}
	}
}

func (k Key) bounded(kind string) object {
	s := object{"type": kind}
	if k.Min != nil && k.Above {
		s["exclusiveMinimum"] = *k.Min
	} else if k.Min != nil {
		s["minimum"] = *k.Min
	}
	if k.Max != nil && k.Below {
		s["exclusiveMaximum"] = *k.Max
	} else if k.Max != nil {
		s["maximum"] = *k.Max
	}
	return s
}

func (k Key) mapping() object {
	properties, required := object{}, []string{}
	for _, sub := range k.Keys {
		properties[sub.Name] = sub.schema()
		if sub.Required {
			required = append(required, sub.Name)
		}
	}
	s := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// byAlgorithm says, for every algorithm, which keys are only others': they are
// refused beside it.
func byAlgorithm(root Key) []any {
	var rules []any
	for _, a := range algorithms() {
		refused := root.notOf(a.Name)
		if task := a.Task; task == catalog.Regression || task == catalog.Classification {
			gates := object{}
			for _, m := range union(metricNames(catalog.Regression), metricNames(catalog.Classification)) {
				if !slices.Contains(metricNames(task), m) {
					gates[m] = false
				}
			}
			within(refused, []string{"evaluate", "gates"}, gates)
		}
		rules = append(rules, object{
			"if":   object{"properties": object{"train": object{"properties": object{"algorithm": object{"const": a.Name}}, "required": []string{"algorithm"}}}, "required": []string{"train"}},
			"then": object{"properties": refused},
		})
	}
	return rules
}

// notOf returns the keys below k that the algorithm has not, as JSON Schema's
// properties that nothing can satisfy.
func (k Key) notOf(algorithm string) object {
	out := object{}
	for _, sub := range k.Keys {
		if len(sub.Of) > 0 && !slices.Contains(sub.Of, algorithm) {
			out[sub.Name] = false
			continue
		}
		if below := sub.notOf(algorithm); len(below) > 0 {
			out[sub.Name] = object{"properties": below}
		}
	}
	return out
}

// within lays properties into those at a path.
func within(properties object, path []string, more object) {
	for _, name := range path {
		sub, ok := properties[name].(object)
		if !ok {
			sub = object{"properties": object{}}
			properties[name] = sub
		}
		properties = sub["properties"].(object)
	}
	maps.Copy(properties, more)
}
