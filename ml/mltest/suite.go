package mltest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gristmill/ml"
	"gristmill/ml/frame"
)

// Decoder reads a fitted model back; catalog.Decode is one.
type Decoder func(ml.Encoded) (ml.Model, error)

// Regressor runs the suite on an algorithm that predicts numbers.
func Regressor(t *testing.T, spec ml.Spec, decode Decoder) {
	t.Helper()
	suite(t, spec, decode, Regression(1))
	t.Run("classes as target are refused", func(t *testing.T) {
		_, err := spec.Fit(context.Background(), Classification(1, 2), ml.FitOptions{})
		wantProblems(t, err, "")
	})
}

// Classifier runs the suite on an algorithm that predicts classes, with two and
// with three of them.
func Classifier(t *testing.T, spec ml.Spec, decode Decoder) {
	t.Helper()
	for k, name := range map[int]string{2: "binary", 3: "multiclass"} {
		t.Run(name, func(t *testing.T) {
			d := Classification(uint64(k), k)
			suite(t, spec, decode, d)
			t.Run("probabilities sum to 1 and agree with Predict", func(t *testing.T) { probabilities(t, fit(t, spec, d, ml.FitOptions{}), d) })
		})
	}
	t.Run("numbers as target are refused", func(t *testing.T) {
		_, err := spec.Fit(context.Background(), Regression(1), ml.FitOptions{})
		wantProblems(t, err, "")
	})
}

func suite(t *testing.T, spec ml.Spec, decode Decoder, d ml.Data) {
	for name, run := range map[string]func(*testing.T, ml.Spec, Decoder, ml.Data){
		"the same bytes for any number of workers":    workers,
		"checkpoint and resume end in the same bytes": resume,
		"the input is not touched":                    untouched,
		"the model survives its encoding":             encoding,
		"the fitted state survives JSON":              fittedJSON,
		"the spec survives JSON":                      specJSON,
		"cancellation ends the fit":                   cancellation,
		"an error of Trace ends the fit":              traceError,
		"bad input is an error that names the column": badInput,
		"the order of rows does not matter":           permutation,
		"a weight is the row that often":              duplication,
		"columns of the frame may come in any order":  columnOrder,
		"Predict refuses room of another size":        room,
		"concurrent predictions equal the first":      concurrent,
	} {
		t.Run(name, func(t *testing.T) { run(t, spec, decode, d) })
	}
}

func fit(t *testing.T, spec ml.Spec, d ml.Data, o ml.FitOptions) ml.Model {
	t.Helper()
	m, err := spec.Fit(context.Background(), d, o)
	if err != nil {
		t.Fatalf("fit: %v", err)
	}
	return m
}

func encode(t *testing.T, m ml.Model) ml.Encoded {
	t.Helper()
	e, err := m.Encode()
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	return e
}

func sameBytes(t *testing.T, what string, a, b ml.Model) {
	t.Helper()
	x, y := encode(t, a), encode(t, b)
	if x.Kind != y.Kind || !bytes.Equal(x.State, y.State) || !maps.EqualFunc(x.Blobs, y.Blobs, bytes.Equal) {
		t.Errorf("%s: the models differ", what)
	}
}

func predict(t *testing.T, m ml.Model, x *frame.Frame) []float64 {
	t.Helper()
	k := 1
	c, classes := m.(ml.Classifier)
	if classes {
		k = len(c.Classes())
	}
	dst := make([]float64, k*x.Rows())
	var err error
	if classes {
		err = c.PredictProba(context.Background(), x, dst)
	} else {
		err = m.Predict(context.Background(), x, dst)
	}
	if err != nil {
		t.Fatalf("predict: %v", err)
	}
	return dst
}

func near(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tol*max(1, math.Abs(want[i]))) {
			t.Errorf("%s: prediction %d is %v, want %v", what, i, got[i], want[i])
			return
		}
	}
}

