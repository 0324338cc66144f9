package pipeline

import (
	"fmt"

	"gristmill"
	"gristmill/registry"
	"gristmill/tracking"
)

// Request starts a run: the input of the workflow Train, which is also what the
// REST door and the stock temporal CLI send. Only Pipeline is required.
type Request struct {
	Pipeline string           `json:"pipeline"`           // name of an applied pipeline
	Project  string           `json:"project,omitempty"`  // "" means "default"
	Digest   gristmill.Digest `json:"digest,omitempty"`   // an applied version; "" means the current one
	Set      map[string]any   `json:"set,omitempty"`      // overrides by dotted key: {"train.l2": 2}
	Caller   *Caller          `json:"caller,omitempty"`   // who started it from where, for lineage
	RunName  string           `json:"run_name,omitempty"` // "" makes a readable one
	// Reproduces is the run that this one does again, if it does.
	Reproduces string `json:"reproduces,omitempty"`
}

// MaxDiff bounds what is kept of a caller's changes, in bytes; more is data
// rather than code.
const MaxDiff = 4 << 20

// Caller describes where a run was started from.
type Caller struct {
	User    string `json:"user,omitempty"`
	Command string `json:"command,omitempty"` // the command line
	Commit  string `json:"commit,omitempty"`  // of the caller's directory, if it is a git checkout
	Dirty   bool   `json:"dirty,omitempty"`   // it has changes that are not in the commit
	Dir     string `json:"dir,omitempty"`     // the directory, below the checkout's root
	// Diff names the stored bytes of what the directory has beyond the commit.
	Diff gristmill.Digest `json:"diff,omitempty"`
}

// Result is how a run ended: the result of the workflow Train and what `train
// --json` prints.
type Result struct {
	WorkflowID    string                `json:"workflow_id"`
	RunID         string                `json:"run_id"`
	Status        tracking.Status       `json:"status"`
	Message       string                `json:"message,omitempty"` // why it was rejected or failed
	Model         *ModelRef             `json:"model,omitempty"`
	Metrics       map[string]float64    `json:"metrics"`
	Gates         []registry.GateResult `json:"gates"`
	Deployed      bool                  `json:"deployed"`
	ResumedFrom   int                   `json:"resumed_from"` // iteration of the checkpoint that the fit went on from; 0: none
	WeightsSHA256 string                `json:"weights_sha256,omitempty"`
	Seconds       float64               `json:"seconds"`
}

// ModelRef names one version of a model.
type ModelRef struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
}

// String renders the reference as name@version.
func (m ModelRef) String() string { return fmt.Sprintf("%s@%d", m.Name, m.Version) }

// PromoteRequest is the input of the workflow Promote.
type PromoteRequest struct {
	Project string `json:"project,omitempty"` // "" means "default"
	Model   string `json:"model"`
	Version int    `json:"version"`
	Reason  string `json:"reason,omitempty"` // "trained", "promoted by hand", "rollback": for the log
}

// PromoteResult is how a promotion ended.
type PromoteResult struct {
	Model      string `json:"model"`
	Version    int    `json:"version"` // that takes traffic now; 0 if none does
	Deployed   bool   `json:"deployed"`
	Generation int64  `json:"generation"`
	Message    string `json:"message,omitempty"` // why it was rolled back
}
