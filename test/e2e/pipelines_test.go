package e2e

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gristmill"
	"gristmill/registry"
	"gristmill/test/mill"
	"gristmill/tracking"
)

// Somebody uses all that a pipeline can do: on the table of a stranger, with
// folds, checks that refuse, cards that are asked for, runs done again.
func TestWholePipelines(t *testing.T) {
	t.Parallel()
	s := grist.Stack(t)
	s.Up(t)
	t.Run("a stranger's table", func(t *testing.T) {
		t.Parallel()
		strangersTable(t, s)
	})
	t.Run("folds, again and different", func(t *testing.T) {
		t.Parallel()
		again(t, s)
	})
	t.Run("a check refuses", func(t *testing.T) {
		t.Parallel()
		checkRefuses(t, s)
	})
	t.Run("nobody answers for it", func(t *testing.T) {
		t.Parallel()
		cardIsAsked(t, s)
	})
}

// strangersTable has a spreadsheet's export: semicolons, decimal commas with
// points between thousands, German dates, gaps, a column that names the rows. Two
// commands make a served model of it, whose first guess is near the truth.
func strangersTable(t *testing.T, s *mill.Stack) {
	const noise = 20.
	d := rand.New(rand.NewPCG(7, 7))
	day0 := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	revenue := func(city string, discount float64) float64 {
		return map[string]float64{"Köln": 1400, "Bonn": 800, "Trier": 300}[city] + 12*discount
	}
	var b strings.Builder
	fmt.Fprintln(&b, "Kunde;Seit;Stadt;Rabatt;Umsatz")
	for i := range 600 {
		city := []string{"Köln", "Bonn", "Trier"}[d.IntN(3)]
		discount := math.Round(d.Float64()*3000) / 100
		shown := german(discount)
		if i%20 == 0 {
			shown = ""
		}
		fmt.Fprintf(&b, "K%04d;%s;%s;%s;%s\n", i, day0.AddDate(0, 0, d.IntN(700)).Format("02.01.2006"), city, shown,
			german(revenue(city, discount)+noise*d.NormFloat64()))
	}
	s.Write(t, "shop/umsatz.csv", b.String())
	s.OK(t, "pipeline", "init", "shop/umsatz.csv", "--target", "Umsatz", "--separator", ";", "--decimal", ",", "--name", "umsatz", "-o", "shop/umsatz.yaml")
	res := succeeds(t, s, "--file", "shop/umsatz.yaml")
	if mean, std := res.Metrics["cv_rmse"], res.Metrics["cv_rmse_std"]; mean > 120 || std <= 0 || std > mean/2 {
		t.Errorf("cv_rmse is %v, its deviation between folds %v; want a model that knows the cities, which are 500 apart", mean, std)
	}
	s.Write(t, "shop/ask.csv", "Seit,Stadt,Rabatt\n15.06.2023,Köln,10.0\n15.06.2023,Trier,\n")
	var answer struct{ Predictions []float64 }
	mill.Decode(t, s.OK(t, "predict", "umsatz", "--file", "shop/ask.csv"), &answer)
	if len(answer.Predictions) != 2 {
		t.Fatalf("%d predictions of 2 rows", len(answer.Predictions))
	}
	for i, want := range []float64{revenue("Köln", 10), revenue("Trier", 15)} {
		if got := answer.Predictions[i]; math.Abs(got-want) > want/5 {
			t.Errorf("row %d: predicted %v, want about %v", i, got, want)
		}
	}
}

// german writes a number as 1.234,56.
func german(v float64) string {
	text := strings.Replace(fmt.Sprintf("%.2f", v), ".", ",", 1)
	if at := strings.IndexByte(text, ',') - 3; at > 0 && v > 0 {
		text = text[:at] + "." + text[at:]
	}
	return text
}

// foldedSpec has folds, and slices to look at.
const foldedSpec = `name: folded
data: {source: rows.csv, target: y, split: {kind: random, test: 0.2, validation: 0.2, seed: 3}}
transform: [{columns: {type: number}, apply: [{impute: median}, {scale: standard}]}]
train: {algorithm: ridge, l2: 1, cv: {folds: 4, seed: 5}}
evaluate: {gates: {cv_rmse: "< 0.5 * baseline", test_rmse: "< baseline"}}
`

