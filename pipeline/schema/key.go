package schema

import (
	"fmt"
	"strings"
)

// Form is what a value looks like.
type Form string

// The forms of a value.
const (
	Text    Form = "text"
	Number  Form = "number"
	Whole   Form = "whole number"
	Switch  Form = "true or false"
	Word    Form = "word"    // one of Values
	List    Form = "list"    // of Each
	Mapping Form = "mapping" // with Keys
	Named   Form = "names"   // a mapping of names of the user's own to Each
	Never   Form = "false"   // the word false, for a section that is not wanted
	Value   Form = "text, number, true or false"
	Any     Form = "anything"
)

// Key is one key of a spec, or a value without a name: an item of a list, one of
// several forms.
type Key struct {
	Name     string
	About    string // a sentence
	Form     Form
	Values   []string // the allowed words, of names too
	Min, Max *float64 // of numbers, inclusive
	Above    bool     // Min is exclusive
	Below    bool     // Max is exclusive
	Default  string   // what no key means, for people
	Required bool
	Keys     []Key // of a mapping
	Each     *Key  // of lists and names
	Or       []Key // other forms of the value
	// Of names the algorithms that know the key; none means all.
	Of []string
	// AtLeast is the fewest items of a list.
	AtLeast int
}

// takes says what a key's value may be, for people.
func (k Key) takes() string {
	var parts []string
	for _, f := range append([]Key{k}, k.Or...) {
		parts = append(parts, f.one())
	}
	return strings.Join(parts, ", or ")
}

func (k Key) one() string {
	switch {
	case k.Form == Word:
		return either(k.Values)
	case k.Form == List:
		return "a list of " + k.Each.plural()
	case k.Form == Named:
		return "names to " + k.Each.plural()
	case k.Form == Never:
		return "`false`"
	case k.Form == Number || k.Form == Whole:
		return string(k.Form) + k.span()
	case k.Form == Mapping && k.Name == "" && len(k.Keys) == 1:
		return "`{" + k.Keys[0].Name + ": …}`"
	case k.Form == Mapping:
		return "a mapping, see below"
	default:
		return string(k.Form)
	}
}

func (k Key) plural() string {
	switch k.Form {
	case Text:
		return "texts"
	case Word:
		return words(k.Values)
	case Mapping:
		return "mappings, see below"
	case Number:
		return "numbers" + k.span()
	case Named:
		return "names to " + k.Each.plural()
	default:
		return string(k.Form)
	}
}

func (k Key) span() string {
	low, high := "from", "to"
	if k.Above {
		low = "above"
	}
	if k.Below {
		high = "below"
	}
	switch {
	case k.Min != nil && k.Max != nil && *k.Max >= 1<<31-1 || k.Min != nil && k.Max == nil:
		if k.Above {
			return fmt.Sprintf(" above %v", *k.Min)
		}
		return fmt.Sprintf(" of at least %v", *k.Min)
	case k.Min != nil && k.Max != nil:
		and := " "
		if k.Above || k.Below {
			and = " and "
		}
		if k.Below && !k.Above {
			low = "of at least"
		}
		if k.Above && !k.Below {
			high = "at most"
		}
		return fmt.Sprintf(" %s %v%s%s %v", low, *k.Min, and, high, *k.Max)
	default:
		return ""
	}
}

func words(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = "`" + v + "`"
	}
	return strings.Join(quoted, ", ")
}

func either(values []string) string {
	if n := len(values); n > 1 {
		return words(values[:n-1]) + " or `" + values[n-1] + "`"
	}
	return words(values)
}
