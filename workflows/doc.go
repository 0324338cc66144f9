// Package workflows is the deterministic score: what happens next, and what
// survives a crash. It knows activities by their methods' names and their In
// and Out types only.
//
// Glossary. Train interprets a plan: it begins a run, does the steps as their
// needs are met, and ends the run. Promote makes one version of a model take
// traffic, or leaves everything as it was. A Starter starts and watches
// workflows for the doors.
//
// Train:
//
//	begin ──> steps of the plan ──> end(succeeded)
//	             ├── a gate refuses ──> end(rejected)
//	             ├── a step fails ────> end(failed)
//	             └── canceled ────────> end(canceled)
//
// Promote (the child of a deploy step, or started by hand):
//
//	propose ──> await ready ──> commit ──> await serving
//	               └── failed, late or canceled ──> abort: the former version serves on
//
// Histories. A history must replay on every later version of its workflow.
// testdata/history holds some of each kind, by the version of the program that
// wrote them, and TestReplay replays them all. They are recorded from a running
// stack (record_test.go, build tag record) when a workflow first lands and at
// each release; they are never deleted, and never recorded again to make a test
// pass: a change that breaks replay keeps the old path behind
// workflow.GetVersion.
package workflows
