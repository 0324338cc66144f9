package serving_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"gristmill"
	"gristmill/ml"
	"gristmill/ml/bundle"
	"gristmill/ml/frame"
	"gristmill/ml/frame/csv"
	"gristmill/ml/linear"
	"gristmill/ml/prep"
	"gristmill/serving"
)

// packed trains y = 2x + 1 and packs the model; change may spoil its files.
func packed(change func(bundle.Files)) []byte {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	ctx := context.Background()
	rows, err := csv.Read(strings.NewReader("x,y\n1,3\n2,5\n4,9\n"), csv.Options{})
	must(err)
	p, err := prep.Fit(ctx, prep.Spec{{Columns: prep.Selector{Remainder: true}, Apply: []prep.Step{{Op: prep.OpKeep}}}}, rows.Without("y"))
	must(err)
	x, err := p.Apply(ctx, rows.Without("y"))
	must(err)
	m, err := linear.Linear{}.Fit(ctx, ml.Data{X: x, Y: []float64{3, 5, 9}}, ml.FitOptions{})
	must(err)
	b, err := bundle.New("double", p, m, bundle.Target{Name: "y"})
	must(err)
	b.InputExample = rows.Without("y")
	files, err := b.Write()
	must(err)
	if change != nil {
		change(files)
	}
	out, err := bundle.Pack(files)
	must(err)
	return out
}

// A server follows the deployments and routes to the version that takes a
// model's traffic.
func ExampleHost() {
	store, shelf := newMemory(), &shelf{packages: map[gristmill.Digest][]byte{}}
	model := shelf.add(string(packed(nil)))
	switched := make(chan struct{})
	host := serving.NewHost(store, shelf, "host-1", serving.HostConfig{Observe: func(e serving.Event) {
		fmt.Println(e.Kind, e.Model, e.Version)
		if e.Kind == serving.Switched {
			close(switched)
		}
	}})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- host.Run(ctx) }()
	store.put(serving.Deployment{Model: "double", Version: 1, Generation: 1, State: serving.Stable, Package: model})
	<-switched

	v, err := host.Route("double")
	if err != nil {
		panic(err)
	}
	x, _ := v.Example()
	answer, err := v.Predict(ctx, x)
	fmt.Printf("version %d: %.3f %v\n", v.Number, answer.Values, err)
	_, err = host.Route("triple")
	fmt.Println(err)
	stop()
	fmt.Println(<-ended)
	// Output:
	// loaded double 1
	// switched double 1
	// version 1: [3.000 5.000 9.000] <nil>
	// no model "triple" is deployed; deployed: double
	// <nil>
}

func TestUnpackBundleRefusesSpoiltPackages(t *testing.T) {
	p, err := serving.UnpackBundle(packed(nil))
	if err != nil || serving.Smoke(t.Context(), p) != nil {
		t.Fatalf("the good package: %v", err)
	}
	if _, want := p.Example(); want == nil || len(want.Values) != 3 {
		t.Errorf("the package says that its example is answered with %v", want)
	}
	for name, change := range map[string]func(bundle.Files){
		"is missing":                        func(f bundle.Files) { delete(f, "prep.json") },
		"model file prep.json is corrupted": func(f bundle.Files) { f["prep.json"] = append(f["prep.json"], ' ') },
		"does not belong":                   func(f bundle.Files) { f["x"] = nil },
	} {
		if _, err := serving.UnpackBundle(packed(change)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want: %s", err, name)
		}
	}
	if _, err := serving.UnpackBundle([]byte("no archive")); err == nil {
		t.Error("junk was unpacked")
	}
}

// answers is a Predictor with a fixed answer.
type answers struct {
	classes []string
	serving.Answer
	want *serving.Answer
	err  error
}

func (a answers) Signature() frame.Signature { return frame.Signature{Classes: a.classes} }
func (a answers) Predict(context.Context, *frame.Frame) (serving.Answer, error) {
	return a.Answer, a.err
}
func (a answers) Example() (*frame.Frame, *serving.Answer) {
	x, _ := fake{}.Example()
	return x, a.want
}

func TestSmoke(t *testing.T) {
	t.Parallel()
	yes := []string{"No", "Yes"}
	good := serving.Answer{Values: []float64{0, 1}, Proba: []float64{0.75, 0.25, 0.5, 0.5}}
	with := func(values, proba []float64) serving.Answer { return serving.Answer{Values: values, Proba: proba} }
	for want, p := range map[string]answers{
		"":                         {classes: yes, Answer: good, want: &good},
		"1 predictions for 2 rows": {Answer: with([]float64{1}, nil)},
		"0 probabilities for 2 rows and 2 classes":                   {classes: yes, Answer: with([]float64{0, 1}, nil)},
		"the prediction of row 2 is +Inf":                            {Answer: with([]float64{1, 1 / zero}, nil)},
		"the prediction of row 2 is 2, no index of one of 2 classes": {classes: yes, Answer: with([]float64{0, 2}, good.Proba)},
		"a probability of row 1 is -0.5":                             {classes: yes, Answer: with(good.Values, []float64{-0.5, 1.5, 0, 1})},
		"the probabilities of row 2 add up to 0.5":                   {classes: yes, Answer: with(good.Values, []float64{1, 0, 0.5, 0})},
		"the probability of row 1 is 0.75, the package says 0.5":     {classes: yes, Answer: good, want: &serving.Answer{Values: good.Values, Proba: []float64{0.5, 0.5, 0.5, 0.5}}},
		"4 numbers of probability, the package says 2":               {classes: yes, Answer: good, want: &serving.Answer{Values: good.Values, Proba: []float64{0.5, 0.5}}},
		"predict the input example: column \"x\" is missing":         {err: ml.Problems{{Msg: `column "x" is missing`}}},
	} {
		err := serving.Smoke(t.Context(), p)
		if got := fmt.Sprint(err); got != want && (err != nil || want != "") {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

var zero float64
