package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gristmill/registry"
)

func ExampleCardSpec_Missing() {
	c := registry.CardSpec{Purpose: "whom to call before they leave", Required: []string{"purpose", "owner"}}
	fmt.Println(c.Missing())
	// Output: [owner]
}

func TestACardSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	c := registry.CardSpec{Owner: " ", Contact: "me", Required: []string{"contact", "owner", "limits"}}
	if got := c.Missing(); !slices.Equal(got, []string{"owner", "limits"}) {
		t.Errorf("missing %v", got)
	}
	if got := (registry.CardSpec{}).Missing(); len(got) != 0 {
		t.Errorf("an empty card misses %v", got)
	}
}

func TestACardIsCheckedInOnePass(t *testing.T) {
	t.Parallel()
	c := registry.CardSpec{Limits: strings.Repeat("x", 4001), Required: []string{"owner", "ownr", "owner"}}
	var got []string
	for _, p := range c.Check("register.card") {
		got = append(got, p.Msg)
	}
	want := []string{
		"register.card.limits: 4001 bytes; expected at most 4000 bytes",
		`register.card.required[1]: unknown field of a card "ownr", allowed: contact, ethics, fairness, limits, owner, purpose (did you mean "owner"?)`,
		`register.card.required[2]: "owner" a second time; expected every field once`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if p := (registry.CardSpec{Purpose: "p", Required: registry.CardFields()}).Check("card"); len(p) != 0 {
		t.Errorf("a good card: %v", p)
	}
}
