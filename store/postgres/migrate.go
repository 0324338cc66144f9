package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"gristmill"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step of the schema.
type migration struct {
	number int
	name   string
	sql    string
}

// readMigrations reads dir's files, which must be numbered from 1 without gaps
// and twins: NNNN_name.sql.
func readMigrations(files fs.FS, dir string) ([]migration, error) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	list := make([]migration, 0, len(entries))
	for i, e := range entries { // in the order of their names
		digits, name, ok := strings.Cut(strings.TrimSuffix(e.Name(), ".sql"), "_")
		number, err := strconv.Atoi(digits)
		if !ok || err != nil || len(digits) != 4 || path.Ext(e.Name()) != ".sql" {
			return nil, fmt.Errorf("read migrations: %q is not of the form NNNN_name.sql", e.Name())
		}
		if number != i+1 {
			return nil, fmt.Errorf("read migrations: %q has number %d, expected %d: numbers have no gaps and no twins", e.Name(), number, i+1)
		}
		b, err := fs.ReadFile(files, path.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read migrations: %w", err)
		}
		list = append(list, migration{number: number, name: name, sql: string(b)})
	}
	return list, nil
}

// migrationLock is the key of the advisory lock under which migrations run:
// the first eight bytes of "gristmill".
const migrationLock = 0x677269_73746d69

const migrationTable = `CREATE TABLE IF NOT EXISTS schema_migration (
	version    int         PRIMARY KEY,
	name       text        NOT NULL,
	applied_at timestamptz NOT NULL DEFAULT now()
)`

// Migrate brings the database to this binary's schema, each step in its own
// transaction, one process at a time. A database that a newer binary wrote is a
// Precondition error.
func (db *DB) Migrate(ctx context.Context) error {
	list, err := readMigrations(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	return db.migrate(ctx, list)
}

func (db *DB) migrate(ctx context.Context, list []migration) error {
	for {
		done, err := db.migrateOnce(ctx, list)
		if err != nil {
			return mapError(ctx, "migrate database", err)
		}
		if done {
			return nil
		}
	}
}

// migrateOnce applies the next step, or reports that there is none.
func (db *DB) migrateOnce(ctx context.Context, list []migration) (done bool, err error) {
	err = pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(migrationLock)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, migrationTable); err != nil {
			return err
		}
		var version int
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM schema_migration`).Scan(&version); err != nil {
			return err
		}
		if version > len(list) {
			return gristmill.Errorf(gristmill.Precondition,
				"the database was written by a newer gristmill (schema %d, this one knows %d)", version, len(list))
		}
		if version == len(list) {
			done = true
			return nil
		}
		next := list[version]
		if _, err := tx.Exec(ctx, next.sql); err != nil {
			return fmt.Errorf("apply %04d_%s: %w", next.number, next.name, err)
		}
		_, err := tx.Exec(ctx, `INSERT INTO schema_migration (version, name) VALUES ($1, $2)`, next.number, next.name)
		return err
	})
	return done, err
}

// SchemaVersion returns the number of the last migration that the database has,
// 0 for an empty database.
func (db *DB) SchemaVersion(ctx context.Context) (int, error) {
	var exists bool
	err := db.pool.QueryRow(ctx, `SELECT to_regclass('schema_migration') IS NOT NULL`).Scan(&exists)
	if err != nil || !exists {
		return 0, mapError(ctx, "read schema version", err)
	}
	var version int
	err = db.pool.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM schema_migration`).Scan(&version)
	return version, mapError(ctx, "read schema version", err)
}
