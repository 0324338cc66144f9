package tracking

import "time"

// Step is one step of a pipeline's run.
type Step struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind"`
	Status    Status     `json:"status"`
	Attempts  int        `json:"attempts"`
	Worker    string     `json:"worker,omitempty"` // identity of the process that did the last attempt
	StartedAt *time.Time `json:"started_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	Error     string     `json:"error,omitempty"`
}

// Writer identifies the attempt that writes: its step and the epoch that Lease
// gave it. The zero Writer is a foreign client, which no lease binds.
type Writer struct {
	Step  string `json:"step,omitempty"`
	Epoch int64  `json:"epoch,omitempty"`
}

// Checkpoint is the saved state of a fit.
type Checkpoint struct {
	Step      string    `json:"step"`
	Epoch     int64     `json:"epoch"`
	Iteration int       `json:"iteration"`
	Digest    string    `json:"digest"` // of the stored bytes
	Size      int64     `json:"size"`
	SavedAt   time.Time `json:"saved_at"`
}
