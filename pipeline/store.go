package pipeline

import (
	"context"
	"encoding/json"
	"time"

	"gristmill"
)

// Version is one applied spec, immutable.
type Version struct {
	Project   string           `json:"project"`
	Name      string           `json:"name"`
	Digest    gristmill.Digest `json:"digest"`     // of the canonical JSON
	Spec      json.RawMessage  `json:"spec"`       // canonical JSON
	Text      string           `json:"text"`       // the YAML as applied
	AppliedBy string           `json:"applied_by"` // "gristmill" for the shipped ones
	AppliedAt time.Time        `json:"applied_at"`
	Current   bool             `json:"current"` // the one that runs when only the name is given
}

// Store remembers applied specs.
type Store interface {
	// Apply stores the version if it is new and makes it the name's current
	// one. Applying the same digest again changes nothing but that.
	Apply(ctx context.Context, v Version) (Version, error)
	// Pipeline returns the version of that digest, or the current one for "".
	Pipeline(ctx context.Context, project, name string, digest gristmill.Digest) (Version, error)
	// ListPipelines returns the current version of every name.
	ListPipelines(ctx context.Context, project string) ([]Version, error)
	// ListPipelineVersions returns every version of a name, newest first.
	ListPipelineVersions(ctx context.Context, project, name string) ([]Version, error)
}
