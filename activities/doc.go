// Package activities are the hands of the workflows: each loads, calls one
// verb of a domain room or one fit of ml, stores, and maps the error. What
// happens next is decided in workflows; what is allowed, in the domain rooms.
//
// Glossary. A step activity does one step of a plan: it takes a StepIn, begins
// an attempt (a lease on the step, with an epoch), does its work, and answers a
// StepOut of named outputs. An Output is a reference to stored bytes or a small
// value; never data.
package activities
