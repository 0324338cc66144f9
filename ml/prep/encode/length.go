package encode

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"gristmill/ml/prep/vec"
)

// TextLength counts the characters (Unicode code points) and the words
// (separated by white space) of a text, as name_characters and name_words. A
// null counts as an empty text: 0 and 0.
//
// Cost: O(bytes). Source: Python's len and split. Left out: sentences,
// grapheme clusters.
type TextLength struct{}

// Check implements vec.Transformer.
func (*TextLength) Check(n int) error { return vec.Only("text_length", n) }

// Names implements vec.Transformer.
func (*TextLength) Names(in []string) []string {
	return []string{in[0] + "_characters", in[0] + "_words"}
}

// Apply implements vec.Transformer.
func (*TextLength) Apply(in []*vec.Vec) ([]*vec.Vec, error) {
	v := in[0]
	if v.Kind != vec.Text {
		return nil, fmt.Errorf("text_length of column %q: it is a %s, not text", v.Name, v.Kind)
	}
	out := v.Many(2)
	for i, t := range v.Texts {
		if v.Null(i) {
			continue
		}
		out[0].Num[i] = float64(utf8.RuneCountInString(t))
		for range strings.FieldsSeq(t) {
			out[1].Num[i]++
		}
	}
	return out, nil
}
