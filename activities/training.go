package activities

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"gristmill"
	"gristmill/ml"
	"gristmill/ml/bundle"
	"gristmill/ml/recipe"
	"gristmill/pipeline"
	"gristmill/tracking"
)

// Training transforms, fits and evaluates.
type Training struct {
	Tracking tracking.Store
	Blobs    Blobs
	Version  string // of this program, for the package
	Log      *slog.Logger
}

// FitModel does a train step: it fits the algorithm on the training part, with
// its metrics in the tracker while it runs, and packs the model. An earlier
// attempt's checkpoint is where it goes on.
func (t *Training) FitModel(ctx context.Context, in StepIn) (StepOut, error) {
	return in.do(ctx, t.Tracking, t.Log, func(ctx context.Context, a *attempt) (StepOut, error) {
		var p pipeline.TrainParams
		if err := in.params(&p); err != nil {
			return StepOut{}, err
		}
		tab, err := load(ctx, t.Blobs, in)
		if err != nil {
			return StepOut{}, err
		}
		a.life.progress("read")
		w := newWatch(ctx, t, a)
		model, err := t.fit(ctx, w, tab, p)
		if err != nil {
			return StepOut{}, err
		}
		packed, weights, err := t.pack(tab, model)
		if err != nil {
			return StepOut{}, err
		}
		ref, err := t.Blobs.Put(ctx, bytes.NewReader(packed), "model")
		if err != nil {
			return StepOut{}, err
		}
		if err := a.artifact(ctx, t.Blobs, "model.tar", packed); err != nil {
			return StepOut{}, err
		}
		a.say(ctx, "info", "fitted %s in %d iterations; weights sha256 %s", p.Algorithm, w.iteration, weights[:12])
		return w.out(ref, weights)
	})
}

// fit runs the algorithm with a watch on it, and chooses from which probability
// on the model calls a row positive.
func (t *Training) fit(ctx context.Context, w *watch, tab *table, p pipeline.TrainParams) (*bundle.Model, error) {
	resume, err := w.resume(ctx)
	if err != nil {
		return nil, err
	}
	r := recipe.Recipe{Algorithm: p.Algorithm, Params: p.Params, TargetTransform: p.TargetTransform, Threshold: p.Threshold, Cost: p.Cost}
	var held recipe.Course
	if len(tab.Parts.Validation) > 0 {
		held = tab.course(tab.Parts.Validation)
	}
	model, err := r.FitAfter(ctx, p.Model, tab.p, tab.course(tab.Parts.Train), held, ml.FitOptions{
		Trace: w.trace, Checkpoint: w.checkpoint, CheckpointEvery: p.CheckpointEvery, Resume: resume,
		Workers: runtime.GOMAXPROCS(0), Seed: p.Seed,
	})
	if err != nil {
		return nil, err
	}
	if model.Target.Threshold > 0 {
		w.a.say(ctx, "info", "a row is called %s from a probability of %.4g on (train.threshold: %s)", model.Target.Positive, model.Target.Threshold, p.Threshold)
	}
	return model, w.flush(ctx)
}

// pack makes the bytes of the model package from raw columns to prediction.
func (t *Training) pack(tab *table, b *bundle.Model) (packed []byte, weights string, err error) {
	b.InputExample = tab.x.Take(tab.Parts.Train[:min(exampleRows, len(tab.Parts.Train))])
	b.CreatedBy = "gristmill " + t.Version
	files, err := b.Write()
	if err != nil {
		return nil, "", fmt.Errorf("write model package: %w", err)
	}
	if packed, err = bundle.Pack(files); err != nil {
		return nil, "", err
	}
	weights, err = b.WeightsSHA256()
	return packed, weights, err
}

// exampleRows is how many training rows a package carries as its example.
const exampleRows = 5

// unpack reads a stored model package, every digest checked.
func unpack(ctx context.Context, b Blobs, d gristmill.Digest) (*bundle.Model, error) {
	packed, err := b.Get(ctx, d, maxObject)
	if err != nil {
		return nil, err
	}
	files, err := bundle.Unpack(packed)
	if err != nil {
		return nil, err
	}
	return bundle.Read(files)
}

// watch follows a fit: points into the tracker, checkpoints into the store, a
// heartbeat with every iteration.
type watch struct {
	ctx       context.Context
	t         *Training
	a         *attempt
	points    []tracking.Metric
	flushed   time.Time
	iteration int
	from      int // iteration of the checkpoint that the fit went on from
}

