//go:build !lean

package temporal

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// logger hands Temporal's log on, from warnings upwards. While the server stops
// it is silent: services that lose each other complain about nothing else.
type logger struct {
	slog  *slog.Logger
	quiet *atomic.Bool
}

var _ log.WithLogger = logger{}

func newLogger(l *slog.Logger) logger { return logger{slog: l, quiet: new(atomic.Bool)} }

// fatal is what Fatal panics with, so that Start can return it as an error
// where the server would end the process.
type fatal struct{ msg string }

func (f fatal) Error() string { return f.msg }

func attrs(tags []tag.Tag) []slog.Attr {
	as := make([]slog.Attr, 0, len(tags))
	for _, t := range tags {
		as = append(as, slog.Any(t.Key(), t.Value()))
	}
	return as
}

func (l logger) write(level slog.Level, msg string, tags []tag.Tag) {
	if !l.quiet.Load() && l.slog.Enabled(context.Background(), level) {
		l.slog.LogAttrs(context.Background(), level, msg, attrs(tags)...)
	}
}

// Debug and Info are dropped: they tell of Temporal's inner life.
func (l logger) Debug(string, ...tag.Tag) {}

// Info is dropped like Debug.
func (l logger) Info(string, ...tag.Tag) {}

// Warn writes a warning, but not the one about Nexus over HTTP, which we do not
// offer.
func (l logger) Warn(msg string, tags ...tag.Tag) {
	if !strings.HasPrefix(msg, "HTTP API port has not been set") {
		l.write(slog.LevelWarn, msg, tags)
	}
}

// Error writes an error.
func (l logger) Error(msg string, tags ...tag.Tag) { l.write(slog.LevelError, msg, tags) }

// DPanic writes an error: it panics in development builds of Temporal only.
func (l logger) DPanic(msg string, tags ...tag.Tag) { l.write(slog.LevelError, msg, tags) }

// Panic writes an error and panics, as the server expects.
func (l logger) Panic(msg string, tags ...tag.Tag) {
	l.write(slog.LevelError, msg, tags)
	panic(msg)
}

// Fatal writes an error and panics; see fatal. In a stopping server it is what
// a closed listener says, and means nothing.
func (l logger) Fatal(msg string, tags ...tag.Tag) {
	if l.quiet.Load() {
		return
	}
	l.write(slog.LevelError, msg, tags)
	for _, t := range tags {
		if t.Key() == "error" {
			if err, ok := t.Value().(error); ok {
				msg += ": " + err.Error()
			}
		}
	}
	panic(fatal{msg})
}

// With returns a logger that adds the tags to every record.
func (l logger) With(tags ...tag.Tag) log.Logger {
	as := make([]any, 0, len(tags))
	for _, a := range attrs(tags) {
		as = append(as, a)
	}
	return logger{slog: l.slog.With(as...), quiet: l.quiet}
}
