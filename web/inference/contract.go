package inference

import (
	"encoding/json"
	"maps"
	"strconv"
	"sync"
	"sync/atomic"

	"gristmill/ml/frame"
	"gristmill/serving"
)

// contract is what one loaded version takes and answers, prepared once. It is
// immutable.
type contract struct {
	version *serving.Version
	number  string // the version's

	inputs frame.Schema // types and nullability; ranges were for training
	fields []frame.Field
	index  map[string]int // of fields, by name
	all    []int          // 0, 1, ... len(fields)-1

	classes []string
	labels  []string   // the classes as JSON values of the output's type
	keys    []string   // `{"No":`, `,"Yes":`
	output  frame.Type // of the column prediction
}

func newContract(v *serving.Version) *contract {
	sig := v.Signature()
	c := &contract{version: v, number: strconv.Itoa(v.Number), classes: sig.Classes, output: frame.Float64,
		index: make(map[string]int, len(sig.Inputs.Fields))}
	for j, f := range sig.Inputs.Fields {
		// Serving answers for values that training has not seen; the
		// transformers say what becomes of them.
		f.Min, f.Max, f.Values = nil, nil, nil
		c.fields = append(c.fields, f)
		c.index[f.Name] = j
		c.all = append(c.all, j)
	}
	c.inputs.Fields = c.fields
	if len(sig.Classes) == 0 {
		return c
	}
	c.output = frame.String
	if f, ok := sig.Outputs.Field("prediction"); ok && f.Type != frame.Float64 {
		c.output = f.Type
	}
	for k, label := range sig.Classes {
		if !plainLabel(c.output, label) {
			c.output = frame.String
		}
		sep := ","
		if k == 0 {
			sep = "{"
		}
		c.keys = append(c.keys, sep+jsonText(label)+":")
	}
	for _, label := range sig.Classes {
		if c.output == frame.String {
			label = jsonText(label)
		}
		c.labels = append(c.labels, label)
	}
	return c
}

// plainLabel reports whether a class's label is a JSON value of type t.
func plainLabel(t frame.Type, label string) bool {
	switch t {
	case frame.Int64:
		v, err := strconv.ParseInt(label, 10, 64)
		return err == nil && strconv.FormatInt(v, 10) == label
	case frame.Bool:
		return label == "true" || label == "false"
	default:
		return true
	}
}

func jsonText(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""` // never: a string marshals
	}
	return string(b)
}

// contracts remembers the contracts of the loaded versions.
type contracts struct {
	host *serving.Host
	made atomic.Pointer[map[*serving.Version]*contract]
	mu   sync.Mutex // of writers
}

// of returns the contract of a version. A new version's is added and those of
// versions that the host has dropped are forgotten.
func (cs *contracts) of(v *serving.Version) *contract {
	if m := cs.made.Load(); m != nil {
		if c := (*m)[v]; c != nil {
			return c
		}
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	next := map[*serving.Version]*contract{}
	if m := cs.made.Load(); m != nil {
		maps.Copy(next, *m)
	}
	if c := next[v]; c != nil {
		return c
	}
	held := map[*serving.Version]bool{v: true}
	for _, s := range cs.host.Models() {
		for _, h := range s.Held {
			held[h] = true
		}
	}
	maps.DeleteFunc(next, func(old *serving.Version, _ *contract) bool { return !held[old] })
	c := newContract(v)
	next[v] = c
	cs.made.Store(&next)
	return c
}