func newWatch(ctx context.Context, t *Training, a *attempt) *watch {
	return &watch{ctx: ctx, t: t, a: a, flushed: time.Now()}
}

// flushEvery is how often the points of a running fit are written.
const flushEvery = 500 * time.Millisecond

// trace takes the state after an iteration.
func (w *watch) trace(p ml.Progress) error {
	now := time.Now()
	w.iteration = p.Iteration
	for key, v := range p.Metrics {
		w.points = append(w.points, tracking.Metric{Key: key, Value: v, Time: now, Step: int64(p.Iteration)})
	}
	w.a.life.progress(map[string]int{"iteration": p.Iteration, "of": p.Of})
	if !p.Done && now.Sub(w.flushed) < flushEvery {
		return w.ctx.Err()
	}
	w.a.say(w.ctx, "info", "iteration %d of at most %d: %s", p.Iteration, p.Of, summary(p.Metrics, slices.Sorted(maps.Keys(p.Metrics))...))
	if err := w.flush(w.ctx); err != nil {
		return err
	}
	return w.ctx.Err()
}

// flush writes the points that wait.
func (w *watch) flush(ctx context.Context) error {
	w.flushed = time.Now()
	if len(w.points) == 0 {
		return nil
	}
	if err := w.a.runs.LogMetrics(ctx, w.a.in.RunID, w.a.writer, w.points); err != nil {
		return fmt.Errorf("log metrics: %w", err)
	}
	w.points = w.points[:0]
	return nil
}

// checkpoint stores a fit's state: bytes first, then the row, then the
// heartbeat that names it, since a heartbeat dies with its process.
func (w *watch) checkpoint(iteration int, state []byte) error {
	ref, err := w.t.Blobs.Put(w.ctx, bytes.NewReader(state), "checkpoint")
	if err != nil {
		return fmt.Errorf("store checkpoint: %w", err)
	}
	if err := w.flush(w.ctx); err != nil {
		return err
	}
	c := tracking.Checkpoint{Step: w.a.in.Step.ID, Epoch: w.a.writer.Epoch, Iteration: iteration, Digest: string(ref.Digest), Size: ref.Size, SavedAt: time.Now()}
	if err := w.a.runs.SaveCheckpoint(w.ctx, w.a.in.RunID, c); err != nil {
		return fmt.Errorf("record checkpoint: %w", err)
	}
	w.a.life.progress(map[string]any{"iteration": iteration, "checkpoint": c.Digest})
	return nil
}

// resume returns the state of the newest checkpoint, nil without one, after the
// points that lie behind it are deleted.
func (w *watch) resume(ctx context.Context) ([]byte, error) {
	run, step := w.a.in.RunID, w.a.in.Step.ID
	c, ok, err := w.a.runs.LatestCheckpoint(ctx, run, step)
	if err != nil {
		return nil, err
	}
	var state []byte
	if ok {
		if state, err = w.t.Blobs.Get(ctx, gristmill.Digest(c.Digest), maxObject); err != nil {
			return nil, fmt.Errorf("read checkpoint: %w", err)
		}
		w.from = c.Iteration
		w.a.say(ctx, "info", "goes on from the checkpoint after iteration %d", c.Iteration)
	}
	if w.a.writer.Epoch > 1 { // not the attempt's number, which an operator can reset
		if err := w.a.runs.TruncateMetrics(ctx, run, w.a.writer, int64(w.from), "train_", "gradient_"); err != nil {
			return nil, fmt.Errorf("delete points after the checkpoint: %w", err)
		}
	}
	return state, nil
}

// out makes the step's outputs.
func (w *watch) out(ref gristmill.Ref, weights string) (StepOut, error) {
	digest, err := ValueOutput(weights)
	if err != nil {
		return StepOut{}, err
	}
	from, err := ValueOutput(w.from)
	return StepOut{Out: map[string]Output{"package": RefOutput(ref), "weights": digest, "resumed_from": from}}, err
}

// finite drops what JSON and a registry cannot hold.
func finite(m map[string]float64) map[string]float64 {
	out := make(map[string]float64, len(m))
	for k, v := range m {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			out[k] = v
		}
	}
	return out
}

// summary renders the chief metrics on one line.
func summary(m map[string]float64, names ...string) string {
	var parts []string
	for _, n := range names {
		if v, ok := m[n]; ok && !slices.Contains(parts, n) {
			parts = append(parts, fmt.Sprintf("%s %.4g", n, v))
		}
	}
	return strings.Join(parts, ", ")
}
