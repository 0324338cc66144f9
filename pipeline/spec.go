package pipeline

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gristmill"
	"gristmill/dataset"
	"gristmill/ml/catalog"
	"gristmill/ml/evaluate"
	"gristmill/ml/frame"
	"gristmill/ml/prep"
	"gristmill/registry"
)

// Spec is a checked pipeline specification. Make turns it into a Plan.
type Spec struct {
	Name        string
	Description string
	Data        dataset.Spec
	Transform   prep.Spec
	Train       Training
	Evaluate    Evaluation
	Register    Registration
	Deploy      Deployment
	// Warnings name what is kept with the spec but not acted upon.
	Warnings []string

	tree map[string]any
}

// Training is the section train.
type Training struct {
	Algorithm       string
	Task            catalog.Task    // what the algorithm does: regression or classification
	Params          json.RawMessage // the algorithm's hyperparameters, defaults filled in
	CheckpointEvery int             // iterations between checkpoints; 0: none
	Seed            uint64
	Queue           string
	// TargetTransform is what the target goes through before the fit, "" or
	// Log1p; predictions go the way back.
	TargetTransform string
	// Threshold is the probability from which the positive class is predicted:
	// a number above 0 and below 1 as text, how to choose it on the validation
	// rows ("f1", "youden", "cost"), or "" for the likelier class.
	Threshold string
	CV        dataset.FoldSpec // Folds is 0 without a cross-validation
}

// Log1p is the target transform ln(1+y).
const Log1p = "log1p"

// Evaluation is the section evaluate. Its options have the defaults filled in:
// Bootstrap and Importance are below 0 for none, never 0.
type Evaluation struct {
	Gates []registry.Rule
	evaluate.Options
}

// Registration is the section register.
type Registration struct {
	Enabled     bool
	Model       string
	Description string
	Card        registry.CardSpec
}

// Deployment is the section deploy.
type Deployment struct {
	Enabled bool
}

// Parse reads a spec's YAML and checks all of it: the error carries every
// problem with line and column, what was given and what is allowed.
func Parse(text []byte) (Spec, error) { return ParseWith(text, nil) }

// ParseWith is Parse with overrides by dotted key, which are checked the same way.
func ParseWith(text []byte, set map[string]any) (Spec, error) {
	t := readYAML(text)
	if len(t.problems) > 0 && len(t.root) == 0 {
		return Spec{}, t.err("invalid spec")
	}
	return t.spec(set)
}

// Load reads the canonical form of an applied spec and lays overrides over it.
func Load(canonical json.RawMessage, set map[string]any) (Spec, error) {
	t, err := readJSON(canonical)
	if err != nil {
		return Spec{}, err
	}
	return t.spec(set)
}

// Applied reads a spec's YAML as a version that a Store can keep.
func Applied(project, text, by string, at time.Time) (Version, error) {
	t := readYAML([]byte(text))
	if len(t.problems) == 0 || len(t.root) > 0 {
		for _, key := range Sources() {
			if v, ok := t.text(key); ok && relative(v) {
				t.problem(key, v, "an absolute path, sample:NAME or NAME@DIGEST",
					"%s: %q is a relative path, which only its owner's machine can find: `gristmill pipeline apply -f` uploads it; or give an absolute path of the worker's machine", key, v)
			}
		}
	}
	if len(t.problems) > 0 && len(t.root) == 0 {
		return Version{}, t.err("invalid spec")
	}
	spec, err := t.spec(nil)
	if err != nil {
		return Version{}, err
	}
	canonical, digest := spec.JSON()
	return Version{Project: project, Name: spec.Name, Digest: digest, Spec: canonical, Text: text, AppliedBy: by, AppliedAt: at, Current: true}, nil
}

// JSON returns the spec's canonical form, with sorted keys, and its digest.
// Comments, order and layout of the YAML do not change it.
func (s Spec) JSON() (json.RawMessage, gristmill.Digest) {
	b, _ := json.Marshal(s.tree) // plain values always marshal
	return b, gristmill.DigestOf(b)
}

