package postgres

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"gristmill"
	"gristmill/dataset"
	"gristmill/ml/frame"
)

// SourceConfig bounds what a query may cost; zero fields mean the defaults.
type SourceConfig struct {
	Statement time.Duration // until the next thousand rows are there; 0 means 9 min
	MaxBytes  int64         // of the rows as CSV; 0 means 4 GiB
}

// Source is the source of queries: the rows of one SELECT as CSV (RFC 4180).
// A null is an empty cell and an empty text is "". Bools are true and false,
// times are written by ISO 8601, numbers as Postgres writes them, which is
// exact, and everything else by its text. Arrays and rows are refused.
//
// The query runs as a cursor in a read-only transaction: nothing but a SELECT
// or VALUES can be one. DSNs come from secrets, which only an operator gives;
// they are therefore trusted, and may name a database on loopback.
type Source struct {
	secrets dataset.Secrets
	cfg     SourceConfig
}

var _ dataset.Source = (*Source)(nil)

// NewSource returns a source that finds DSNs by secrets.
func NewSource(secrets dataset.Secrets, cfg SourceConfig) *Source {
	cfg.Statement = cmp.Or(cfg.Statement, 9*time.Minute)
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, 4<<30)
	return &Source{secrets: secrets, cfg: cfg}
}

// Open runs the query to its first rows. Invalid if the query fails, with the
// server's message; Unavailable if the server does not answer, or dies later.
func (s *Source) Open(ctx context.Context, spec dataset.SourceSpec) (io.ReadCloser, error) {
	dsn, err := s.secrets.Resolve(ctx, spec.Postgres.DSN)
	if err != nil {
		return nil, err
	}
	cfg, err := pgx.ParseConfig(plainDSN(dsn))
	if err != nil { // the cause would show the DSN
		return nil, gristmill.Errorf(gristmill.Invalid, "source %s: the secret is no DSN; expected postgresql://user:password@host:port/database", spec)
	}
	cfg.ConnectTimeout = 10 * time.Second
	cfg.DialFunc = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, refused(ctx, spec, err)
	}
	r := &rows{ctx: ctx, conn: conn, spec: spec, cfg: s.cfg}
	if err := r.begin(); err != nil {
		_ = r.Close() // the first error says why
		return nil, err
	}
	return r, nil
}

// refused gives a failed connection its kind. The driver's text names user, host
// and database, so only the code is kept.
func refused(ctx context.Context, spec dataset.SourceSpec, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return gristmill.Errorf(gristmill.Unavailable, "source %s: the database does not answer", spec)
	}
	switch {
	case strings.HasPrefix(pg.Code, "28"):
		return gristmill.Errorf(gristmill.Forbidden, "source %s: the database refuses the user or password (SQLSTATE %s)", spec, pg.Code)
	case pg.Code == "3D000":
		return gristmill.Errorf(gristmill.Invalid, "source %s: the server has no database of the DSN's name", spec)
	case pg.Code == "42501":
		return gristmill.Errorf(gristmill.Forbidden, "source %s: the user may not connect to the database (SQLSTATE %s)", spec, pg.Code)
	default:
		return gristmill.Errorf(gristmill.Unavailable, "source %s: the database refuses the connection (SQLSTATE %s)", spec, pg.Code)
	}
}

// batch is how many rows one statement brings.
const batch = 1000

// rows reads a cursor as CSV.
type rows struct {
	ctx    context.Context
	conn   *pgx.Conn
	spec   dataset.SourceSpec
	cfg    SourceConfig
	fields []field

	end    context.CancelFunc // of the statement that runs
	result *pgconn.ResultReader
	got    int // rows of this statement
	row    int64

	buf  bytes.Buffer
	read int64
	err  error
}

// field is a column of the result.
type field struct {
	name string
	oid  uint32
}

func (r *rows) begin() error {
	ms := r.cfg.Statement.Milliseconds()
	for _, sql := range []string{
		"begin isolation level repeatable read read only",
		fmt.Sprintf("set local statement_timeout = %d", ms),
		fmt.Sprintf("set local idle_in_transaction_session_timeout = %d", ms),
		"set local lock_timeout = 30000",
		"set local client_encoding = 'UTF8'",
		"set local timezone = 'UTC'",
		"set local datestyle = 'ISO, YMD'",
		"set local intervalstyle = 'iso_8601'",
		"set local bytea_output = 'hex'",
		"set local extra_float_digits = 1",
		"set local cursor_tuple_fraction = 1",
	} {
		if err := r.exec(sql); err != nil {
			return err
		}
	}
	query := strings.TrimRight(r.spec.Postgres.Query, "; \t\r\n")
	if err := r.describe(query); err != nil {
		return err
	}
	if err := r.exec("declare gristmill_rows no scroll cursor without hold for " + query); err != nil {
		return err
	}
	r.header()
	return r.fetch()
}

