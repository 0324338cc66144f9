// Package mltest holds what every estimator must do, as test suites that run on
// any Spec: the same bytes for any number of workers and of interruptions,
// input left as it was, errors that name the column, cancellation, models that
// survive their encoding.
package mltest
