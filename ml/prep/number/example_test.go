package number_test

import (
	"fmt"
	"testing"

	"gristmill/ml/prep/number"
	"gristmill/ml/prep/vec"
)

func of(name string, x ...float64) *vec.Vec {
	return &vec.Vec{Name: name, Kind: vec.Number, Num: x}
}

func ExampleFitRobust() {
	s, err := number.FitRobust(of("income", 1, 2, 3, 4, 1000))
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := s.Apply([]*vec.Vec{of("income", 3, 5)})
	fmt.Println(out[0].Num, err)
	// Output: [0 1] <nil>
}

func ExamplePolynomial() {
	p := &number.Polynomial{Degree: 2}
	out, err := p.Apply([]*vec.Vec{of("a", 2), of("b", 3)})
	for i, name := range p.Names([]string{"a", "b"}) {
		fmt.Print(name, "=", out[i].Num[0], " ")
	}
	fmt.Println(err)
	// Output: a=2 b=3 a^2=4 a*b=6 b^2=9 <nil>
}

func TestAFittedStepOnTheWrongKindOfColumnIsAnError(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]vec.Transformer{
		"standard": &number.Standard{Scale: 1}, "minmax": &number.MinMax{Scale: 1}, "robust": &number.Robust{Scale: 1}, "log1p": &number.Log1p{},
		"power": &number.Power{Scale: 1}, "bins": &number.Bins{}, "ratio": &number.Ratio{}, "polynomial": &number.Polynomial{Degree: 1},
		"similarity": &number.Similarity{Centers: [][]float64{{0, 0}}}, "impute": &number.Imputer{Number: new(float64)}} {
		words := &vec.Vec{Name: "city", Kind: vec.Text, Texts: []string{"Rome"}}
		if _, err := s.Apply([]*vec.Vec{words, words}); err == nil {
			t.Errorf("%s took a text", name)
		}
	}
}

func TestStatesThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]vec.Transformer{
		"scale 0": &number.Standard{}, "range 0": &number.MinMax{}, "quartiles 0": &number.Robust{}, "deviation 0": &number.Power{}, "no fill": &number.Imputer{},
		"descending edges": &number.Bins{Edges: []float64{2, 1}}, "one column": &number.Ratio{}, "degree 0": &number.Polynomial{}, "no centres": &number.Similarity{},
		"too wide centres": &number.Similarity{Centers: [][]float64{{0, 0}}}} {
		if s.Check(1) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if (&number.Polynomial{Degree: 6}).Check(100) == nil || (&number.Polynomial{Degree: 20, Interactions: true}).Check(3) != nil {
		t.Error("the bound of products")
	}
}
