package pipeline

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"gristmill/dataset"
	"gristmill/ml"
	"gristmill/ml/catalog"
)

func (t *tree) train(top *section, d dataset.Spec) Training {
	v, _, _ := top.get("train")
	s := t.section("train", v)
	tr := Training{
		Algorithm:       s.required("algorithm", strings.Join(algorithms(), " or ")),
		CheckpointEvery: int(s.integer("checkpoint_every", 0, 0, math.MaxInt32)),
		Seed:            uint64(s.integer("seed", 0, 0, math.MaxInt32)),
		Queue:           s.choice("queue", QueueLight, QueueCPU, QueueGPU),
		TargetTransform: s.choice("target_transform", Log1p),
		Threshold:       s.threshold("threshold"),
	}
	if v, path, ok := s.get("cv"); ok {
		tr.CV = t.folds(path, v)
	}
	spec, ok := t.algorithm(s, tr.Algorithm)
	if !ok {
		return tr
	}
	a, _ := catalog.Lookup(tr.Algorithm)
	tr.Task = a.Task
	tr.Params, _ = json.Marshal(spec)
	tr.CV = foldDefaults(tr.CV, tr.Task, d)
	return tr
}

// byCost is the threshold that costs least.
const byCost = "cost"

// thresholds are the ways to choose a threshold.
func thresholds() []string { return []string{"f1", "youden", byCost} }

// threshold reads a fraction or a way to choose one.
func (s *section) threshold(key string) string {
	v, path, ok := s.get(key)
	if !ok {
		return ""
	}
	if f, isNumber := asFloat(v); isNumber && f > 0 && f < 1 {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	if _, isText := v.(string); isText {
		return s.choice(key, thresholds()...)
	}
	s.t.problem(path, show(v), "a number above 0 and below 1, f1, youden or cost", "%s: %s; expected a number above 0 and below 1, f1, youden or cost", path, show(v))
	return ""
}

// fraction reads a threshold that is a number.
func fraction(threshold string) (float64, bool) {
	f, err := strconv.ParseFloat(threshold, 64)
	return f, err == nil
}

// folds reads train.cv.
func (t *tree) folds(path string, v any) dataset.FoldSpec {
	s := t.section(path, v)
	f := dataset.FoldSpec{
		Kind:  s.choice("kind", dataset.KFold, dataset.Stratified, dataset.Grouped, dataset.Timed),
		Folds: int(s.integer("folds", 5, 2, 50)),
		By:    s.text("by"),
		Seed:  uint64(s.integer("seed", 0, 0, math.MaxInt32)),
	}
	s.close()
	return f
}

// foldDefaults makes the folds part the rows as the split does: what must not
// lie on both sides of the one must not lie on both sides of the other.
func foldDefaults(f dataset.FoldSpec, task catalog.Task, d dataset.Spec) dataset.FoldSpec {
	if f.Folds == 0 {
		return f
	}
	if f.Kind == "" {
		switch {
		case d.Split.Kind == dataset.Grouped || d.Split.Kind == dataset.Timed:
			f.Kind = d.Split.Kind
		case task == catalog.Classification:
			f.Kind = dataset.Stratified
		default:
			f.Kind = dataset.KFold
		}
	}
	if f.By == "" && f.Kind == d.Split.Kind {
		f.By = d.Split.By
	}
	return d.Folding(f)
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
