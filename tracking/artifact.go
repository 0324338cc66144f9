package tracking

import (
	"time"

	"gristmill"
)

// Artifact is a file of a run: a path for people, a digest for machines.
type Artifact struct {
	RunID     string           `json:"run_id"`
	Path      string           `json:"path"` // slash-separated, relative, no ".."
	URI       string           `json:"uri"`  // where the bytes lie in the object store
	Digest    gristmill.Digest `json:"digest"`
	Size      int64            `json:"size"`
	Type      string           `json:"type"` // media type
	CreatedAt time.Time        `json:"created_at"`
}

// Input is a dataset that a run used. Its identity is (experiment, name, digest).
type Input struct {
	Name       string            `json:"name"`
	Digest     string            `json:"digest"`      // ours: 64 hex digits; a foreign client's own form otherwise
	SourceType string            `json:"source_type"` // "sample" "file" "upload" "http" "s3" …
	Source     string            `json:"source"`
	Schema     string            `json:"schema,omitempty"`  // JSON
	Profile    string            `json:"profile,omitempty"` // JSON
	Tags       map[string]string `json:"tags,omitempty"`    // "mlflow.data.context": "training"
}
