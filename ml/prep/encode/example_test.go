package encode_test

import (
	"fmt"
	"testing"

	"gristmill/ml/prep/encode"
	"gristmill/ml/prep/vec"
)

func words(name string, s ...string) *vec.Vec {
	return &vec.Vec{Name: name, Kind: vec.Text, Texts: s}
}

func ExampleFitOneHot() {
	o, err := encode.FitOneHot(words("city", "Rome", "Oslo", "Rome", "Bonn"), encode.Rare, encode.Limits{Count: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := o.Apply([]*vec.Vec{words("city", "Rome", "Bonn", "Lima")})
	for k, name := range o.Names([]string{"city"}) {
		fmt.Println(name, out[k].Num)
	}
	fmt.Println(err)
	// Output:
	// city=Rome [1 0 0]
	// city=(rare) [0 1 1]
	// <nil>
}

func ExampleHashTokens() {
	h := &encode.HashTokens{Features: 6, NGrams: 1, Shortest: 2}
	out, err := h.Apply([]*vec.Vec{words("note", "good mill, good flour")})
	for k, name := range h.Names([]string{"note"}) {
		fmt.Print(name, "=", out[k].Num[0], " ")
	}
	fmt.Println(err)
	// Output: note_0=0 note_1=3 note_2=0 note_3=0 note_4=0 note_5=-1 <nil>
}

func TestAFittedStepOnTheWrongKindOfColumnIsAnError(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]vec.Transformer{"date_parts": &encode.DateParts{Parts: []string{"year"}}, "cyclic date": &encode.Cyclic{Parts: []string{"month"}},
		"cyclic": &encode.Cyclic{Period: 2}} {
		if _, err := s.Apply([]*vec.Vec{words("city", "Rome")}); err == nil {
			t.Errorf("%s took a text", name)
		}
	}
	number := &vec.Vec{Name: "x", Kind: vec.Number, Num: []float64{1}}
	for name, s := range map[string]vec.Transformer{"text_length": &encode.TextLength{}, "hash_tokens": &encode.HashTokens{Features: 2}, "date_parts": &encode.DateParts{Parts: []string{"year"}}} {
		if _, err := s.Apply([]*vec.Vec{number}); err == nil {
			t.Errorf("%s took a number", name)
		}
	}
}

func TestStatesThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]vec.Transformer{
		"no categories": &encode.OneHot{}, "unsorted": &encode.OneHot{Categories: []string{"b", "a"}}, "unsorted ordinal": &encode.Ordinal{Categories: []string{"b", "a"}},
		"no shares": &encode.Frequency{Categories: []string{"a"}}, "no such part": &encode.DateParts{Parts: []string{"eon"}}, "no ring": &encode.Cyclic{Parts: []string{"year"}},
		"nothing to go round": &encode.Cyclic{}, "no features": &encode.HashTokens{NGrams: 1}} {
		if s.Check(1) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
