package serving

import (
	"time"

	"gristmill"
)

// EventKind says what happened to a version on a server. The values are wire
// values: they appear in logs.
type EventKind string

// The kinds of event.
const (
	Loaded     EventKind = "loaded"      // a version passed its smoke test and is held
	LoadFailed EventKind = "load_failed" // a version could not be loaded; Retry says when it is tried again
	Switched   EventKind = "switched"    // a version takes the model's traffic from now on
	Dropped    EventKind = "dropped"     // a version is no longer held
	StoreLost  EventKind = "store_lost"  // deployments could not be read or reports not written; what is held goes on
	StoreBack  EventKind = "store_back"  // the store answers again
)

// Event is one fact for the operator's log. The room itself does not log.
type Event struct {
	Kind    EventKind
	Model   string
	Version int
	Digest  gristmill.Digest // of the package
	Took    time.Duration    // of the load
	Retry   time.Duration    // until the next attempt
	Err     error
}
