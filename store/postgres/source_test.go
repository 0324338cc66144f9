package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gristmill"
	"gristmill/dataset"
	"gristmill/store/postgres"
	"gristmill/store/postgres/postgrestest"
)

// warehouse is a database that queries read, and its DSN.
func warehouse(t *testing.T) (dsn string, exec func(string)) {
	t.Helper()
	dsn = postgrestest.DSN(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return dsn, func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

func query(sql string) dataset.SourceSpec {
	return dataset.SourceSpec{Kind: dataset.FromPostgres, Name: "warehouse", Postgres: &dataset.PostgresQuery{DSN: "secret://WAREHOUSE", Query: sql}}
}

func sourceOf(dsn string, cfg postgres.SourceConfig) *postgres.Source {
	return postgres.NewSource(func(_ context.Context, name string) (string, error) {
		if name != "WAREHOUSE" {
			return "", gristmill.Errorf(gristmill.Precondition, "secret://%s: there is no such secret", name)
		}
		return dsn, nil
	}, cfg)
}

func readAll(ctx context.Context, s *postgres.Source, sql string) (string, error) {
	r, err := s.Open(ctx, query(sql))
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return string(b), err
}

func TestSourceWritesEveryTypeAsCSV(t *testing.T) {
	t.Parallel()
	dsn, exec := warehouse(t)
	exec(`create type mood as enum ('sad', 'very glad')`)
	exec(`create table facts (id int primary key, b bool, n numeric, f float8, s text, at timestamptz, local timestamp, day date, raw bytea, doc jsonb, m mood, u uuid, i interval, "a ""b"", c" int)`)
	exec(`insert into facts values
		(1, true, 12345678901234567890.12345678901234567890, 0.1, 'plain', '2024-01-02 03:04:05.678901+02', '2024-01-02 03:04:05', '2024-02-29', '\x00ff', '{"a": [1, "x"]}', 'very glad', '00000000-0000-0000-0000-000000000001', '1 day 2 hours', 7),
		(2, null, null, null, null, null, null, null, null, null, null, null, null, null),
		(3, false, -0.50, 'NaN', '', '1970-01-01 00:00:00+00', '0001-01-01 00:00:00', '0001-01-01', '', '"s"', 'sad', null, '0', 0),
		(4, false, 1e10, 1e300, E'a "quoted", text\r\nof two lines; Grüße', null, null, null, null, null, null, null, null, null)`)
	got, err := readAll(t.Context(), sourceOf(dsn, postgres.SourceConfig{}), "select * from facts order by id;\n") //nolint:unqueryvet // every type
	if err != nil {
		t.Fatal(err)
	}
	const want = `id,b,n,f,s,at,local,day,raw,doc,m,u,i,"a ""b"", c"
1,true,12345678901234567890.12345678901234567890,0.1,plain,2024-01-02T01:04:05.678901Z,2024-01-02T03:04:05,2024-02-29,\x00ff,"{""a"": [1, ""x""]}",very glad,00000000-0000-0000-0000-000000000001,P1DT2H,7
2,,,,,,,,,,,,,
3,false,-0.50,NaN,"",1970-01-01T00:00:00Z,0001-01-01T00:00:00,0001-01-01,\x,"""s""",sad,,PT0S,0
`
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "4,false,10000000000,1e+300,\"a \"\"quoted\"\", text\r\nof two lines; Grüße\",,,,,,,,,\n") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	table, err := dataset.Read(t.Context(), strings.NewReader(got), dataset.Spec{Target: "b"}, dataset.Limits{})
	if err != nil || table.Frame.Rows() != 4 || table.Frame.Column("s").Nulls() != 1 {
		t.Errorf("read as a table: %v", err)
	}
}

func TestSourceStreamsManyBatches(t *testing.T) {
	t.Parallel()
	dsn, _ := warehouse(t)
	s := sourceOf(dsn, postgres.SourceConfig{})
	for _, n := range []int{0, 1, 999, 1000, 1001, 25000} {
		got, err := readAll(t.Context(), s, fmt.Sprintf("select i, repeat('x', 20) as x from generate_series(1, %d) i", n))
		lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
		if err != nil || len(lines) != n+1 || lines[0] != "i,x" || n > 0 && lines[n] != fmt.Sprintf("%d,%s", n, strings.Repeat("x", 20)) {
			t.Errorf("%d rows: %d lines, the last %q, %v", n, len(lines), lines[len(lines)-1], err)
		}
	}
	got, err := readAll(t.Context(), s, "with v as (values (1), (2)) select column1 as v from v -- a comment")
	if err != nil || got != "v\n1\n2\n" {
		t.Errorf("with: %q, %v", got, err)
	}
	if _, err := readAll(t.Context(), sourceOf(dsn, postgres.SourceConfig{MaxBytes: 1000}), "select i from generate_series(1, 10000) i"); gristmill.Public(err) != "source postgres:secret://WAREHOUSE: larger than the limit of 1000 bytes" {
		t.Errorf("over the limit: %v", err)
	}
}

func TestSourceRefusesWithTheServersWords(t *testing.T) {
	t.Parallel()
	dsn, exec := warehouse(t)
	exec("create table t (a int)")
	exec("create type pair as (x int, y int)")
	exec("create sequence numbers")
	s := sourceOf(dsn, postgres.SourceConfig{})
	const at = "source postgres:secret://WAREHOUSE: "
	const one = "; expected one SELECT"
	for sql, c := range map[string]struct {
		kind gristmill.Kind
		want string
	}{
		"selekt 1":                 {gristmill.Invalid, at + `the query fails: syntax error at or near "selekt" (SQLSTATE 42601)` + one},
		"select * from nowhere":    {gristmill.Invalid, at + `the query fails: relation "nowhere" does not exist (SQLSTATE 42P01)` + one},
		"select a, a from t":       {gristmill.Invalid, at[:len(at)-2] + ":\n  column \"a\" is there twice; expected every name once: give one of them another by AS"},
		"select array[1,2] as l":   {gristmill.Invalid, at[:len(at)-2] + ":\n  column \"l\" is an array; expected one value in each row: unnest it, or write it as a text by array_to_string"},
		"select '{}'::pair[] as l": {gristmill.Invalid, at[:len(at)-2] + ":\n  column \"l\" is an array; expected one value in each row: unnest it, or write it as a text by array_to_string"},
		"select (1,2)::pair as p, row(1) as r": {gristmill.Invalid, at[:len(at)-2] + ":\n  column \"p\" is a row of several values; expected one value in each row: name its fields\n" +
			"  column \"r\" is a row of several values; expected one value in each row: name its fields"},
		"select from t":                        {gristmill.Invalid, at + "the query has no columns; expected one SELECT of one column at least"},
		"insert into t values (1)":             {gristmill.Invalid, at + "the query has no columns; expected one SELECT of one column at least"},
		"insert into t values (1) returning a": {gristmill.Invalid, at + `the query fails: syntax error at or near "insert" (SQLSTATE 42601)` + one},
		"with d as (delete from t returning a) select * from d": {gristmill.Invalid,
			at + "the query fails: DECLARE CURSOR must not contain data-modifying statements in WITH (SQLSTATE 0A000)" + one},
		"select nextval('numbers')":      {gristmill.Invalid, at + "the query writes: cannot execute nextval() in a read-only transaction (SQLSTATE 25006); expected one SELECT that only reads"},
		"copy t to program 'true'":       {gristmill.Invalid, at + "the query has no columns; expected one SELECT of one column at least"},
		"commit":                         {gristmill.Invalid, at + "the query has no columns; expected one SELECT of one column at least"},
		"select 1 as a; delete from t":   {gristmill.Invalid, at + "the query fails: cannot insert multiple commands into a prepared statement (SQLSTATE 42601)" + one},
		"select 1/0 as a":                {gristmill.Invalid, at + "the query fails: division by zero (SQLSTATE 22012)" + one},
		"select $1::int as a":            {gristmill.Invalid, at + "the query has parameters ($1); expected a query without any"},
		"select 'infinity'::date as day": {gristmill.Invalid, at + `row 1, column "day": infinity; expected a time after the year 0`},
		// The failure comes after rows were read already.
		"select 10/(5000-i) as a from generate_series(1,6000) i": {gristmill.Invalid, at + "the query fails: division by zero (SQLSTATE 22012)" + one},
	} {
		_, err := readAll(t.Context(), s, sql)
		if gristmill.KindOf(err) != c.kind || gristmill.Public(err) != c.want {
			t.Errorf("%s:\n got %v\nwant %s", sql, err, c.want)
		}
	}
	if got, err := readAll(t.Context(), s, "select count(*) as n from t"); err != nil || got != "n\n0\n" {
		t.Errorf("a refused query left rows: %q, %v", got, err)
	}
	slow := sourceOf(dsn, postgres.SourceConfig{Statement: 50 * time.Millisecond})
	_, err := readAll(t.Context(), slow, "select pg_sleep(60) is null as a")
	if want := at + "the query was canceled after 0 rows (SQLSTATE 57014); it has 50ms for every 1000 rows"; gristmill.KindOf(err) != gristmill.Exhausted || gristmill.Public(err) != want {
		t.Errorf("a slow query: %v", err)
	}
}

func TestSourceOfAServerThatDiesMidQuery(t *testing.T) {
	t.Parallel()
	dsn, exec := warehouse(t)
	r, err := sourceOf(dsn, postgres.SourceConfig{}).Open(t.Context(), query("select i, pg_backend_pid() as pid, repeat('x', 1000) as x from generate_series(1, 1000000) i"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	head := make([]byte, 100)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatal(err)
	}
	pid := strings.Split(strings.Split(string(head), "\n")[1], ",")[1]
	exec("select pg_terminate_backend(" + pid + ")")
	n, err := io.Copy(io.Discard, r)
	if gristmill.KindOf(err) != gristmill.Unavailable || !strings.Contains(gristmill.Public(err), "source postgres:secret://WAREHOUSE: the database ") {
		t.Errorf("after %d bytes: %v", n, err)
	}
	if again, err := r.Read(head); again != 0 || gristmill.KindOf(err) != gristmill.Unavailable {
		t.Errorf("read again: %d, %v", again, err)
	}
}

func TestSourceEndsWithItsContext(t *testing.T) {
	t.Parallel()
	dsn, _ := warehouse(t)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := sourceOf(dsn, postgres.SourceConfig{}).Open(ctx, query("select i from generate_series(1, 100000000) i"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cancel()
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, context.Canceled) {
		t.Errorf("after the cancellation: %v", err)
	}
}

// No error, public or not, shows what is in a DSN.
func TestSourceNeverShowsTheDSN(t *testing.T) {
	t.Parallel()
	good, _ := warehouse(t)
	cfg, err := pgx.ParseConfig(good)
	if err != nil {
		t.Fatal(err)
	}
	const at = "source postgres:secret://WAREHOUSE: "
	for name, c := range map[string]struct{ dsn, want string }{
		"nobody there":        {"postgresql://hunter:swordfish@127.0.0.1:1/treasure", at + "the database does not answer"},
		"no such host":        {"postgresql://hunter:swordfish@treasure.invalid:5432/treasure", at + "the database does not answer"},
		"no DSN":              {"postgresql://hunter:swordfish@:not-a-port/treasure", at + "the secret is no DSN; expected postgresql://user:password@host:port/database"},
		"no DSN at all":       {"swordfish treasure hunter", at + "the secret is no DSN; expected postgresql://user:password@host:port/database"},
		"no such database":    {fmt.Sprintf("host=%s port=%d user=%s password=swordfish dbname=treasure", cfg.Host, cfg.Port, cfg.User), at + "the server has no database of the DSN's name"},
		"no such user":        {fmt.Sprintf("host=%s port=%d user=hunter password=swordfish dbname=%s", cfg.Host, cfg.Port, cfg.Database), at + "the database refuses the user or password (SQLSTATE 28000)"},
		"SQLAlchemy's prefix": {"postgresql+psycopg2://hunter:swordfish@127.0.0.1:1/treasure", at + "the database does not answer"},
	} {
		_, err := readAll(t.Context(), sourceOf(c.dsn, postgres.SourceConfig{}), "select 1 as a")
		if gristmill.Public(err) != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
		for _, secret := range []string{"hunter", "swordfish", "treasure"} {
			if strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
				t.Errorf("%s: the error shows %q: %v", name, secret, err)
			}
		}
	}
	other := query("select 1")
	other.Postgres.DSN = "secret://OTHER"
	if _, err := sourceOf(good, postgres.SourceConfig{}).Open(t.Context(), other); gristmill.KindOf(err) != gristmill.Precondition {
		t.Errorf("a missing secret: %v", err)
	}
}