// Params returns the spec's keys flattened, with the algorithm's defaults
// filled in: what the tracker stores as the run's params.
func (s Spec) Params() map[string]string {
	params := map[string]string{}
	flatten("", s.tree, params)
	var filled map[string]any
	if json.Unmarshal(s.Train.Params, &filled) == nil {
		flatten("train", plain(filled), params)
	}
	delete(params, "name")
	delete(params, "description")
	return params
}

func (t *tree) spec(set map[string]any) (Spec, error) {
	for _, key := range sortedKeys(set) { // a section comes before the keys in it
		t.override(key, set[key])
	}
	top := t.section("", t.root)
	s := Spec{tree: t.root}
	s.Name = top.required("name", "churn")
	if s.Name != "" {
		if err := gristmill.CheckName("name", s.Name); err != nil {
			t.problem("name", s.Name, "a name", "%s", gristmill.Public(err))
		}
	}
	s.Description = top.text("description")
	s.Data = t.data(top)
	s.Transform = t.transform(top)
	s.Train = t.train(top, s.Data)
	s.Evaluate = t.evaluate(top, s.Train.Task, s.Train.CV.Folds > 0)
	s.Register, s.Deploy = t.release(top, s.Name)
	s.Warnings = t.later(top)
	top.close()
	t.consistent(s)
	return s, t.err("invalid spec")
}

// card reads register.card.
func (t *tree) card(s *section) registry.CardSpec {
	v, path, ok := s.get("card")
	if !ok {
		return registry.CardSpec{}
	}
	c := t.section(path, v)
	card := registry.CardSpec{
		Purpose: c.text("purpose"), Owner: c.text("owner"), Contact: c.text("contact"),
		Limits: c.text("limits"), Ethics: c.text("ethics"), Fairness: c.text("fairness"),
		Required: c.texts("required"),
	}
	c.close()
	t.others(card.Check(path))
	return card
}

// others adds problems that a domain room found, at their places in the text.
func (t *tree) others(problems []gristmill.Problem) {
	for _, p := range problems {
		if t.reported(p.Path) {
			continue
		}
		m := t.locate(p.Path)
		p.Line, p.Column = m.line, m.column
		t.add(p)
	}
}

func (t *tree) release(top *section, name string) (Registration, Deployment) {
	r := Registration{Enabled: true, Model: name}
	if v, _, ok := top.get("register"); ok && v == false {
		r.Enabled = false
	} else if ok {
		s := t.section("register", v)
		if m := s.text("model"); m != "" {
			r.Model = m
			if err := gristmill.CheckName("register.model", m); err != nil {
				t.problem("register.model", m, "a name", "%s", gristmill.Public(err))
			}
		}
		r.Description = s.text("description")
		r.Card = t.card(s)
		s.close()
	}
	d := Deployment{Enabled: r.Enabled}
	v, _, ok := top.get("deploy")
	switch {
	case ok && v == false:
		d.Enabled = false
	case ok && !r.Enabled:
		t.problem("deploy", show(v), "register, or deploy: false", "deploy: a model that is not registered (register: false) cannot be deployed")
	case ok:
		s := t.section("deploy", v)
		s.choice("approval", "none")
		s.close()
	}
	return r, d
}

// later reads the sections that are kept for the watching of the model.
func (t *tree) later(top *section) []string {
	var warnings []string
	if _, _, ok := top.get("monitor"); ok {
		warnings = append(warnings, "monitor is kept with the spec; this version does not check for drift yet")
	}
	if _, _, ok := top.get("schedule"); ok {
		warnings = append(warnings, "schedule is kept with the spec; this version does not retrain on a schedule yet")
	}
	return warnings
}

// consistent checks what no single section can know.
func (t *tree) consistent(s Spec) {
	missing := t.root["data"] == nil // which is reported once, not key by key
	if !missing {
		t.others(s.Data.Check())
	}
	t.taskFits(s)
	t.partsFit(s)
	if s.Train.Task == "" {
		return // the algorithm is wrong already, and options are right for a task
	}
	for _, p := range s.Evaluate.Check(s.Train.Task, nil, frame.Schema{}) {
		if !t.reported(p.Path) {
			t.from(p)
		}
	}
}

