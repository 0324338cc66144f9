package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"gristmill"
)

// maxText bounds a spec's text; a spec is a page, not a file store.
const maxText = 256 << 10

// tree is a spec as plain JSON values (map[string]any, []any, string, int64,
// float64, bool, nil) with the place in the text where each value stands.
type tree struct {
	root     map[string]any
	at       map[string]mark // of values, by path, e.g. "data.split.test", "transform[0]"
	keys     map[string]mark // of keys, by path
	problems []gristmill.Problem
}

type mark struct{ line, column int }

// readYAML reads one YAML document. Syntax errors and duplicate keys become
// problems; the tree holds what could be read.
func readYAML(text []byte) *tree {
	t := &tree{root: map[string]any{}, at: map[string]mark{}, keys: map[string]mark{}}
	if len(text) > maxText {
		t.add(gristmill.Problem{Line: 1, Column: 1, Msg: fmt.Sprintf("the spec is %d bytes long; at most %d are allowed", len(text), maxText)})
		return t
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if err == io.EOF {
			t.add(gristmill.Problem{Line: 1, Column: 1, Want: "a mapping", Msg: "the spec is empty; expected a mapping with the key name"})
			return t
		}
		t.add(syntaxProblem(err))
		return t
	}
	var second yaml.Node
	if err := dec.Decode(&second); err != io.EOF {
		t.add(gristmill.Problem{Line: max(1, second.Line), Column: max(1, second.Column), Msg: "a second YAML document; expected one spec a file"})
		return t
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		t.add(gristmill.Problem{Line: top.Line, Column: top.Column, Given: nodeKind(top), Want: "a mapping", Msg: fmt.Sprintf("the spec is %s; expected a mapping with the key name", nodeKind(top))})
		return t
	}
	t.root, _ = t.value(top, "", 0).(map[string]any)
	return t
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntaxProblem reads the line out of the YAML library's error text.
func syntaxProblem(err error) gristmill.Problem {
	p := gristmill.Problem{Line: 1, Column: 1, Msg: "not YAML: " + err.Error()}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			p.Line = n
		}
		p.Msg = "not YAML: " + m[2]
	}
	return p
}

// maxDepth bounds nesting: no key of a spec lies deeper than this.
const maxDepth = 20

// value turns a node into plain values and notes where each stands.
func (t *tree) value(n *yaml.Node, path string, depth int) any {
	t.at[path] = mark{n.Line, n.Column}
	switch {
	case depth > maxDepth:
		t.problem(path, "", "", "nested more than %d deep", maxDepth)
		return nil
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		t.problem(path, "", "", "anchors and aliases are not allowed in a spec; write the value out")
		return nil
	case n.Kind == yaml.MappingNode:
		return t.mapping(n, path, depth)
	case n.Kind == yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = t.value(c, fmt.Sprintf("%s[%d]", path, i), depth+1)
		}
		return list
	default:
		return t.scalar(n, path)
	}
}

func (t *tree) mapping(n *yaml.Node, path string, depth int) any {
	m := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			t.add(gristmill.Problem{Path: path, Line: key.Line, Column: key.Column, Msg: "a key must be a word"})
			continue
		}
		at := join(path, key.Value)
		if _, twice := m[key.Value]; twice {
			t.add(gristmill.Problem{Path: at, Line: key.Line, Column: key.Column, Given: key.Value, Msg: fmt.Sprintf("%s: the key stands twice", at)})
			continue
		}
		t.keys[at] = mark{key.Line, key.Column}
		m[key.Value] = t.value(val, at, depth+1)
		// A mapping or list is found by its key, where people look for it.
		if val.Kind != yaml.ScalarNode {
			t.at[at] = mark{key.Line, key.Column}
		}
	}
	return m
}

func (t *tree) scalar(n *yaml.Node, path string) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		_ = n.Decode(&b)
		return b
	case "!!int":
		var i int64
		if err := n.Decode(&i); err == nil {
			return i
		}
		fallthrough
	case "!!float":
		var f float64
		if err := n.Decode(&f); err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			t.problem(path, n.Value, "a finite number", "%s: %s is no finite number", path, n.Value)
			return nil
		}
		return f
	default:
		return n.Value
	}
}

// readJSON reads the canonical form of an applied spec; it has no places.
func readJSON(canonical json.RawMessage) (*tree, error) {
	dec := json.NewDecoder(bytes.NewReader(canonical))
	dec.UseNumber()
	t := &tree{at: map[string]mark{}}
	if err := dec.Decode(&t.root); err != nil {
		return nil, fmt.Errorf("read applied spec: %w", err)
	}
	plain(t.root)
	return t, nil
}

