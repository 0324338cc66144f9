package trackingtest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"gristmill"
	"gristmill/tracking"
)

var pointTests = map[string]func(*testing.T, tracking.Store){
	"ParamsAreWrittenOnce":              params,
	"ParamsOfTwoWritersAtTheSameTime":   paramsRace,
	"TagsMayChange":                     tags,
	"PointsAreStoredOnce":               points,
	"LatestIsGreatestNotLast":           latest,
	"NotANumberAndInfinity":             special,
	"TruncateTakesBack":                 truncate,
	"AStaleWriterLogsNothing":           staleMetrics,
	"ManyPointsFromManyWriters":         manyPoints,
	"ATakeoverBetweenWritesIsRespected": takeover,
}

func params(t *testing.T, s tracking.Store) {
	ctx, r := context.Background(), begin(t, s, "k")
	twice(t, func() error {
		return s.LogParams(ctx, r.ID, map[string]string{"a": "1", "b": "", "train.max depth": "ü"})
	})
	err := s.LogParams(ctx, r.ID, map[string]string{"a": "2", "c": "3"})
	wantKind(t, "another value", err, gristmill.Conflict)
	want := fmt.Sprintf("Changing param values is not allowed. Param with key='a' was already logged with value='1' for run ID='%s'. Attempted logging new value '2'.", r.ID)
	same(t, "text", gristmill.Public(err), want)
	err = s.LogParams(ctx, r.ID, map[string]string{"a": "2", "b": "x"})
	wantKind(t, "two other values", err, gristmill.Conflict)
	for _, part := range []string{"Params were already logged", "'key': 'a', 'old_value': '1', 'new_value': '2'", "'key': 'b', 'old_value': '', 'new_value': 'x'"} {
		if !strings.Contains(gristmill.Public(err), part) {
			t.Errorf("%q does not say %q", gristmill.Public(err), part)
		}
	}
	same(t, "params", must(s.Run(ctx, r.ID))(t).Params, map[string]string{"a": "1", "b": "", "train.max depth": "ü"})
	if err := s.LogParams(ctx, r.ID, nil); err != nil {
		t.Errorf("no params: %v", err)
	}
}

func paramsRace(t *testing.T, s tracking.Store) {
	ctx, r := context.Background(), begin(t, s, "k")
	won := concurrently(t, 8, func(i int) (string, error) {
		v := fmt.Sprint(i)
		err := s.LogParams(ctx, r.ID, map[string]string{"a": v, "b": v, "c": v})
		if gristmill.KindOf(err) == gristmill.Conflict {
			return "", nil
		}
		return v, err
	})
	won = slices.DeleteFunc(won, func(v string) bool { return v == "" })
	got := must(s.Run(ctx, r.ID))(t).Params
	if len(won) != 1 || got["a"] != won[0] || got["b"] != won[0] || got["c"] != won[0] {
		t.Errorf("winners %v, params %v: one writer wins, whole", won, got)
	}
}

func tags(t *testing.T, s tracking.Store) {
	ctx, r := context.Background(), begin(t, s, "k")
	twice(t, func() error { return s.SetTags(ctx, r.ID, map[string]string{"a": "1", "b": ""}) })
	twice(t, func() error { return s.SetTags(ctx, r.ID, map[string]string{"a": "2", "mlflow.runName": "renamed"}) })
	got := must(s.Run(ctx, r.ID))(t)
	same(t, "tags", got.Tags, map[string]string{"a": "2", "b": "", "mlflow.runName": "renamed"})
	same(t, "name", got.Name, "renamed")
	concurrently(t, 8, func(i int) (struct{}, error) {
		m := map[string]string{}
		for k := range 20 {
			m[fmt.Sprintf("t%02d", (k+i*7)%20)] = fmt.Sprint(i)
		}
		return struct{}{}, s.SetTags(ctx, r.ID, m)
	})
}

func point(key string, value float64, ms, step int64) tracking.Metric {
	return tracking.Metric{Key: key, Value: value, Time: time.UnixMilli(ms).UTC(), Step: step}
}

