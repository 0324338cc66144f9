// Package registry guards model versions: what may be registered, what was
// measured of it, where it came from, and which version an alias names.
//
// Glossary. A Model is a name; a Version of it is immutable and numbered from 1.
// An Alias (champion, challenger, previous) names one version. A Gate is a rule
// over metrics that a candidate must pass before it becomes a version. A Card
// is the version's description for people. Lineage says from which run, data,
// spec and code a version came.
//
//	candidate ──gates──> version ──Promote──> champion ──next Promote──> previous
//	     └──> rejected                            └──rollback──< previous
package registry
