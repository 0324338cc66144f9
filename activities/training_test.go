package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"gristmill"
	"gristmill/activities"
	"gristmill/dataset"
	"gristmill/dataset/split"
	"gristmill/ml"
	"gristmill/ml/frame"
	"gristmill/ml/prep"
	"gristmill/pipeline"
	"gristmill/tracking"
)

// prepared is what a transform step stores.
type prepared struct {
	Parts   split.Parts       `json:"parts"`
	Classes []string          `json:"classes"`
	Encoded ml.Encoded        `json:"encoded"`
	Blobs   map[string][]byte `json:"blobs"`
}

// transformed reads what the transform step stored, and the features' table.
func (l *lab) transformed() (prepared, *prep.Columns, *frame.Frame) {
	l.t.Helper()
	var p prepared
	if err := json.Unmarshal(l.read(l.out["transform"].Out["prepared"].Ref.Digest), &p); err != nil {
		l.t.Fatal(err)
	}
	p.Encoded.Blobs = p.Blobs
	columns, err := prep.Decode(p.Encoded)
	if err != nil {
		l.t.Fatal(err)
	}
	var data dataset.Spec
	if err := json.Unmarshal(l.read(l.out[pipeline.RunOutputs].Out["data"].Ref.Digest), &data); err != nil {
		l.t.Fatal(err)
	}
	table, err := dataset.Read(l.t.Context(), strings.NewReader(string(l.read(l.out["fetch"].Out["dataset"].Ref.Digest))), data, dataset.Limits{})
	if err != nil {
		l.t.Fatal(err)
	}
	return p, columns, table.Frame.Without("churn")
}

// mean returns the mean of a transformed column over some rows.
func mean(t *testing.T, c *prep.Columns, f *frame.Frame, column string) float64 {
	t.Helper()
	out, err := c.Apply(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	col, sum := out.Column(column), 0.0
	for i := range col.Len() {
		sum += col.Float(i)
	}
	return sum / float64(col.Len())
}

func TestTransformsAreFittedOnTheTrainingRowsOnly(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.begin(spec(l.file("mine.csv", customers(200)))).steps("fetch", "transform")
	p, fitted, x := l.transformed()
	if n := len(p.Parts.Train) + len(p.Parts.Validation) + len(p.Parts.Test); n != 200 || len(p.Parts.Test) != 40 || len(p.Parts.Validation) != 40 {
		t.Fatalf("parts of %d, %d and %d rows", len(p.Parts.Train), len(p.Parts.Validation), len(p.Parts.Test))
	}
	if !slices.Equal(p.Classes, []string{"No", "Yes"}) {
		t.Errorf("classes %v", p.Classes)
	}
	if m := mean(t, fitted, x.Take(p.Parts.Train), "age"); math.Abs(m) > 1e-12 {
		t.Errorf("the scaled mean of the training rows is %g, want 0", m)
	}
	// The negative control: fitted on all rows, the numbers are others.
	var params pipeline.TransformParams
	if err := json.Unmarshal(l.in("transform").Step.Params, &params); err != nil {
		t.Fatal(err)
	}
	leaky, err := prep.Fit(t.Context(), params.Rules, x)
	if err != nil {
		t.Fatal(err)
	}
	if m := mean(t, fitted, x, "age"); math.Abs(m) < 1e-6 {
		t.Errorf("the scaled mean of all rows is %g: the scaler has seen them", m)
	}
	if m := mean(t, leaky, x, "age"); math.Abs(m) > 1e-12 {
		t.Errorf("fitted on all rows, their scaled mean is %g, want 0", m)
	}
	// What a test row holds changes nothing that was learned.
	lines := strings.Split(customers(200), "\n")
	lines[1+p.Parts.Test[0]] = "1000000,0,other," + lines[1+p.Parts.Test[0]][strings.LastIndex(lines[1+p.Parts.Test[0]], ",")+1:]
	other := newLab(t)
	other.begin(spec(other.file("mine.csv", strings.Join(lines, "\n")))).steps("fetch", "transform")
	q, _, _ := other.transformed()
	if string(q.Encoded.State) != string(p.Encoded.State) {
		t.Errorf("another test row gave other transforms:\n%s\n%s", p.Encoded.State, q.Encoded.State)
	}
}

func TestTransformRefusesATargetThatCannotBeLearned(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	fetched := func(csv, spec string) error {
		l.begin(strings.Replace(spec, "FILE", l.file(gristmill.NewID()+".csv", csv), 1)).steps("fetch")
		_, err := l.step("transform")
		return err
	}
	plain := `
name: small
data: {source: "FILE", target: y}
train: {algorithm: ALGORITHM}
`
	refused(t, fetched("x,y\n1,2\n2,\n3,\n", strings.Replace(plain, "ALGORITHM", "ridge", 1)), gristmill.Invalid,
		"row 2 has no value of the target \"y\"\nrow 3 has no value of the target \"y\"")
	refused(t, fetched("x,y\n1,a\n2,b\n3,c\n4,d\n5,e\n6,f\n7,g\n8,h\n", strings.Replace(plain, "ALGORITHM", "ridge", 1)), gristmill.Invalid,
		`data.target: column "y" is text; a regression needs numbers, a classification needs e.g. train.algorithm: logistic`)
	var many strings.Builder
	many.WriteString("x,y\n")
	for i := range 1100 {
		many.WriteString("1," + strings.Repeat("c", 1+i%37) + string(rune('a'+i/37)) + "\n")
	}
	refused(t, fetched(many.String(), strings.Replace(plain, "ALGORITHM", "logistic", 1)), gristmill.Invalid,
		`data.target: column "y" has 1100 different values; a classification takes at most 1000 classes: is it a regression (train.algorithm: ridge)?`)
}

// weights returns the train step's digest of the weights, and where it began.
func weights(t *testing.T, out activities.StepOut) (sha string, from int) {
	t.Helper()
	if err := errors.Join(json.Unmarshal(out.Out["weights"].Value, &sha), json.Unmarshal(out.Out["resumed_from"].Value, &from)); err != nil {
		t.Fatal(err)
	}
	if !gristmill.Digest(sha).Valid() {
		t.Fatalf("weights %q", sha)
	}
	return sha, from
}

// series returns the steps of a metric's points.
func (l *lab) series(key string) (steps []int64, values []float64) {
	l.t.Helper()
	points, err := l.runs.MetricHistory(l.t.Context(), l.runID, key)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, p := range points {
		steps, values = append(steps, p.Step), append(values, p.Value)
	}
	return steps, values
}

func upTo(n int) []int64 {
	s := make([]int64, n)
	for i := range s {
		s[i] = int64(i + 1)
	}
	return s
}

func TestFitModelLogsEveryIterationOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.begin(spec(l.file("mine.csv", customers(300)))).steps("fetch", "transform", "train")
	steps, values := l.series("train_loss")
	if len(steps) < 4 || !slices.Equal(steps, upTo(len(steps))) || values[len(values)-1] >= values[0] {
		t.Errorf("train_loss at %v: %v", steps, values)
	}
	if norms, _ := l.series("gradient_norm"); !slices.Equal(norms, steps) {
		t.Errorf("gradient_norm at %v, train_loss at %v", norms, steps)
	}
	c, ok, err := l.runs.LatestCheckpoint(t.Context(), l.runID, "train")
	if err != nil || !ok || c.Iteration%2 != 0 || c.Iteration < len(steps)-2 || c.Size != int64(len(l.read(gristmill.Digest(c.Digest)))) {
		t.Errorf("checkpoint %+v, %v, %v after %d iterations", c, ok, err, len(steps))
	}
	a, err := l.runs.Artifact(t.Context(), l.runID, "model.tar")
	if err != nil || a.Digest != l.out["train"].Out["package"].Ref.Digest {
		t.Errorf("artifact %+v, %v", a, err)
	}
	if _, from := weights(t, l.out["train"]); from != 0 {
		t.Errorf("a first attempt went on from iteration %d", from)
	}
}