func points(t *testing.T, s tracking.Store) {
	ctx, r := context.Background(), begin(t, s, "k")
	list := []tracking.Metric{
		point("loss", .5, 1000, 0), point("loss", .4, 2000, 1), point("loss", .4, 2000, 1), point("loss", .3, 2000, 1),
		point("loss", .4, 2001, 1), point("loss", .9, 1, -2), point("acc", 1, 5, 0),
	}
	twice(t, func() error { return s.LogMetrics(ctx, r.ID, tracking.Writer{}, list) })
	within := list[0]
	within.Time = within.Time.Add(300 * time.Microsecond) // the same millisecond is the same time
	twice(t, func() error { return s.LogMetrics(ctx, r.ID, tracking.Writer{}, []tracking.Metric{within}) })
	same(t, "series", must(s.MetricHistory(ctx, r.ID, "loss"))(t), []tracking.Metric{
		point("loss", .9, 1, -2), point("loss", .5, 1000, 0), point("loss", .3, 2000, 1), point("loss", .4, 2000, 1), point("loss", .4, 2001, 1),
	})
	if none := must(s.MetricHistory(ctx, r.ID, "never"))(t); len(none) != 0 {
		t.Errorf("a series that nobody logged: %v", none)
	}
	same(t, "latest", must(s.Run(ctx, r.ID))(t).Metrics, map[string]float64{"loss": .4, "acc": 1})
	if err := s.LogMetrics(ctx, r.ID, tracking.Writer{}, nil); err != nil {
		t.Errorf("no points: %v", err)
	}
}

func latest(t *testing.T, s tracking.Store) {
	ctx, r := context.Background(), begin(t, s, "k")
	for _, c := range []struct {
		p    tracking.Metric
		want float64
	}{
		{point("m", 5, 100, 5), 5},
		{point("m", 9, 900, 4), 5}, // an older step, though it came later
		{point("m", 4, 101, 5), 4}, // the same step at a later time
		{point("m", 8, 100, 5), 4}, // the same step at an earlier time
		{point("m", 3, 101, 5), 4}, // step and time the same, a smaller value
		{point("m", 6, 101, 5), 6}, // and a greater one
		{point("m", -1, 0, 6), -1},
	} {
		twice(t, func() error { return s.LogMetrics(ctx, r.ID, tracking.Writer{}, []tracking.Metric{c.p}) })
		if got := must(s.Run(ctx, r.ID))(t).Metrics["m"]; got != c.want {
			t.Errorf("after %+v the latest is %v, want %v", c.p, got, c.want)
		}
	}
	inOne := []tracking.Metric{point("n", 1, 9, 9), point("n", 2, 1, 1), point("n", 3, 10, 9), point("n", 4, 5, 3)}
	twice(t, func() error { return s.LogMetrics(ctx, r.ID, tracking.Writer{}, inOne) })
	same(t, "latest of one batch", must(s.Run(ctx, r.ID))(t).Metrics["n"], 3.0)
}

func special(t *testing.T, s tracking.Store) {
	ctx, r := context.Background(), begin(t, s, "k")
	values := []float64{math.Inf(-1), -1, 0, math.NaN(), math.MaxFloat64, math.Inf(1)} // in the order of a series
	var list []tracking.Metric
	for i, v := range values {
		list = append(list, point("v", v, 1, 1), point(fmt.Sprintf("v%d", i), v, 1, 1))
	}
	twice(t, func() error { return s.LogMetrics(ctx, r.ID, tracking.Writer{}, list) })
	got := must(s.MetricHistory(ctx, r.ID, "v"))(t)
	if len(got) != len(values) {
		t.Fatalf("%d points of %d: %v", len(got), len(values), got)
	}
	run := must(s.Run(ctx, r.ID))(t)
	for i, v := range values {
		if !equalValue(got[i].Value, v) || !equalValue(run.Metrics[fmt.Sprintf("v%d", i)], v) {
			t.Errorf("value %v came back as %v and %v", v, got[i].Value, run.Metrics[fmt.Sprintf("v%d", i)])
		}
	}
}

func truncate(t *testing.T, s tracking.Store) {
	ctx, r := context.Background(), begin(t, s, "k")
	w := tracking.Writer{Step: "train", Epoch: lease(t, s, r.ID, "train")}
	var list []tracking.Metric
	for step := range int64(10) {
		for _, key := range []string{"train_loss", "train_acc", "val_loss", "trainxloss"} {
			list = append(list, point(key, float64(step), step, step))
		}
	}
	if err := s.LogMetrics(ctx, r.ID, w, append(list, point("train_late", 1, 1, 9))); err != nil {
		t.Fatal(err)
	}
	twice(t, func() error { return s.TruncateMetrics(ctx, r.ID, w, 4, "train_", "other") })
	for key, want := range map[string]int{"train_loss": 5, "train_acc": 5, "val_loss": 10, "trainxloss": 10, "train_late": 0} {
		if got := must(s.MetricHistory(ctx, r.ID, key))(t); len(got) != want {
			t.Errorf("%s has %d points, want %d", key, len(got), want)
		}
	}
	same(t, "latest", must(s.Run(ctx, r.ID))(t).Metrics, map[string]float64{"train_loss": 4, "train_acc": 4, "val_loss": 9, "trainxloss": 9})
	if err := s.LogMetrics(ctx, r.ID, w, list); err != nil { // the resumed attempt logs them again
		t.Fatal(err)
	}
	same(t, "logged again", len(must(s.MetricHistory(ctx, r.ID, "train_loss"))(t)), 10)
	twice(t, func() error { return s.TruncateMetrics(ctx, r.ID, w, -1, "") })
	same(t, "after truncating all", must(s.Run(ctx, r.ID))(t).Metrics, map[string]float64{})
	wantKind(t, "no prefix", s.TruncateMetrics(ctx, r.ID, w, 0), gristmill.Invalid)
}

