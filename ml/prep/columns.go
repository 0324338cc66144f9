package prep

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"gristmill/ml"
	"gristmill/ml/frame"
)

// Kind names the encoding of fitted Columns.
const Kind = "columns/v1"

// Columns are fitted rules: a chain of fitted steps for every column that is
// not dropped. It is immutable and safe for concurrent use.
type Columns struct {
	Inputs frame.Schema `json:"inputs"` // the columns needed, in the order of the training table
	Chains []Chain      `json:"chains"` // in the order of the outputs: by rule, then by column
}

// Chain is what happens to one column.
type Chain struct {
	Column string   `json:"column"`
	Steps  []Fitted `json:"steps"`
	Out    []string `json:"out"` // names of the numbers that come out
}

// Fitted is one step with what it learned; exactly one field is set.
type Fitted struct {
	Impute  *Imputer       `json:"impute,omitempty"`
	Scale   *Scaler        `json:"scale,omitempty"`
	OneHot  *OneHotEncoder `json:"one_hot,omitempty"`
	Ordinal *OrdinalCoder  `json:"ordinal,omitempty"`
	Log1p   *Log1p         `json:"log1p,omitempty"`
}

// Fit learns the steps' numbers and categories from the rows of f, which must
// be the training rows only and must not hold the target. What the data do not
// allow is ml.Problems.
func Fit(ctx context.Context, spec Spec, f *frame.Frame) (*Columns, error) {
	in := f.Schema()
	for j := range in.Fields { // nulls are refused below only where they really are
		in.Fields[j].Nullable = false
	}
	if _, ps := spec.Check(in); len(ps) > 0 {
		return nil, ml.Problems(ps)
	}
	if f.Rows() == 0 {
		return nil, ml.Problems{{Msg: "there are no rows to fit the transformers on"}}
	}
	byRule, _ := spec.assign(in)
	c := &Columns{}
	var ps ml.Problems
	used := make([]bool, f.Cols())
	nullable := make([]bool, f.Cols())
	for r, rule := range spec {
		if rule.Apply[0].Op == OpDrop {
			continue
		}
		for _, j := range byRule[r] {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			used[j] = true
			nullable[j] = rule.Apply[0].takesNulls() || f.At(j).Nulls() > 0
			chain, err := fitChain(rule, f.At(j))
			var p ml.Problems
			if errors.As(err, &p) {
				ps = append(ps, p...)
			} else if err != nil {
				return nil, err
			}
			c.Chains = append(c.Chains, chain)
		}
	}
	for j := range used {
		if used[j] {
			field := f.At(j).Field
			field.Nullable = nullable[j]
			c.Inputs.Fields = append(c.Inputs.Fields, field)
		}
	}
	seen := map[string]string{}
	for _, ch := range c.Chains {
		for _, name := range ch.Out {
			if other, twice := seen[name]; twice {
				ps = append(ps, ml.Problem{Path: "column " + ch.Column, Given: name, Want: "distinct feature names",
					Msg: fmt.Sprintf("columns %q and %q both make a feature %q", other, ch.Column, name)})
			}
			seen[name] = ch.Column
		}
	}
	if len(ps) > 0 {
		return nil, ps
	}
	return c, nil
}

// takesNulls reports whether a null may enter the step.
func (s Step) takesNulls() bool {
	return s.Op == OpImpute || s.Unknown == Ignore || s.Unknown == GivenValue
}

func fitChain(rule Rule, col *frame.Column) (Chain, error) {
	ch := Chain{Column: col.Field.Name, Steps: []Fitted{}, Out: []string{col.Field.Name}}
	v := newVec(col)
	for _, st := range rule.Apply {
		if st.Op == OpKeep {
			break
		}
		fitted, err := st.fit(v)
		if err != nil {
			return ch, err
		}
		ch.Steps = append(ch.Steps, fitted)
		if fitted.OneHot != nil && len(fitted.OneHot.Categories) == 0 || fitted.Ordinal != nil && len(fitted.Ordinal.Categories) == 0 {
			return ch, ml.Problems{{Path: "column " + ch.Column, Given: "only nulls", Want: "at least one value",
				Msg: fmt.Sprintf("column %q has no value to learn categories from; leave it out (data.drop)", ch.Column)}}
		}
		if fitted.OneHot != nil {
			// The training rows can only hold a null that the encoder does not know.
			if fitted.OneHot.Unknown == Fail && v.firstNull() >= 0 {
				return ch, nullError(v)
			}
			ch.Out = fitted.OneHot.names(ch.Column)
			return ch, nil
		}
		if v, err = fitted.apply(v); err != nil {
			return ch, err
		}
	}
	return ch, nil
}

func (s Step) fit(v *vec) (Fitted, error) {
	var f Fitted
	var err error
	switch s.Op {
	case OpImpute:
		f.Impute, err = fitImputer(s, v)
	case OpScale:
		f.Scale, err = fitScaler(v)
	case OpOneHot:
		f.OneHot = &OneHotEncoder{Categories: v.categories(), Unknown: s.policy()}
	case OpOrdinal:
		f.Ordinal = &OrdinalCoder{Categories: v.categories(), Unknown: s.policy()}
		if x, ok := s.Value.(float64); ok {
			f.Ordinal.Value = x
		}
	case OpLog1p:
		f.Log1p = &Log1p{}
	}
	return f, err
}

