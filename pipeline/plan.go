package pipeline

import (
	"encoding/json"

	"gristmill"
)

// Kind names what a step does.
type Kind string

// The built-in kinds of step, in the order of a spec's sections.
const (
	Fetch     Kind = "fetch"
	Transform Kind = "transform"
	Train     Kind = "train"
	Evaluate  Kind = "evaluate"
	Register  Kind = "register"
	Deploy    Kind = "deploy"
	Fold      Kind = "fold" // one fold of a cross-validation; between transform and evaluate
)

// The task queues. Workflows and light steps run on QueueLight.
const (
	QueueLight = "gristmill"
	QueueCPU   = "gristmill-cpu"
	QueueGPU   = "gristmill-gpu"
)

// Plan is what will run, recorded in the workflow's history.
type Plan struct {
	Pipeline   string           `json:"pipeline"`
	Project    string           `json:"project"`
	SpecDigest gristmill.Digest `json:"spec_digest"`
	Steps      []Step           `json:"steps"`
}

// Step is one step of a plan. Its outputs are named references and values; a
// later step names them in In as "<step>.<output>".
type Step struct {
	ID     string            `json:"id"`
	Kind   Kind              `json:"kind"`
	Needs  []string          `json:"needs,omitempty"`
	In     map[string]string `json:"in,omitempty"` // input name to "<step>.<output>"
	Params json.RawMessage   `json:"params,omitempty"`
	Queue  string            `json:"queue"`
	Retry  Retry             `json:"retry"`
}

// Retry bounds a step's attempts.
type Retry struct {
	Attempts int `json:"attempts"` // at most; 0 means unlimited
	Seconds  int `json:"seconds"`  // a single attempt may take this long
}