// exec runs one statement in the extended protocol, which takes no second one.
func (r *rows) exec(sql string) error {
	ctx, cancel := context.WithTimeout(r.ctx, r.cfg.Statement+30*time.Second)
	defer cancel()
	return r.failed(r.conn.PgConn().ExecParams(ctx, sql, nil, nil, nil, nil).Read().Err)
}

// fetch asks for the next rows and waits for the first of them.
func (r *rows) fetch() error {
	ctx, cancel := context.WithTimeout(r.ctx, r.cfg.Statement+30*time.Second)
	r.end, r.got = cancel, 0
	r.result = r.conn.PgConn().ExecParams(ctx, fmt.Sprintf("fetch forward %d from gristmill_rows", batch), nil, nil, nil, []int16{pgx.TextFormatCode})
	return r.next()
}

// next puts the next row into the buffer, if there is one in this statement.
func (r *rows) next() error {
	if r.result.NextRow() {
		r.got++
		r.row++
		return r.write(r.result.Values())
	}
	_, err := r.result.Close()
	r.end()
	r.result = nil
	return r.failed(err)
}

// describe asks for the columns, and refuses those that no table can hold.
func (r *rows) describe(query string) error {
	ctx, cancel := context.WithTimeout(r.ctx, r.cfg.Statement)
	defer cancel()
	about, err := r.conn.PgConn().Prepare(ctx, "", query, nil)
	if err != nil {
		return r.failed(err)
	}
	if len(about.ParamOIDs) > 0 {
		return gristmill.Errorf(gristmill.Invalid, "source %s: the query has parameters ($1); expected a query without any", r.spec)
	}
	if len(about.Fields) == 0 {
		return gristmill.Errorf(gristmill.Invalid, "source %s: the query has no columns; expected one SELECT of one column at least", r.spec)
	}
	var problems []gristmill.Problem
	refuse := func(name, why, want string) {
		problems = append(problems, gristmill.Problem{Path: "data.source.postgres.query", Given: name, Want: want,
			Msg: fmt.Sprintf("column %q %s; expected %s", frame.Shorten(name), why, want)})
	}
	seen := map[string]bool{}
	for _, d := range about.Fields {
		f := field{d.Name, d.DataTypeOID}
		r.fields = append(r.fields, f)
		if seen[f.name] {
			refuse(f.name, "is there twice", "every name once: give one of them another by AS")
		}
		seen[f.name] = true
		category, err := r.category(ctx, f.oid)
		switch {
		case err != nil:
			return err
		case category == "A":
			refuse(f.name, "is an array", "one value in each row: unnest it, or write it as a text by array_to_string")
		case category == "C", category == "P":
			refuse(f.name, "is a row of several values", "one value in each row: name its fields")
		}
	}
	return gristmill.Problems(fmt.Sprintf("source %s", r.spec), problems)
}

// category is the kind of a type as Postgres files it: A for arrays, C for rows,
// P for pseudo-types such as record.
func (r *rows) category(ctx context.Context, oid uint32) (string, error) {
	res := r.conn.PgConn().ExecParams(ctx, "select typcategory from pg_catalog.pg_type where oid = $1",
		[][]byte{fmt.Append(nil, oid)}, []uint32{pgtype.OIDOID}, nil, nil).Read()
	if res.Err != nil || len(res.Rows) == 0 {
		return "", r.failed(res.Err)
	}
	return string(res.Rows[0][0]), nil
}

// header puts the header line into the buffer.
func (r *rows) header() {
	for i, f := range r.fields {
		if i > 0 {
			r.buf.WriteByte(',')
		}
		cell(&r.buf, []byte(f.name))
	}
	r.buf.WriteByte('\n')
}

