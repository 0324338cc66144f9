package dataset

import (
	"context"
	"io"

	"gristmill"
)

// Store is the memory of dataset versions. Its conformance suite is
// datasettest.Store. A version is found by project and digest.
type Store interface {
	// Put stores a version and returns it as stored. A digest that the
	// project has already keeps its first name, source, size and time and
	// learns only what it did not know (Version.Add): a repeated Put changes
	// nothing. Project "" means gristmill.DefaultProject, a zero CreatedAt
	// now. Invalid if Version.Check says so.
	Put(ctx context.Context, v Version) (Version, error)
	// Get returns a version; NotFound if there is none.
	Get(ctx context.Context, project string, digest gristmill.Digest) (Version, error)
	// List returns versions, newest first (then by digest), and the token of
	// the next page, "" at the end. Invalid for a foreign token.
	List(ctx context.Context, project string, page gristmill.Page) (list []Version, next string, err error)
}

// Blobs are the stored bytes, as far as this room reads them.
type Blobs interface {
	// Open opens bytes by their digest; NotFound if they are not stored.
	Open(ctx context.Context, digest gristmill.Digest) (io.ReadCloser, error)
}
