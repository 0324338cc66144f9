// Package pipeline turns a user's YAML spec into a checked Plan. It knows
// nothing of Temporal: workflows interpret the plan that it makes.
//
// Glossary. A Spec is what the user wrote, in sections. Applying it stores an
// immutable Version, named by the digest of its canonical JSON. A Plan is the
// list of steps that will run, each with its kind, its needs, its inputs, its
// parameters and its queue; it is recorded in the workflow's history, so that
// editing a spec never disturbs a run.
package pipeline
