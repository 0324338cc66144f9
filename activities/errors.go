package activities

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"gristmill"
	"gristmill/ml"
	"gristmill/ml/frame/csv"
	"gristmill/tracking"
)

// internalFailures is how often a step may fail by our own fault before it fails
// for good. Crashes, time-outs and services that are away do not count.
const internalFailures = 5

// Failure is what an activity's error carries through Temporal: the parts of a
// gristmill.Error that a user may see.
type Failure struct {
	Kind     gristmill.Kind      `json:"kind"`
	Msg      string              `json:"message"`
	Problems []gristmill.Problem `json:"problems,omitempty"`
}

// wire maps an error once to Temporal's: its kind decides about retry, and only
// its public text enters the history. The cause stays in the step's log.
func wire(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return wireAfter(ctx, err, 0)
	}
	return wireAfter(ctx, err, int(activity.GetInfo(ctx).Attempt))
}

// wireAfter is wire for an activity that counts its own failures.
func wireAfter(ctx context.Context, err error, failures int) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return shutdown(ctx, err)
	}
	err = Public(err)
	f := Failure{Kind: gristmill.KindOf(err), Msg: gristmill.Public(err)}
	var e *gristmill.Error
	if errors.As(err, &e) {
		f.Msg, f.Problems = e.Msg, e.Problems
		if len(f.Problems) > 40 { // the whole list would not fit a history
			f.Problems = f.Problems[:40]
		}
	}
	f.Msg = fit(f.Msg, maxText)
	o := temporal.ApplicationErrorOptions{Details: []any{f}}
	switch f.Kind {
	case gristmill.Unavailable, gristmill.Exhausted: // the policy's backoff
	case gristmill.Internal:
		o.NonRetryable = failures >= internalFailures
	default:
		o.NonRetryable = true
	}
	return temporal.NewApplicationErrorWithOptions(fit(f.Error().Public(), maxText), string(f.Kind), o)
}

// maxText bounds the text of an error in a history and in the tracker, in
// characters.
const maxText = tracking.MaxMessage

// fit makes a text one that the tracker and Temporal take, whatever bytes of a
// user's file it quotes: valid UTF-8 without NUL, and not too long.
func fit(text string, most int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	if r := []rune(text); len(r) > most {
		text = string(r[:most-1]) + "…"
	}
	return text
}

// errStopped is the cause of a context that ended because the worker stops.
var errStopped = errors.New("the worker stops")

// shutdown says why an activity's context ended. A worker that stops gives the
// step back to its queue; a cancellation is a cancellation.
func shutdown(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), activity.ErrActivityPaused) || errors.Is(context.Cause(ctx), activity.ErrActivityReset) {
		return temporal.NewApplicationErrorWithOptions("paused", "Preempted", temporal.ApplicationErrorOptions{Category: temporal.ApplicationErrorCategoryBenign})
	}
	stopped := errors.Is(context.Cause(ctx), errStopped)
	if !stopped && errors.Is(ctx.Err(), context.Canceled) && errors.Is(err, context.Canceled) {
		return ctx.Err()
	}
	return temporal.NewApplicationErrorWithOptions("the worker stopped; the step goes back to its queue", "Preempted", temporal.ApplicationErrorOptions{
		Category: temporal.ApplicationErrorCategoryBenign, NextRetryDelay: 100 * time.Millisecond})
}

// Public gives an error of a lower room the kind that it has for users.
func Public(err error) error {
	var e *gristmill.Error
	if errors.As(err, &e) {
		return err
	}
	var problems ml.Problems
	if errors.As(err, &problems) {
		list := make([]gristmill.Problem, len(problems))
		for i, p := range problems {
			list[i] = gristmill.Problem{Path: p.Path, Given: p.Given, Want: p.Want, Msg: p.Msg}
		}
		return &gristmill.Error{Kind: gristmill.Invalid, Problems: list}
	}
	var read *csv.ReadError
	if errors.As(err, &read) {
		return gristmill.Errorf(gristmill.Invalid, "%v", err)
	}
	return err
}

// FailureOf reads the failure that an activity's error carries; ok is false for
// errors that are not ours (time-outs, panics).
func FailureOf(err error) (f Failure, ok bool) {
	var app *temporal.ApplicationError
	if !errors.As(err, &app) || app.Details(&f) != nil {
		return Failure{}, false
	}
	return f, f.Kind != ""
}

// Error turns a failure back into the error that it was.
func (f Failure) Error() *gristmill.Error {
	return &gristmill.Error{Kind: f.Kind, Msg: f.Msg, Problems: f.Problems}
}
