package prep

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"gristmill/ml"
	"gristmill/ml/prep/encode"
	"gristmill/ml/prep/number"
	"gristmill/ml/prep/vec"
)

// Fitted is one step with what it learned. Its JSON is {kind: state}.
type Fitted struct {
	Kind string
	vec.Transformer
}

// kinds makes an empty transformer of each kind, to decode into. A kind is for
// good: package files hold it.
var kinds = map[string]func() vec.Transformer{
	"impute":      func() vec.Transformer { return &number.Imputer{} },
	"missing":     func() vec.Transformer { return &number.Missing{} },
	"scale":       func() vec.Transformer { return &number.Standard{} },
	"minmax":      func() vec.Transformer { return &number.MinMax{} },
	"robust":      func() vec.Transformer { return &number.Robust{} },
	"power":       func() vec.Transformer { return &number.Power{} },
	"log1p":       func() vec.Transformer { return &number.Log1p{} },
	"bins":        func() vec.Transformer { return &number.Bins{} },
	"ratio":       func() vec.Transformer { return &number.Ratio{} },
	"polynomial":  func() vec.Transformer { return &number.Polynomial{} },
	"similarity":  func() vec.Transformer { return &number.Similarity{} },
	"one_hot":     func() vec.Transformer { return &encode.OneHot{} },
	"ordinal":     func() vec.Transformer { return &encode.Ordinal{} },
	"frequency":   func() vec.Transformer { return &encode.Frequency{} },
	"date_parts":  func() vec.Transformer { return &encode.DateParts{} },
	"cyclic":      func() vec.Transformer { return &encode.Cyclic{} },
	"text_length": func() vec.Transformer { return &encode.TextLength{} },
	"hash_tokens": func() vec.Transformer { return &encode.HashTokens{} },
}

// fitted gives a transformer its kind.
func fitted(kind string, t vec.Transformer, err error) (Fitted, error) {
	if err != nil {
		return Fitted{}, err
	}
	return Fitted{Kind: kind, Transformer: t}, nil
}

// fit learns a step from columns: from one, or from all that it takes together.
func (s Step) fit(ctx context.Context, in []*vec.Vec) (Fitted, error) {
	v := in[0]
	switch s.Op {
	case OpImpute:
		var constant any
		if s.Strategy == Constant {
			constant = s.Value
		}
		t, err := number.FitImputer(v, s.Strategy, constant, s.is("indicator"))
		return fitted("impute", t, err)
	case OpMissing:
		return fitted("missing", &number.Missing{}, nil)
	case OpScale:
		switch s.Strategy {
		case MinMax:
			t, err := number.FitMinMax(v)
			return fitted("minmax", t, err)
		case Robust:
			t, err := number.FitRobust(v)
			return fitted("robust", t, err)
		}
		t, err := number.FitStandard(v)
		return fitted("scale", t, err)
	case OpPower:
		t, err := number.FitPower(v, s.is("standardize"))
		return fitted("power", t, err)
	case OpLog1p:
		return fitted("log1p", &number.Log1p{}, nil)
	case OpBins:
		t, err := number.FitBins(v, s.whole("count"), s.word("strategy") == Quantile, s.word("encode") == OpOneHot)
		return fitted("bins", t, err)
	case OpRatio:
		return fitted("ratio", &number.Ratio{Name: s.word("name"), ZeroIsNull: s.word("by_zero") == OpMissing}, nil)
	case OpPolynomial:
		t, err := number.FitPolynomial(in, s.whole("degree"), s.is("interactions_only"))
		return fitted("polynomial", t, err)
	case OpSimilarity:
		t, err := number.FitSimilarity(ctx, in, s.whole("clusters"), s.number("gamma"), uint64(s.number("seed")))
		return fitted("similarity", t, err)
	}
	return s.fitCode(v)
}

// fitCode learns a step that makes numbers of what is none.
func (s Step) fitCode(v *vec.Vec) (Fitted, error) {
	switch s.Op {
	case OpOneHot:
		t, err := encode.FitOneHot(v, s.policy(), encode.Limits{Count: s.whole("min_count"), Share: s.number("min_share"), Most: s.whole("max_categories")})
		return fitted("one_hot", t, err)
	case OpOrdinal:
		t, err := encode.FitOrdinal(v, s.policy(), s.number("value"))
		return fitted("ordinal", t, err)
	case OpFrequency:
		t, err := encode.FitFrequency(v)
		return fitted("frequency", t, err)
	case OpDateParts:
		return fitted("date_parts", &encode.DateParts{Parts: slices.Clone(s.words("parts"))}, nil)
	case OpCyclic:
		if v.Kind != vec.Date {
			return fitted("cyclic", &encode.Cyclic{Period: s.number("period")}, nil)
		}
		return fitted("cyclic", &encode.Cyclic{Parts: slices.Clone(s.words("parts"))}, nil)
	case OpTextLength:
		return fitted("text_length", &encode.TextLength{}, nil)
	case OpHashTokens:
		return fitted("hash_tokens", &encode.HashTokens{Features: s.whole("features"), NGrams: s.whole("ngrams"), Shortest: s.whole("shortest"), L2: s.word("norm") == "l2"}, nil)
	}
	return Fitted{}, ml.Problems{{Given: s.Op, Want: "a step that can be fitted", Msg: fmt.Sprintf("step %q cannot be fitted", s.Op)}}
}

// MarshalJSON writes {kind: state}.
func (f Fitted) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]vec.Transformer{f.Kind: f.Transformer})
}

// UnmarshalJSON reads {kind: state}; another kind or an unknown key is an error.
func (f *Fitted) UnmarshalJSON(b []byte) error {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	if len(m) != 1 {
		return fmt.Errorf("a step has %d kinds, want 1", len(m))
	}
	for kind, state := range m {
		empty, ok := kinds[kind]
		if !ok {
			return fmt.Errorf("unknown kind of step %q", kind)
		}
		t := empty()
		d := json.NewDecoder(bytes.NewReader(state))
		d.DisallowUnknownFields()
		if err := d.Decode(t); err != nil {
			return fmt.Errorf("step %s: %w", kind, err)
		}
		f.Kind, f.Transformer = kind, t
	}
	return nil
}
