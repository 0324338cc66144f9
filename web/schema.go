package web

import (
	"encoding/json"
	"path"
	"reflect"
	"strings"
	"time"

	"gristmill"
	"gristmill/ml/frame"
	"gristmill/pipeline"
	"gristmill/serving"
	"gristmill/tracking"
)

// schema is a JSON Schema as plain JSON; its keys come out sorted.
type schema map[string]any

// schemas makes JSON Schemas of Go types; structs become named components.
type schemas struct {
	components map[string]any
	names      map[reflect.Type]string
}

// leaves are the types whose JSON is not what their Go kind says, or is
// narrower.
var leaves = map[reflect.Type]schema{
	reflect.TypeFor[time.Time]():        {"type": "string", "format": "date-time"},
	reflect.TypeFor[json.RawMessage]():  {},
	reflect.TypeFor[gristmill.Digest](): {"type": "string", "description": "SHA-256 in 64 lower-case hex digits; empty if there is none"},
	reflect.TypeFor[tracking.Number](): {"description": "a number, or a string where JSON has none",
		"oneOf": []any{schema{"type": "number"}, schema{"type": "string", "enum": []string{"NaN", "Infinity", "-Infinity"}}}},
	reflect.TypeFor[tracking.Status](): {"type": "string", "enum": runStates},
	reflect.TypeFor[tracking.Lifecycle](): {"type": "string",
		"enum": []string{string(tracking.Active), string(tracking.Deleted)}},
	reflect.TypeFor[serving.State](): {"type": "string", "enum": []string{string(serving.Stable), string(serving.Rolling)}},
	reflect.TypeFor[pipeline.Kind](): {"type": "string", "enum": []string{string(pipeline.Fetch), string(pipeline.Transform),
		string(pipeline.Train), string(pipeline.Evaluate), string(pipeline.Register), string(pipeline.Deploy)}},
	reflect.TypeFor[frame.Type](): {"type": "string", "enum": []string{string(frame.Float64), string(frame.Int64),
		string(frame.Bool), string(frame.String)}},
	reflect.TypeFor[gristmill.Kind](): {"type": "string", "enum": errorKinds()},
}

func errorKinds() []string {
	kinds := make([]string, 0, len(statuses))
	for _, k := range sortedKeys(statuses) {
		kinds = append(kinds, string(k))
	}
	return kinds
}

// of returns the schema of t.
func (g *schemas) of(t reflect.Type) schema {
	if s, ok := leaves[t]; ok {
		return s
	}
	switch t.Kind() {
	case reflect.Pointer:
		return g.of(t.Elem())
	case reflect.String:
		return schema{"type": "string"}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint64:
		return schema{"type": "integer"}
	case reflect.Float64:
		return schema{"type": "number"}
	case reflect.Slice:
		return schema{"type": "array", "items": g.of(t.Elem())}
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": g.of(t.Elem())}
	case reflect.Struct:
		return schema{"$ref": "#/components/schemas/" + g.component(t)}
	}
	return schema{} // any
}

// component describes a struct once and returns its name.
func (g *schemas) component(t reflect.Type) string {
	if name, ok := g.names[t]; ok {
		return name
	}
	name := t.Name()
	if _, taken := g.components[name]; taken || t.PkgPath() != reflect.TypeFor[Run]().PkgPath() {
		room := path.Base(t.PkgPath())
		name = strings.ToUpper(room[:1]) + room[1:] + t.Name()
	}
	g.names[t] = name
	g.components[name] = schema{} // keeps the name while a type that holds itself is described
	properties, required := map[string]any{}, []string{}
	g.fields(t, properties, &required)
	object := schema{"type": "object", "properties": properties}
	if len(required) > 0 {
		object["required"] = required
	}
	g.components[name] = object
	return name
}

// fields describes a struct's fields as encoding/json sees them: those of
// embedded structs are the outer one's, unless it has its own of that name.
func (g *schemas) fields(t reflect.Type, properties map[string]any, required *[]string) {
	var embedded []reflect.Type
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Tag.Get("json") == "" {
			embedded = append(embedded, f.Type)
			continue
		}
		name, ok := fieldName(f)
		if _, shadowed := properties[name]; !ok || shadowed {
			continue
		}
		_, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		s := g.of(f.Type)
		switch {
		case strings.Contains(options, "string"):
			s = schema{"type": "string"}
		case !strings.Contains(options, "omitempty") && (f.Type.Kind() == reflect.Slice || f.Type.Kind() == reflect.Map) && s["type"] != nil:
			s["type"] = []string{s["type"].(string), "null"}
		}
		properties[name] = s
		if !strings.Contains(options, "omitempty") {
			*required = append(*required, name)
		}
	}
	for _, e := range embedded {
		g.fields(e, properties, required)
	}
}
