package tracking

import (
	"context"
	"time"

	"gristmill"
)

// Store is the memory of the tracker. Every write may be repeated with the same
// effect as once. Errors: NotFound for an unknown experiment or run,
// Precondition for a write to a deleted run or by a stale Writer, Invalid for
// bad keys and values, Conflict for a param that has another value already.
type Store interface {
	Experiments
	Runs
	Points
	Steps
	Artifacts
}

// Experiments are found and made by name.
type Experiments interface {
	// EnsureExperiment returns the active experiment of that name and makes
	// it if there is none. A deleted one of that name is a Conflict.
	EnsureExperiment(ctx context.Context, project, name string) (Experiment, error)
	Experiment(ctx context.Context, id int64) (Experiment, error)
	ListExperiments(ctx context.Context, project string, page gristmill.Page) (list []Experiment, next string, err error)
}

// Runs begin, end and are found.
type Runs interface {
	// StartRun makes a run, or returns the one that was made with this key.
	StartRun(ctx context.Context, n NewRun) (Run, error)
	// Run returns a run with params, latest metrics, tags and steps.
	Run(ctx context.Context, id string) (Run, error)
	// ListRuns returns runs with params, latest metrics and tags, without steps.
	ListRuns(ctx context.Context, f RunFilter, page gristmill.Page) (list []Run, next string, err error)
	// SetStatus changes a run's state; end is nil unless it ended.
	SetStatus(ctx context.Context, id string, s Status, message string, end *time.Time) error
}

// Points are what a run logs in numbers and words.
type Points interface {
	LogParams(ctx context.Context, run string, params map[string]string) error
	SetTags(ctx context.Context, run string, tags map[string]string) error
	// LogMetrics stores points; a stale Writer is refused (Precondition).
	LogMetrics(ctx context.Context, run string, w Writer, points []Metric) error
	// TruncateMetrics deletes the points of keys that begin with one of the
	// prefixes and whose step is greater than after.
	TruncateMetrics(ctx context.Context, run string, w Writer, after int64, prefixes ...string) error
	// MetricHistory returns a series ordered by step, time, value.
	MetricHistory(ctx context.Context, run, key string) ([]Metric, error)
}

// Steps are a pipeline run's parts, their logs, leases and checkpoints.
type Steps interface {
	// Lease begins an attempt at a step: it makes the step if needed, marks
	// it running, counts the attempt and returns an epoch greater than every
	// earlier one of the step. Writers with an older epoch are refused.
	Lease(ctx context.Context, run string, s Step) (epoch int64, err error)
	// EndStep records the end of an attempt.
	EndStep(ctx context.Context, run string, w Writer, s Status, message string, at time.Time) error
	// AppendLog stores lines in order.
	AppendLog(ctx context.Context, run string, w Writer, lines []Line) error
	// ReadLog returns up to limit lines with Seq > after, of one step or ("") all.
	ReadLog(ctx context.Context, run, step string, after int64, limit int) ([]Line, error)
	// SaveCheckpoint records a checkpoint whose bytes are stored already.
	SaveCheckpoint(ctx context.Context, run string, c Checkpoint) error
	// LatestCheckpoint returns the newest checkpoint of a step, or ok = false.
	LatestCheckpoint(ctx context.Context, run, step string) (c Checkpoint, ok bool, err error)
}

// Artifacts are a run's files and the datasets it used.
type Artifacts interface {
	// PutArtifact records a stored file; the same path again replaces it.
	PutArtifact(ctx context.Context, a Artifact) error
	Artifact(ctx context.Context, run, path string) (Artifact, error)
	// ListArtifacts returns a run's files by path.
	ListArtifacts(ctx context.Context, run string) ([]Artifact, error)
	// LogInput records that the run used a dataset.
	LogInput(ctx context.Context, run string, in Input) error
	ListInputs(ctx context.Context, run string) ([]Input, error)
}
