// Package monitoring will watch deployed models: reference windows frozen at
// training, windows of traffic, late labels, drift and quality checks, alerts.
//
// The room is kept free for its issue; nothing in it works yet, and no other
// room imports it. Glossary of what will live here: a Reference is what the
// training data looked like; a Window is the traffic of a span of time; a Check
// compares the two; an Alert is a check's verdict that somebody must hear.
package monitoring
