package postgres_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"gristmill"
	"gristmill/store/postgres"
	"gristmill/store/postgres/postgrestest"
	"gristmill/tracking"
)

// schema returns the number of the last migration.
func schema(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	return len(files)
}

func TestMigrateAtTheSameTimeAndTwice(t *testing.T) {
	t.Parallel()
	db, ctx := postgrestest.OpenEmpty(t), context.Background()
	if v, err := db.SchemaVersion(ctx); err != nil || v != 0 {
		t.Fatalf("version of an empty database: %d, %v", v, err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := db.Migrate(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := db.Migrate(ctx); err != nil {
		t.Error(err)
	}
	if v, err := db.SchemaVersion(ctx); err != nil || v != schema(t) {
		t.Errorf("version after migration: %d, %v; want %d", v, err, schema(t))
	}
}

func TestAnEmptyDatabaseSaysThatItMustBeMigrated(t *testing.T) {
	t.Parallel()
	_, err := postgres.NewRuns(postgrestest.OpenEmpty(t)).Run(context.Background(), "x")
	if gristmill.KindOf(err) != gristmill.Precondition || !strings.Contains(gristmill.Public(err), "a restart of gristmill brings it up to date") {
		t.Errorf("error %v", err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	ctx, none := context.Background(), filepath.Join(t.TempDir(), "no-socket")
	for dsn, kind := range map[string]gristmill.Kind{
		"postgresql://user:s3cret@host:port:5/db":                      gristmill.Invalid,
		"host=" + none + " user=u dbname=d password=s3cret":            gristmill.Unavailable,
		"postgresql+psycopg2://u:s3cret@127.0.0.1:1/d?sslmode=disable": gristmill.Unavailable,
	} {
		db, err := postgres.Open(ctx, postgres.Config{DSN: dsn})
		if err == nil {
			db.Close()
		}
		if gristmill.KindOf(err) != kind || strings.Contains(gristmill.Public(err), "s3cret") {
			t.Errorf("%s: %v, want kind %s and no password", dsn, err, kind)
		}
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := postgres.Open(canceled, postgres.Config{DSN: postgrestest.DSN(t)}); err == nil || gristmill.KindOf(err) != gristmill.Internal || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("canceled: %v", err)
	}
}

func TestADatabaseThatGoesAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	ctx, dsn := context.Background(), postgrestest.DSN(t)
	open := func(dsn string) *postgres.DB {
		db, err := postgres.Open(ctx, postgres.Config{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(db.Close)
		return db
	}
	db, beside := open(dsn), open(dsn+" dbname=postgres") // the last name counts
	name := dsn[strings.LastIndex(dsn, "=")+1:]
	if err := beside.Exec(ctx, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false"); err != nil {
		t.Fatal(err)
	}
	if err := beside.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name); err != nil {
		t.Fatal(err)
	}
	runs := postgres.NewRuns(db)
	for range 2 { // the connection that was ended, then the new one that is refused
		if err := db.Ping(ctx); gristmill.KindOf(err) != gristmill.Unavailable {
			t.Errorf("ping: %v", err)
		}
		if _, err := runs.StartRun(ctx, tracking.NewRun{Key: "k"}); gristmill.KindOf(err) != gristmill.Unavailable {
			t.Errorf("start run: %v", err)
		}
		if _, err := postgres.NewDeployments(db).Changes(ctx); gristmill.KindOf(err) != gristmill.Unavailable {
			t.Errorf("changes: %v", err)
		}
	}
}

// A migration must be expressible without this binary: its file is plain SQL
// that says what it is for.
func TestMigrationsBeginWithTheirReason(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("migrations/*.sql")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil || !strings.HasPrefix(string(b), "-- ") {
			t.Errorf("%s does not begin with a comment (%v)", f, err)
		}
	}
}

func TestANewerDatabaseIsRefusedAndAnOlderOneBroughtForward(t *testing.T) {
	t.Parallel()
	db, ctx := postgrestest.OpenEmpty(t), context.Background()
	if err := db.MigrateTo(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	err := db.MigrateTo(ctx, 1)
	want := "the database was written by a newer gristmill (schema 6, this one knows 1)"
	if gristmill.KindOf(err) != gristmill.Precondition || gristmill.Public(err) != strings.Replace(want, "6", strconv.Itoa(schema(t)), 1) {
		t.Errorf("error %v, want %q", err, want)
	}
}

func TestAFailedMigrationLeavesNothing(t *testing.T) {
	t.Parallel()
	db, ctx := postgrestest.OpenEmpty(t), context.Background()
	if err := db.Exec(ctx, `CREATE TABLE tag (x int)`); err != nil { // in the way of the first one's later part
		t.Fatal(err)
	}
	if err := db.Migrate(ctx); err == nil {
		t.Fatal("a table in the way was no error")
	}
	if n, err := db.Count(ctx, `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`); err != nil || n != 1 {
		t.Errorf("%d tables are there, %v; want the one in the way", n, err)
	}
}