func workers(t *testing.T, spec ml.Spec, _ Decoder, d ml.Data) {
	one := fit(t, spec, d, ml.FitOptions{Seed: 3})
	sameBytes(t, "fitted twice", one, fit(t, spec, d, ml.FitOptions{Seed: 3}))
	for _, n := range []int{1, 2, 3, 8} {
		sameBytes(t, "more workers", one, fit(t, spec, d, ml.FitOptions{Seed: 3, Workers: n}))
	}
}

// resume continues from the checkpoint of every iteration. An algorithm that
// has no iterations to save writes none, and must then refuse to resume.
func resume(t *testing.T, spec ml.Spec, _ Decoder, d ml.Data) {
	states := map[int][]byte{}
	last := 0
	whole := fit(t, spec, d, ml.FitOptions{CheckpointEvery: 1,
		Trace: func(p ml.Progress) error {
			if p.Iteration != last+1 || p.Of < p.Iteration {
				t.Errorf("iteration %d of %d after %d", p.Iteration, p.Of, last)
			}
			last = p.Iteration
			return nil
		},
		Checkpoint: func(i int, b []byte) error { states[i] = bytes.Clone(b); return nil }})
	if last == 0 {
		t.Error("no iteration was traced")
	}
	if len(states) != last-1 {
		t.Errorf("%d checkpoints between %d iterations", len(states), last)
	}
	for i, state := range states {
		first := 0
		again := fit(t, spec, d, ml.FitOptions{Resume: state, Trace: func(p ml.Progress) error {
			if first == 0 {
				first = p.Iteration
			}
			return nil
		}})
		if first != i+1 {
			t.Errorf("resumed from iteration %d at %d", i, first)
		}
		sameBytes(t, "resumed", whole, again)
		for _, bad := range [][]byte{state[:len(state)-1], append(bytes.Clone(state), 0), state[1:]} {
			if _, err := spec.Fit(context.Background(), d, ml.FitOptions{Resume: bad}); err == nil {
				t.Error("resumed from a damaged checkpoint")
			}
		}
		if _, err := spec.Fit(context.Background(), reorder(d, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}), ml.FitOptions{Resume: state}); err == nil {
			t.Error("resumed on other data")
		}
	}
	if _, err := spec.Fit(context.Background(), d, ml.FitOptions{Resume: []byte("not a checkpoint")}); err == nil {
		t.Error("resumed from no checkpoint at all")
	}
	stop := errors.New("disk full")
	_, err := spec.Fit(context.Background(), d, ml.FitOptions{CheckpointEvery: 1, Checkpoint: func(int, []byte) error { return stop }})
	if len(states) > 0 && !errors.Is(err, stop) {
		t.Errorf("the error of Checkpoint became %v", err)
	}
}

func untouched(t *testing.T, spec ml.Spec, _ Decoder, d ml.Data) {
	all := make([]int, rows)
	for i := range all {
		all[i] = i
	}
	before := reorder(d, all)
	m := fit(t, spec, d, ml.FitOptions{Workers: 2})
	predict(t, m, d.X)
	if diff := frame.Diff(before.X, d.X); diff != "" {
		t.Errorf("features: %s", diff)
	}
	if !slices.Equal(before.Y, d.Y) {
		t.Error("targets were changed")
	}
}

func encoding(t *testing.T, spec ml.Spec, decode Decoder, d ml.Data) {
	m := fit(t, spec, d, ml.FitOptions{})
	e := encode(t, m)
	if name, version := ml.KindVersion(e.Kind); name != spec.Kind() || version == "" {
		t.Errorf("kind %q of a model of %q", e.Kind, spec.Kind())
	}
	back, err := decode(e)
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	sameBytes(t, "decoded", m, back)
	if !slices.Equal(predict(t, m, d.X), predict(t, back, d.X)) {
		t.Error("the decoded model predicts something else")
	}
	for name, b := range e.Blobs {
		bad := ml.Encoded{Kind: e.Kind, State: e.State, Blobs: maps.Clone(e.Blobs)}
		bad.Blobs[name] = b[:len(b)-1]
		if _, err := decode(bad); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("blob %s one byte short: error %v", name, err)
		}
		delete(bad.Blobs, name)
		if _, err := decode(bad); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("blob %s missing: error %v", name, err)
		}
	}
	if _, err := decode(ml.Encoded{Kind: spec.Kind() + "/v99", State: e.State, Blobs: e.Blobs}); err == nil {
		t.Error("an unknown version was decoded")
	}
	if _, err := decode(ml.Encoded{Kind: e.Kind, State: []byte("{"), Blobs: e.Blobs}); err == nil {
		t.Error("broken state was decoded")
	}
}

