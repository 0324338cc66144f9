// Package postgres is the memory of the platform: one store per aggregate, over
// one pool of connections.
//
//	db, err := postgres.Open(ctx, postgres.Config{DSN: dsn})
//	err = db.Migrate(ctx)
//	runs := postgres.NewRuns(db)               // tracking.Store
//	versions := postgres.NewVersions(db)       // registry.Store
//	deployments := postgres.NewDeployments(db) // serving.Store
//	pipelines := postgres.NewPipelines(db)     // pipeline.Store
//	datasets := postgres.NewDatasets(db)       // dataset.Store
//
// Rules. Every write may be repeated on our own key. One fact is one
// transaction. Nothing outside Postgres is called inside a transaction. Rows
// are written in the order of their keys, so that two batches cannot deadlock;
// where the database still chooses a victim, the transaction is tried again.
//
// Fencing. Lease gives an attempt at a step the next epoch. Every write that
// carries a Writer reads the step's epoch under a share lock in its own
// transaction, and Lease updates that row: a write therefore either commits
// before the next lease is given or is refused.
//
// Errors are gristmill.Errors: NotFound, Conflict, Precondition and Invalid
// where a rule says so; Unavailable where the database does not answer; a
// context's own error is left as it is.
//
// Migrations (migrations/NNNN_name.sql) form one line of numbers from 1 and only
// go forward. Queries are compiled by sqlc from internal/sqlc/*.sql. After a
// change to either, regenerate with sqlc v1.31.1 and leave the result committed:
//
//	go install github.com/sqlc-dev/sqlc/cmd/sqlc@v1.31.1
//	cd store/postgres/internal/sqlc && sqlc generate   # or: sqlc diff
package postgres
