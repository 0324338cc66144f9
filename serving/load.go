package serving

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gristmill"
)

// Packages gives the stored bytes of packed models.
type Packages interface {
	// Package returns the bytes that the digest names. NotFound if there are
	// none, Unavailable if they cannot be had now. Whoever loads them checks
	// the digest again.
	Package(ctx context.Context, digest gristmill.Digest) ([]byte, error)
}

// Version is a loaded version of a model that has passed its smoke test. It is
// immutable and safe for concurrent use.
type Version struct {
	Predictor
	Name     string // the model's
	Number   int
	Digest   gristmill.Digest // of its package
	LoadedAt time.Time
}

// Unpack reads a packed model.
type Unpack func(packed []byte) (Predictor, error)

// fetch gets the package of a version, checks its digest, unpacks it and runs
// its smoke test. Every error is a *gristmill.Error that names model and
// version: Unavailable where another attempt may help, Precondition where the
// package is not what it should be, NotFound where it is gone.
func fetch(ctx context.Context, packages Packages, unpack Unpack, name string, number int, digest gristmill.Digest) (*Version, error) {
	refuse := func(kind gristmill.Kind, doing string, err error, text string) error {
		return gristmill.Hide(kind, fmt.Errorf("%s: %w", doing, err),
			"model %q version %d, package sha256 %s: %s: %s", name, number, digest, doing, text)
	}
	b, err := packages.Package(ctx, digest)
	if err != nil {
		kind := gristmill.KindOf(err)
		if kind == gristmill.Internal || ctx.Err() != nil {
			kind = gristmill.Unavailable
		}
		return nil, refuse(kind, "fetch", err, gristmill.Public(err))
	}
	if got := gristmill.DigestOf(b); got != digest {
		return nil, gristmill.Errorf(gristmill.Precondition,
			"model %q version %d: the package was altered: expected sha256 %s, got %s", name, number, digest, got)
	}
	m, err := unpack(b)
	if err != nil {
		return nil, refuse(gristmill.Precondition, "unpack", err, err.Error())
	}
	if err := Smoke(ctx, m); err != nil {
		kind := gristmill.Precondition
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			kind = gristmill.Unavailable
		}
		return nil, refuse(kind, "smoke test", err, err.Error())
	}
	return &Version{Predictor: m, Name: name, Number: number, Digest: digest, LoadedAt: time.Now()}, nil
}
