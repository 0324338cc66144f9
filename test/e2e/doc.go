// Package e2e drives the real binary as a person does: by the command line, REST,
// Temporal and the inference protocols, through restarts and deaths. Each test
// file is one person's story; package mill runs their stacks.
//
// README and the guides are stories too: a sh block in them is run, from a
// directory of its own, and what a text block shows must be what was printed.
//
// GRISTMILL_BINARY names a built binary to use instead of building one. With
// -short everything is skipped, aloud.
package e2e