func fittedJSON(t *testing.T, spec ml.Spec, _ Decoder, d ml.Data) {
	m := fit(t, spec, d, ml.FitOptions{})
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	back := reflect.New(reflect.TypeOf(m).Elem()).Interface()
	if err := json.Unmarshal(b, back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, any(m)) {
		t.Errorf("%s became %+v", b, back)
	}
}

func specJSON(t *testing.T, spec ml.Spec, _ Decoder, _ ml.Data) {
	b, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	back := reflect.New(reflect.TypeOf(spec))
	if err := json.Unmarshal(b, back.Interface()); err != nil {
		t.Fatal(err)
	}
	if got := back.Elem().Interface(); !reflect.DeepEqual(got, any(spec)) {
		t.Errorf("%s became %+v", b, got)
	}
}

func cancellation(t *testing.T, spec ml.Spec, _ Decoder, d ml.Data) {
	ctx, cancel := context.WithCancel(context.Background())
	m := fit(t, spec, d, ml.FitOptions{})
	cancel()
	if _, err := spec.Fit(ctx, d, ml.FitOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v of a canceled fit", err)
	}
	if err := m.Predict(ctx, d.X, make([]float64, rows)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v of a canceled prediction", err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	iterations, most := 0, 0
	_, err := spec.Fit(ctx, d, ml.FitOptions{Trace: func(p ml.Progress) error {
		iterations++
		if p.Iteration == 1 && !p.Done {
			most = 1
			cancel()
		}
		return nil
	}})
	if most > 0 && (iterations > 1 || !errors.Is(err, context.Canceled)) {
		t.Errorf("canceled after iteration 1: %d iterations, error %v", iterations, err)
	}
}

func traceError(t *testing.T, spec ml.Spec, _ Decoder, d ml.Data) {
	stop := errors.New("stop")
	calls := 0
	_, err := spec.Fit(context.Background(), d, ml.FitOptions{Trace: func(ml.Progress) error { calls++; return stop }})
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("error %v after %d calls", err, calls)
	}
}

func wantProblems(t *testing.T, err error, mention string) {
	t.Helper()
	var ps ml.Problems
	if !errors.As(err, &ps) || !strings.Contains(err.Error(), mention) {
		t.Errorf("error %v, want ml.Problems that mention %q", err, mention)
	}
}

func badInput(t *testing.T, spec ml.Spec, _ Decoder, d ml.Data) {
	good := fit(t, spec, d, ml.FitOptions{})
	broken := func(v float64) *frame.Column {
		c := *d.X.At(1)
		c.Floats = slices.Clone(c.Floats)
		c.Floats[7] = v
		return &c
	}
	null := *d.X.At(1)
	null.Valid = make(frame.Bitmap, 3)
	null.Valid[0] = 1
	for _, c := range []*frame.Column{broken(math.NaN()), broken(math.Inf(1)), &null,
		{Field: frame.Field{Name: "x1", Type: frame.String}, Texts: make([]string, rows)}} {
		bad := with(d, 1, c)
		_, err := spec.Fit(context.Background(), bad, ml.FitOptions{})
		wantProblems(t, err, `"x1"`)
		wantProblems(t, good.Predict(context.Background(), bad.X, make([]float64, rows)), `"x1"`)
	}
	wantProblems(t, good.Predict(context.Background(), d.X.Without("x2"), make([]float64, rows)), `"x2"`)
	short, long, wild, weights := d, d, d, d
	short.Y = d.Y[:rows-1]
	long.X = d.X.Without(d.X.Schema().Names()...)
	wild.Y = slices.Clone(d.Y)
	wild.Y[3] = math.NaN()
	weights.Weight = make([]float64, rows)
	negative := d
	negative.Weight = slices.Clone(d.Y)
	negative.Weight[0] = -1
	for _, bad := range []ml.Data{short, long, wild, weights, negative, {}, reorder(d, nil), reorder(d, []int{0})} {
		_, err := spec.Fit(context.Background(), bad, ml.FitOptions{})
		wantProblems(t, err, "")
	}
	if d.Classes != nil {
		one := d
		one.Classes = d.Classes[:1]
		_, err := spec.Fit(context.Background(), one, ml.FitOptions{})
		wantProblems(t, err, "class")
	}
}

