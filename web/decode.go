package web

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"

	"gristmill"
	"gristmill/ml"
)

// readJSON decodes a body strictly: every unknown field and every value of a
// wrong type is reported, all at once, with its path.
func readJSON(r *http.Request, into any) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return bodyError(err)
	}
	if len(body) == 0 {
		return nil
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return &statusError{status: http.StatusUnsupportedMediaType, cause: gristmill.Errorf(
			gristmill.Invalid, "the body's Content-Type is %q; expected application/json", r.Header.Get("Content-Type"))}
	}
	return decodeJSON(body, into)
}

// bodyError is the error of reading a body.
func bodyError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	return gristmill.Hide(gristmill.Invalid, err, "the body broke off before its end")
}

func decodeJSON(body []byte, into any) error {
	var whole any
	if err := json.Unmarshal(body, &whole); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			line, column := position(body, syntax.Offset)
			return &gristmill.Error{Kind: gristmill.Invalid, Msg: "the body is no JSON", Problems: []gristmill.Problem{
				{Line: line, Column: column, Msg: syntax.Error()}}}
		}
		return gristmill.Hide(gristmill.Invalid, err, "the body is no JSON")
	}
	return gristmill.Problems("the body is not what this route takes", decodeInto("", body, reflect.ValueOf(into).Elem()))
}

// position turns the offset after which a syntax error was seen into line and
// column.
func position(body []byte, offset int64) (line, column int) {
	before := string(body[:max(0, min(int64(len(body)), offset-1))])
	line = 1 + strings.Count(before, "\n")
	return line, 1 + len([]rune(before[strings.LastIndexByte(before, '\n')+1:]))
}

// decodeInto decodes one value. Structs are taken apart field by field, so that
// each of their faults is found; everything else is encoding/json's.
func decodeInto(path string, raw json.RawMessage, v reflect.Value) []gristmill.Problem {
	if v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.Struct && string(raw) != "null" {
		v.Set(reflect.New(v.Type().Elem()))
		return decodeInto(path, raw, v.Elem())
	}
	if v.Kind() != reflect.Struct || decodesItself(v) {
		if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
			want := typeWords(v.Type())
			return []gristmill.Problem{{Path: path, Given: shorten(string(raw)), Want: want,
				Msg: fmt.Sprintf("%s: %s is no %s", orBody(path), shorten(string(raw)), want)}}
		}
		return nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil || object == nil {
		return []gristmill.Problem{{Path: path, Given: shorten(string(raw)), Want: "object",
			Msg: fmt.Sprintf("%s: %s is no object", orBody(path), shorten(string(raw)))}}
	}
	fields := map[string]reflect.Value{}
	var known []string
	for i := range v.NumField() {
		if name, ok := fieldName(v.Type().Field(i)); ok {
			fields[name] = v.Field(i)
			known = append(known, name)
		}
	}
	var problems []gristmill.Problem
	for _, name := range sortedKeys(object) {
		field, ok := fields[name]
		if !ok {
			problems = append(problems, asProblem(path, name, known))
			continue
		}
		problems = append(problems, decodeInto(join(path, name), object[name], field)...)
	}
	return problems
}

func asProblem(path, name string, known []string) gristmill.Problem {
	p := ml.Unknown(path, "field", name, known)
	return gristmill.Problem{Path: join(path, name), Given: p.Given, Want: p.Want, Msg: p.Msg}
}

func decodesItself(v reflect.Value) bool {
	p := v.Addr().Interface()
	_, isJSON := p.(json.Unmarshaler)
	_, isText := p.(encoding.TextUnmarshaler)
	return isJSON || isText
}

// fieldName is the JSON name of a struct's field, if it has one.
func fieldName(f reflect.StructField) (string, bool) {
	if !f.IsExported() {
		return "", false
	}
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch name {
	case "-":
		return "", false
	case "":
		return f.Name, true
	}
	return name, true
}

func typeWords(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64, reflect.Int32:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		return "array"
	default:
		return "object"
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func orBody(path string) string {
	if path == "" {
		return "body"
	}
	return path
}

func shorten(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "..."
	}
	return s
}
