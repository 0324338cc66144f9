package pipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"gristmill"
	"gristmill/ml/prep"
	"gristmill/registry"
)

// RunOutputs is where a step's inputs find what the run itself gives: "data",
// the section data of the spec. It may be large (a pinned schema of thousands
// of columns), so a plan carries its reference, never the section.
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
}

// EvaluateParams are the parameters of an evaluate step.
type EvaluateParams struct {
	Gates     []registry.Rule `json:"gates"`
	Bootstrap int             `json:"bootstrap"`
	Seed      uint64          `json:"seed,omitempty"`
}

// RegisterParams are the parameters of a register step.
type RegisterParams struct {
	Model       string `json:"model"`
	Description string `json:"description,omitempty"`
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
	add := func(kind Kind, queue string, retry Retry, in map[string]string, params any) {
		b, e := json.Marshal(params)
		if e != nil {
			err = fmt.Errorf("plan step %s: %w", kind, e)
		}
		p.Steps = append(p.Steps, Step{ID: string(kind), Kind: kind, Needs: needs(in), In: in, Params: b, Queue: queue, Retry: retry})
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
	add(Train, cpu, Retry{Seconds: week}, data, TrainParams{s.Train.Algorithm, s.Train.Params, s.Train.CheckpointEvery, s.Train.Seed, s.Register.Model})
	add(Evaluate, QueueCPU, Retry{Attempts: patient, Seconds: 6 * hour}, with("package", "train.package"), EvaluateParams{s.Evaluate.Gates, s.Evaluate.Bootstrap, s.Evaluate.Seed})
	if s.Register.Enabled {
		add(Register, QueueLight, Retry{Attempts: patient, Seconds: 15 * minute},
			with("package", "train.package", "evaluation", "evaluate.evaluation", "weights", "train.weights"), RegisterParams{s.Register.Model, s.Register.Description})
	}
	if s.Deploy.Enabled {
		add(Deploy, QueueLight, Retry{Attempts: patient, Seconds: 15 * minute}, map[string]string{"version": "register.version"}, DeployParams{s.Register.Model})
	}
	if b, _ := json.Marshal(p); len(b) > maxPlan {
		return p, gristmill.Errorf(gristmill.Invalid, "the plan of this spec is %d bytes; at most %d are allowed: name the columns of transform by pattern or type instead of one by one", len(b), maxPlan)
	}
	return p, err
}

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
