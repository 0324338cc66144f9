package pipeline

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gristmill"
	"gristmill/dataset"
	"gristmill/ml"
	"gristmill/ml/catalog"
	"gristmill/ml/metric"
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
}

// Evaluation is the section evaluate.
type Evaluation struct {
	Gates     []registry.Rule
	Bootstrap int    // resamples behind every interval
	Seed      uint64 // of the resampling
}

// Registration is the section register.
type Registration struct {
	Enabled     bool
	Model       string
	Description string
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
	for key, value := range set {
		t.override(key, value)
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
	s.Train = t.train(top)
	s.Evaluate = t.evaluate(top, s.Train.Task)
	s.Register, s.Deploy = t.release(top, s.Name)
	s.Warnings = t.later(top)
	top.close()
	t.consistent(s)
	return s, t.err("invalid spec")
}

func (t *tree) data(top *section) dataset.Spec {
	v, _, ok := top.get("data")
	if !ok {
		t.problem("data", "", "a section", "data is missing; expected e.g. data: {source: \"sample:telco_churn\", target: churn}")
		return dataset.Spec{}
	}
	d := t.section("data", v)
	spec := dataset.Spec{
		Source:    d.required("source", `"sample:telco_churn"`),
		Target:    d.required("target", "the name of the column to predict"),
		Positive:  d.text("positive"),
		Separator: d.text("separator"),
		Nulls:     d.texts("nulls"),
		Drop:      d.texts("drop"),
	}
	if list, path, ok := d.get("schema"); ok {
		t.decode(path, list, &spec.Schema, "a list of columns {name, type, nullable, min, max, values}")
	}
	if v, path, ok := d.get("split"); ok {
		sp := t.section(path, v)
		spec.Split = dataset.SplitSpec{
			Kind:       sp.choice("kind", "random", "stratified", "ids"),
			Test:       sp.number("test", 0, 0, 1),
			Validation: sp.number("validation", 0, 0, 1),
			Seed:       uint64(sp.integer("seed", 0, 0, math.MaxInt32)),
			File:       sp.text("file"),
		}
		if spec.Split.Test == 0 && sp.has("test") && !t.reported("data.split.test") {
			t.problem("data.split.test", "0", "a fraction above 0", "data.split.test: 0; expected a fraction above 0 and below 1, or no key for the default")
		}
		sp.close()
	}
	d.close()
	return spec
}

// decode reads a value by the JSON form of a Go type; its keys must all be known.
func (t *tree) decode(path string, v, to any, want string) {
	b, err := json.Marshal(v)
	if err == nil {
		dec := json.NewDecoder(strings.NewReader(string(b)))
		dec.DisallowUnknownFields()
		err = dec.Decode(to)
	}
	if err != nil {
		t.problem(path, show(v), want, "%s: %s is not %s (%s)", path, show(v), want, strings.TrimPrefix(err.Error(), "json: "))
	}
}

func (t *tree) transform(top *section) prep.Spec {
	v, path, ok := top.get("transform")
	if !ok {
		return usual()
	}
	b, _ := json.Marshal(v)
	spec, problems := prep.Parse(b)
	for _, p := range problems {
		if p.Path == "" {
			p.Path = path
		}
		t.from(p)
	}
	return spec
}

// usual is what happens to columns when the spec says nothing: numbers are
// filled and scaled, categories become indicators.
func usual() prep.Spec {
	return prep.Spec{
		{Columns: prep.Selector{Type: prep.Number}, Apply: []prep.Step{{Op: prep.OpImpute, Strategy: prep.Median}, {Op: prep.OpScale, Strategy: prep.Standard}}},
		{Columns: prep.Selector{Type: prep.Category}, Apply: []prep.Step{{Op: prep.OpOneHot, Unknown: prep.Ignore}}},
	}
}

func (t *tree) train(top *section) Training {
	v, _, _ := top.get("train")
	s := t.section("train", v)
	tr := Training{
		Algorithm:       s.required("algorithm", strings.Join(algorithms(), " or ")),
		CheckpointEvery: int(s.integer("checkpoint_every", 0, 0, math.MaxInt32)),
		Seed:            uint64(s.integer("seed", 0, 0, math.MaxInt32)),
		Queue:           s.choice("queue", QueueLight, QueueCPU, QueueGPU),
	}
	spec, ok := t.algorithm(s, tr.Algorithm)
	if !ok {
		return tr
	}
	a, _ := catalog.Lookup(tr.Algorithm)
	tr.Task = a.Task
	tr.Params, _ = json.Marshal(spec)
	return tr
}

// algorithm reads the keys of train that are the algorithm's own.
func (t *tree) algorithm(s *section, name string) (ml.Spec, bool) {
	a, ok := catalog.Lookup(name)
	if !ok {
		if name != "" {
			t.from(ml.Unknown("train.algorithm", "algorithm", name, algorithms()))
		}
		for _, known := range catalog.Algorithms() { // what no algorithm knows is wrong all the same
			for _, p := range known.Params {
				s.get(p.Name)
			}
		}
		s.close()
		return nil, false
	}
	given := map[string]any{}
	for _, p := range a.Params {
		if v, _, ok := s.get(p.Name); ok {
			given[p.Name] = v
		}
	}
	s.close()
	b, _ := json.Marshal(given) // plain values always marshal
	spec, problems := catalog.Spec(name, b)
	for _, p := range problems {
		p.Path, p.Msg = join("train", p.Path), "train."+p.Msg
		t.from(p)
	}
	return spec, len(problems) == 0
}

// algorithms names what train.algorithm may be; the baselines are not for use.
func algorithms() []string {
	var names []string
	for _, a := range catalog.Algorithms() {
		if a.Name != "mean" && a.Name != "majority" {
			names = append(names, a.Name)
		}
	}
	return names
}

func (t *tree) evaluate(top *section, task catalog.Task) Evaluation {
	v, _, _ := top.get("evaluate")
	s := t.section("evaluate", v)
	e := Evaluation{
		Bootstrap: int(s.integer("bootstrap", 1000, 0, 100_000)),
		Seed:      uint64(s.integer("seed", 0, 0, math.MaxInt32)),
	}
	v, path, _ := s.get("gates")
	gates := t.section(path, v)
	for _, name := range sortedKeys(gates.m) {
		at := join(path, name)
		text := gates.text(name)
		if text == "" {
			continue
		}
		if p, ok := checkMetric(at, name, task); !ok {
			t.from(p)
			continue
		}
		rule, err := registry.ParseRule(name, text)
		if err != nil {
			t.problem(at, text, registry.RuleForms, "%s: %s", at, err)
			continue
		}
		e.Gates = append(e.Gates, rule)
	}
	s.get("slices")
	s.get("cost")
	s.close()
	return e
}

// checkMetric says whether a gate's name can be measured for the task.
func checkMetric(path, name string, task catalog.Task) (ml.Problem, bool) {
	if task == "" {
		return ml.Problem{}, true // the algorithm is wrong already
	}
	var known []string
	for _, part := range []string{"val_", "test_"} {
		names := metric.RegressionNames()
		if task == catalog.Classification {
			names = metric.ClassificationNames()
		}
		for _, m := range names {
			known = append(known, part+m)
		}
	}
	if slices.Contains(known, name) {
		return ml.Problem{}, true
	}
	return ml.Unknown(path, "metric of a "+string(task), name, known), false
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
	if e, ok := t.root["evaluate"].(map[string]any); ok {
		for _, key := range []string{"slices", "cost"} {
			if e[key] != nil {
				warnings = append(warnings, fmt.Sprintf("evaluate.%s is kept with the spec; this version does not evaluate it yet", key))
			}
		}
	}
	return warnings
}

// consistent checks what no single section can know.
func (t *tree) consistent(s Spec) {
	missing := t.root["data"] == nil // which is reported once, not key by key
	for _, p := range s.Data.Check() {
		if !missing && !t.reported(p.Path) {
			m := t.locate(p.Path)
			p.Line, p.Column = m.line, m.column
			t.add(p)
		}
	}
	if s.Train.Task == catalog.Regression && s.Data.Positive != "" {
		t.problem("data.positive", s.Data.Positive, "no positive class", "data.positive: %q names a class, but %s predicts numbers; use logistic, or leave it out", s.Data.Positive, s.Train.Algorithm)
	}
	if s.Train.Task == catalog.Regression && s.Data.Split.Kind == "stratified" {
		t.problem("data.split.kind", "stratified", "random or ids", "data.split.kind: stratified needs classes, but %s predicts numbers; use random", s.Train.Algorithm)
	}
	for _, g := range s.Evaluate.Gates {
		if strings.HasPrefix(g.Metric, "val_") && s.Data.Split.Kind != dataset.IDs && s.Data.Split.WithDefaults().Validation == 0 {
			at := "evaluate.gates." + g.Metric
			t.problem(at, g.Metric, "data.split.validation", "%s: nothing is validated; set data.split.validation to the share of rows to hold out", at)
		}
	}
}
