package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gristmill"
)

func TestMigrationsAreOneLineOfNumbers(t *testing.T) {
	t.Parallel()
	if list, err := readMigrations(migrationFiles, "migrations"); err != nil || len(list) == 0 {
		t.Errorf("our own: %d, %v", len(list), err)
	}
	for what, names := range map[string][]string{
		"gap":       {"0001_a.sql", "0003_b.sql"},
		"twins":     {"0001_a.sql", "0001_b.sql"},
		"start":     {"0002_a.sql"},
		"digits":    {"1_a.sql"},
		"extension": {"0001_a.txt"},
		"no name":   {"0001.sql"},
		"no number": {"000x_a.sql"},
	} {
		files := fstest.MapFS{}
		for _, n := range names {
			files["m/"+n] = &fstest.MapFile{Data: []byte("SELECT 1")}
		}
		if list, err := readMigrations(files, "m"); err == nil {
			t.Errorf("%s: %v was taken as %v", what, names, list)
		}
	}
	if _, err := readMigrations(fstest.MapFS{}, "none"); err == nil {
		t.Error("a missing directory was taken")
	}
}

func TestErrorsHaveTheirKind(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pg := func(code string) error {
		return fmt.Errorf("exec: %w", &pgconn.PgError{Code: code, Message: "secret detail"})
	}
	for _, c := range []struct {
		err  error
		kind gristmill.Kind
	}{
		{pg("23505"), gristmill.Conflict}, {pg("23503"), gristmill.NotFound}, {pg("23514"), gristmill.Invalid}, {pg("23502"), gristmill.Invalid},
		{pg("22021"), gristmill.Invalid}, {pg("22P05"), gristmill.Invalid}, {pg("22003"), gristmill.Invalid}, {pg("54000"), gristmill.Invalid},
		{pg("42P01"), gristmill.Precondition}, {pg("40P01"), gristmill.Unavailable}, {pg("40001"), gristmill.Unavailable},
		{pg("08006"), gristmill.Unavailable}, {pg("53300"), gristmill.Unavailable}, {pg("57P01"), gristmill.Unavailable},
		{pg("25006"), gristmill.Unavailable},
		{pg("42601"), gristmill.Internal}, {errors.New("?"), gristmill.Internal}, {io.ErrUnexpectedEOF, gristmill.Unavailable},
		{gristmill.Errorf(gristmill.Forbidden, "no"), gristmill.Forbidden},
	} {
		got := mapError(ctx, "do it", c.err)
		if gristmill.KindOf(got) != c.kind || !errors.Is(got, c.err) {
			t.Errorf("%v became %v of kind %s, want %s", c.err, got, gristmill.KindOf(got), c.kind)
		}
		if strings.Contains(gristmill.Public(got), "secret") {
			t.Errorf("%v tells a user what the server said", got)
		}
	}
	if mapError(ctx, "do it", nil) != nil {
		t.Error("nil became an error")
	}
	canceled, cancel := context.WithCancelCause(ctx)
	cancel(os.ErrDeadlineExceeded)
	if got := mapError(canceled, "do it", context.Canceled); !errors.Is(got, os.ErrDeadlineExceeded) {
		t.Errorf("a context's cause became %v", got)
	}
}

func TestALostRaceIsTriedAgain(t *testing.T) {
	t.Parallel()
	deadlock := &pgconn.PgError{Code: "40P01"}
	for _, c := range []struct{ losses, want int }{{0, 1}, {2, 3}, {99, maxTries}} {
		tries := 0
		err := retry(context.Background(), "do it", func() error {
			if tries++; tries <= c.losses {
				return deadlock
			}
			return nil
		})
		if tries != c.want || (err != nil) != (c.losses >= maxTries) {
			t.Errorf("%d losses: %d tries, %v", c.losses, tries, err)
		}
		if err != nil && gristmill.KindOf(err) != gristmill.Unavailable {
			t.Errorf("after the last try: %v", err)
		}
	}
	tries := 0
	if err := retry(context.Background(), "do it", func() error { tries++; return pgx.ErrTxClosed }); err == nil || tries != 1 {
		t.Errorf("another error was tried %d times: %v", tries, err)
	}
}
