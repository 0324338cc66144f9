package web

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// openAPI renders the route table as an OpenAPI 3.1 document. The types in it
// are the endpoints' own.
func openAPI(table []route, version string) []byte {
	g := &schemas{components: map[string]any{}, names: map[reflect.Type]string{}}
	paths := map[string]map[string]any{}
	for i := range table {
		rt := &table[i]
		if rt.page() {
			continue
		}
		at := documentPath(rt.path)
		if paths[at] == nil {
			paths[at] = map[string]any{}
		}
		paths[at][strings.ToLower(rt.method)] = operation(rt, g)
	}
	document := schema{
		"openapi": "3.1.0",
		"info": schema{"title": "Gristmill", "version": version,
			"description": "The native API. Every error has the body ErrorBody; its kind decides the status. Unknown query parameters and body fields are errors."},
		"paths": paths,
		"components": schema{
			"schemas": g.components,
			"securitySchemes": schema{
				"bearer": schema{"type": "http", "scheme": "bearer"},
				"basic":  schema{"type": "http", "scheme": "basic", "description": "any user name, the token as password"},
			},
		},
	}
	b, err := json.Marshal(document)
	if err != nil {
		panic(err) // the document is made of our own types only
	}
	return b
}

var wildcard = regexp.MustCompile(`\{([a-z_]+)(\.\.\.)?\}`)

// documentPath turns a pattern's path into the document's: {key...} is {key}.
func documentPath(pattern string) string { return wildcard.ReplaceAllString(pattern, "{$1}") }

func operation(rt *route, g *schemas) schema {
	status := rt.status
	if status == 0 {
		status = 200
	}
	content := schema{}
	if rt.do.out != nil {
		content["application/json"] = schema{"schema": g.of(rt.do.out)}
	} else {
		content[rt.do.media] = schema{}
	}
	problem := schema{"description": "an error", "content": schema{
		"application/json": schema{"schema": g.of(reflect.TypeFor[ErrorBody]())}}}
	op := schema{
		"operationId": operationID(rt),
		"summary":     rt.about,
		"tags":        []string{rt.tag},
		"responses":   schema{strconv.Itoa(status): schema{"description": "done", "content": content}, "default": problem},
	}
	if params := parameters(rt); len(params) > 0 {
		op["parameters"] = params
	}
	if body := requestBody(rt, g); body != nil {
		op["requestBody"] = body
	}
	if !rt.open {
		op["security"] = []any{schema{"bearer": []string{}}, schema{"basic": []string{}}, schema{}}
	}
	return op
}

// operationID names a route for generated clients: get_runs_id_logs.
func operationID(rt *route) string {
	p := strings.TrimPrefix(documentPath(rt.path), api)
	words := strings.FieldsFunc(p, func(r rune) bool { return strings.ContainsRune("/{}._", r) })
	return strings.ToLower(rt.method) + "_" + strings.Join(words, "_")
}

func parameters(rt *route) []any {
	var out []any
	for _, m := range wildcard.FindAllStringSubmatch(rt.path, -1) {
		p := schema{"name": m[1], "in": "path", "required": true, "schema": schema{"type": "string"}}
		if m[2] != "" {
			p["description"] = "may contain slashes"
		}
		out = append(out, p)
	}
	for _, q := range rt.query {
		out = append(out, schema{"name": q.name, "in": "query", "description": q.about, "schema": q.kind.schema()})
	}
	return out
}

func (k paramKind) schema() schema {
	switch k {
	case count:
		return schema{"type": "integer", "minimum": 1, "maximum": 1000}
	case number:
		return schema{"type": "integer", "minimum": 0}
	case many:
		return schema{"type": "array", "items": schema{"type": "string"}}
	default:
		return schema{"type": "string"}
	}
}

func requestBody(rt *route, g *schemas) schema {
	content := schema{}
	if rt.do.in != nil {
		content["application/json"] = schema{"schema": g.of(rt.do.in)}
	}
	for _, media := range rt.do.takes {
		content[media] = schema{"schema": schema{"type": "string"}}
	}
	if rt.do.upload {
		content["application/octet-stream"] = schema{}
	}
	if len(content) == 0 {
		return nil
	}
	return schema{"content": content, "required": rt.do.upload || len(rt.do.takes) > 0}
}
