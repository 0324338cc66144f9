// Package catalog knows every algorithm by name: which task it does, which
// hyperparameters it takes, how its fitted models are read back. A new
// algorithm is a line in its table and a case in Decode.
package catalog
