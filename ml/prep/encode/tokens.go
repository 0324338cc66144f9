package encode

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gristmill/ml/prep/vec"
)

// HashTokens counts the tokens of a text in a fixed number of columns, name_0,
// name_1 and so on: a token's MurmurHash3 says in which, and with which sign, so
// that collisions cancel on average instead of adding up. Nothing is learned: no
// vocabulary, no unknown words. Tokens are runs of Shortest or more letters,
// digits and underscores, lower-cased, and with NGrams > 1 also runs of that
// many of them, joined by a space. With L2 each row is scaled to length 1. A
// null counts as an empty text: all zeros.
//
// Cost: O(bytes ngrams). Source: Weinberger et al. 2009; scikit-learn's
// HashingVectorizer with alternate_sign; MurmurHash3 x86 32 by Appleby, seed 0.
// Left out: stop words, other token patterns, inverse document frequency,
// lower-casing that changes the number of letters.
type HashTokens struct {
	Features int  `json:"features"`
	NGrams   int  `json:"ngrams"`
	Shortest int  `json:"shortest"`
	L2       bool `json:"l2"`
}

// Check implements vec.Transformer.
func (h *HashTokens) Check(n int) error {
	if h.Features < 1 || h.Features > 1<<20 || h.NGrams < 1 || h.NGrams > 100 {
		return fmt.Errorf("hash_tokens has %d features and n-grams up to %d", h.Features, h.NGrams)
	}
	return vec.Only("hash_tokens", n)
}

// Names implements vec.Transformer.
func (h *HashTokens) Names(in []string) []string {
	out := make([]string, h.Features)
	for k := range out {
		out[k] = in[0] + "_" + strconv.Itoa(k)
	}
	return out
}

// Apply implements vec.Transformer.
func (h *HashTokens) Apply(in []*vec.Vec) ([]*vec.Vec, error) {
	v := in[0]
	if v.Kind != vec.Text {
		return nil, fmt.Errorf("hash_tokens of column %q: it is a %s, not text", v.Name, v.Kind)
	}
	out := v.Many(h.Features)
	row := make([]float64, h.Features)
	var words []string
	for i, text := range v.Texts {
		if v.Null(i) {
			continue
		}
		clear(row)
		words = h.words(words[:0], strings.ToLower(text))
		for n := 1; n <= h.NGrams; n++ {
			for w := 0; w+n <= len(words); w++ {
				token := words[w]
				if n > 1 {
					token = strings.Join(words[w:w+n], " ")
				}
				column, sign := h.place(token)
				row[column] += sign
			}
		}
		length := 1.0
		if h.L2 {
			sum := 0.0
			for _, x := range row {
				sum += x * x
			}
			if sum > 0 {
				length = math.Sqrt(sum)
			}
		}
		for k, x := range row {
			out[k].Num[i] = x / length
		}
	}
	return out, nil
}

// words appends the words of a text.
func (h *HashTokens) words(out []string, text string) []string {
	start, length := 0, 0
	end := func(i int) {
		if length >= max(h.Shortest, 1) {
			out = append(out, text[start:i])
		}
		length = 0
	}
	for i, r := range text {
		if r == '_' || r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9') || r >= utf8.RuneSelf && r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r)) {
			if length == 0 {
				start = i
			}
			length++
			continue
		}
		end(i)
	}
	end(len(text))
	return out
}

// place returns a token's column and sign.
func (h *HashTokens) place(token string) (int, float64) {
	hash := int64(int32(murmur3(token)))
	if hash < 0 {
		return int(-hash % int64(h.Features)), -1
	}
	return int(hash % int64(h.Features)), 1
}

// murmur3 is MurmurHash3 x86 32 with seed 0.
func murmur3(s string) uint32 {
	const c1, c2 = 0xcc9e2d51, 0x1b873593
	mix := func(k uint32) uint32 { return bits.RotateLeft32(k*c1, 15) * c2 }
	b, h := []byte(s), uint32(0)
	for ; len(b) >= 4; b = b[4:] {
		h = bits.RotateLeft32(h^mix(binary.LittleEndian.Uint32(b)), 13)*5 + 0xe6546b64
	}
	var tail [4]byte
	copy(tail[:], b)
	h ^= mix(binary.LittleEndian.Uint32(tail[:])) // of nothing: 0
	h ^= uint32(len(s))
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}
