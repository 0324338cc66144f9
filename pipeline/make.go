package pipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"gristmill"
	"gristmill/dataset"
	"gristmill/ml/evaluate"
	"gristmill/ml/prep"
	"gristmill/registry"
)

// RunOutputs is where a step's inputs find what the run itself gives: "data",
// the section data of the spec, and with a cross-validation "folding", what its
// folds have in common (see Folding). They may be large (a pinned schema of
// thousands of columns, the same rules for fifty folds), so a plan carries their
// references, never the sections.
const RunOutputs = "run"

// TransformParams are the parameters of a transform step.
type TransformParams struct {
	Rules prep.Spec `json:"rules"`
	Task  string    `json:"task"`
}

// TrainParams are the parameters of a train step.
type TrainParams struct {
	Algorithm       string          `json:"algorithm"`
	Params          json.RawMessage `json:"params"`
	CheckpointEvery int             `json:"checkpoint_every,omitempty"`
	Seed            uint64          `json:"seed,omitempty"`
	Model           string          `json:"model"`
	TargetTransform string          `json:"target_transform,omitempty"` // see Training
	Threshold       string          `json:"threshold,omitempty"`        // see Training
	Cost            *evaluate.Cost  `json:"cost,omitempty"`             // of the threshold "cost"
}

// FoldParams are the parameters of a fold step.
type FoldParams struct {
	Index int `json:"index"` // from 1
	Of    int `json:"of"`
}

// Folding is what the folds of a cross-validation have in common. A fold fits
// transforms and algorithm anew on its own training rows, which are rows of the
// training part, and measures on its others: its output "metrics" is a JSON
// object of metric names ("rmse", "roc_auc") to values.
type Folding struct {
	Fold            dataset.FoldSpec `json:"fold"`
	Rules           prep.Spec        `json:"rules"`
	Task            string           `json:"task"`
	Algorithm       string           `json:"algorithm"`
	Params          json.RawMessage  `json:"params"`
	Seed            uint64           `json:"seed,omitempty"`
	TargetTransform string           `json:"target_transform,omitempty"`
	Threshold       string           `json:"threshold,omitempty"`
	Cost            *evaluate.Cost   `json:"cost,omitempty"` // of the threshold "cost"
}

// Folding returns what the folds have in common; false without a
// cross-validation. The run gives it to its steps as RunOutputs "folding".
func (s Spec) Folding() (Folding, bool) {
	tr, p := s.Train, s.trainParams()
	return Folding{tr.CV, s.Transform, string(tr.Task), tr.Algorithm, tr.Params, tr.Seed, tr.TargetTransform, p.Threshold, p.Cost}, tr.CV.Folds > 0
}

// FoldStep names the step of a fold, counted from 1. Under the same name its
// metrics are an input of the evaluate step.
func FoldStep(index int) string { return fmt.Sprintf("%s-%d", Fold, index) }

// EvaluateParams are the parameters of an evaluate step.
type EvaluateParams struct {
	Gates []registry.Rule `json:"gates"`
	evaluate.Options
	// Folds counts the inputs that are metrics of folds; 0: none.
	Folds int `json:"folds,omitempty"`
}

// RegisterParams are the parameters of a register step.
type RegisterParams struct {
	Model       string            `json:"model"`
	Description string            `json:"description,omitempty"`
	Card        registry.CardSpec `json:"card,omitzero"`
}

// DeployParams are the parameters of a deploy step.
type DeployParams struct {
	Model string `json:"model"`
}

// Time limits of one attempt, in seconds.
const (
	minute = 60
	hour   = 60 * minute
	week   = 7 * 24 * hour
)

