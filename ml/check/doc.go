// Package check looks for what is wrong with a fitted model, or with the table
// that it was fitted to and measured by, where the metrics alone look right.
//
// Run makes the checks of Catalog; each lives in a file that tells its idea,
// formula, threshold, source and what it leaves out:
//
//	train_test_leakage  rows of the test that training has too
//	single_feature      a column that alone predicts the target
//	train_test_drift    a column that is distributed differently in training and test
//	weak_segments       rows, told by one or two columns, on which the model is much worse
//	simple_model        a mean or a tree of eight leaves does as well
//	unused_features     columns that the model could do without
//	calibration         probabilities that do not come true
//
// Glossary. A Result has a value and a threshold: passed means that the value
// is at most the threshold, or that the difference may be chance (Result.Chance).
// Findings are the columns or segments behind a value. A check that lacks what
// it needs is skipped, which says why and counts as passed. A check with Refuse
// is a gate.
//
// All checks are deterministic and use no random numbers; a table of 100,000
// rows and 50 columns takes seconds.
package check
