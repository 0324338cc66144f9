package postgrestest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"gristmill/store/postgres"
)

// Open returns a fresh migrated database, closed and dropped at the end of the
// test. With -short it skips the test and says so; without PostgreSQL on the
// machine it fails the test and names the command that installs it.
func Open(t testing.TB) *postgres.DB {
	t.Helper()
	return connect(t, DSN(t))
}

// OpenEmpty is Open without any schema, for tests of the migrations.
func OpenEmpty(t testing.TB) *postgres.DB {
	t.Helper()
	return connect(t, create(t, "template0"))
}

// DSN returns the address of a fresh migrated database, dropped at the end of
// the test. It skips and fails as Open does.
func DSN(t testing.TB) string {
	t.Helper()
	return create(t, templateName)
}

func connect(t testing.TB, dsn string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(context.Background(), postgres.Config{DSN: dsn, MaxConns: 24})
	if err != nil {
		t.Fatalf("open test database: %v", err)
	}
	t.Cleanup(db.Close)
	return db
}

var databases atomic.Int64 // numbers the databases of this process

// create makes a database from a template and drops it at the test's end.
func create(t testing.TB, template string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped by -short: it needs a PostgreSQL cluster")
	}
	c, err := theCluster()
	if err != nil {
		t.Fatalf("start test cluster: %v", err)
	}
	name := fmt.Sprintf("test_%d", databases.Add(1))
	if err := c.exec(fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, template) + c.strategy); err != nil {
		t.Fatalf("create test database: %v", err)
	}
	t.Cleanup(func() {
		if err := c.exec(fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)); err != nil {
			t.Errorf("drop test database: %v", err)
		}
	})
	return c.dsn(name)
}

// exec runs one statement in the maintenance database.
func (c *cluster) exec(sql string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.dsn("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}