// taskFits checks what belongs to one task only.
func (t *tree) taskFits(s Spec) {
	tr, e := s.Train, s.Evaluate
	regression, classification := tr.Task == catalog.Regression, tr.Task == catalog.Classification
	if regression && s.Data.Positive != "" {
		t.problem("data.positive", s.Data.Positive, "no positive class", "data.positive: %q names a class, but %s predicts numbers; use logistic, or leave it out", s.Data.Positive, tr.Algorithm)
	}
	if regression && s.Data.Split.Kind == dataset.Stratified {
		t.problem("data.split.kind", "stratified", "random, group, time or ids", "data.split.kind: stratified needs classes, but %s predicts numbers; use random", tr.Algorithm)
	}
	if regression && tr.CV.Kind == dataset.Stratified {
		t.problem("train.cv.kind", "stratified", "kfold, group or time", "train.cv.kind: stratified needs classes, but %s predicts numbers; use kfold", tr.Algorithm)
	}
	if regression && tr.Threshold != "" {
		t.problem("train.threshold", tr.Threshold, "no threshold", "train.threshold: a threshold parts two classes, but %s predicts numbers; leave it out", tr.Algorithm)
	}
	if regression && e.Threshold != "" {
		t.problem("evaluate.threshold", e.Threshold, "no threshold", "evaluate.threshold: a threshold parts two classes, but %s predicts numbers; leave it out", tr.Algorithm)
	}
	if classification && tr.TargetTransform != "" {
		t.problem("train.target_transform", tr.TargetTransform, "no transform", "train.target_transform: %s transforms numbers, but %s predicts classes; leave it out", tr.TargetTransform, tr.Algorithm)
	}
	if tr.Threshold == byCost && e.Cost == nil && !t.reported("evaluate.cost") {
		t.problem("train.threshold", byCost, "evaluate.cost", "train.threshold: cost needs evaluate.cost, which says what errors cost; expected e.g. evaluate: {cost: {false_negative: 500, false_positive: 50}}")
	}
	if e.Threshold == byCost && e.Cost == nil && !t.reported("evaluate.cost") {
		t.problem("evaluate.threshold", byCost, "evaluate.cost", "evaluate.threshold: cost needs evaluate.cost, which says what errors cost")
	}
}

// partsFit checks what needs rows held out or folds.
func (t *tree) partsFit(s Spec) {
	validated := s.Data.Split.Kind == dataset.IDs || s.Data.Split.WithDefaults().Validation > 0
	for _, g := range s.Evaluate.Gates {
		at := "evaluate.gates." + g.Metric
		if strings.HasPrefix(g.Metric, "val_") && !validated {
			t.problem(at, g.Metric, "data.split.validation", "%s: nothing is validated; set data.split.validation to the share of rows to hold out", at)
		}
		if strings.HasPrefix(g.Metric, "cv_") && s.Train.CV.Folds == 0 && !t.reported("train.cv") {
			t.problem(at, g.Metric, "train.cv", "%s: there is no cross-validation; ask for one with train: {cv: {folds: 5}}", at)
		}
	}
	if _, fixed := fraction(s.Train.Threshold); s.Train.Threshold != "" && !fixed && !validated {
		t.problem("train.threshold", s.Train.Threshold, "data.split.validation", "train.threshold: %s is chosen on validation rows, and nothing is validated; set data.split.validation, or give the threshold as a number", s.Train.Threshold)
	}
	if p := s.Data.Parting(); p.Kind == dataset.Timed && p.By == "" {
		t.problem("data.split.by", "", "a column of times", "data.split.by: missing, and so is data.time; expected the column of times that orders the rows, for kind time")
	}
	if cv := s.Train.CV; cv.Kind == dataset.Timed && cv.By == "" {
		t.problem("train.cv.by", "", "a column of times", "train.cv.by: missing, and so is data.time; expected the column of times that orders the rows, for kind time")
	}
	t.others(s.Train.CV.Check())
	for i, name := range s.Evaluate.Slices {
		at := fmt.Sprintf("evaluate.slices[%d]", i)
		switch {
		case name == s.Data.Target && name != "":
			t.problem(at, name, "another column than the target", "%s: %q is the target; expected a column that is known before the prediction", at, name)
		case slices.Index(s.Evaluate.Slices, name) < i:
			t.problem(at, name, "every column once", "%s: %q a second time; expected every column once", at, name)
		}
	}
}
