// Package schema describes a pipeline's spec: every key, what it takes and what
// it is for, in one table (see Spec). The JSON Schema by which editors complete
// specs and the reference in docs/pipelines.md are both made from it, and the
// table itself takes algorithms, steps, checks and metrics from the packages
// that have them, so that none can say what another does not.
//
// The schema is for the eye of an editor: the last word has pipeline.Parse,
// which also knows what keys mean beside each other.
package schema
