package activities_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"gristmill"
	"gristmill/activities"
	"gristmill/ml"
	"gristmill/ml/frame/csv"
)

// retryable says whether Temporal would repeat the attempt.
func retryable(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && !app.NonRetryable()
}

// wired returns what an activity that ends with err ends with.
func wired(t *testing.T, err error) error {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	fail := func(ctx context.Context) error { return activities.Wire(ctx, err) }
	env.RegisterActivity(fail)
	_, got := env.ExecuteActivity(fail)
	return got
}

func TestTheKindDecidesAboutRetryAndOnlyPublicTextTravels(t *testing.T) {
	t.Parallel()
	const secret = "pg: password authentication failed at 10.0.0.7"
	for kind, again := range map[gristmill.Kind]bool{
		gristmill.Invalid: false, gristmill.Unauthenticated: false, gristmill.Forbidden: false, gristmill.NotFound: false,
		gristmill.Conflict: false, gristmill.Precondition: false, gristmill.Exhausted: true, gristmill.Unavailable: true, gristmill.Internal: true,
	} {
		problems := []gristmill.Problem{{Path: "train.l2", Given: "-1", Want: "0 or more", Msg: "train.l2: -1 is no number of 0 or more"}}
		in := &gristmill.Error{Kind: kind, Msg: "bad", Problems: problems, Err: errors.New(secret)}
		err := wired(t, fmt.Errorf("read the store: %w", in))
		f, ok := activities.FailureOf(err)
		if !ok || f.Kind != kind || f.Msg != "bad" || !slices.Equal(f.Problems, problems) {
			t.Errorf("%s: carries %+v", kind, f)
		}
		if retryable(err) != again {
			t.Errorf("%s: retryable %v, want %v", kind, retryable(err), again)
		}
		if strings.Contains(err.Error(), "10.0.0.7") || strings.Contains(err.Error(), "read the store") {
			t.Errorf("%s: internal text in %v", kind, err)
		}
		if back := f.Error(); back.Public() != in.Public() || back.Kind != kind {
			t.Errorf("%s came back as %v", kind, back)
		}
	}
}

func TestErrorsOfLowerRoomsGetTheirKind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		kind gristmill.Kind
		text string
	}{
		"our own fault": {fmt.Errorf("query: %w", errors.New("no such table step")), gristmill.Internal, "internal error; the server's log has the details"},
		"problems of ml": {fmt.Errorf("fit: %w", ml.Problems{{Path: "l2", Msg: "l2: -1 is negative"}, {Path: "tolerance", Msg: "tolerance: 0 is no tolerance"}}.Err()),
			gristmill.Invalid, "l2: -1 is negative\ntolerance: 0 is no tolerance"},
		"a table that cannot be read": {fmt.Errorf("read table: %w", &csv.ReadError{Line: 8, Row: 7, Column: 1, Name: "age", Msg: `"x" is no number`}), gristmill.Invalid, `read table: row 7 (line 8), column 1 "age": "x" is no number`},
	} {
		f, ok := activities.FailureOf(wired(t, c.err))
		if !ok || f.Kind != c.kind {
			t.Errorf("%s: %+v", name, f)
		}
		if f.Error().Public() != c.text {
			t.Errorf("%s: %q, want %q", name, f.Error().Public(), c.text)
		}
	}
}

func TestAnErrorFitsAHistoryWhateverItQuotes(t *testing.T) {
	t.Parallel()
	problems := make([]gristmill.Problem, 1000)
	for i := range problems {
		problems[i].Msg = fmt.Sprintf("row %d: \"\xff\x00\" is no number %s", i, strings.Repeat("x", 1000))
	}
	err := wired(t, &gristmill.Error{Kind: gristmill.Invalid, Msg: "bad \xff\x00 bytes", Problems: problems})
	var app *temporal.ApplicationError
	if !errors.As(err, &app) {
		t.Fatal(err)
	}
	if m := app.Message(); !utf8.ValidString(m) || strings.ContainsRune(m, 0) || utf8.RuneCountInString(m) > activities.MaxText || !strings.HasPrefix(m, "bad \uFFFD\uFFFD bytes") {
		t.Errorf("message of %d bytes, valid %v: %.60q", len(m), utf8.ValidString(m), m)
	}
	f, _ := activities.FailureOf(err)
	if len(f.Problems) != 40 {
		t.Errorf("%d problems travel, want the first 40", len(f.Problems))
	}
}

func TestAnErrorThatIsNotOursCarriesNoFailure(t *testing.T) {
	t.Parallel()
	for _, err := range []error{errors.New("x"), temporal.NewTimeoutError(0, nil), temporal.NewApplicationError("x", "Preempted")} {
		if f, ok := activities.FailureOf(err); ok {
			t.Errorf("%v carries %+v", err, f)
		}
	}
}

func TestAnEndedContextIsNotAFailureOfTheStep(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := activities.Wire(ended, fmt.Errorf("fit: %w", context.Canceled)); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancellation became %v", err)
	}
	err := activities.Wire(ended, errors.New("connection reset"))
	var app *temporal.ApplicationError
	if !errors.As(err, &app) || app.Type() != "Preempted" || app.NonRetryable() || strings.Contains(err.Error(), "connection reset") {
		t.Errorf("an attempt cut short became %v", err)
	}
	if err := activities.Wire(ended, nil); err != nil {
		t.Errorf("success became %v", err)
	}
	stopped, stop := context.WithCancelCause(t.Context())
	stop(activities.ErrStopped)
	err = activities.Wire(stopped, fmt.Errorf("fit: %w", context.Canceled))
	if !errors.As(err, &app) || app.Type() != "Preempted" || app.NonRetryable() {
		t.Errorf("the end of a worker became %v", err)
	}
}
