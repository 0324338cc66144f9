package trackingtest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"gristmill"
	"gristmill/tracking"
)

var stepTests = map[string]func(*testing.T, tracking.Store){
	"LeasesCountAttempts":             leases,
	"LeasesTakenAtTheSameTimeDiffer":  leaseRace,
	"AStepEndsOnceForItsNewestWriter": endStep,
	"LogLinesKeepTheirOrder":          logLines,
	"ALogIsFollowedWithoutLoss":       followLog,
	"TheNewestCheckpointWins":         checkpoints,
}

func lease(t *testing.T, s tracking.Store, run, step string) int64 {
	t.Helper()
	return must(s.Lease(context.Background(), run, tracking.Step{ID: step, Kind: step}))(t)
}

func leases(t *testing.T, s tracking.Store) {
	ctx, r, begun := context.Background(), begin(t, s, "k"), at.Add(time.Second)
	first := must(s.Lease(ctx, r.ID, tracking.Step{ID: "train", Kind: "train", Worker: "w1", StartedAt: &begun}))(t)
	want := tracking.Step{ID: "train", Kind: "train", Status: tracking.Running, Attempts: 1, Worker: "w1", StartedAt: &begun}
	same(t, "begun", must(s.Run(ctx, r.ID))(t).Steps, []tracking.Step{want})
	end := begun.Add(time.Minute)
	twice(t, func() error {
		return s.EndStep(ctx, r.ID, tracking.Writer{Step: "train", Epoch: first}, tracking.Failed, "lost", end)
	})
	want.Status, want.Error, want.EndedAt = tracking.Failed, "lost", &end
	same(t, "failed", must(s.Run(ctx, r.ID))(t).Steps, []tracking.Step{want})
	later := end.Add(time.Minute)
	second := must(s.Lease(ctx, r.ID, tracking.Step{ID: "train", Kind: "train", Worker: "w2", StartedAt: &later}))(t)
	if second <= first {
		t.Errorf("epoch %d after %d", second, first)
	}
	want = tracking.Step{ID: "train", Kind: "train", Status: tracking.Running, Attempts: 2, Worker: "w2", StartedAt: &begun}
	same(t, "begun again", must(s.Run(ctx, r.ID))(t).Steps, []tracking.Step{want})
	if e := lease(t, s, r.ID, "evaluate"); e < 1 {
		t.Errorf("epoch %d: epochs begin at 1, so that the zero Writer is none of them", e)
	}
	steps := must(s.Run(ctx, r.ID))(t).Steps
	if len(steps) != 2 || steps[0].ID != "train" || steps[1].ID != "evaluate" {
		t.Errorf("steps are not in the order of their beginning: %+v", steps)
	}
}

func leaseRace(t *testing.T, s tracking.Store) {
	r := begin(t, s, "k")
	epochs := concurrently(t, 12, func(int) (int64, error) {
		return s.Lease(context.Background(), r.ID, tracking.Step{ID: "train", Kind: "train"})
	})
	slices.Sort(epochs)
	if len(slices.Compact(epochs)) != 12 {
		t.Errorf("an epoch was given twice: %v", epochs)
	}
	same(t, "attempts", must(s.Run(context.Background(), r.ID))(t).Steps[0].Attempts, 12)
}

func endStep(t *testing.T, s tracking.Store) {
	ctx, r := context.Background(), begin(t, s, "k")
	old := tracking.Writer{Step: "train", Epoch: lease(t, s, r.ID, "train")}
	now := tracking.Writer{Step: "train", Epoch: lease(t, s, r.ID, "train")}
	wantKind(t, "the end of a stale attempt", s.EndStep(ctx, r.ID, old, tracking.Failed, "late", at), gristmill.Precondition)
	twice(t, func() error { return s.EndStep(ctx, r.ID, now, tracking.Succeeded, "", at) })
	wantKind(t, "a stale end after the end", s.EndStep(ctx, r.ID, old, tracking.Failed, "late", at), gristmill.Precondition)
	st := must(s.Run(ctx, r.ID))(t).Steps[0]
	if st.Status != tracking.Succeeded || st.Error != "" || st.EndedAt == nil || !st.EndedAt.Equal(at) {
		t.Errorf("ended as %+v", st)
	}
	wantKind(t, "a writer without a step", s.EndStep(ctx, r.ID, tracking.Writer{}, tracking.Failed, "", at), gristmill.Invalid)
	wantKind(t, "a state that there is not", s.EndStep(ctx, r.ID, now, "done", "", at), gristmill.Invalid)
}

func line(step, text string, second int) tracking.Line {
	return tracking.Line{Step: step, Attempt: 1, Time: at.Add(time.Duration(second) * time.Second), Level: "info", Text: text}
}

