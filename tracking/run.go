package tracking

import "time"

// Status is the state of a run. The values are wire values.
type Status string

// The states of a run; package comment has the drawing.
const (
	Scheduled        Status = "scheduled"
	Running          Status = "running"
	Succeeded        Status = "succeeded"
	Rejected         Status = "rejected"
	Failed           Status = "failed"
	Canceled         Status = "canceled"
	AwaitingApproval Status = "awaiting_approval"
)

// Ended reports whether nothing more will happen in the run by itself.
func (s Status) Ended() bool {
	return s == Succeeded || s == Rejected || s == Failed || s == Canceled
}

// Run is one attempt at something, with everything that was logged in one value
// each; metric series are read with Store.MetricHistory.
type Run struct {
	ID           string             `json:"run_id"`
	Project      string             `json:"project"`
	ExperimentID int64              `json:"experiment_id,string"`
	Experiment   string             `json:"experiment"` // its name
	Name         string             `json:"run_name"`
	User         string             `json:"user,omitempty"`
	Status       Status             `json:"status"`
	Message      string             `json:"message,omitempty"`     // why it was rejected or failed, one line
	WorkflowID   string             `json:"workflow_id,omitempty"` // of the workflow that drives it; "" for a foreign client's run
	FirstRunID   string             `json:"first_execution_run_id,omitempty"`
	Location     string             `json:"artifact_uri"`
	Lifecycle    Lifecycle          `json:"lifecycle_stage"`
	StartedAt    time.Time          `json:"started_at"`
	EndedAt      *time.Time         `json:"ended_at,omitempty"`
	Params       map[string]string  `json:"params"`
	Metrics      map[string]float64 `json:"metrics"` // latest value by (step, time, value)
	Tags         map[string]string  `json:"tags"`
	Steps        []Step             `json:"steps,omitempty"`
}

// NewRun is what StartRun needs. Key makes the write safe to repeat: a second
// StartRun with the same key returns the first one's run.
type NewRun struct {
	Key        string // e.g. workflow ID + "/" + first run ID; required
	ID         string // 32 hex digits; "" makes one
	Experiment int64
	Name       string // "" makes a readable one from the ID
	User       string
	WorkflowID string
	FirstRunID string
	StartedAt  time.Time
	Params     map[string]string
	Tags       map[string]string
}

// RunFilter chooses runs; zero fields choose all. Lists come newest first.
type RunFilter struct {
	Project    string
	Experiment string // name
	Status     Status
	WorkflowID string
	Model      string // runs that registered a version of this model
}

// ResultTag is the tag under which a run keeps the result of its workflow.
const ResultTag = "gristmill.result"
