// Package bundle is the model package: a fitted transformer and estimator with
// everything that is needed to serve them, as files that can be read without
// us. The format is described byte by byte in docs/model-format.md.
//
//	model.json           what the model is, and the digest of every other file
//	prep.json            the fitted transformers (prep.Columns)
//	blobs/NAME.bin       the estimator's numbers, little-endian float64
//	input_example.json   a few rows to try it with (optional)
//	example_output.json  what the model answered to them
//
// Write and Read turn a Model into files and back; Pack and Unpack turn files
// into one deterministic tar and back, so that equal models are equal bytes.
// Read refuses a file whose digest is not the written one. Predict is the one
// way from a table of raw columns to predictions: training's evaluation,
// offline use and the inference server all call it.
package bundle
