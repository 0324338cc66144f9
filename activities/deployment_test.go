package activities_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"gristmill"
	"gristmill/activities"
	"gristmill/registry"
	"gristmill/serving"
)

const (
	by    = "promotion-1"
	lease = time.Hour
)

// models is a lab with three versions of the model churn, all of one package.
func models(t *testing.T) *lab {
	t.Helper()
	l := newLab(t)
	l.begin(spec(l.file("mine.csv", customers(100)))).steps("fetch", "transform", "train", "evaluate", "register")
	for range 2 {
		l.begin(spec(l.file("mine.csv", customers(100)))).steps("fetch", "transform", "train", "evaluate", "register")
	}
	return l
}

// reports lets a server report.
func (l *lab) reports(server string, generation int64, version int, ready bool, problem string) {
	l.t.Helper()
	err := l.serving.Observe(l.t.Context(), gristmill.DefaultProject, server, []serving.Observation{{Server: server, Model: "small",
		Generation: generation, Version: version, Ready: ready, Error: problem}}, lease)
	if err != nil {
		l.t.Error(err)
	}
}

// propose proposes a version on behalf of a promotion.
func (l *lab) propose(version int, by string) activities.GenerationIn {
	l.t.Helper()
	out, err := do(l, l.deploy.ProposeVersion, activities.ProposeIn{Model: "small", Version: version, By: by})
	if err != nil {
		l.t.Fatal(err)
	}
	return activities.GenerationIn{Model: "small", Generation: out.Generation, By: by, Within: 20 * time.Second}
}

func TestAPromotionFromProposalToTraffic(t *testing.T) {
	t.Parallel()
	l := models(t)
	in := l.propose(1, by)
	l.reports("a", in.Generation, 0, true, "")
	if _, err := do(l, l.deploy.AwaitReady, in); err != nil {
		t.Fatal(err)
	}
	out, err := do(l, l.deploy.CommitVersion, in)
	if err != nil || !out.Committed || out.Version != 1 || out.Generation != in.Generation {
		t.Fatalf("commit %+v, %v", out, err)
	}
	if again, err := do(l, l.deploy.CommitVersion, in); err != nil || again != out {
		t.Errorf("a repeated commit answers %+v, %v", again, err)
	}
	if repeated, err := do(l, l.deploy.ProposeVersion, activities.ProposeIn{Model: "small", Version: 1, By: by}); err != nil || !repeated.Committed || repeated.Generation != in.Generation {
		t.Errorf("a repeated proposal answers %+v, %v", repeated, err)
	}
	if v, err := l.versions.ByAlias(t.Context(), gristmill.DefaultProject, "small", registry.Champion); err != nil || v.Number != 1 {
		t.Errorf("champion is version %d, %v", v.Number, err)
	}
	// The server still sends traffic to what it had: only when it has switched
	// is the promotion served.
	looks := 0
	l.deploy.Serving = &watched{Store: l.serving, look: func() {
		if looks++; looks == 2 {
			l.reports("a", in.Generation, 1, true, "")
		}
	}}
	if _, err := do(l, l.deploy.AwaitServing, in); err != nil || looks != 2 {
		t.Errorf("AwaitServing ended after %d looks, want 2: %v", looks, err)
	}
}

func TestAwaitReadyWaitsForEveryServer(t *testing.T) {
	t.Parallel()
	l := models(t)
	in := l.propose(1, by)
	l.reports("a", in.Generation, 0, true, "")
	l.reports("b", in.Generation, 0, false, "")
	l.reports("c", in.Generation-1, 0, true, "") // of the generation before
	looks := 0
	l.deploy.Serving = &watched{Store: l.serving, look: func() {
		switch looks++; looks { // what changes before each look
		case 2:
			l.reports("b", in.Generation, 0, true, "")
		case 3:
			l.reports("c", in.Generation, 0, true, "")
		}
	}}
	if _, err := do(l, l.deploy.AwaitReady, in); err != nil {
		t.Fatal(err)
	}
	if looks != 3 {
		t.Errorf("ready after %d looks", looks)
	}
}

// watched is a serving store that runs a hook before each look at a deployment.
type watched struct {
	serving.Store
	look func()
}

func (w *watched) Deployment(ctx context.Context, project, model string) (serving.Deployment, error) {
	w.look()
	return w.Store.Deployment(ctx, project, model)
}

func TestAwaitReadyRefuses(t *testing.T) {
	t.Parallel()
	l := models(t)
	in := l.propose(1, by)
	l.reports("a", in.Generation, 0, true, "")
	l.reports("b", in.Generation, 0, false, "smoke test: row 1 differs")
	_, err := do(l, l.deploy.AwaitReady, in)
	refused(t, err, gristmill.Precondition, "server b: smoke test: row 1 differs")

	l.reports("b", in.Generation, 0, false, "")
	late := in
	late.Within = 50 * time.Millisecond
	_, err = do(l, l.deploy.AwaitReady, late)
	refused(t, err, gristmill.Precondition, "b did not load the candidate within 50ms")

	if _, err := do(l, l.deploy.AbortVersion, in); err != nil {
		t.Fatal(err)
	}
	_, err = do(l, l.deploy.AwaitReady, in)
	refused(t, err, gristmill.Conflict, "generation 1 of small was replaced by 2")
}

