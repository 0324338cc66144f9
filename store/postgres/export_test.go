package postgres

import "context"

// MigrateTo applies only the first n migrations, as an older binary would.
func (db *DB) MigrateTo(ctx context.Context, n int) error {
	list, err := readMigrations(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	return db.migrate(ctx, list[:n])
}

// Exec runs a statement.
func (db *DB) Exec(ctx context.Context, sql string, args ...any) error {
	_, err := db.pool.Exec(ctx, sql, args...)
	return err
}

// Count returns the number that a query answers.
func (db *DB) Count(ctx context.Context, sql string) (n int, err error) {
	err = db.pool.QueryRow(ctx, sql).Scan(&n)
	return n, err
}
