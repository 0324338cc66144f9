// Package gristmill holds the few words that every room of the house shares:
// kinds of error, identifiers and digests, references to stored bytes, and page
// tokens. It imports nothing but the standard library.
//
// Gristmill is a workflow-orchestrated MLOps platform: data goes in, a served
// and watched model comes out. The plan of the house is docs/architecture.md;
// who may import whom is checked by house_test.go. Packages outside ml make no
// API promise; ml is the part meant for reading and reuse.
package gristmill
