package activities

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"gristmill"
)

// patience is how long a step may work without any sign of progress (a part of
// its work, an iteration) before its heartbeats stop, so that a hang is noticed.
// A single iteration on large data may well take minutes.
const patience = 10 * time.Minute

// beatEvery is how often a living attempt heartbeats; the SDK throttles further.
const beatEvery = 2 * time.Second

// life heartbeats for an attempt while it makes progress. Without it an attempt
// whose single iteration takes longer than the heartbeat timeout would be taken
// for dead, again and again.
type life struct {
	record func(beat)
	stop   chan struct{}
	once   sync.Once

	mu   sync.Mutex
	beat beat
	at   time.Time // of the last progress
}

// beat is what a heartbeat carries; it outlives the attempt.
type beat struct {
	Progress any `json:"progress"`
	Failures int `json:"failures,omitempty"` // earlier attempts that failed by our own fault
}

func newLife(ctx context.Context) *life {
	l := &life{record: func(b beat) { activity.RecordHeartbeat(ctx, b) }, stop: make(chan struct{}), at: time.Now()}
	if activity.HasHeartbeatDetails(ctx) {
		_ = activity.GetHeartbeatDetails(ctx, &l.beat) // another version's details count for nothing
	}
	l.beat.Progress = "began"
	go l.run(ctx)
	return l
}

func (l *life) run(ctx context.Context) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		l.tick()
	}
}

// tick heartbeats unless the last progress is too long ago.
func (l *life) tick() {
	l.mu.Lock()
	b, silent := l.beat, time.Since(l.at)
	l.mu.Unlock()
	if silent < patience {
		l.record(b)
	}
}

// progress notes that something was done, and heartbeats with it.
func (l *life) progress(details any) {
	l.mu.Lock()
	l.beat.Progress, l.at = details, time.Now()
	b := l.beat
	l.mu.Unlock()
	l.record(b)
}

// failed counts a failure by our own fault and returns how many there were; the
// next attempt learns it from the last heartbeat, which a failing attempt sends.
func (l *life) failed(err error) int {
	l.mu.Lock()
	if err != nil && gristmill.KindOf(Public(err)) == gristmill.Internal {
		l.beat.Failures++
	}
	b := l.beat
	l.mu.Unlock()
	if err != nil {
		l.record(b)
	}
	return b.Failures
}

func (l *life) end() { l.once.Do(func() { close(l.stop) }) }
