package serving

import (
	"time"

	"gristmill"
)

// State says whether a deployment is settled.
type State string

// The states of a deployment.
const (
	Stable  State = "stable"
	Rolling State = "rolling"
)

// RollingWithin is how long a promotion may hold a deployment. One that has not
// committed or aborted by then is dead, and the next one takes over.
const RollingWithin = 15 * time.Minute

// Deployment is the desired state of one model's serving. While it rolls,
// servers load Candidate beside Version and keep sending traffic to Version.
type Deployment struct {
	Project    string    `json:"project"`
	Model      string    `json:"model"`
	Version    int       `json:"version"`             // takes traffic; 0 before the first commit
	Candidate  int       `json:"candidate,omitempty"` // being loaded and tested; 0 when stable
	Previous   int       `json:"previous,omitempty"`  // took traffic before Version
	Generation int64     `json:"generation"`
	State      State     `json:"state"`
	Reason     string    `json:"reason,omitempty"` // of the last abort, one line
	By         string    `json:"by,omitempty"`     // the promotion that holds it: its workflow's run ID
	UpdatedAt  time.Time `json:"updated_at"`

	Package          gristmill.Ref `json:"package"`                     // of Version
	CandidatePackage gristmill.Ref `json:"candidate_package,omitempty"` // of Candidate
	Servers          []Observation `json:"servers,omitempty"`           // filled in by reads
}

// Observation is what one server reports of one model.
type Observation struct {
	Server     string    `json:"server"` // its identity: host, process, start
	Model      string    `json:"model"`
	Generation int64     `json:"generation"`
	Version    int       `json:"version"`         // takes traffic there
	Ready      bool      `json:"ready"`           // what the generation is about, the candidate while it rolls, is loaded and passed its smoke test
	Error      string    `json:"error,omitempty"` // why not, one line
	Expires    time.Time `json:"expires"`
}