// again trains with folds, does the run again, and compares it with one of
// another l2.
func again(t *testing.T, s *mill.Stack) {
	s.Write(t, "folded/rows.csv", plane(400, .1, ","))
	spec := s.Write(t, "folded/spec.yaml", foldedSpec)
	first := succeeds(t, s, "--file", spec)
	if mean, std := first.Metrics["cv_rmse"], first.Metrics["cv_rmse_std"]; mean < .08 || mean > .13 || std <= 0 || std > .03 {
		t.Errorf("cv_rmse is %v, its deviation between folds %v; want about the noise .1 and a little", mean, std)
	}
	var run struct {
		Steps []tracking.Step
		Files []tracking.Artifact `json:"artifacts"`
	}
	s.Value(t, &run, "run", "show", first.RunID)
	var folds int
	for _, step := range run.Steps {
		if step.Kind == "fold" && step.Status == tracking.Succeeded && step.Attempts == 1 {
			folds++
		}
	}
	if folds != 4 {
		t.Errorf("%d steps of kind fold have succeeded at once, want 4: %+v", folds, run.Steps)
	}
	kept := map[string]bool{}
	for _, f := range run.Files {
		kept[f.Path] = true
	}
	for _, want := range []string{"request.json", "spec.yaml", "spec.json", "profile.json", "evaluation.json", "plots/folds.svg", "plots/predicted_actual.svg"} {
		if !kept[want] {
			t.Errorf("the run keeps no %s; it has %v", want, slices.Sorted(maps.Keys(kept)))
		}
	}

	s.Write(t, "folded/rows.csv", plane(400, .3, ",")) // what the source gives today is not what counts
	var same struct {
		RunID string `json:"run_id"`
		Same  bool
	}
	s.Value(t, &same, "run", "reproduce", first.RunID)
	if !same.Same || same.RunID == first.RunID {
		t.Errorf("reproduce says %+v; want the same of a new run", same)
	}
	versions, _, err := s.Client(t).ModelVersions(context.Background(), "folded", gristmill.Page{})
	if err != nil || len(versions) != 1 {
		t.Errorf("%d versions, %v; want 1: doing a run again registers nothing", len(versions), err)
	}

	other := succeeds(t, s, "folded", "--set", "train.l2=50")
	var diff tracking.Comparison
	s.Value(t, &diff, "run", "diff", first.RunID, other.RunID)
	if diff.SameSpec || !diff.SameData || diff.SameWeights || diff.SameMetrics {
		t.Errorf("diff says %+v; want other spec, weights and metrics on the same data", diff)
	}
	var spec1 []tracking.Difference
	for _, d := range diff.Differences {
		if d.Kind == tracking.DiffSpec {
			spec1 = append(spec1, d)
		}
	}
	if want := []tracking.Difference{{Kind: tracking.DiffSpec, Key: "train.l2", A: "1", B: "50"}}; !slices.Equal(spec1, want) {
		t.Errorf("the specs differ by %v, want %v", spec1, want)
	}
	changed := succeeds(t, s, "--file", spec) // with the rows of today
	s.Value(t, &diff, "run", "diff", first.RunID, changed.RunID)
	if diff.SameData {
		t.Error("diff says that the data are the same; the file was another")
	}
}

// checkRefuses trains on a table whose column tells the target, which no gate on a
// metric would mind.
func checkRefuses(t *testing.T, s *mill.Stack) {
	d := rand.New(rand.NewPCG(1, 9))
	b := []byte("x,hint,y\n")
	for range 300 {
		y := d.NormFloat64()
		b = fmt.Appendf(b, "%.6f,%.6f,%.6f\n", d.NormFloat64(), 2*y+1, y)
	}
	s.Write(t, "told/rows.csv", string(b))
	spec := s.Write(t, "told/spec.yaml", `name: told
data: {source: rows.csv, target: y}
train: {algorithm: ridge}
evaluate: {gates: {test_r2: "> 0.9"}, checks: {single_feature: {refuse: true}}}
`)
	res, r := trained(t, s, "--file", spec)
	if r.Code != 1 || res.Status != "rejected" || res.Model != nil || !strings.Contains(res.Message, `"hint" alone predicts "y"`) {
		t.Errorf("a told target: %s; want exit 1, rejected, the column named", r)
	}
	var refused []registry.GateResult
	for _, g := range res.Gates {
		if !g.Passed {
			refused = append(refused, g)
		}
	}
	if len(refused) != 1 || refused[0].Rule != "check single_feature" {
		t.Errorf("refused: %+v; want the check only", refused)
	}
	succeeds(t, s, "told", "--set", "data.drop=[hint]", "--set", "evaluate.gates.test_r2=> -1")
}

// cardIsAsked trains a model whose card is asked for and empty: it is registered
// and takes no traffic, whoever asks.
func cardIsAsked(t *testing.T, s *mill.Stack) {
	s.Write(t, "asked/rows.csv", plane(100, .1, ","))
	text := `name: asked
data: {source: rows.csv, target: y}
train: {algorithm: linear}
register: {card: {purpose: "To see.", required: [purpose, owner]%s}}
`
	spec := s.Write(t, "asked/spec.yaml", fmt.Sprintf(text, ""))
	if r := s.CLI(t, "check", spec); r.Code != 1 || !strings.Contains(r.Out, "register.card requires owner") {
		t.Errorf("check: %s; want exit 1 and the field", r)
	}
	res, r := trained(t, s, "--file", spec)
	if r.Code != 1 || res.Status != tracking.Rejected || res.Deployed || res.Model == nil || !strings.Contains(res.Message, "register.card.owner: empty") {
		t.Errorf("train: %s; want exit 1, rejected, registered and not deployed", r)
	}
	r = s.CLI(t, "model", "promote", "asked", "1")
	if r.Code == 0 || !strings.Contains(r.Err, "register.card.owner: empty") {
		t.Errorf("promote: %s; want a refusal that names the field", r)
	}
	if resp, body := s.Call(t, http.MethodPost, s.HTTP()+"/api/v1/models/asked/versions/1/promote", "application/json", []byte("{}")); resp.StatusCode < 400 || resp.StatusCode >= 500 {
		t.Errorf("POST promote answers %s: %s", resp.Status, body)
	}
	if d, err := s.Client(t).Deployment(context.Background(), "asked"); gristmill.KindOf(err) != gristmill.NotFound {
		t.Errorf("deployment %+v, %v; want none", d, err)
	}
	s.Write(t, "asked/spec.yaml", fmt.Sprintf(text, `, owner: "The mill"`))
	if res := succeeds(t, s, "--file", spec); res.Model.Version != 2 {
		t.Errorf("version %d, want 2", res.Model.Version)
	}
	var card struct{ Card string }
	s.Value(t, &card, "model", "card", "asked", "2")
	if !strings.Contains(card.Card, "The mill") {
		t.Errorf("the card does not name its owner:\n%s", card.Card)
	}
}