func logLines(t *testing.T, s tracking.Store) {
	ctx, r := context.Background(), begin(t, s, "k")
	w := tracking.Writer{Step: "train", Epoch: lease(t, s, r.ID, "train")}
	first := []tracking.Line{line("train", "a", 0), line("train", "same", 1), line("train", "same", 1), line("evaluate", "e", 0)}
	twice(t, func() error { return s.AppendLog(ctx, r.ID, w, first) })
	twice(t, func() error {
		return s.AppendLog(ctx, r.ID, w, []tracking.Line{line("train", "b", 2), line("train", "", 3)})
	})
	all := must(s.ReadLog(ctx, r.ID, "", 0, 100))(t)
	same(t, "lines", texts(all), []string{"a", "same", "same", "e", "b", ""})
	for i, l := range all {
		if i > 0 && l.Seq <= all[i-1].Seq {
			t.Errorf("numbers do not increase: %+v", all)
		}
	}
	want := line("train", "a", 0)
	want.Seq = all[0].Seq
	same(t, "a line", all[0], want)
	same(t, "of one step", texts(must(s.ReadLog(ctx, r.ID, "evaluate", 0, 100))(t)), []string{"e"})
	same(t, "after the second", texts(must(s.ReadLog(ctx, r.ID, "", all[1].Seq, 100))(t)), []string{"same", "e", "b", ""})
	same(t, "at most two", texts(must(s.ReadLog(ctx, r.ID, "train", all[0].Seq, 2))(t)), []string{"same", "same"})
	if rest := must(s.ReadLog(ctx, r.ID, "", all[5].Seq, 100))(t); len(rest) != 0 {
		t.Errorf("after the last: %v", rest)
	}
	lease(t, s, r.ID, "train")
	wantKind(t, "a stale writer", s.AppendLog(ctx, r.ID, w, []tracking.Line{line("train", "late", 9)}), gristmill.Precondition)
	if err := s.AppendLog(ctx, r.ID, tracking.Writer{}, nil); err != nil {
		t.Errorf("no lines: %v", err)
	}
}

func texts(lines []tracking.Line) []string {
	list := make([]string, len(lines))
	for i, l := range lines {
		list[i] = l.Text
	}
	return list
}

// followLog reads while writers append: a reader who goes on after the last
// number it saw gets every line.
func followLog(t *testing.T, s tracking.Store) {
	ctx, r := context.Background(), begin(t, s, "k")
	const writers, calls, perCall = 4, 10, 5
	done := make(chan struct{})
	go func() {
		defer close(done)
		concurrently(t, writers, func(i int) (struct{}, error) {
			for c := range calls {
				var list []tracking.Line
				for n := range perCall {
					list = append(list, line(fmt.Sprintf("s%d", i), fmt.Sprintf("%d/%d/%d", i, c, n), c))
				}
				if err := s.AppendLog(ctx, r.ID, tracking.Writer{}, list); err != nil {
					return struct{}{}, err
				}
			}
			return struct{}{}, nil
		})
	}()
	seen, after, over := map[string]bool{}, int64(0), false
	for {
		list := must(s.ReadLog(ctx, r.ID, "", after, 7))(t)
		for _, l := range list {
			seen[l.Text], after = true, l.Seq
		}
		if len(list) == 0 && over {
			break
		}
		select {
		case <-done:
			over = true
		default:
		}
	}
	same(t, "lines seen", len(seen), writers*calls*perCall)
}

func checkpoints(t *testing.T, s tracking.Store) {
	ctx, r := context.Background(), begin(t, s, "k")
	if _, ok, err := s.LatestCheckpoint(ctx, r.ID, "train"); ok || err != nil {
		t.Errorf("before the first: %v, %v", ok, err)
	}
	save := func(epoch int64, iteration int) (tracking.Checkpoint, error) {
		c := tracking.Checkpoint{
			Step: "train", Epoch: epoch, Iteration: iteration, Digest: string(gristmill.DigestOf(fmt.Append(nil, epoch, iteration))), Size: 7, SavedAt: at,
		}
		return c, s.SaveCheckpoint(ctx, r.ID, c)
	}
	newest := func(want tracking.Checkpoint) {
		t.Helper()
		got, ok, err := s.LatestCheckpoint(ctx, r.ID, "train")
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		same(t, "newest", got, want)
	}
	e1 := lease(t, s, r.ID, "train")
	for _, iteration := range []int{20, 40, 20} { // out of order, and twice
		must(save(e1, iteration))(t)
	}
	newest(must(save(e1, 40))(t))
	e2 := lease(t, s, r.ID, "train")
	_, err := save(e1, 60)
	wantKind(t, "a stale attempt", err, gristmill.Precondition)
	newest(must(save(e2, 30))(t)) // the newest attempt counts, though it is not as far
	if _, ok, err := s.LatestCheckpoint(ctx, r.ID, "other"); ok || err != nil {
		t.Errorf("of another step: %v, %v", ok, err)
	}
	_, err = save(0, 1)
	wantKind(t, "no epoch", err, gristmill.Precondition)
}
