package pipeline

import (
	"bytes"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"gristmill/dataset"
)

// Sources names the keys of a spec whose values are addresses of data.
func Sources() []string { return []string{"data.source", "data.split.file"} }

// Relocate gives every relative path of a spec to place, which stores the
// caller's file and returns its address in the store, and returns the spec's
// text with those addresses. A text that is no valid YAML comes back as it is:
// Parse says what is wrong with it.
func Relocate(text []byte, place func(key, path string) (string, error)) ([]byte, error) {
	var doc yaml.Node
	unreadable := yaml.NewDecoder(bytes.NewReader(text)).Decode(&doc) != nil
	if unreadable || len(doc.Content) == 0 {
		return text, nil // Parse reports it with its place
	}
	changed := false
	for _, key := range Sources() {
		n := find(doc.Content[0], key)
		if n == nil || n.Kind != yaml.ScalarNode || !relative(n.Value) {
			continue
		}
		address, err := place(key, n.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		n.Value, n.Style, n.Tag, changed = address, yaml.DoubleQuotedStyle, "!!str", true
	}
	if !changed {
		return text, nil
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return nil, fmt.Errorf("write spec: %w", err)
	}
	return out.Bytes(), nil
}

// RelocateSet is Relocate for overrides.
func RelocateSet(set map[string]any, place func(key, path string) (string, error)) error {
	for _, key := range Sources() {
		path, ok := set[key].(string)
		if !ok || !relative(path) {
			continue
		}
		address, err := place(key, path)
		if err != nil {
			return fmt.Errorf("--set %s: %w", key, err)
		}
		set[key] = address
	}
	return nil
}

func relative(address string) bool {
	src, err := dataset.ParseSource(address)
	return err == nil && src.Relative()
}

// find returns the node at a dotted key below a mapping, nil without one.
func find(n *yaml.Node, key string) *yaml.Node {
	step, rest, more := strings.Cut(key, ".")
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != step {
			continue
		}
		if !more {
			return n.Content[i+1]
		}
		return find(n.Content[i+1], rest)
	}
	return nil
}
