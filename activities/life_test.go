package activities

import (
	"fmt"
	"testing"
	"time"
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
