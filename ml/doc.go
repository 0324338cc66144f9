// Package ml says what a model is: a Spec that can be fitted, and the Model
// that Fit returns. The algorithms live in its subpackages, one file each.
//
// A Spec is a plain JSON value (its clone is =); Fit returns another, fitted,
// immutable and concurrency-safe type. A fit can be watched (Trace), saved
// between iterations (Checkpoint) and continued (Resume), and its result is the
// same for any number of threads and any number of interruptions.
//
// A fitted model as data: one JSON document and named little-endian blobs.
package ml
