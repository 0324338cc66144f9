package ml

import (
	"context"
	"encoding/json"

	"gristmill/ml/frame"
)

// Data is what a Fit sees.
type Data struct {
	X       *frame.Frame // features, n rows
	Y       []float64    // n targets: values, or indices into Classes
	Classes []string     // labels of a classification in order; nil for a regression
	Weight  []float64    // n sample weights; nil means all 1
}

// Progress is the state of a fit after an iteration.
type Progress struct {
	Iteration int                // 1-based
	Of        int                // the most iterations there will be
	Metrics   map[string]float64 // e.g. "train_loss", "gradient_norm"
	Done      bool               // the fit has converged
}

// FitOptions are the parts of a fit that are not hyperparameters. The zero
// value fits silently from the beginning.
type FitOptions struct {
	// Trace is called after every iteration; an error ends the fit with it.
	Trace func(Progress) error
	// Checkpoint is called between iterations with bytes from which Resume
	// continues to the same weights; an error ends the fit with it. It is
	// called every CheckpointEvery iterations (0: never).
	Checkpoint      func(iteration int, state []byte) error
	CheckpointEvery int
	// Resume continues from a checkpoint's bytes instead of from the start.
	Resume []byte
	// Workers is the number of threads; 0 means one. The result does not
	// depend on it.
	Workers int
	// Seed drives whatever is random in the algorithm.
	Seed uint64
}

// Spec is an algorithm with its hyperparameters, a plain JSON value.
type Spec interface {
	// Kind names the algorithm: "ridge", "logistic".
	Kind() string
	// Fit learns a model. It returns ctx.Err() soon after ctx ends, an error
	// that names the column for input it cannot use, and never panics on data.
	Fit(ctx context.Context, d Data, o FitOptions) (Model, error)
}

// Model is a fitted estimator. It is immutable and safe for concurrent use.
type Model interface {
	// In is the schema of the features that Predict takes.
	In() frame.Schema
	// Predict writes one number a row into dst (len(dst) == x.Rows()): the
	// predicted value, or for classifiers the index of the likeliest class.
	Predict(ctx context.Context, x *frame.Frame, dst []float64) error
	// Encode returns the model as data.
	Encode() (Encoded, error)
}

// Classifier is a Model that gives probabilities.
type Classifier interface {
	Model
	// Classes returns the labels in the order of the probabilities.
	Classes() []string
	// PredictProba writes x.Rows() times len(Classes()) probabilities into
	// dst, row by row; each row sums to 1.
	PredictProba(ctx context.Context, x *frame.Frame, dst []float64) error
}

// Encoded is a fitted model or transformer as data. Kind carries the version of
// its encoding ("ridge/v1"); what was ever written stays readable.
type Encoded struct {
	Kind  string            `json:"kind"`
	State json.RawMessage   `json:"state"` // hyperparameters, schema and everything small
	Blobs map[string][]byte `json:"-"`     // arrays of little-endian float64 by name
	// Shapes of blobs that are not flat, row-major, by name.
	Shapes map[string][]int `json:"-"`
}
