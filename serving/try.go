package serving

import (
	"context"

	"gristmill"
)

// Try fetches a version, checks its digest and runs its smoke test as a Host
// would, and holds nothing. Its errors are those of a load.
func Try(ctx context.Context, packages Packages, model string, version int, digest gristmill.Digest) error {
	_, err := fetch(ctx, packages, UnpackBundle, model, version, digest)
	return err
}
