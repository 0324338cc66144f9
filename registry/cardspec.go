package registry

import (
	"fmt"
	"slices"
	"strings"

	"gristmill"
	"gristmill/ml"
)

// CardSpec is what people say of a model and no measurement can: the part of a
// model card that its pipeline's spec holds. The zero value says nothing and
// asks for nothing.
type CardSpec struct {
	Purpose  string `json:"purpose,omitempty"`  // what the model is for, and what it is not for
	Owner    string `json:"owner,omitempty"`    // who answers for it
	Contact  string `json:"contact,omitempty"`  // where to reach the owner
	Limits   string `json:"limits,omitempty"`   // where it must not be trusted
	Ethics   string `json:"ethics,omitempty"`   // whom its errors touch, and how that was weighed
	Fairness string `json:"fairness,omitempty"` // what was looked at between groups of people, and found
	// Required names the fields without which a version is not promoted.
	Required []string `json:"required,omitempty"`
}

// CardField is one text of a CardSpec.
type CardField struct {
	Name string // as in the spec
	Text string
}

// Fields returns the texts in the order of a card.
func (c CardSpec) Fields() []CardField {
	return []CardField{
		{"purpose", c.Purpose}, {"owner", c.Owner}, {"contact", c.Contact},
		{"limits", c.Limits}, {"ethics", c.Ethics}, {"fairness", c.Fairness},
	}
}

// CardFields names the texts that a card may have and require.
func CardFields() []string {
	var names []string
	for _, f := range (CardSpec{}).Fields() {
		names = append(names, f.Name)
	}
	return names
}

// Missing returns the required fields that say nothing, in the order of a card.
func (c CardSpec) Missing() []string {
	var names []string
	for _, f := range c.Fields() {
		if slices.Contains(c.Required, f.Name) && strings.TrimSpace(f.Text) == "" {
			names = append(names, f.Name)
		}
	}
	return names
}

// maxCardText bounds one field of a card, in bytes: a card is read by people.
const maxCardText = 4000

// Check returns everything that is wrong with the card by itself, with paths
// below path, e.g. "register.card". An empty required field is no mistake of
// the spec: the version is made, and refused when it is promoted.
func (c CardSpec) Check(path string) []gristmill.Problem {
	var out []gristmill.Problem
	for _, f := range c.Fields() {
		if len(f.Text) > maxCardText {
			at := path + "." + f.Name
			want := fmt.Sprintf("at most %d bytes", maxCardText)
			out = append(out, gristmill.Problem{Path: at, Given: fmt.Sprintf("%d bytes", len(f.Text)), Want: want, Msg: fmt.Sprintf("%s: %d bytes; expected %s", at, len(f.Text), want)})
		}
	}
	for i, name := range c.Required {
		at := fmt.Sprintf("%s.required[%d]", path, i)
		if !slices.Contains(CardFields(), name) {
			p := ml.Unknown(at, "field of a card", name, CardFields())
			out = append(out, gristmill.Problem{Path: p.Path, Given: p.Given, Want: p.Want, Msg: p.Msg})
		} else if slices.Index(c.Required, name) < i {
			out = append(out, gristmill.Problem{Path: at, Given: name, Want: "every field once", Msg: fmt.Sprintf("%s: %q a second time; expected every field once", at, name)})
		}
	}
	return out
}
