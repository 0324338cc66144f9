package pipeline

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gristmill"
	"gristmill/ml"
)

// section reads one mapping of a spec key by key. Every reading method notes its
// key as known; close reports the others.
type section struct {
	t     *tree
	path  string
	m     map[string]any
	known []string
}

// section opens the mapping at a path, empty if there is none.
func (t *tree) section(path string, v any) *section {
	s := &section{t: t, path: path}
	switch v := v.(type) {
	case nil:
	case map[string]any:
		s.m = v
	default:
		t.problem(path, show(v), "a mapping", "%s: %s is not a mapping", path, show(v))
	}
	return s
}

func (s *section) get(key string) (any, string, bool) {
	if !slices.Contains(s.known, key) {
		s.known = append(s.known, key)
	}
	v, ok := s.m[key]
	return v, join(s.path, key), ok && v != nil
}

func (s *section) has(key string) bool { v, ok := s.m[key]; return ok && v != nil }

// text reads a string; numbers and booleans are taken by their text, since YAML
// makes numbers of words like 1.
func (s *section) text(key string) string {
	v, path, ok := s.get(key)
	if !ok {
		return ""
	}
	switch v := v.(type) {
	case string:
		return v
	case int64, float64, bool:
		return fmt.Sprint(v)
	default:
		s.t.problem(path, show(v), "a text", "%s: %s is not a text", path, show(v))
		return ""
	}
}

// required is text that must be there.
func (s *section) required(key, example string) string {
	v := s.text(key)
	if v == "" && !s.t.reported(join(s.path, key)) {
		path := join(s.path, key)
		s.t.problem(path, "", example, "%s is missing; expected e.g. %s", path, example)
	}
	return v
}

// choice reads one of the allowed words, or "" if the key is missing.
func (s *section) choice(key string, allowed ...string) string {
	v := s.text(key)
	if v == "" || slices.Contains(allowed, v) {
		return v
	}
	s.t.from(ml.Unknown(join(s.path, key), "value", v, allowed))
	return ""
}

// number reads a number within [low, high], or def if the key is missing.
func (s *section) number(key string, def, low, high float64) float64 {
	v, path, ok := s.get(key)
	if !ok {
		return def
	}
	f, isNumber := asFloat(v)
	if !isNumber || f < low || f > high {
		want := fmt.Sprintf("a number from %g to %g", low, high)
		switch {
		case low <= -maxCost:
			want = "a number"
		case math.IsInf(high, 1):
			want = fmt.Sprintf("a number of at least %g", low)
		}
		s.t.problem(path, show(v), want, "%s: %s is not %s", path, show(v), want)
		return def
	}
	return f
}

// integer reads a whole number within [low, high], or def if the key is missing.
func (s *section) integer(key string, def, low, high int64) int64 {
	v, path, ok := s.get(key)
	if !ok {
		return def
	}
	f, isNumber := asFloat(v)
	if !isNumber || f != math.Trunc(f) || f < float64(low) || f > float64(high) {
		want := fmt.Sprintf("a whole number from %d to %d", low, high)
		s.t.problem(path, show(v), want, "%s: %s is not %s", path, show(v), want)
		return def
	}
	return int64(f)
}

// texts reads a list of texts.
func (s *section) texts(key string) []string {
	v, path, ok := s.get(key)
	if !ok {
		return nil
	}
	list, isList := v.([]any)
	if !isList {
		s.t.problem(path, show(v), "a list of texts", "%s: %s is not a list of texts", path, show(v))
		return nil
	}
	var out []string
	for i, e := range list {
		switch e := e.(type) {
		case string:
			out = append(out, e)
		case int64, float64, bool:
			out = append(out, fmt.Sprint(e))
		default:
			at := fmt.Sprintf("%s[%d]", path, i)
			s.t.problem(at, show(e), "a text", "%s: %s is not a text", at, show(e))
		}
	}
	return out
}

// bool reads true or false.
func (s *section) bool(key string) bool {
	v, path, ok := s.get(key)
	if !ok {
		return false
	}
	b, isBool := v.(bool)
	if !isBool {
		s.t.problem(path, show(v), "true or false", "%s: %s is not true or false", path, show(v))
	}
	return b
}

// words reads a mapping of texts.
func (s *section) words(key string) map[string]string {
	v, path, ok := s.get(key)
	if !ok {
		return nil
	}
	m := s.t.section(path, v)
	out := map[string]string{}
	for _, name := range sortedKeys(m.m) {
		if text := m.text(name); text != "" {
			out[name] = text
		}
	}
	return out
}

// close reports unknown keys, each with the nearest known one.
func (s *section) close() {
	for _, k := range slices.Sorted(maps.Keys(s.m)) {
		if !slices.Contains(s.known, k) {
			p := ml.Unknown(s.path, "key", k, s.known)
			m, ok := s.t.keys[join(s.path, k)]
			if !ok {
				m = s.t.locate(s.path)
			}
			s.t.add(gristmill.Problem{Path: join(s.path, k), Line: m.line, Column: m.column, Given: k, Want: p.Want, Msg: p.Msg})
		}
	}
}

// from adds a problem that another room found at its own path.
func (t *tree) from(p ml.Problem) {
	m := t.locate(p.Path)
	t.add(gristmill.Problem{Path: p.Path, Line: m.line, Column: m.column, Given: p.Given, Want: p.Want, Msg: p.Msg})
}

// reported says whether a problem at path was noted already.
func (t *tree) reported(path string) bool {
	return slices.ContainsFunc(t.problems, func(p gristmill.Problem) bool {
		return p.Path == path || strings.HasPrefix(p.Path, path+".")
	})
}

func asFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case int:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	default:
		return 0, false
	}
}
