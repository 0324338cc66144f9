package registry

import (
	"context"

	"gristmill"
)

// Store is the memory of the registry. Every write may be repeated with the
// same effect as once. Errors: NotFound, Conflict, Invalid as named.
type Store interface {
	// Register makes the model if it is new and adds the next version with
	// card and lineage, in one transaction. Key makes it safe to repeat: the
	// same key returns the version that it made first.
	Register(ctx context.Context, project, key string, v Version) (Version, error)
	Model(ctx context.Context, project, name string) (Model, error)
	ListModels(ctx context.Context, project string, page gristmill.Page) (list []Model, next string, err error)
	// Version returns a version with its aliases; number 0 means the latest.
	Version(ctx context.Context, project, model string, number int) (Version, error)
	// ListVersions returns versions, newest first, without their cards.
	ListVersions(ctx context.Context, project, model string, page gristmill.Page) (list []Version, next string, err error)
	Aliases
}

// Aliases move between versions. The alias champion of a deployed model is
// moved by a promotion only (serving.Store.Commit), which SetAlias refuses
// with Forbidden.
type Aliases interface {
	SetAlias(ctx context.Context, project, model, alias string, number int) error
	DeleteAlias(ctx context.Context, project, model, alias string) error
	ByAlias(ctx context.Context, project, model, alias string) (Version, error)
}