// plain turns every json.Number below v into int64 or float64, in place.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = plain(e)
		}
	case []any:
		for i, e := range v {
			v[i] = plain(e)
		}
	case json.Number:
		if i, err := v.Int64(); err == nil && !strings.ContainsAny(v.String(), ".eE") {
			return i
		}
		f, _ := v.Float64()
		return f
	}
	return v
}

// clone copies what plain and later overrides would change in a caller's value.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = clone(e)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = clone(e)
		}
		return list
	}
	return v
}

// override sets one dotted key. Sections on the way are made.
func (t *tree) override(key string, value any) {
	parts := strings.Split(key, ".")
	m := t.root
	for i, p := range parts[:len(parts)-1] {
		next, ok := m[p].(map[string]any)
		if !ok {
			if old, there := m[p]; there && old != nil {
				at := strings.Join(parts[:i+1], ".")
				t.problem(key, key, "", "set %s: %s is not a section; its value is %s", key, at, show(old))
				return
			}
			next = map[string]any{}
			m[p] = next
		}
		m = next
	}
	m[parts[len(parts)-1]] = plain(clone(value))
	for path := range t.at { // what stood there in the text stands there no more
		if path == key || strings.HasPrefix(path, key+".") || strings.HasPrefix(path, key+"[") {
			delete(t.at, path)
		}
	}
}

// ParseSet reads the command line's "a.b=v" pairs; v is read as YAML, so that
// numbers, booleans and lists are what they look like.
func ParseSet(pairs []string) (map[string]any, error) {
	var problems []gristmill.Problem
	set := make(map[string]any, len(pairs))
	for _, pair := range pairs {
		key, text, ok := strings.Cut(pair, "=")
		if !ok || key == "" || strings.HasPrefix(key, ".") || strings.HasSuffix(key, ".") || strings.Contains(key, "..") {
			problems = append(problems, gristmill.Problem{Path: "--set", Given: pair, Want: "section.key=value", Msg: fmt.Sprintf("--set: %q is not of the form section.key=value", pair)})
			continue
		}
		var v any = text
		if strings.HasPrefix(text, ">") { // a gate, not a block of text
			set[key] = v
			continue
		}
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			problems = append(problems, gristmill.Problem{Path: key, Given: text, Msg: fmt.Sprintf("--set %s: %q is no value: %s", key, text, strings.TrimPrefix(err.Error(), "yaml: "))})
			continue
		}
		if _, date := v.(time.Time); date {
			v = text // as in a spec, whose dates are texts
		}
		set[key] = v
	}
	return set, gristmill.Problems("", problems)
}

func (t *tree) add(p gristmill.Problem) { t.problems = append(t.problems, p) }

// problem adds a problem at the place of path, or of the nearest section around
// it that stands in the text.
func (t *tree) problem(path, given, want, format string, args ...any) {
	p := gristmill.Problem{Path: path, Given: given, Want: want, Msg: fmt.Sprintf(format, args...)}
	m := t.locate(path)
	p.Line, p.Column = m.line, m.column
	t.add(p)
}

// text returns the text at a dotted key.
func (t *tree) text(key string) (string, bool) {
	var v any = t.root
	for _, part := range strings.Split(key, ".") {
		m, _ := v.(map[string]any)
		v = m[part]
	}
	s, ok := v.(string)
	return s, ok
}

func (t *tree) locate(path string) mark {
	for {
		if m, ok := t.at[path]; ok {
			return m
		}
		i := strings.LastIndexAny(path, ".[")
		if i < 0 {
			return t.at[""]
		}
		path = path[:i]
	}
}

// err returns every problem in the order of the text.
func (t *tree) err(msg string) error {
	slices.SortStableFunc(t.problems, func(a, b gristmill.Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return gristmill.Problems(msg, t.problems)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func nodeKind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	default:
		return "a single value"
	}
}

// show renders a value for a message, shortened.
func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "a value"
	}
	if r := []rune(string(b)); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return string(b)
}

// flatten writes every scalar below v under its dotted key; list items are
// numbered from 0.
func flatten(prefix string, v any, into map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			flatten(join(prefix, k), e, into)
		}
	case []any:
		for i, e := range v {
			flatten(join(prefix, strconv.Itoa(i)), e, into)
		}
	case nil:
	case string:
		into[prefix] = v
	default:
		b, _ := json.Marshal(v)
		into[prefix] = string(b)
	}
}
