package prep

import (
	"bytes"
	"encoding/json"
	"fmt"

	"gristmill/ml"
	"gristmill/ml/frame"
	"gristmill/ml/prep/encode"
	"gristmill/ml/prep/number"
)

// Kind and KindV1 name the encodings of fitted Columns. What KindV1 can say is
// written in it, so that the digest of weights that are the same stays the same.
const (
	Kind   = "columns/v2"
	KindV1 = "columns/v1"
)

// columnsV1 are Columns as KindV1 writes them: a chain per column.
type columnsV1 struct {
	Inputs frame.Schema `json:"inputs"`
	Chains []chainV1    `json:"chains"`
}

type chainV1 struct {
	Column string   `json:"column"`
	Steps  []Fitted `json:"steps"`
	Out    []string `json:"out"`
}

// v1 returns c in the old form, if that can say all of it.
func (c *Columns) v1() (columnsV1, bool) {
	old := columnsV1{Inputs: c.Inputs}
	for _, ch := range c.Chains {
		if len(ch.Columns) != 1 {
			return old, false
		}
		o := chainV1{Column: ch.Columns[0], Steps: []Fitted{}, Out: ch.Out}
		for _, st := range ch.Steps {
			if len(st.Each) != 1 || !st.Each[0].inV1() {
				return old, false
			}
			o.Steps = append(o.Steps, st.Each[0])
		}
		old.Chains = append(old.Chains, o)
	}
	return old, true
}

// inV1 reports whether the first encoding knew the step as it is.
func (f Fitted) inV1() bool {
	switch t := f.Transformer.(type) {
	case *number.Imputer:
		return !t.Indicator
	case *encode.OneHot:
		return len(t.Rare) == 0 && t.Unknown != Rare
	case *number.Standard, *encode.Ordinal, *number.Log1p:
		return true
	}
	return false
}

// Encode returns the fitted rules as data: everything is in the JSON state, in
// which numbers are the shortest decimals that read back as the same float64.
func (c *Columns) Encode() (ml.Encoded, error) {
	kind, value := Kind, any(c)
	if old, ok := c.v1(); ok {
		kind, value = KindV1, old
	}
	state, err := json.Marshal(value)
	if err != nil {
		return ml.Encoded{}, fmt.Errorf("encode transformers: %w", err)
	}
	return ml.Encoded{Kind: kind, State: state}, nil
}

// Decode reads what Encode wrote, ever. Another kind or an unknown key is an
// error, and so is a state whose parts do not fit each other.
func Decode(e ml.Encoded) (*Columns, error) {
	c := &Columns{}
	switch e.Kind {
	case Kind:
		if err := strictly(e.State, c); err != nil {
			return nil, err
		}
	case KindV1:
		var old columnsV1
		if err := strictly(e.State, &old); err != nil {
			return nil, err
		}
		c.Inputs = old.Inputs
		for _, o := range old.Chains {
			ch := Chain{Columns: []string{o.Column}, Steps: make([]Stage, len(o.Steps)), Out: o.Out}
			for i, f := range o.Steps {
				if f.Transformer != nil && !f.inV1() {
					return nil, fmt.Errorf("decode transformers: step %q of column %q is not of %s", f.Kind, o.Column, KindV1)
				}
				ch.Steps[i] = Stage{Each: []Fitted{f}}
			}
			c.Chains = append(c.Chains, ch)
		}
	default:
		return nil, fmt.Errorf("decode transformers: kind %q, want %q or %q", e.Kind, Kind, KindV1)
	}
	for _, ch := range c.Chains {
		if err := c.checkChain(ch); err != nil {
			return nil, fmt.Errorf("decode transformers: columns %q: %w", ch.Columns, err)
		}
	}
	return c, nil
}

func strictly(b []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return fmt.Errorf("decode transformers: %w", err)
	}
	return nil
}

// checkChain follows the columns through a chain that may come from a file.
func (c *Columns) checkChain(ch Chain) error {
	if len(ch.Columns) == 0 {
		return fmt.Errorf("a chain has no columns")
	}
	for _, name := range ch.Columns {
		if c.Inputs.Index(name) < 0 {
			return fmt.Errorf("column %q is not among the inputs", name)
		}
	}
	names := ch.Columns
	for i, st := range ch.Steps {
		if (st.All == nil) == (st.Each == nil) || st.All == nil && len(st.Each) != len(names) {
			return fmt.Errorf("step %d does not fit its %d columns", i, len(names))
		}
		for _, f := range st.Each {
			if f.Transformer == nil {
				return fmt.Errorf("step %d is empty", i)
			}
			if err := f.Check(1); err != nil {
				return fmt.Errorf("step %d: %w", i, err)
			}
		}
		if st.All != nil {
			if st.All.Transformer == nil {
				return fmt.Errorf("step %d is empty", i)
			}
			if err := st.All.Check(len(names)); err != nil {
				return fmt.Errorf("step %d: %w", i, err)
			}
		}
		names = st.names(names)
	}
	if len(names) != len(ch.Out) || len(names) == 0 {
		return fmt.Errorf("%d columns come out under %d names", len(names), len(ch.Out))
	}
	return nil
}
