package prep

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gristmill/ml"
	"gristmill/ml/frame"
	"gristmill/ml/prep/vec"
)

// Columns are fitted rules: chains of fitted steps over the columns that are not
// dropped. It is immutable and safe for concurrent use.
type Columns struct {
	Inputs frame.Schema `json:"inputs"` // the columns needed, in the order of the training table
	Chains []Chain      `json:"chains"` // in the order of the outputs: by rule, then by column
}

// Chain is what happens to one column, or to several that a step takes together.
type Chain struct {
	Columns []string `json:"columns"`
	Steps   []Stage  `json:"steps"`
	Out     []string `json:"out"` // names of the numbers that come out
}

// Stage is one step of a chain: a fitted step for each of the columns that
// arrive, or one for all of them. Exactly one field is set.
type Stage struct {
	Each []Fitted `json:"each,omitempty"`
	All  *Fitted  `json:"all,omitempty"`
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
	used, strict := make([]bool, f.Cols()), make([]bool, f.Cols())
	for r, rule := range spec {
		if rule.Apply[0].Op == OpDrop {
			continue
		}
		for _, columns := range rule.groups(byRule[r]) {
			cols := make([]*frame.Column, len(columns))
			for i, j := range columns {
				cols[i], used[j] = f.At(j), true
				strict[j] = strict[j] || !rule.Apply[0].takesNulls()
			}
			chain, err := fitChain(ctx, rule, cols)
			if ps, err = gather(ps, err); err != nil {
				return nil, err
			}
			c.Chains = append(c.Chains, chain)
		}
	}
	for j := range used {
		if used[j] {
			field := f.At(j).Field
			field.Nullable = !strict[j] || f.At(j).Nulls() > 0
			c.Inputs.Fields = append(c.Inputs.Fields, field)
		}
	}
	ps = append(ps, c.twins()...)
	if len(ps) > 0 {
		return nil, ps
	}
	return c, nil
}

// groups splits a rule's columns into those of each chain.
func (r Rule) groups(columns []int) [][]int {
	if len(columns) > 0 && r.together() {
		return [][]int{columns}
	}
	out := make([][]int, len(columns))
	for i := range columns {
		out[i] = columns[i : i+1]
	}
	return out
}

// gather adds err to ps if it is problems; another error it returns.
func gather(ps ml.Problems, err error) (ml.Problems, error) {
	var more ml.Problems
	if errors.As(err, &more) {
		return append(ps, more...), nil
	}
	return ps, err
}

// twins reports features that come out under one name.
func (c *Columns) twins() (ps ml.Problems) {
	seen := map[string]string{}
	for _, ch := range c.Chains {
		for _, name := range ch.Out {
			other, twice := seen[name]
			if twice {
				msg := fmt.Sprintf("columns %q and %q both make a feature %q", other, ch.Columns[0], name)
				if other == ch.Columns[0] {
					msg = fmt.Sprintf("column %q makes a feature %q twice; give one of its rules a prefix", other, name)
				}
				ps = append(ps, ml.Problem{Path: "column " + ch.Columns[0], Given: name, Want: "distinct feature names", Msg: msg})
			}
			seen[name] = ch.Columns[0]
		}
	}
	return ps
}

// takesNulls reports whether a null may enter the step.
func (s Step) takesNulls() bool {
	switch s.Op {
	case OpImpute, OpMissing, OpFrequency, OpTextLength, OpHashTokens:
		return true
	}
	return s.Unknown == Ignore || s.Unknown == GivenValue
}

// fitChain fits a rule's steps one after the other, each on what the one before
// made of the training rows.
func fitChain(ctx context.Context, rule Rule, cols []*frame.Column) (Chain, error) {
	ch := Chain{Steps: []Stage{}}
	vs := make([]*vec.Vec, len(cols))
	for i, c := range cols {
		ch.Columns = append(ch.Columns, c.Field.Name)
		vs[i] = vec.Of(c)
	}
	names := slices.Clone(ch.Columns)
	for i, st := range rule.Apply {
		if st.Op == OpKeep {
			break
		}
		if err := ctx.Err(); err != nil {
			return ch, err
		}
		stage, err := st.stage(ctx, vs)
		if err != nil {
			return ch, err
		}
		ch.Steps = append(ch.Steps, stage)
		names = stage.names(names)
		if i+1 == len(rule.Apply) && st.widens() {
			break // what it makes of the training rows is not needed, and much
		}
		if vs, err = stage.apply(vs); err != nil {
			return ch, err
		}
	}
	ch.Out = make([]string, len(names))
	for k, name := range names {
		ch.Out[k] = rule.Prefix + name
	}
	return ch, nil
}

// widens reports whether the step may make many columns of one, and no row of
// the training rows could be refused after its fit.
func (s Step) widens() bool {
	return s.Op == OpOneHot || s.Op == OpHashTokens || s.Op == OpBins || s.Op == OpSimilarity
}

// stage fits a step on the columns that arrive.
func (s Step) stage(ctx context.Context, vs []*vec.Vec) (Stage, error) {
	if in, _ := info(s.Op); in.Together {
		f, err := s.fit(ctx, vs)
		return Stage{All: &f}, err
	}
	stage := Stage{Each: make([]Fitted, len(vs))}
	var ps ml.Problems
	for i := range vs {
		f, err := s.fit(ctx, vs[i:i+1])
		if ps, err = gather(ps, err); err != nil {
			return stage, err
		}
		stage.Each[i] = f
	}
	return stage, ps.Err()
}

// names returns the names of what comes out of the stage.
func (s Stage) names(in []string) []string {
	if s.All != nil {
		return s.All.Names(in)
	}
	var out []string
	for i, f := range s.Each {
		out = append(out, f.Names(in[i:i+1])...)
	}
	return out
}

// FeatureNames returns the names of the numbers that Apply makes: the column's
// own name, name=value for one-hot, and what Steps says of the others.
func (c *Columns) FeatureNames() []string {
	var names []string
	for _, ch := range c.Chains {
		names = append(names, ch.Out...)
	}
	return names
}

// In returns the columns that Apply needs, in the order of the training table.
// A column is nullable if it had nulls or the first step of each of its rules
// takes them.
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
