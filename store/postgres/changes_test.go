package postgres_test

import (
	"context"
	"testing"
	"time"

	"gristmill/store/postgres"
	"gristmill/store/postgres/postgrestest"
)

func TestChangesSurviveABrokenConnection(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	db := postgrestest.Open(t)
	deployments := postgres.NewDeployments(db)
	told, err := deployments.Changes(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err := db.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND query LIKE 'LISTEN%' AND pid <> pg_backend_pid()`)
		if err != nil {
			t.Fatal(err)
		}
		if _, open := <-told; !open { // the break itself is told, for what may have been missed
			t.Fatal("the channel was closed")
		}
		if err := deployments.Observe(ctx, "", "s1", nil, time.Minute); err != nil {
			t.Fatal(err)
		}
		if err := deployments.Leave(ctx, "", "s1"); err != nil {
			t.Fatal(err)
		}
		if _, open := <-told; !open {
			t.Fatal("the channel was closed")
		}
	}
	// A connection that listens again is there.
	for n := 0; n != 1; {
		if n, err = db.Count(ctx, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%' AND pid <> pg_backend_pid()`); err != nil {
			t.Fatal(err)
		}
	}
}

func TestACommitIsToldOnceInTheOutbox(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), postgrestest.Open(t)
	deployments := postgres.NewDeployments(db)
	register(t, db, "churn")
	d, err := deployments.Propose(ctx, "", "churn", 1, "p1")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := deployments.Commit(ctx, "", "churn", d.Generation, "p1"); err != nil {
			t.Fatal(err)
		}
	}
	n, err := db.Count(ctx, `SELECT count(*) FROM outbox WHERE topic = 'deployment.committed' AND key = 'deployment/default/churn/1'
		AND payload->>'version' = '1' AND done_at IS NULL`)
	if err != nil || n != 1 {
		t.Errorf("%d events, %v; want 1", n, err)
	}
}

func TestARenewalWithoutNewsTellsNobody(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	db := postgrestest.Open(t)
	deployments := postgres.NewDeployments(db)
	observe := func() {
		t.Helper()
		if err := deployments.Observe(ctx, "", "s1", nil, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	observe()
	told, err := deployments.Changes(ctx)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	observe()
	<-told
	if waited := time.Since(begun); waited < 4*time.Second {
		t.Errorf("a renewal without news was told after %s; only the slow tick should have come", waited)
	}
}