func staleMetrics(t *testing.T, s tracking.Store) {
	ctx, r := context.Background(), begin(t, s, "k")
	old := tracking.Writer{Step: "train", Epoch: lease(t, s, r.ID, "train")}
	other := tracking.Writer{Step: "evaluate", Epoch: lease(t, s, r.ID, "evaluate")}
	twice(t, func() error { return s.LogMetrics(ctx, r.ID, old, []tracking.Metric{point("m", 1, 1, 1)}) })
	now := tracking.Writer{Step: "train", Epoch: lease(t, s, r.ID, "train")}
	for what, w := range map[string]tracking.Writer{
		"stale": old, "never leased": {Step: "deploy", Epoch: 1}, "never given": {Step: "train", Epoch: now.Epoch + 1}, "no epoch": {Step: "train"},
	} {
		err := s.LogMetrics(ctx, r.ID, w, []tracking.Metric{point("m", 99, 99, 99)})
		wantKind(t, what+" writer logs", err, gristmill.Precondition)
		wantKind(t, what+" writer truncates", s.TruncateMetrics(ctx, r.ID, w, -1, ""), gristmill.Precondition)
	}
	same(t, "points", must(s.MetricHistory(ctx, r.ID, "m"))(t), []tracking.Metric{point("m", 1, 1, 1)})
	same(t, "latest", must(s.Run(ctx, r.ID))(t).Metrics["m"], 1.0)
	for _, w := range []tracking.Writer{now, other, {}} {
		twice(t, func() error { return s.LogMetrics(ctx, r.ID, w, []tracking.Metric{point("m", 2, 2, 2)}) })
	}
}

func manyPoints(t *testing.T, s tracking.Store) {
	ctx, r := context.Background(), begin(t, s, "k")
	const writers, keys, steps = 8, 5, 40
	concurrently(t, writers, func(i int) (struct{}, error) {
		var list []tracking.Metric
		for n := range keys * steps { // each writer the same points in another order
			n = (n*7 + i*31) % (keys * steps)
			list = append(list, point(fmt.Sprintf("m%d", n%keys), float64(n/keys), int64(n/keys), int64(n/keys)))
		}
		for half := range 2 {
			if err := s.LogMetrics(ctx, r.ID, tracking.Writer{}, list[half*keys*steps/2:(half+1)*keys*steps/2]); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	run := must(s.Run(ctx, r.ID))(t)
	for k := range keys {
		key := fmt.Sprintf("m%d", k)
		if got := must(s.MetricHistory(ctx, r.ID, key))(t); len(got) != steps || run.Metrics[key] != steps-1 {
			t.Errorf("%s has %d points of %d, latest %v", key, len(got), steps, run.Metrics[key])
		}
	}
}

// takeover lets two attempts write while leases are taken: whatever the order,
// no point of an attempt is accepted after the lease that replaced it.
func takeover(t *testing.T, s tracking.Store) {
	ctx, r := context.Background(), begin(t, s, "k")
	accepted := concurrently(t, 6, func(i int) ([]int64, error) {
		epoch, err := s.Lease(ctx, r.ID, tracking.Step{ID: "train", Kind: "train"})
		if err != nil {
			return nil, err
		}
		w := tracking.Writer{Step: "train", Epoch: epoch}
		// A new attempt takes back what older ones logged, then logs its own.
		if err := s.TruncateMetrics(ctx, r.ID, w, -1, ""); gristmill.KindOf(err) == gristmill.Precondition {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
		var mine []int64
		for step := range int64(10) {
			err := s.LogMetrics(ctx, r.ID, w, []tracking.Metric{point("epoch", float64(epoch), step, step)})
			if gristmill.KindOf(err) == gristmill.Precondition {
				break
			}
			if err != nil {
				return nil, err
			}
			mine = append(mine, epoch)
		}
		return mine, nil
	})
	newest := int64(0)
	for _, list := range accepted {
		for _, e := range list {
			newest = max(newest, e)
		}
	}
	got := must(s.MetricHistory(ctx, r.ID, "epoch"))(t)
	for _, p := range got {
		if p.Value != float64(newest) {
			t.Errorf("a point of attempt %v is there beside attempt %d", p.Value, newest)
		}
	}
	if newest != 6 || len(got) != 10 {
		t.Errorf("the newest attempt is %d with %d points, want 6 with 10", newest, len(got))
	}
}