func (f Fitted) apply(v *vec) (*vec, error) {
	switch {
	case f.Impute != nil:
		return f.Impute.apply(v)
	case f.Scale != nil:
		return f.Scale.apply(v)
	case f.Ordinal != nil:
		return f.Ordinal.apply(v)
	case f.Log1p != nil:
		return f.Log1p.apply(v)
	}
	return nil, fmt.Errorf("apply transformers: a step of column %q is empty", v.name)
}

// Apply transforms the rows of f into a frame of float64 columns named by
// FeatureNames. Columns that it does not need are ignored; missing ones, text
// where numbers were, unknown categories and values outside log1p's domain are
// ml.Problems, all at once, that name column and row.
func (c *Columns) Apply(ctx context.Context, f *frame.Frame) (*frame.Frame, error) {
	var ps ml.Problems
	var cols []*frame.Column
	for _, ch := range c.Chains {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out, err := c.applyChain(ch, f)
		var p ml.Problems
		if errors.As(err, &p) {
			ps = append(ps, p...)
		} else if err != nil {
			return nil, err
		}
		cols = append(cols, out...)
	}
	if len(ps) > 0 {
		return nil, ps
	}
	return frame.New(cols...)
}

func (c *Columns) applyChain(ch Chain, f *frame.Frame) ([]*frame.Column, error) {
	want, _ := c.Inputs.Field(ch.Column)
	col := f.Column(ch.Column)
	if col == nil {
		return nil, ml.Problems{{Path: "column " + ch.Column, Want: string(want.Type), Msg: fmt.Sprintf("column %q is missing", ch.Column)}}
	}
	if family(col.Field.Type) != family(want.Type) {
		return nil, ml.Problems{{Path: "column " + ch.Column, Given: string(col.Field.Type), Want: string(want.Type),
			Msg: fmt.Sprintf("column %q is %s, want %s", ch.Column, col.Field.Type, want.Type)}}
	}
	v := newVec(col)
	for _, st := range ch.Steps {
		if st.OneHot != nil {
			return st.OneHot.columns(v, ch.Out)
		}
		var err error
		if v, err = st.apply(v); err != nil {
			return nil, err
		}
	}
	return []*frame.Column{floatColumn(ch.Out[0], v.num)}, nil
}

// FeatureNames returns the names of the numbers that Apply makes: the column's
// own name, and name=value for one-hot.
func (c *Columns) FeatureNames() []string {
	var names []string
	for _, ch := range c.Chains {
		names = append(names, ch.Out...)
	}
	return names
}

// In returns the columns that Apply needs, in the order of the training table.
// A column is nullable if it had nulls or its first step takes them.
func (c *Columns) In() frame.Schema {
	return frame.Schema{Fields: slices.Clone(c.Inputs.Fields)}
}

// Out returns the schema of what Apply makes: float64 columns.
func (c *Columns) Out() frame.Schema {
	var s frame.Schema
	for _, name := range c.FeatureNames() {
		s.Fields = append(s.Fields, frame.Field{Name: name, Type: frame.Float64})
	}
	return s
}

// Encode returns the fitted rules as data: everything is in the JSON state, in
// which numbers are the shortest decimals that read back as the same float64.
func (c *Columns) Encode() (ml.Encoded, error) {
	state, err := json.Marshal(c)
	if err != nil {
		return ml.Encoded{}, fmt.Errorf("encode transformers: %w", err)
	}
	return ml.Encoded{Kind: Kind, State: state}, nil
}

// Decode reads what Encode wrote. Another kind or an unknown key is an error.
func Decode(e ml.Encoded) (*Columns, error) {
	if e.Kind != Kind {
		return nil, fmt.Errorf("decode transformers: kind %q, want %q", e.Kind, Kind)
	}
	d := json.NewDecoder(bytes.NewReader(e.State))
	d.DisallowUnknownFields()
	c := &Columns{}
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("decode transformers: %w", err)
	}
	for _, ch := range c.Chains {
		if c.Inputs.Index(ch.Column) < 0 || len(ch.Out) == 0 {
			return nil, fmt.Errorf("decode transformers: column %q has no input or no output", ch.Column)
		}
		for i, st := range ch.Steps {
			n := 0
			for _, set := range []bool{st.Impute != nil, st.Scale != nil, st.OneHot != nil, st.Ordinal != nil, st.Log1p != nil} {
				if set {
					n++
				}
			}
			if n != 1 {
				return nil, fmt.Errorf("decode transformers: step %d of column %q has %d kinds, want 1", i, ch.Column, n)
			}
			if st.OneHot != nil && (i+1 < len(ch.Steps) || len(ch.Out) != len(st.OneHot.Categories)) {
				return nil, fmt.Errorf("decode transformers: one_hot of column %q does not fit its outputs", ch.Column)
			}
			if st.OneHot != nil && !slices.IsSorted(st.OneHot.Categories) || st.Ordinal != nil && !slices.IsSorted(st.Ordinal.Categories) {
				return nil, fmt.Errorf("decode transformers: the categories of column %q are not sorted", ch.Column)
			}
		}
	}
	return c, nil
}