// severed is a tracker that a worker loses at the first write after some
// checkpoints, as when its machine dies.
type severed struct {
	tracking.Store
	after int // checkpoints
	cut   bool
}

var errCut = gristmill.Errorf(gristmill.Unavailable, "the tracker does not answer")

func (s *severed) SaveCheckpoint(ctx context.Context, run string, c tracking.Checkpoint) error {
	if s.cut {
		return errCut
	}
	s.after--
	err := s.Store.SaveCheckpoint(ctx, run, c)
	return err
}

// LogMetrics takes the points behind the last checkpoint, and is lost then.
func (s *severed) LogMetrics(ctx context.Context, run string, w tracking.Writer, points []tracking.Metric) error {
	if s.cut {
		return errCut
	}
	s.cut = s.after <= 0
	return s.Store.LogMetrics(ctx, run, w, points)
}

func (s *severed) PutArtifact(ctx context.Context, a tracking.Artifact) error {
	if s.cut {
		return errCut
	}
	return s.Store.PutArtifact(ctx, a)
}

func (s *severed) EndStep(ctx context.Context, run string, w tracking.Writer, st tracking.Status, m string, at time.Time) error {
	if s.cut {
		return errCut
	}
	return s.Store.EndStep(ctx, run, w, st, m, at)
}

