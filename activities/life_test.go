package activities

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"gristmill"
)

func TestALongIterationIsNotTakenForDeadAndAHangIs(t *testing.T) {
	t.Parallel()
	var beats []string
	l := &life{record: func(b beat) { beats = append(beats, fmt.Sprint(b.Progress)) }, beat: beat{Progress: "began"}, at: time.Now()}
	want := func(list ...string) {
		t.Helper()
		if fmt.Sprint(beats) != fmt.Sprint(list) {
			t.Errorf("heartbeats %v, want %v", beats, list)
		}
	}
	l.tick()
	want("began")
	l.progress("iteration 1")
	l.tick() // a long second iteration
	want("began", "iteration 1", "iteration 1")
	l.at = time.Now().Add(-patience - time.Second)
	l.tick() // a hang
	want("began", "iteration 1", "iteration 1")
	l.progress("iteration 2")
	want("began", "iteration 1", "iteration 1", "iteration 2")
}

func TestOnlyOurOwnFailuresCountAndTheNextAttemptLearnsThem(t *testing.T) {
	t.Parallel()
	var last beat
	first := &life{record: func(b beat) { last = b }, at: time.Now()}
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{gristmill.Errorf(gristmill.Unavailable, "away"), 0},
		{gristmill.Errorf(gristmill.Invalid, "bad input"), 0},
		{errors.New("our fault"), 1},
		{errors.New("our fault again"), 2},
	} {
		if got := first.failed(c.err); got != c.want || last.Failures != c.want {
			t.Errorf("after %v: %d failures, %d in the heartbeat, want %d", c.err, got, last.Failures, c.want)
		}
	}
	second := &life{record: func(b beat) { last = b }, beat: last, at: time.Now()}
	second.progress("on") // progress does not forget them
	if got := second.failed(errors.New("and again")); got != 3 || last.Failures != 3 {
		t.Errorf("the next attempt counts %d, its heartbeat says %d, want 3", got, last.Failures)
	}
}
