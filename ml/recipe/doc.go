// Package recipe makes a model package of raw rows: it fits the transforms, then
// the algorithm on what they make, on the target as it is or transformed. A
// training, each fold of a cross-validation and a dry run all cook by it, so that
// what one measures is what the other serves.
//
// Glossary. A Recipe is what to do, without data. A Course is one serving of
// data: raw features, targets, and what the target is called. Targets turns a
// column into numbers.
package recipe
