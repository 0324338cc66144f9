package postgrestest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5"

	"gristmill/store/postgres"
)

// cluster is the PostgreSQL of this test process.
type cluster struct {
	dir      string
	hold     io.WriteCloser // its closing, also by the end of the process, stops the cluster
	keeper   *exec.Cmd
	strategy string // of CREATE DATABASE: the faster one where there is a choice
}

const templateName = "gristmill_template"

// theCluster starts the cluster at its first call. A process-wide value is the
// point: one cluster serves all tests of the process.
var theCluster = sync.OnceValues(start)

// keeper makes the cluster, starts it, says "ready", and ends it when its
// standard input ends. Durability is off: the data lives as long as the tests.
const keeper = `
trap '' INT TERM HUP
bin=$1 dir=$2
finish() { [ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null && wait "$pid"; cd / && rm -rf "$dir"; }
"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 || { cat "$dir/log"; finish; exit 1; }
"$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c fsync=off -c synchronous_commit=off \
	-c full_page_writes=off -c shared_buffers=64MB -c max_connections=300 -c autovacuum=off -c timezone=UTC >>"$dir/log" 2>&1 </dev/null &
pid=$!
until [ -S "$dir/.s.PGSQL.5432" ] && "$bin/pg_isready" -q -h "$dir"; do
	kill -0 "$pid" 2>/dev/null || { cat "$dir/log"; finish; exit 1; }
	sleep 0.02
done
echo ready
read -r _
finish
`

func start() (*cluster, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	var tries []error
	for _, as := range identities() {
		c, err := startAs(bin, as)
		if err == nil {
			return c, c.template()
		}
		tries = append(tries, err)
	}
	return nil, errors.Join(tries...)
}

// identity says as whom the cluster runs, and who owns its directory.
type identity struct {
	attr *syscall.SysProcAttr
	uid  int // -1: leave the directory as it is
}

// identities lists ways to run PostgreSQL, which refuses to be root: for root,
// in a user namespace that gives it another number, else as user postgres.
func identities() []identity {
	if os.Getuid() != 0 {
		return []identity{{attr: &syscall.SysProcAttr{Setsid: true}, uid: -1}}
	}
	list := namespaced()
	if u, err := user.Lookup("postgres"); err == nil {
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err1 == nil && err2 == nil {
			list = append(list, identity{uid: uid, attr: &syscall.SysProcAttr{
				Setsid:     true,
				Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)},
			}})
		}
	}
	return list
}

func startAs(bin string, as identity) (*cluster, error) {
	dir, err := os.MkdirTemp("", "gristmill-pg-")
	if err != nil {
		return nil, fmt.Errorf("make cluster directory: %w", err)
	}
	if as.uid >= 0 {
		if err := os.Chown(dir, as.uid, -1); err != nil {
			return nil, fmt.Errorf("make cluster directory: %w", err)
		}
	}
	cmd := exec.Command("/bin/sh", "-c", keeper, "keeper", bin, dir)
	cmd.Dir, cmd.SysProcAttr = dir, as.attr
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}
	hold, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start cluster: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start cluster: %w", err)
	}
	if err := cmd.Start(); err != nil {
		os.Remove(dir)
		return nil, fmt.Errorf("start cluster: %w", err)
	}
	answer := bufio.NewReader(out)
	line, _ := answer.ReadString('\n')
	if line == "ready\n" {
		return &cluster{dir: dir, hold: hold, keeper: cmd}, nil
	}
	rest, _ := io.ReadAll(answer)
	err = cmd.Wait()
	os.RemoveAll(dir)
	return nil, fmt.Errorf("start cluster: %s%s: %w", line, rest, err)
}

// dsn returns the address of a database of the cluster.
func (c *cluster) dsn(database string) string {
	return fmt.Sprintf("host=%s user=postgres dbname=%s", c.dir, database)
}

// template makes the migrated database that tests clone.
func (c *cluster) template() error {
	if err := c.exec("CREATE DATABASE " + templateName); err != nil {
		return fmt.Errorf("create template database: %w", err)
	}
	ctx := context.Background()
	db, err := postgres.Open(ctx, postgres.Config{DSN: c.dsn(templateName)})
	if err != nil {
		return err
	}
	defer db.Close() // a database in use cannot be cloned
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, c.dsn("postgres"))
	if err != nil {
		return fmt.Errorf("ask for the cluster's version: %w", err)
	}
	defer conn.Close(ctx)
	var version int
	if err := conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return fmt.Errorf("ask for the cluster's version: %w", err)
	}
	if version >= 150000 {
		c.strategy = " STRATEGY file_copy"
	}
	return nil
}

// findBinaries returns the directory of initdb and postgres: of PATH, else of
// the newest version where distributions put them.
func findBinaries() (string, error) {
	var candidates []string
	if p, err := exec.LookPath("initdb"); err == nil {
		if resolved, err := filepath.EvalSymlinks(p); err == nil {
			candidates = append(candidates, filepath.Dir(resolved))
		}
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin"} {
		found, _ := filepath.Glob(pattern)
		sort.Slice(found, func(i, j int) bool { return major(found[i]) > major(found[j]) })
		candidates = append(candidates, found...)
	}
	for _, dir := range candidates {
		if _, err := os.Stat(filepath.Join(dir, "postgres")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("PostgreSQL is not on this machine; install it, e.g. apt-get install postgresql")
}

// major returns the version number in a path of binaries, 0 if there is none.
func major(dir string) int {
	name := strings.TrimPrefix(filepath.Base(filepath.Dir(dir)), "postgresql@")
	n, _ := strconv.Atoi(name)
	return n
}
