package workflows_test

import (
	"testing"

	"gristmill"
	"gristmill/pipeline"
)

func TestPromoteCommitsWhenEveryServerIsReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, err := w.promote()
	if err != nil {
		t.Fatal(err)
	}
	w.called("ProposeVersion", "AwaitReady", "CommitVersion", "AwaitServing")
	if r != (pipeline.PromoteResult{Model: "churn", Version: 3, Deployed: true, Generation: 7}) {
		t.Errorf("result %+v", r)
	}
}

func TestPromoteRollsBackAndSaysWhatServes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		activity string
		err      error
		message  string
	}{
		"a server reports an error": {"AwaitReady", failure(gristmill.Precondition, "server a: smoke test: 1 of 5 rows differ"), "server a: smoke test: 1 of 5 rows differ"},
		"a server is late":          {"AwaitReady", failure(gristmill.Precondition, "a did not load the candidate within 2m0s"), "a did not load the candidate within 2m0s"},
		"somebody else was faster":  {"CommitVersion", failure(gristmill.Conflict, "generation 7 belongs to another"), "generation 7 belongs to another"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.hooks[c.activity] = func() error { return c.err }
			r, err := w.promote()
			if err != nil {
				t.Fatal(err)
			}
			if r != (pipeline.PromoteResult{Model: "churn", Version: 2, Generation: 8, Message: c.message}) {
				t.Errorf("result %+v", r)
			}
			if len(w.aborts) != 1 || w.aborts[0].Generation != 7 || w.aborts[0].Reason != c.message || w.aborts[0].By == "" {
				t.Errorf("aborts %s", text(w.aborts))
			}
		})
	}
}

func TestAVersionThatServesAlreadyIsNotCommittedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serves.Version, w.serves.Committed = 3, true
	r, err := w.promote()
	if err != nil || !r.Deployed || r.Version != 3 {
		t.Errorf("result %+v, %v", r, err)
	}
	w.called("ProposeVersion", "AwaitServing")
}

func TestACommitWhoseAnswerWasLostIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hooks["CommitVersion"] = func() error { return failure(gristmill.Conflict, "not rolling") }
	w.aborted.Version, w.aborted.Generation, w.aborted.Committed = 3, 7, true
	r, err := w.promote()
	if err != nil || r != (pipeline.PromoteResult{Model: "churn", Version: 3, Deployed: true, Generation: 7}) {
		t.Errorf("result %+v, %v", r, err)
	}
}

func TestACanceledPromotionAbortsWhatItProposed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ProposeVersion", "AwaitReady", "CommitVersion"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.cancelIn(name)
			r, err := w.promote()
			if err != nil {
				t.Fatal(err)
			}
			if r != (pipeline.PromoteResult{Model: "churn", Version: 2, Generation: 8, Message: "canceled"}) || len(w.aborts) != 1 {
				t.Errorf("result %+v, aborts %s", r, text(w.aborts))
			}
		})
	}
}

func TestACancellationAfterTheCommitChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cancelIn("AwaitServing")
	r, err := w.promote()
	if err != nil || !r.Deployed || r.Version != 3 || r.Message != "" || len(w.aborts) > 0 {
		t.Errorf("result %+v, %v, aborts %s", r, err, text(w.aborts))
	}
}

func TestAServerThatIsLateAfterTheCommitIsReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hooks["AwaitServing"] = func() error { return failure(gristmill.Precondition, "b did not take up the version within 2m0s") }
	r, err := w.promote()
	if err != nil || !r.Deployed || r.Message != "live, but not yet on every server: b did not take up the version within 2m0s" {
		t.Errorf("result %+v, %v", r, err)
	}
}

func TestARequestThatIsNoGoodIsAnError(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ProposeVersion", "AbortVersion"} {
		w := newWorld(t)
		w.hooks[name] = func() error { return failure(gristmill.NotFound, `model "churn" has no version 3`) }
		if name == "AbortVersion" {
			w.hooks["AwaitReady"] = w.hooks[name]
		}
		if _, err := w.promote(); err == nil {
			t.Errorf("%s failed and Promote did not", name)
		}
	}
}
