// Package e2e drives the real binary as a person does: by the command line, REST,
// Temporal and the inference protocols, through restarts and deaths. Each test
// file is one person's story; package mill runs their stacks.
//
// GRISTMILL_BINARY names a built binary to use instead of building one. With
// -short everything is skipped, aloud.
package e2e
