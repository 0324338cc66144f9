//go:build !lean

package temporal

import (
	stdsql "database/sql"
	"errors"
	"fmt"
	"slices"

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
	if err := schema.NewUpdateSchemaTask(conn, update, log).Run(); err != nil {
		return fmt.Errorf("upgrade schema of %s from %s to %s: %w", d.name, have, d.version, err)
	}
	return nil
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
