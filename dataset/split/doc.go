// Package split decides which rows of a table train a model, which validate it
// and which test it, and which rows each fold of a cross-validation holds out.
//
// Glossary. Parts are the row numbers for training, validation and test; a
// dataset.SplitSpec says how they are made. A Fold is one turn of a
// cross-validation over the training rows; a dataset.FoldSpec says how many and
// of which kind. A group is the rows with one value of a column, such as all
// visits of one customer: it is never cut. The same rows, spec and seed give the
// same parts on every machine.
package split
