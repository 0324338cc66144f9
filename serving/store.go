package serving

import (
	"context"
	"time"
)

// Store is the memory of deployments. Every write may be repeated with the same
// effect as once.
type Store interface {
	// Propose makes the version the candidate of the model's next generation
	// on behalf of a promotion. Repeating it for the same promotion returns
	// the same generation. Conflict if another promotion is rolling, and not
	// for longer than RollingWithin; NotFound
	// for an unknown version. A first deployment is made by its first Propose.
	Propose(ctx context.Context, project, model string, version int, by string) (Deployment, error)
	// Commit makes the candidate of that generation take traffic and moves
	// the aliases champion and previous, in one transaction. Conflict if the
	// generation is not the deployment's (compare-and-set); repeating the
	// commit that happened returns it.
	Commit(ctx context.Context, project, model string, generation int64, by string) (Deployment, error)
	// Abort drops the candidate of that generation: the next generation
	// serves the former version. Repeating it changes nothing.
	Abort(ctx context.Context, project, model string, generation int64, by, reason string) (Deployment, error)
	Deployment(ctx context.Context, project, model string) (Deployment, error)
	ListDeployments(ctx context.Context, project string) ([]Deployment, error)
	Observations
}

// Observations are the reports of the servers.
type Observations interface {
	// Observe replaces a server's reports and holds them for the lease.
	Observe(ctx context.Context, project, server string, list []Observation, lease time.Duration) error
	// Leave withdraws a server that ends in order.
	Leave(ctx context.Context, project, server string) error
	// LiveServers returns the identities whose lease has not run out.
	LiveServers(ctx context.Context, project string) ([]string, error)
	// Changes delivers a value soon after deployments or observations change
	// (and at times without a change), until ctx ends.
	Changes(ctx context.Context) (<-chan struct{}, error)
}
