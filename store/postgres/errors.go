package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"gristmill"
)

// mapError turns an error of the driver into one with a kind. A gristmill.Error
// and a context's error pass through as they are.
func mapError(ctx context.Context, verb string, err error) error {
	if err == nil {
		return nil
	}
	var known *gristmill.Error
	if errors.As(err, &known) {
		return err
	}
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err)) {
		return fmt.Errorf("%s: %w", verb, context.Cause(ctx))
	}
	var pg *pgconn.PgError
	var connect *pgconn.ConnectError
	switch answered := errors.As(err, &pg); {
	case answered && errors.As(err, &connect): // wrong password, unknown database, too many connections, starting up …
		return gristmill.Hide(gristmill.Unavailable, err, "%s: the database refuses the connection (SQLSTATE %s)", verb, pg.Code)
	case answered:
		return mapServerError(verb, err, pg)
	}
	if unreachable(err) {
		return gristmill.Hide(gristmill.Unavailable, err, "%s: the database does not answer", verb)
	}
	return fmt.Errorf("%s: %w", verb, err)
}

// unreachable reports whether err says that no answer came.
func unreachable(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err)
}

// mapServerError maps by SQLSTATE: see PostgreSQL's manual, appendix A.
func mapServerError(verb string, err error, pg *pgconn.PgError) error {
	var kind gristmill.Kind
	var msg string
	switch {
	case pg.Code == "23505": // unique_violation
		kind, msg = gristmill.Conflict, fmt.Sprintf("it exists already (%s)", pg.ConstraintName)
	case pg.Code == "23503": // foreign_key_violation
		kind, msg = gristmill.NotFound, fmt.Sprintf("what it refers to does not exist (%s)", pg.ConstraintName)
	case pg.Code == "23514", pg.Code == "23502": // check_violation, not_null_violation
		kind, msg = gristmill.Invalid, fmt.Sprintf("a value breaks the rule %s", pg.ConstraintName+pg.ColumnName)
	case pg.Code == "22021", pg.Code == "22P05": // not in the repertoire, untranslatable: NUL and bad UTF-8
		kind, msg = gristmill.Invalid, "a text holds a NUL byte or is not UTF-8"
	case pg.Code == "54000": // program_limit_exceeded: a key too long for its index
		kind, msg = gristmill.Invalid, "a value is too long"
	case strings.HasPrefix(pg.Code, "22"): // the rest of data_exception
		kind, msg = gristmill.Invalid, "a value is out of range or malformed"
	case pg.Code == "42P01", pg.Code == "42703", pg.Code == "3F000": // undefined table, column, schema
		kind, msg = gristmill.Precondition, "the schema of the database is not of this version; a restart of gristmill brings it up to date"
	case pg.Code == "40001", pg.Code == "40P01", pg.Code == "55P03":
		kind, msg = gristmill.Unavailable, "the database is busy; try again"
	case strings.HasPrefix(pg.Code, "08"), strings.HasPrefix(pg.Code, "53"), strings.HasPrefix(pg.Code, "57P"), strings.HasPrefix(pg.Code, "58"):
		kind, msg = gristmill.Unavailable, "the database does not answer"
	case pg.Code == "25006": // read_only_sql_transaction
		kind, msg = gristmill.Unavailable, "the database is read-only"
	default:
		return fmt.Errorf("%s: %w", verb, err)
	}
	return gristmill.Hide(kind, err, "%s: %s", verb, msg)
}
