// Package worker registers every workflow and activity once, under its
// permanent name, and runs the workers of the task queues.
package worker
