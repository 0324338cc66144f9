// Package interop sets foreign programs beside the real binary: scikit-learn on
// the same rows and features, the stock temporal CLI, boto3, and a reader of the
// model package that knows numpy and docs/model-format.md alone.
//
// Its tests have the build tag interop. "make interop" makes what they need and
// names it to them: GRISTMILL_BINARY, GRISTMILL_PYTHON (with requirements.txt),
// GRISTMILL_TEMPORAL. The splits in testdata were made by make_splits.py. Tables
// that may not be part of the project are read from GRISTMILL_TEST_DATA; without
// it they are skipped aloud. TestBrokenCasesAreKept needs none of this.
package interop