func TestASecondAttemptGoesOnFromTheCheckpointToTheSameWeights(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	source := spec(l.file("mine.csv", customers(300)))
	l.begin(source).steps("fetch", "transform", "train")
	want, _ := weights(t, l.out["train"])
	undisturbed, losses := l.series("train_loss")
	last := (len(undisturbed) - 1) / 2 // checkpoints of an undisturbed fit; none after its last iteration
	if last < 2 {
		t.Fatalf("only %d iterations", len(undisturbed))
	}
	for after := 1; after <= last; after++ {
		l.begin(source).steps("fetch", "transform")
		l.training.Tracking = &severed{Store: l.runs, after: after}
		if _, err := l.step("train"); err == nil || !retryable(err) {
			t.Fatalf("an attempt cut off after %d checkpoints ended with %v", after, err)
		}
		left, _ := l.series("train_loss")
		c, ok, err := l.runs.LatestCheckpoint(t.Context(), l.runID, "train")
		if err != nil || !ok || c.Iteration != 2*after || len(left) <= c.Iteration {
			t.Fatalf("cut off after %d checkpoints: the last is %+v, %v, points at %v", after, c, err, left)
		}
		l.training.Tracking = l.runs
		out, err := l.step("train")
		if err != nil {
			t.Fatal(err)
		}
		got, from := weights(t, out)
		if got != want || from != 2*after {
			t.Errorf("gone on from iteration %d: weights %s, undisturbed %s", from, got[:12], want[:12])
		}
		steps, values := l.series("train_loss")
		if !slices.Equal(steps, undisturbed) || !slices.Equal(values, losses) {
			t.Errorf("gone on from iteration %d: points at %v, want %v; losses equal: %v", from, steps, undisturbed, slices.Equal(values, losses))
		}
	}
}

// overtaken is a tracker in which a successor takes the lease while the fit runs.
type overtaken struct {
	tracking.Store
	taken bool
}

func (o *overtaken) LogMetrics(ctx context.Context, run string, w tracking.Writer, points []tracking.Metric) error {
	if !o.taken {
		o.taken = true
		if _, err := o.Store.Lease(ctx, run, tracking.Step{ID: w.Step, Kind: "train"}); err != nil {
			return err
		}
	}
	return o.Store.LogMetrics(ctx, run, w, points)
}

func TestAnOvertakenAttemptWritesNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.begin(spec(l.file("mine.csv", customers(300)))).steps("fetch", "transform")
	l.training.Tracking = &overtaken{Store: l.runs}
	_, err := l.step("train")
	f, ok := activities.FailureOf(err)
	if !ok || f.Kind != gristmill.Precondition || retryable(err) {
		t.Errorf("the overtaken attempt ended with %v", err)
	}
	if steps, _ := l.series("train_loss"); len(steps) != 0 {
		t.Errorf("it wrote points at %v", steps)
	}
	if _, ok, err := l.runs.LatestCheckpoint(t.Context(), l.runID, "train"); ok || err != nil {
		t.Errorf("it wrote a checkpoint, %v", err)
	}
	for _, s := range l.state().Steps {
		if s.ID == "train" && s.Status != tracking.Running {
			t.Errorf("it ended its successor's step as %s", s.Status)
		}
	}
}

func TestACorruptCheckpointIsRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.begin(spec(l.file("mine.csv", customers(100)))).steps("fetch", "transform")
	ref, err := l.blobs.Put(t.Context(), strings.NewReader("no checkpoint"), "checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	epoch, err := l.runs.Lease(t.Context(), l.runID, tracking.Step{ID: "train", Kind: "train"})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.runs.SaveCheckpoint(t.Context(), l.runID, tracking.Checkpoint{Step: "train", Epoch: epoch, Iteration: 3, Digest: string(ref.Digest), Size: ref.Size}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.step("train"); err == nil {
		t.Error("a fit went on from bytes that are no checkpoint")
	}
}

// ending is a tracker in which the worker's context ends while a fit runs.
type ending struct {
	tracking.Store
	end func()
}

func (e *ending) LogMetrics(ctx context.Context, run string, w tracking.Writer, points []tracking.Metric) error {
	e.end()
	return e.Store.LogMetrics(ctx, run, w, points)
}

func TestAnAttemptCutShortIsRecordedWithItsWorker(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.begin(spec(l.file("mine.csv", customers(100)))).steps("fetch", "transform")
	ctx, cancel := context.WithCancel(activities.WithWorker(context.Background(), "host-7"))
	l.env.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
	l.training.Tracking = &ending{l.runs, cancel}
	if _, err := l.step("train"); err == nil || !temporal.IsCanceledError(err) && !retryable(err) {
		t.Errorf("the attempt ended with %v", err)
	}
	steps := l.state().Steps
	s := steps[slices.IndexFunc(steps, func(s tracking.Step) bool { return s.ID == "train" })]
	if s.Status != tracking.Canceled || s.Worker != "host-7" || s.EndedAt == nil {
		t.Errorf("step %+v", s)
	}
}

func TestRowsAreSplitByAFileOfIDs(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	ids := l.file("ids.csv", "row,part\n0,train\n1,train\n2,train\n3,train\n4,test\n5,validation\n")
	csv := l.file("mine.csv", customers(6))
	l.begin(strings.Replace(spec(csv), "{kind: stratified, seed: 3}", "{kind: ids, file: "+ids+"}", 1)).steps("fetch", "transform")
	p, _, _ := l.transformed()
	if !slices.Equal(p.Parts.Train, []int{0, 1, 2, 3}) || !slices.Equal(p.Parts.Test, []int{4}) || !slices.Equal(p.Parts.Validation, []int{5}) {
		t.Errorf("parts %+v", p.Parts)
	}
}