// Make turns a checked spec into the plan of its six sections.
func Make(project string, s Spec) (Plan, error) {
	_, digest := s.JSON()
	p := Plan{Pipeline: s.Name, Project: project, SpecDigest: digest}
	cpu := s.Train.Queue
	if cpu == "" {
		cpu = QueueCPU
	}
	var err error
	addAs := func(id string, kind Kind, queue string, retry Retry, in map[string]string, params any) {
		b, e := json.Marshal(params)
		if e != nil {
			err = fmt.Errorf("plan step %s: %w", id, e)
		}
		p.Steps = append(p.Steps, Step{ID: id, Kind: kind, Needs: needs(in), In: in, Params: b, Queue: queue, Retry: retry})
	}
	add := func(kind Kind, queue string, retry Retry, in map[string]string, params any) {
		addAs(string(kind), kind, queue, retry, in, params)
	}
	table := map[string]string{"dataset": "fetch.dataset", "spec": RunOutputs + ".data"}
	if s.Data.Split.File != "" {
		table["ids"] = "fetch.ids"
	}
	data := map[string]string{"dataset": "fetch.dataset", "prepared": "transform.prepared"}
	with := func(more ...string) map[string]string {
		in := maps.Clone(data)
		for i := 0; i < len(more); i += 2 {
			in[more[i]] = more[i+1]
		}
		return in
	}
	add(Fetch, QueueLight, Retry{Attempts: patient, Seconds: 2 * hour}, map[string]string{"spec": RunOutputs + ".data"}, nil)
	add(Transform, QueueCPU, Retry{Attempts: patient, Seconds: 6 * hour}, table, TransformParams{s.Transform, string(s.Train.Task)})
	add(Train, cpu, Retry{Seconds: week}, data, s.trainParams())
	measured := with("package", "train.package")
	for i := 1; i <= s.Train.CV.Folds; i++ {
		id := FoldStep(i)
		addAs(id, Fold, cpu, Retry{Attempts: patient, Seconds: week}, with("folding", RunOutputs+".folding"), FoldParams{i, s.Train.CV.Folds})
		measured[id] = id + ".metrics"
		if i > foldsAtOnce { // each holds the table in memory
			last := &p.Steps[len(p.Steps)-1]
			last.Needs = append(last.Needs, FoldStep(i-foldsAtOnce))
			slices.Sort(last.Needs)
		}
	}
	add(Evaluate, QueueCPU, Retry{Attempts: patient, Seconds: 6 * hour}, measured, EvaluateParams{s.Evaluate.Gates, s.Evaluate.Options, s.Train.CV.Folds})
	if s.Register.Enabled {
		add(Register, QueueLight, Retry{Attempts: patient, Seconds: 15 * minute},
			with("package", "train.package", "evaluation", "evaluate.evaluation", "weights", "train.weights"), RegisterParams{s.Register.Model, s.Register.Description, s.Register.Card})
	}
	if s.Deploy.Enabled {
		add(Deploy, QueueLight, Retry{Attempts: patient, Seconds: 15 * minute}, map[string]string{"version": "register.version"}, DeployParams{s.Register.Model})
	}
	if b, _ := json.Marshal(p); len(b) > maxPlan {
		return p, gristmill.Errorf(gristmill.Invalid, "the plan of this spec is %d bytes; at most %d are allowed: name the columns of transform by pattern or type instead of one by one", len(b), maxPlan)
	}
	return p, err
}

func (s Spec) trainParams() TrainParams {
	p := TrainParams{Algorithm: s.Train.Algorithm, Params: s.Train.Params, CheckpointEvery: s.Train.CheckpointEvery, Seed: s.Train.Seed,
		Model: s.Register.Model, TargetTransform: s.Train.TargetTransform, Threshold: s.Train.Threshold}
	if p.Threshold == byCost {
		p.Cost = s.Evaluate.Cost
	}
	return p
}

// foldsAtOnce bounds the folds of a run that are under way at the same time.
const foldsAtOnce = 4

// maxPlan bounds a plan, which every history of its runs carries.
const maxPlan = 48 << 10

// patient is how often a step is tried while a service is away, half a minute
// apart: about eight hours. What fails by our own fault ends much earlier.
const patient = 1000

// needs names the steps that inputs come from, sorted.
func needs(in map[string]string) []string {
	set := map[string]bool{}
	for _, from := range in {
		if step, _, _ := cutLast(from); step != RunOutputs {
			set[step] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// Source splits an input's "<step>.<output>".
func Source(from string) (step, output string) {
	step, output, _ = cutLast(from)
	return step, output
}

func cutLast(s string) (before, after string, ok bool) {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '.' {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
