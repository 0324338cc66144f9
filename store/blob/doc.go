// Package blob stores bytes: content-addressed ones (datasets, models,
// checkpoints, code bundles) under the key sha256/ab/abcd…, and a run's
// artifacts under readable keys that any S3 client can list.
//
//	store, err := blob.NewS3(ctx, blob.S3Config{…}) // any S3
//	store, err := blob.NewDir("/data/artifacts")    // a directory
//	ref, err := store.Put(ctx, r, "text/csv")
//	data, err := store.Get(ctx, ref.Digest, 1<<30)  // verified
//
// An object is there whole or not at all, and content-addressed bytes are
// verified whenever they are read: altered ones are an Internal error that wraps
// ErrCorrupt and names the key, the digest expected and the digest got.
package blob
