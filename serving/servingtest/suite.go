// Package servingtest proves that a serving.Store keeps its promises: every
// sentence of the contract, every write done twice, and writers at the same time.
package servingtest

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"gristmill"
	"gristmill/serving"
)

// Opened is an empty store, and what the suite needs of the registry beside it,
// which the room of serving does not know.
type Opened struct {
	Store serving.Store
	// Register adds a version with that package to a model of the default
	// project and returns its number.
	Register func(t *testing.T, model string, pack gristmill.Ref) int
	// Alias returns the version that an alias names, 0 for none.
	Alias func(t *testing.T, model, alias string) int
}

// Store runs the suite; open is called once per test.
func Store(t *testing.T, open func(t *testing.T) Opened) {
	for name, test := range map[string]func(*testing.T, Opened){
		"APromotionFromProposalToCommit":     promotion,
		"AnAbortKeepsTheFormerVersion":       abort,
		"TheFirstDeploymentMayBeAborted":     abortFirst,
		"TheVersionThatServesMayBeProposed":  again,
		"AnotherPromotionIsAConflict":        conflicts,
		"OfManyProposalsOneWins":             proposeRace,
		"CommitAndAbortExcludeEachOther":     endRace,
		"UnknownVersionsAndModels":           unknown,
		"ReportsAreReplaced":                 observe,
		"DeploymentsShowTheirLiveServers":    servers,
		"ALeaseRunsOut":                      leaseEnds,
		"ChangesAreTold":                     changes,
		"ProjectsAreApart":                   projects,
		"AChangeWithoutAPromotionIsInvalid":  unnamed,
		"DeploymentsAreListedByModel":        list,
		"ARollbackIsAPromotionOfThePrevious": rollback,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func pack(model string, n int) gristmill.Ref {
	return gristmill.Ref{URI: fmt.Sprintf("blob:%s/%d", model, n), Digest: gristmill.DigestOf(fmt.Append(nil, model, n)), Size: int64(n), Type: "model"}
}

// versions registers n versions of the model "churn".
func versions(t *testing.T, o Opened, n int) {
	t.Helper()
	for i := range n {
		if got := o.Register(t, "churn", pack("churn", i+1)); got != i+1 {
			t.Fatalf("version %d got number %d", i+1, got)
		}
	}
}

// step does a change twice and returns what both must return; updated_at aside,
// the second changes nothing.
func step(t *testing.T, change func() (serving.Deployment, error)) serving.Deployment {
	t.Helper()
	first, err := change()
	if err != nil {
		t.Fatal(err)
	}
	second, err := change()
	if err != nil {
		t.Fatalf("repeated: %v", err)
	}
	same(t, "repeated", second, first)
	return first
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func wantKind(t *testing.T, what string, err error, kind gristmill.Kind) {
	t.Helper()
	if gristmill.KindOf(err) != kind {
		t.Errorf("%s: kind %q of error %v, want %q", what, gristmill.KindOf(err), err, kind)
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func errOf[T any](_ T, err error) error { return err }

// is compares a deployment without its time and servers.
func is(t *testing.T, what string, got, want serving.Deployment) {
	t.Helper()
	if got.UpdatedAt.IsZero() {
		t.Errorf("%s: no time", what)
	}
	got.UpdatedAt, got.Servers = time.Time{}, nil
	want.Project, want.Model, want.UpdatedAt = gristmill.DefaultProject, "churn", time.Time{}
	if want.Version > 0 {
		want.Package = pack("churn", want.Version)
	}
	if want.Candidate > 0 {
		want.CandidatePackage = pack("churn", want.Candidate)
	}
	same(t, what, got, want)
}

func promote(t *testing.T, o Opened, version int, by string) serving.Deployment {
	t.Helper()
	ctx := context.Background()
	d := step(t, func() (serving.Deployment, error) { return o.Store.Propose(ctx, "", "churn", version, by) })
	return step(t, func() (serving.Deployment, error) { return o.Store.Commit(ctx, "", "churn", d.Generation, by) })
}

func promotion(t *testing.T, o Opened) {
	ctx := context.Background()
	versions(t, o, 2)
	d := step(t, func() (serving.Deployment, error) { return o.Store.Propose(ctx, "", "churn", 1, "p1") })
	is(t, "proposed", d, serving.Deployment{Candidate: 1, Generation: 1, State: serving.Rolling, By: "p1"})
	same(t, "champion while rolling", o.Alias(t, "churn", "champion"), 0)
	d = step(t, func() (serving.Deployment, error) { return o.Store.Commit(ctx, "", "churn", 1, "p1") })
	is(t, "committed", d, serving.Deployment{Version: 1, Generation: 1, State: serving.Stable, By: "p1"})
	same(t, "champion", o.Alias(t, "churn", "champion"), 1)
	same(t, "previous", o.Alias(t, "churn", "previous"), 0)

	d = step(t, func() (serving.Deployment, error) { return o.Store.Propose(ctx, "", "churn", 2, "p2") })
	is(t, "second proposed", d, serving.Deployment{Version: 1, Candidate: 2, Generation: 2, State: serving.Rolling, By: "p2"})
	d = step(t, func() (serving.Deployment, error) { return o.Store.Commit(ctx, "", "churn", 2, "p2") })
	is(t, "second committed", d, serving.Deployment{Version: 2, Previous: 1, Generation: 2, State: serving.Stable, By: "p2"})
	same(t, "champion", o.Alias(t, "churn", "champion"), 2)
	same(t, "previous", o.Alias(t, "churn", "previous"), 1)

	// Repetitions that come late change nothing.
	is(t, "the first commit again", step(t, func() (serving.Deployment, error) { return o.Store.Commit(ctx, "", "churn", 1, "p1") }), d)
	same(t, "champion", o.Alias(t, "churn", "champion"), 2)
	is(t, "the proposal again", step(t, func() (serving.Deployment, error) { return o.Store.Propose(ctx, "", "churn", 2, "p2") }), d)
}

func abort(t *testing.T, o Opened) {
	ctx := context.Background()
	versions(t, o, 2)
	promote(t, o, 1, "p1")
	d := step(t, func() (serving.Deployment, error) { return o.Store.Propose(ctx, "", "churn", 2, "p2") })
	d = step(t, func() (serving.Deployment, error) {
		return o.Store.Abort(ctx, "", "churn", d.Generation, "p2", "smoke test failed")
	})
	want := serving.Deployment{Version: 1, Generation: 3, State: serving.Stable, By: "p2", Reason: "smoke test failed"}
	is(t, "aborted", d, want)
	same(t, "champion", o.Alias(t, "churn", "champion"), 1)
	same(t, "previous", o.Alias(t, "churn", "previous"), 0)
	wantKind(t, "commit of what was aborted", errOf(o.Store.Commit(ctx, "", "churn", 2, "p2")), gristmill.Conflict)
	wantKind(t, "abort of what was committed", errOf(o.Store.Abort(ctx, "", "churn", 1, "p1", "")), gristmill.Conflict)
	wantKind(t, "commit of a generation to come", errOf(o.Store.Commit(ctx, "", "churn", 4, "p2")), gristmill.Conflict)
	got, err := o.Store.Deployment(ctx, "", "churn")
	noError(t, err)
	is(t, "after the refusals", got, want)
	// The same promotion may try again.
	d, err = o.Store.Propose(ctx, "", "churn", 2, "p2")
	noError(t, err)
	is(t, "tried again", d, serving.Deployment{Version: 1, Candidate: 2, Generation: 4, State: serving.Rolling, By: "p2"})
	// Anybody may end it who names its generation.
	d = step(t, func() (serving.Deployment, error) { return o.Store.Abort(ctx, "", "churn", 4, "ada", "by hand") })
	same(t, "reason", d.Reason, "by hand")
}

func abortFirst(t *testing.T, o Opened) {
	ctx := context.Background()
	versions(t, o, 1)
	_, err := o.Store.Propose(ctx, "", "churn", 1, "p1")
	noError(t, err)
	d := step(t, func() (serving.Deployment, error) { return o.Store.Abort(ctx, "", "churn", 1, "p1", "no") })
	is(t, "aborted", d, serving.Deployment{Generation: 2, State: serving.Stable, By: "p1", Reason: "no"})
	same(t, "champion", o.Alias(t, "churn", "champion"), 0)
	is(t, "second try", promote(t, o, 1, "p2"), serving.Deployment{Version: 1, Generation: 3, State: serving.Stable, By: "p2"})
}

func again(t *testing.T, o Opened) {
	versions(t, o, 2)
	promote(t, o, 1, "p1")
	promote(t, o, 2, "p2")
	is(t, "promoted by another", promote(t, o, 2, "p3"), serving.Deployment{Version: 2, Previous: 1, Generation: 3, State: serving.Stable, By: "p3"})
	same(t, "previous", o.Alias(t, "churn", "previous"), 1)
	is(t, "promoted by the same", promote(t, o, 2, "p3"), serving.Deployment{Version: 2, Previous: 1, Generation: 3, State: serving.Stable, By: "p3"})
}

func rollback(t *testing.T, o Opened) {
	versions(t, o, 2)
	promote(t, o, 1, "promote/churn/1")
	promote(t, o, 2, "promote/churn/2")
	is(t, "rolled back", promote(t, o, 1, "promote/churn/1"), serving.Deployment{Version: 1, Previous: 2, Generation: 3, State: serving.Stable, By: "promote/churn/1"})
	same(t, "champion", o.Alias(t, "churn", "champion"), 1)
	same(t, "previous", o.Alias(t, "churn", "previous"), 2)
}

func conflicts(t *testing.T, o Opened) {
	ctx := context.Background()
	versions(t, o, 2)
	_, err := o.Store.Propose(ctx, "", "churn", 1, "p1")
	noError(t, err)
	err = errOf(o.Store.Propose(ctx, "", "churn", 2, "p2"))
	wantKind(t, "another promotion", err, gristmill.Conflict)
	if !strings.Contains(gristmill.Public(err), "p1") {
		t.Errorf("%q does not name who holds it", gristmill.Public(err))
	}
	wantKind(t, "the same promotion with another version", errOf(o.Store.Propose(ctx, "", "churn", 2, "p1")), gristmill.Conflict)
	wantKind(t, "another's commit", errOf(o.Store.Commit(ctx, "", "churn", 1, "p2")), gristmill.Conflict)
	wantKind(t, "a wrong generation", errOf(o.Store.Commit(ctx, "", "churn", 2, "p1")), gristmill.Conflict)
	wantKind(t, "a wrong generation", errOf(o.Store.Abort(ctx, "", "churn", 0, "p1", "")), gristmill.Conflict)
}

func proposeRace(t *testing.T, o Opened) {
	ctx := context.Background()
	versions(t, o, 8)
	var mu sync.Mutex
	var won []serving.Deployment
	atOnce(8, func(i int) {
		d, err := o.Store.Propose(ctx, "", "churn", i+1, fmt.Sprintf("p%d", i+1))
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			won = append(won, d)
		} else if gristmill.KindOf(err) != gristmill.Conflict {
			t.Errorf("promotion %d: %v", i, err)
		}
	})
	if len(won) != 1 || won[0].Generation != 1 {
		t.Fatalf("winners: %+v", won)
	}
	d, err := o.Store.Deployment(ctx, "", "churn")
	noError(t, err)
	same(t, "what is there", d, won[0])
}

func endRace(t *testing.T, o Opened) {
	ctx := context.Background()
	versions(t, o, 1)
	for round := range 6 {
		d, err := o.Store.Propose(ctx, "", "churn", 1, fmt.Sprint("p", round))
		noError(t, err)
		var mu sync.Mutex
		done := map[string]int{}
		atOnce(4, func(i int) {
			var err error
			what := "commit"
			if i%2 == 0 {
				_, err = o.Store.Commit(ctx, "", "churn", d.Generation, d.By)
			} else {
				what = "abort"
				_, err = o.Store.Abort(ctx, "", "churn", d.Generation, d.By, "")
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done[what]++
			} else if gristmill.KindOf(err) != gristmill.Conflict {
				t.Errorf("%s: %v", what, err)
			}
		})
		if len(done) != 1 || done["commit"]+done["abort"] != 2 {
			t.Errorf("round %d: %v; one end wins, and its repetition agrees", round, done)
		}
	}
}

func atOnce(n int, do func(i int)) {
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { <-start; do(i) })
	}
	close(start)
	wg.Wait()
}

func unknown(t *testing.T, o Opened) {
	ctx := context.Background()
	versions(t, o, 1)
	for what, err := range map[string]error{
		"model": errOf(o.Store.Propose(ctx, "", "none", 1, "p")), "version": errOf(o.Store.Propose(ctx, "", "churn", 2, "p")),
		"version 0": errOf(o.Store.Propose(ctx, "", "churn", 0, "p")), "version 2^40": errOf(o.Store.Propose(ctx, "", "churn", 1<<40, "p")),
		"commit": errOf(o.Store.Commit(ctx, "", "churn", 1, "p")), "abort": errOf(o.Store.Abort(ctx, "", "churn", 1, "p", "")),
		"commit of no model": errOf(o.Store.Commit(ctx, "", "none", 1, "p")), "deployment": errOf(o.Store.Deployment(ctx, "", "churn")),
		"deployment of ''": errOf(o.Store.Deployment(ctx, "", "")),
	} {
		wantKind(t, what, err, gristmill.NotFound)
	}
}

func unnamed(t *testing.T, o Opened) {
	ctx := context.Background()
	versions(t, o, 1)
	for what, err := range map[string]error{
		"propose": errOf(o.Store.Propose(ctx, "", "churn", 1, "")), "commit": errOf(o.Store.Commit(ctx, "", "churn", 1, "")),
		"abort": errOf(o.Store.Abort(ctx, "", "churn", 1, "", "")), "observe": o.Store.Observe(ctx, "", "", nil, time.Minute),
		"observe without a lease": o.Store.Observe(ctx, "", "s1", nil, 0),
		"a model twice":           o.Store.Observe(ctx, "", "s1", []serving.Observation{{Model: "a"}, {Model: "a"}}, time.Minute),
	} {
		wantKind(t, what, err, gristmill.Invalid)
	}
}

func list(t *testing.T, o Opened) {
	ctx := context.Background()
	for _, model := range []string{"zeta", "alpha"} {
		n := o.Register(t, model, pack(model, 1))
		_, err := o.Store.Propose(ctx, "", model, n, "p")
		noError(t, err)
	}
	all, err := o.Store.ListDeployments(ctx, "")
	noError(t, err)
	if len(all) != 2 || all[0].Model != "alpha" || all[1].Model != "zeta" || all[1].CandidatePackage != pack("zeta", 1) {
		t.Errorf("list %+v", all)
	}
	one, err := o.Store.Deployment(ctx, "", "zeta")
	noError(t, err)
	same(t, "one of the list", one, all[1])
}

func projects(t *testing.T, o Opened) {
	ctx := context.Background()
	versions(t, o, 1)
	promote(t, o, 1, "p1")
	noError(t, o.Store.Observe(ctx, "team-b", "s1", nil, time.Minute))
	wantKind(t, "another project", errOf(o.Store.Deployment(ctx, "team-b", "churn")), gristmill.NotFound)
	if all, err := o.Store.ListDeployments(ctx, "team-b"); err != nil || len(all) != 0 {
		t.Errorf("another project lists %v, %v", all, err)
	}
	live, err := o.Store.LiveServers(ctx, "")
	if err != nil || len(live) != 0 {
		t.Errorf("another project's server serves here: %v, %v", live, err)
	}
}
