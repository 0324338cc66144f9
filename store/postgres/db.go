package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"gristmill"
	"gristmill/store/postgres/internal/sqlc"
)

// Config says which database and how many connections.
type Config struct {
	DSN            string        // "postgresql://user@host:port/database" or "host=… dbname=…"; SQLAlchemy's "postgresql+psycopg2://" is read too
	MaxConns       int           // 0 means 16
	ConnectTimeout time.Duration // of one attempt; 0 means 5 s
	Application    string        // shown in pg_stat_activity; "" means "gristmill"
}

// DB is a pool of connections to one database. Its methods may be called by
// many goroutines.
type DB struct {
	pool *pgxpool.Pool
	q    *sqlc.Queries
}

// Open connects to the database and fails with Unavailable if it does not
// answer, with Invalid if the DSN is none. It does not migrate.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	pc, err := poolConfig(cfg)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, mapError(ctx, "open database", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, mapError(ctx, "open database", err)
	}
	return &DB{pool: pool, q: sqlc.New(pool)}, nil
}

func poolConfig(cfg Config) (*pgxpool.Config, error) {
	pc, err := pgxpool.ParseConfig(plainDSN(cfg.DSN))
	if err != nil {
		return nil, gristmill.Hide(gristmill.Invalid, err, "the database's DSN cannot be read; expected postgresql://user@host:port/database")
	}
	pc.MaxConns = 16
	if cfg.MaxConns > 0 {
		pc.MaxConns = int32(cfg.MaxConns)
	}
	pc.ConnConfig.ConnectTimeout = 5 * time.Second
	if cfg.ConnectTimeout > 0 {
		pc.ConnConfig.ConnectTimeout = cfg.ConnectTimeout
	}
	application := cfg.Application
	if application == "" {
		application = "gristmill"
	}
	pc.ConnConfig.RuntimeParams["application_name"] = application
	pc.ConnConfig.RuntimeParams["timezone"] = "UTC"
	pc.ConnConfig.RuntimeParams["client_min_messages"] = "warning"
	pc.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		conn.TypeMap().RegisterType(&pgtype.Type{
			Name:  "timestamptz",
			OID:   pgtype.TimestamptzOID,
			Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}
	return pc, nil
}

// plainDSN takes SQLAlchemy's driver out of a DSN.
func plainDSN(dsn string) string {
	if scheme, rest, ok := strings.Cut(dsn, "://"); ok {
		if base, _, ok := strings.Cut(scheme, "+"); ok {
			return base + "://" + rest
		}
	}
	return dsn
}

// Close waits for the connections in use and closes them all.
func (db *DB) Close() { db.pool.Close() }

// Ping asks the database for an answer.
func (db *DB) Ping(ctx context.Context) error {
	return mapError(ctx, "reach the database", db.pool.Ping(ctx))
}

// maxTries bounds how often a transaction runs that the database ended to
// resolve a deadlock or a serialization failure.
const maxTries = 4

// inTx runs do in a transaction, again if the database chose it as a deadlock's
// victim, and maps what comes out; verb names the work in operators' words.
func (db *DB) inTx(ctx context.Context, verb string, do func(*sqlc.Queries) error) error {
	return retry(ctx, verb, func() error {
		return pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
			return do(db.q.WithTx(tx))
		})
	})
}

// one runs a single statement with the same care as inTx.
func (db *DB) one(ctx context.Context, verb string, do func(*sqlc.Queries) error) error {
	return retry(ctx, verb, func() error { return do(db.q) })
}

func retry(ctx context.Context, verb string, do func() error) error {
	for try := 1; ; try++ {
		err := do()
		if err == nil {
			return nil
		}
		if try == maxTries || !lostRace(err) {
			return mapError(ctx, verb, err)
		}
	}
}

// lostRace reports whether the database ended a transaction in favour of
// another one, so that the same transaction may succeed now.
func lostRace(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001")
}

// noRows reports whether a query that wants one row found none.
func noRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// project returns the project's name, the default one for "".
func project(name string) string {
	if name == "" {
		return gristmill.DefaultProject
	}
	return name
}

func notFound(format string, args ...any) error {
	return gristmill.Errorf(gristmill.NotFound, "%s", fmt.Sprintf(format, args...))
}
