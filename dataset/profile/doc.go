// Package profile says what a table holds, column by column, and what a person
// should look at before a model learns from it.
//
// Glossary. A Profile has for each Column its missing and different values,
// moments, quantiles, a Histogram, frequent values and its Association with the
// target; beside them sample rows, the number of duplicate rows, and Alerts. A
// Builder makes one of a table that comes in batches:
//
//	NewBuilder(schema) ── Add(batch) any number of times ──> Finish() ──> Profile ──> HTML or JSON
//
// Memory is bounded whatever the number of rows. Up to ExactValues numbers and
// DistinctCap different texts a column all figures are exact; beyond, counts,
// missing values, ends, moments and associations still are, quantiles and
// histograms come from an even sample, and numbers of different values from a
// sketch. What is an estimate says so. Nothing depends on chance, on the sizes
// of the batches or on the number of processors.
package profile