// write appends a row to the buffer.
func (r *rows) write(values [][]byte) error {
	for i, v := range values {
		if i > 0 {
			r.buf.WriteByte(',')
		}
		if v == nil {
			continue
		}
		switch r.fields[i].oid {
		case pgtype.BoolOID:
			if v[0] == 't' {
				r.buf.WriteString("true")
			} else {
				r.buf.WriteString("false")
			}
		case pgtype.TimestampOID, pgtype.TimestamptzOID, pgtype.DateOID:
			text := string(v)
			if strings.HasSuffix(text, "infinity") || strings.HasSuffix(text, "BC") {
				return gristmill.Errorf(gristmill.Invalid, "source %s: row %d, column %q: %s; expected a time after the year 0", r.spec, r.row, frame.Shorten(r.fields[i].name), text)
			}
			r.buf.WriteString(isoTime(text))
		default:
			cell(&r.buf, v)
		}
	}
	r.buf.WriteByte('\n')
	return nil
}

// isoTime turns "2024-01-02 03:04:05.6+00" into "2024-01-02T03:04:05.6Z".
func isoTime(text string) string {
	text = strings.Replace(text, " ", "T", 1)
	if rest, ok := strings.CutSuffix(text, "+00"); ok {
		return rest + "Z"
	}
	return text
}

// cell writes a text, quoted where it has to be.
func cell(b *bytes.Buffer, v []byte) {
	if len(v) > 0 && !bytes.ContainsAny(v, ",\"\r\n") {
		b.Write(v)
		return
	}
	b.WriteByte('"')
	b.Write(bytes.ReplaceAll(v, []byte(`"`), []byte(`""`)))
	b.WriteByte('"')
}

// Read implements io.Reader. After an error it stays with it.
func (r *rows) Read(p []byte) (int, error) {
	const enough = 64 << 10
	for r.err == nil && r.buf.Len() < enough {
		switch {
		case r.result != nil:
			r.err = r.next()
		case r.got == batch:
			r.err = r.fetch()
		default:
			r.err = io.EOF
		}
	}
	if r.err != nil && !errors.Is(r.err, io.EOF) {
		return 0, r.err
	}
	if r.buf.Len() == 0 {
		return 0, r.err
	}
	n, _ := r.buf.Read(p) // a buffer with bytes has no error
	if r.read += int64(n); r.read > r.cfg.MaxBytes {
		r.err = gristmill.Errorf(gristmill.Invalid, "source %s: larger than the limit of %d bytes", r.spec, r.cfg.MaxBytes)
		return 0, r.err
	}
	return n, nil
}

// Close ends the connection, and the query with it.
func (r *rows) Close() error {
	if r.end != nil {
		r.end()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), 2*time.Second)
	defer cancel()
	if err := r.conn.Close(ctx); err != nil {
		return errors.New("close connection of a source") // the driver's text may name the server
	}
	return nil
}

// failed gives an error of a statement its kind. What the server says of the
// query is for users; what the driver says of the connection is for nobody,
// since it may name the server.
func (r *rows) failed(err error) error {
	if err == nil {
		return nil
	}
	if r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return gristmill.Errorf(gristmill.Unavailable, "source %s: the database went away after %d rows", r.spec, r.row)
	}
	says := pg.Message
	if text := []rune(says); len(text) > 300 {
		says = string(text[:300]) + "…"
	}
	class := pg.Code[:min(2, len(pg.Code))]
	switch {
	case pg.Code == "57014": // query_canceled
		return gristmill.Errorf(gristmill.Exhausted, "source %s: the query was canceled after %d rows (SQLSTATE 57014); it has %s for every %d rows", r.spec, r.row, r.cfg.Statement, batch)
	case class == "08", class == "53", class == "57", class == "58", class == "40", pg.Code == "55P03":
		return gristmill.Errorf(gristmill.Unavailable, "source %s: the database gave up after %d rows: %s (SQLSTATE %s)", r.spec, r.row, says, pg.Code)
	case pg.Code == "42501":
		return gristmill.Errorf(gristmill.Forbidden, "source %s: the query may not run: %s (SQLSTATE %s)", r.spec, says, pg.Code)
	case pg.Code == "25006":
		return gristmill.Errorf(gristmill.Invalid, "source %s: the query writes: %s (SQLSTATE %s); expected one SELECT that only reads", r.spec, says, pg.Code)
	default:
		return gristmill.Errorf(gristmill.Invalid, "source %s: the query fails: %s (SQLSTATE %s); expected one SELECT", r.spec, says, pg.Code)
	}
}
