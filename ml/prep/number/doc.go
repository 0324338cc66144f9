// Package number holds the fitted steps that work on numbers: imputers and
// missing indicators, scalers, powers, bins, ratios, products, similarities.
//
// Every step is a plain struct that Fit... makes from the training rows and
// that survives JSON; it implements vec.Transformer. A null stays a null unless
// the step says otherwise.
package number