func permutation(t *testing.T, spec ml.Spec, _ Decoder, d ml.Data) {
	order := rand.New(rand.NewPCG(9, 9)).Perm(rows)
	near(t, "other order of rows", predict(t, fit(t, spec, reorder(d, order), ml.FitOptions{}), d.X), predict(t, fit(t, spec, d, ml.FitOptions{}), d.X), 1e-9)
}

func duplication(t *testing.T, spec ml.Spec, _ Decoder, d ml.Data) {
	d.Weight = make([]float64, rows)
	var order []int
	for i := range d.Weight {
		d.Weight[i] = float64(i % 3)
		for range i % 3 {
			order = append(order, i)
		}
	}
	twice := reorder(d, order)
	twice.Weight = nil
	near(t, "weights against repeated rows", predict(t, fit(t, spec, d, ml.FitOptions{}), d.X), predict(t, fit(t, spec, twice, ml.FitOptions{}), d.X), 1e-9)
}

func columnOrder(t *testing.T, spec ml.Spec, _ Decoder, d ml.Data) {
	m := fit(t, spec, d, ml.FitOptions{})
	names := d.X.Schema().Names()
	if got := m.In().Names(); !slices.Equal(got, names) {
		t.Errorf("the model takes %q, want %q", got, names)
	}
	slices.Reverse(names)
	other, err := d.X.Select(names...)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(predict(t, m, other), predict(t, m, d.X)) {
		t.Error("the order of columns changes the predictions")
	}
}

func room(t *testing.T, spec ml.Spec, _ Decoder, d ml.Data) {
	m := fit(t, spec, d, ml.FitOptions{})
	if err := m.Predict(context.Background(), d.X, make([]float64, rows-1)); err == nil {
		t.Error("Predict wrote into too little room")
	}
	if c, ok := m.(ml.Classifier); ok {
		if err := c.PredictProba(context.Background(), d.X, make([]float64, rows)); err == nil {
			t.Error("PredictProba wrote into too little room")
		}
	}
	if err := m.Predict(context.Background(), d.X.Take(nil), nil); err != nil {
		t.Errorf("no rows: %v", err)
	}
}

func concurrent(t *testing.T, spec ml.Spec, _ Decoder, d ml.Data) {
	m := fit(t, spec, d, ml.FitOptions{})
	want := predict(t, m, d.X)
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			if !slices.Equal(predict(t, m, d.X), want) {
				t.Error("predictions differ")
			}
		})
	}
}

func probabilities(t *testing.T, m ml.Model, d ml.Data) {
	c, ok := m.(ml.Classifier)
	if !ok {
		t.Fatalf("%T gives no probabilities", m)
	}
	if !slices.Equal(c.Classes(), d.Classes) {
		t.Errorf("classes %q, want %q", c.Classes(), d.Classes)
	}
	k := len(d.Classes)
	proba, labels := predict(t, m, d.X), make([]float64, rows)
	if err := m.Predict(context.Background(), d.X, labels); err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		sum, best := 0.0, 0
		for j, p := range proba[i*k : (i+1)*k] {
			if !(p >= 0 && p <= 1) {
				t.Fatalf("row %d: probability %v", i, p)
			}
			sum += p
			if p > proba[i*k+best] {
				best = j
			}
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("row %d: probabilities sum to %v", i, sum)
		}
		if labels[i] != float64(best) {
			t.Errorf("row %d: Predict says %v, the likeliest class is %d", i, labels[i], best)
		}
	}
}
