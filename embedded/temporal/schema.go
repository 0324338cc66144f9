//go:build !lean

package temporal

import (
	stdsql "database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/blang/semver/v4"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/schema/postgresql/v12"
	"go.temporal.io/server/tools/common/schema"
	"go.temporal.io/server/tools/sql"

	"gristmill"
)

// database is one of Temporal's two databases and the schema that this program
// knows for it.
type database struct {
	name    string
	schema  string // folder in the server module's embedded files
	version string // newest version in that folder
	conns   int    // connections of each service's pool
}

func mainDatabase() database {
	return database{name: "temporal", schema: "postgresql/v12/temporal", version: v12.Version, conns: 10}
}

func visibilityDatabase() database {
	return database{name: "temporal_visibility", schema: "postgresql/v12/visibility", version: v12.VisibilityVersion, conns: 5}
}

// store returns how to reach the database.
func (d database) store(cfg Config) *config.SQL {
	return &config.SQL{
		PluginName: postgresql.PluginNamePGX, ConnectProtocol: "tcp", ConnectAddr: cfg.PostgresAddr,
		User: cfg.User, Password: cfg.Password, DatabaseName: d.name,
		MaxConns: d.conns, MaxIdleConns: d.conns,
	}
}

// upgrade brings the database to the version that this program knows. A version
// beyond it is a Precondition.
func (d database) upgrade(cfg Config, log log.Logger) (err error) {
	store := d.store(cfg)
	store.MaxConns, store.MaxIdleConns = 1, 1
	conn, err := sql.NewConnection(store, log)
	if err != nil {
		return gristmill.Hide(gristmill.Unavailable, err, "temporal: cannot reach the database %s at %s", d.name, cfg.PostgresAddr)
	}
	defer func() { err = errors.Join(err, closed(conn)) }()
	tables, err := conn.ListTables() // the first word with the server
	if err != nil {
		return gristmill.Hide(gristmill.Unavailable, err, "temporal: cannot reach the database %s at %s", d.name, cfg.PostgresAddr)
	}
	have, err := conn.ReadSchemaVersion()
	if !slices.Contains(tables, "schema_version") || errors.Is(err, stdsql.ErrNoRows) { // new, or cut off in its first moments
		setup := &schema.SetupConfig{InitialVersion: "0.0"}
		if err := schema.NewSetupSchemaTask(conn, setup, log).Run(); err != nil {
			return fmt.Errorf("set up schema of %s: %w", d.name, err)
		}
		have = "0.0"
	} else if err != nil {
		return fmt.Errorf("read schema version of %s: %w", d.name, err)
	}
	order, err := compare(have, d.version)
	if err != nil {
		return fmt.Errorf("read schema version of %s: %w", d.name, err)
	}
	if order > 0 {
		return gristmill.Errorf(gristmill.Precondition,
			"the database %s has Temporal's schema %s, this gristmill knows up to %s; start the newer gristmill that made it, or use another data directory",
			d.name, have, d.version)
	}
	if order == 0 {
		return nil
	}
	update := &schema.UpdateConfig{DBName: d.name, SchemaName: d.schema}
	if err := schema.NewUpdateSchemaTask(&whole{Connection: conn, database: d.name}, update, log).Run(); err != nil {
		return fmt.Errorf("upgrade schema of %s from %s to %s: %w", d.name, have, d.version, err)
	}
	return nil
}

// whole applies a version of the schema as a whole or not at all. The server's own
// task runs statement by statement, and a process that is killed in between
// would leave a database that no later start can upgrade.
type whole struct {
	*sql.Connection
	database   string
	statements []string // of the version that is being read
}

// Exec keeps a statement until its version is complete. Nobody else uses the
// database meanwhile, so that no index has to be made beside other work, which
// one statement could not do.
func (w *whole) Exec(stmt string, _ ...any) error {
	w.statements = append(w.statements, strings.Replace(stmt, "CREATE INDEX CONCURRENTLY", "CREATE INDEX", 1))
	return nil
}

// UpdateSchemaVersion runs what was kept, and notes the version, as one statement.
func (w *whole) UpdateSchemaVersion(version, compatible string) error {
	kept := append(w.statements, fmt.Sprintf("UPDATE schema_version SET curr_version = '%s', min_compatible_version = '%s' WHERE version_partition = 0 AND db_name = '%s'",
		version, compatible, w.database))
	w.statements = nil
	var block strings.Builder
	block.WriteString("DO $whole$ BEGIN\n")
	for _, stmt := range kept {
		fmt.Fprintf(&block, "EXECUTE $one$%s$one$;\n", stmt)
	}
	block.WriteString("END $whole$")
	if err := w.Connection.Exec(block.String()); err != nil {
		return err
	}
	return w.Connection.UpdateSchemaVersion(version, compatible) // the time, too
}

// closed closes a connection, whose Close panics instead of returning an error.
func closed(conn *sql.Connection) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("close schema connection: %v", p)
		}
	}()
	conn.Close()
	return nil
}

// compare orders two versions such as "1.9" and "1.19".
func compare(a, b string) (int, error) {
	va, err := semver.ParseTolerant(a)
	if err != nil {
		return 0, fmt.Errorf("%q is no version: %w", a, err)
	}
	vb, err := semver.ParseTolerant(b)
	if err != nil {
		return 0, fmt.Errorf("%q is no version: %w", b, err)
	}
	return va.Compare(vb), nil
}
