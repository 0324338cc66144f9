// Package tracking remembers what was tried: experiments and their runs, with
// params, metric points, tags, artifacts, dataset inputs, steps and their logs.
//
// Glossary. An Experiment groups runs under a name; a pipeline's experiment
// bears the pipeline's name. A Run is one attempt. A Param is set once; a Tag
// may change; a Metric is a series of points. A Step is one step of a
// pipeline's run, done in one or more attempts. An Artifact is a stored file
// with a readable path and a digest. An Input is a dataset that a run used. A
// Writer is one attempt at a step with the epoch of its lease: of two attempts
// only the one that holds the newest epoch may write.
//
// A run's states:
//
//	scheduled ──> running ──> succeeded
//	                 │  ├───> rejected            a gate refused the model
//	                 │  ├───> failed
//	                 │  ├───> canceled
//	                 │  └───> awaiting_approval ──> succeeded | rejected | canceled
//	                 └──< (succeeded … canceled)   a foreign client may resume a run
package tracking
