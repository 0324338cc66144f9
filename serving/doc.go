// Package serving answers predictions: it loads the versions that deployments
// name, routes requests to them, and tells which generation each server serves.
//
// Glossary. A Deployment says which version of a model should take traffic; its
// generation rises by one with every change, by compare-and-set. A Server is a
// process that serves; it reports an Observation per model (generation, ready or
// failed) under a lease, so that a dead server's report expires. A promotion
// proposes a generation, waits until all live servers report it ready, and
// commits it; else it aborts and the former version goes on.
//
// A Host is a server's side of this. It holds Versions: packages that were
// fetched, checked against their digests, unpacked, and passed their smoke test.
// Route gives a request the version that takes a model's traffic, from a table
// that is swapped as a whole; a request keeps the version that it began with.
// What cannot be loaded leaves the former version in place; a model without any
// is unavailable, and says why.
//
//	stable(g) ──Propose──> rolling(g+1) ──all live servers ready──> Commit: stable(g+1)
//	                            └──a server failed, or too late──> Abort: stable(g+2) with the old version
package serving