func TestWithoutAServerTheCandidateIsTriedHere(t *testing.T) {
	t.Parallel()
	l := models(t)
	in := l.propose(1, by)
	if _, err := do(l, l.deploy.AwaitReady, in); err != nil {
		t.Errorf("a good candidate: %v", err)
	}
	if _, err := do(l, l.deploy.CommitVersion, in); err != nil {
		t.Fatal(err)
	}
	if _, err := do(l, l.deploy.AwaitServing, in); err != nil {
		t.Errorf("nobody serves, and nobody has to be waited for: %v", err)
	}
	l.deploy.Packages = altered{l.deploy.Packages}
	in = l.propose(2, "promotion-2")
	_, err := do(l, l.deploy.AwaitReady, in)
	if f, ok := activities.FailureOf(err); !ok || retryable(err) || !strings.Contains(f.Msg, "the package was altered") {
		t.Errorf("an altered package: %v", err)
	}
}

// altered hands packages out with one byte changed.
type altered struct{ serving.Packages }

func (a altered) Package(ctx context.Context, d gristmill.Digest) ([]byte, error) {
	b, err := a.Packages.Package(ctx, d)
	if err != nil {
		return nil, err
	}
	b[len(b)/2] ^= 1
	return b, nil
}

func TestAbortGoesBackToWhatServed(t *testing.T) {
	t.Parallel()
	l := models(t)
	first := l.propose(1, by)
	if _, err := do(l, l.deploy.CommitVersion, first); err != nil {
		t.Fatal(err)
	}
	second := l.propose(2, "promotion-2")
	second.Reason = "server b: no"
	for range 2 {
		out, err := do(l, l.deploy.AbortVersion, second)
		if err != nil || out.Version != 1 || out.Committed || out.Generation != second.Generation+1 {
			t.Fatalf("abort %+v, %v", out, err)
		}
	}
	_, err := do(l, l.deploy.CommitVersion, second)
	if f, ok := activities.FailureOf(err); !ok || f.Kind != gristmill.Conflict || retryable(err) {
		t.Errorf("an aborted generation was committed: %v", err)
	}
	dep, err := l.serving.Deployment(t.Context(), gristmill.DefaultProject, "small")
	if err != nil || dep.Version != 1 || dep.State != serving.Stable || dep.Reason != "server b: no" {
		t.Errorf("deployment %+v, %v", dep, err)
	}
}

func TestAbortAfterTheCommitSaysThatItHappened(t *testing.T) {
	t.Parallel()
	l := models(t)
	in := l.propose(1, by)
	if _, err := do(l, l.deploy.CommitVersion, in); err != nil {
		t.Fatal(err)
	}
	out, err := do(l, l.deploy.AbortVersion, in) // the commit's answer was lost
	if err != nil || out != (activities.GenerationOut{Generation: in.Generation, Version: 1, Committed: true}) {
		t.Errorf("abort %+v, %v", out, err)
	}
	other := in
	other.By = "promotion-2"
	if _, err := do(l, l.deploy.AbortVersion, other); err == nil {
		t.Error("another promotion was told that its commit happened")
	}
}

func TestProposeRefusesWhatIsNoVersion(t *testing.T) {
	t.Parallel()
	l := models(t)
	for want, c := range map[string]struct {
		in   activities.ProposeIn
		kind gristmill.Kind
	}{
		`model: "a b" is no name; expected 1 to 120 letters, digits, _ - or ., beginning with a letter or digit`: {activities.ProposeIn{Model: "a b", Version: 1, By: by}, gristmill.Invalid},
		`version: 0 is no version number; expected 1 or more`:                                                    {activities.ProposeIn{Model: "small", By: by}, gristmill.Invalid},
		`model "small" has no version 9`:                                                                         {activities.ProposeIn{Model: "small", Version: 9, By: by}, gristmill.NotFound},
	} {
		_, err := do(l, l.deploy.ProposeVersion, c.in)
		refused(t, err, c.kind, want)
	}
	l.propose(1, by)
	_, err := do(l, l.deploy.ProposeVersion, activities.ProposeIn{Model: "small", Version: 2, By: "promotion-2"})
	refused(t, err, gristmill.Unavailable, "model small is being deployed already: promotion-1 is rolling version 1 out (generation 1)")
	if _, err := do(l, l.deploy.AwaitReady, activities.GenerationIn{Model: "none", Generation: 1, Within: time.Second}); errors.Is(err, nil) {
		t.Error("a model without a deployment is ready")
	}
}
