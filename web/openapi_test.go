package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// document is the served document, decoded.
func document(t *testing.T) map[string]any {
	t.Helper()
	var doc map[string]any
	check(t, json.Unmarshal(openAPI(routes(), "test"), &doc))
	return doc
}

func TestDocumentAndRoutesAgreeBothWays(t *testing.T) {
	t.Parallel()
	doc := document(t)
	documented := map[string]bool{}
	for path, item := range doc["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			documented[strings.ToUpper(method)+" "+path] = true
		}
	}
	ids := map[string]bool{}
	for _, rt := range routes() {
		name := rt.method + " " + documentPath(rt.path)
		if rt.page() {
			if documented[name] {
				t.Errorf("the page %s is documented as a program's route", name)
			}
			continue
		}
		if !documented[name] {
			t.Errorf("%s is served and not documented", name)
		}
		delete(documented, name)
		if id := operationID(&rt); ids[id] {
			t.Errorf("operationId %s comes twice", id)
		} else {
			ids[id] = true
		}
		if rt.about == "" || strings.HasSuffix(rt.about, ".") {
			t.Errorf("%s: summary %q; expected a sentence without a full stop", name, rt.about)
		}
	}
	for name := range documented {
		t.Errorf("%s is documented and not served", name)
	}
}

func TestDocumentReferencesResolve(t *testing.T) {
	t.Parallel()
	doc := document(t)
	components := doc["components"].(map[string]any)["schemas"].(map[string]any)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				if _, ok := components[strings.TrimPrefix(ref, "#/components/schemas/")]; !ok {
					t.Errorf("%s is not described", ref)
				}
			}
			for _, w := range v {
				walk(w)
			}
		case []any:
			for _, w := range v {
				walk(w)
			}
		}
	}
	walk(doc)
}

// conform reports how an answer differs from what the document says of its
// route.
func conform(doc map[string]any, rt *route, got reply) []string {
	op := doc["paths"].(map[string]any)[documentPath(rt.path)].(map[string]any)[strings.ToLower(rt.method)].(map[string]any)
	responses := op["responses"].(map[string]any)
	response, ok := responses[strconv.Itoa(got.status)].(map[string]any)
	if !ok {
		if got.status < 400 {
			return []string{fmt.Sprintf("status %d is not documented", got.status)}
		}
		response = responses["default"].(map[string]any)
	}
	content := response["content"].(map[string]any)
	media, _, _ := strings.Cut(got.header.Get("Content-Type"), ";")
	described, ok := content[media].(map[string]any)
	if !ok {
		if rt.do.media == "application/octet-stream" { // a download has its file's type
			return nil
		}
		return []string{fmt.Sprintf("media type %q is not documented", media)}
	}
	want, ok := described["schema"].(map[string]any)
	if !ok {
		return nil
	}
	var value any
	if err := json.Unmarshal([]byte(got.body), &value); err != nil {
		return []string{err.Error()}
	}
	v := validator{components: doc["components"].(map[string]any)["schemas"].(map[string]any)}
	v.check("$", want, value)
	return v.faults
}

// validator checks JSON against the schemas of our document. It is strict:
// what is not described is a fault.
type validator struct {
	components map[string]any
	faults     []string
}

func (v *validator) fault(path, format string, args ...any) {
	v.faults = append(v.faults, path+": "+fmt.Sprintf(format, args...))
}

func (v *validator) check(path string, s map[string]any, value any) {
	if ref, ok := s["$ref"].(string); ok {
		s = v.components[strings.TrimPrefix(ref, "#/components/schemas/")].(map[string]any)
	}
	if choices, ok := s["oneOf"].([]any); ok {
		fits := 0
		for _, c := range choices {
			one := validator{components: v.components}
			if one.check(path, c.(map[string]any), value); len(one.faults) == 0 {
				fits++
			}
		}
		if fits != 1 {
			v.fault(path, "%v fits %d of the choices", value, fits)
		}
		return
	}
	if enum, ok := s["enum"].([]any); ok && !slices.Contains(enum, value) {
		v.fault(path, "%v is none of %v", value, enum)
	}
	if types, ok := s["type"]; ok && !slices.ContainsFunc(asList(types), func(t any) bool { return isType(t, value) }) {
		v.fault(path, "%v is no %v", value, types)
		return
	}
	switch value := value.(type) {
	case []any:
		items, _ := s["items"].(map[string]any)
		for i, item := range value {
			v.check(fmt.Sprintf("%s[%d]", path, i), items, item)
		}
	case map[string]any:
		v.object(path, s, value)
	}
}

func (v *validator) object(path string, s, value map[string]any) {
	properties, _ := s["properties"].(map[string]any)
	more, _ := s["additionalProperties"].(map[string]any)
	for _, name := range asList(s["required"]) {
		if _, ok := value[name.(string)]; !ok {
			v.fault(path, "%s is missing", name)
		}
	}
	for name, field := range value {
		switch p, ok := properties[name].(map[string]any); {
		case ok:
			v.check(path+"."+name, p, field)
		case more != nil:
			v.check(path+"."+name, more, field)
		case len(s) > 0: // {} is any value
			v.fault(path, "%s is not described", name)
		}
	}
}

func asList(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

func isType(t, value any) bool {
	switch value := value.(type) {
	case nil:
		return t == "null"
	case string:
		return t == "string"
	case bool:
		return t == "boolean"
	case float64:
		return t == "number" || t == "integer" && value == float64(int64(value))
	case []any:
		return t == "array"
	}
	return t == "object"
}

// The validator must refuse what does not fit, or the tests that use it prove
// nothing.
func TestValidatorRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	doc := document(t)
	table := routes()
	rt := &table[slices.IndexFunc(table, func(rt route) bool { return rt.path == api+"/workflows/{id...}" })]
	head := http.Header{"Content-Type": {"application/json"}}
	for body, want := range map[string]string{
		`{"workflow_id":"w","status":"running"}`:             "[]",
		`{"workflow_id":"w","status":"gone"}`:                "[$.status: gone is none of [scheduled running succeeded rejected failed canceled awaiting_approval]]",
		`{"status":"running"}`:                               "[$: workflow_id is missing]",
		`{"workflow_id":1,"status":"running"}`:               "[$.workflow_id: 1 is no string]",
		`{"workflow_id":"w","status":"running","more":true}`: "[$: more is not described]",
	} {
		if got := fmt.Sprint(conform(doc, rt, reply{200, head, body})); got != want {
			t.Errorf("%s\n got %s\nwant %s", body, got, want)
		}
	}
	if got := fmt.Sprint(conform(doc, rt, reply{201, head, `{}`})); got != "[status 201 is not documented]" {
		t.Error(got)
	}
}
