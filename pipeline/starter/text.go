package starter

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// plainText is what YAML reads as a text without quotes, whatever stands
// around it.
var plainText = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*([ .-][A-Za-z0-9_]+)*$`)

// scalar writes a text as a YAML value.
func scalar(s string) string {
	words := []string{"true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"}
	if plainText.MatchString(s) && !slices.Contains(words, strings.ToLower(s)) && len(s) <= 80 {
		return s
	}
	b, err := json.Marshal(s) // JSON's texts are YAML's double-quoted ones
	if err != nil {
		return `""` // a text always marshals
	}
	return strings.NewReplacer("\u007f", `\x7f`, "\ufeff", `\ufeff`).Replace(string(b))
}

// flow writes a list of texts in brackets, on lines of about width letters,
// each but the first behind indent.
func flow(texts []string, indent string) string {
	const width = 96
	var b strings.Builder
	b.WriteByte('[')
	at := len(indent) + 20
	for i, t := range texts {
		s := scalar(t)
		if i > 0 {
			b.WriteByte(',')
			if at+len(s) > width {
				b.WriteString("\n" + indent)
				at = len(indent)
			} else {
				b.WriteByte(' ')
			}
		}
		b.WriteString(s)
		at += len(s) + 2
	}
	b.WriteByte(']')
	return b.String()
}

// comment makes a text safe behind a "#".
func comment(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == '\u2028' || r == '\u2029' || r == '\ufeff' || r == '\ufffe' || r == '\uffff' {
			return ' '
		}
		return r
	}, s)
}

// quote shows a value in a comment or message, shortened.
func quote(s string) string {
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// list shows the first few values.
func list(values []string) string {
	const most = 6
	var shown []string
	for _, v := range values[:min(len(values), most)] {
		shown = append(shown, quote(v))
	}
	if n := len(values) - len(shown); n > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(shown, ", ")
}

func percent(n, of int) string { return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of)) }

// plain writes a number as people do, without an exponent unless it is huge.
func plain(x float64) string {
	if math.Abs(x) < 1e15 && (x == 0 || math.Abs(x) > 1e-6) {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return fmt.Sprintf("%g", x)
}

// count writes a number with its thousands apart.
func count(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
