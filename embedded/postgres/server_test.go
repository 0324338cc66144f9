//go:build !lean

package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gristmill"
	"gristmill/embedded/child"
)

// asParent is the argument that makes the test binary a parent that is killed.
const asParent = "postgres-test-parent"

func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == asParent {
		s, err := Start(context.Background(), Config{Dir: os.Args[2], Addr: os.Args[3]})
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println("pid", s.PID())
		select {}
	}
	os.Exit(m.Run())
}

// dirAndAddr returns a cluster's place below a directory that nobody else may
// enter, and a free address.
func dirAndAddr(t *testing.T) (dir, addr string) {
	t.Helper()
	home := t.TempDir()
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	addrs, err := child.FreeAddrs(1)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(home, "postgres"), addrs[0]
}

func start(t *testing.T, dir, addr string) *Server {
	t.Helper()
	began := time.Now()
	s, err := Start(t.Context(), Config{Dir: dir, Addr: addr, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Logf("ready after %v", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	began := time.Now()
	if err := s.Stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
	t.Logf("stopped after %v", time.Since(began).Round(time.Millisecond))
}

// query runs one statement by psql and returns what it answered.
func query(t *testing.T, s *Server, sql string) (string, error) {
	t.Helper()
	in, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(in.Dir, "psql"), "-XAtqc", sql, s.DSN("gristmill")).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func mustQuery(t *testing.T, s *Server, sql, want string) {
	t.Helper()
	if got, err := query(t, s, sql); err != nil || got != want {
		t.Fatalf("%s: got %q, %v; want %q", sql, got, err, want)
	}
}

// eventually waits for a state of another process, which announces nothing.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("still not: %s", what)
		case <-tick.C:
		}
	}
}

func TestStartMakesDatabasesAndKeepsTheirStateAcrossStops(t *testing.T) {
	t.Parallel()
	dir, addr := dirAndAddr(t)
	s := start(t, dir, addr)
	mustQuery(t, s, "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE NOT datistemplate", "gristmill postgres temporal temporal_visibility")
	mustQuery(t, s, "SELECT current_setting('fsync') || current_setting('synchronous_commit') || current_setting('listen_addresses')", "onon127.0.0.1")
	mustQuery(t, s, "CREATE TABLE kept (x int); INSERT INTO kept VALUES (7)", "")
	stop(t, s)
	if s.Err() != nil || s.PID() != 0 {
		t.Fatalf("after Stop: Err %v, PID %d", s.Err(), s.PID())
	}
	s = start(t, dir, addr)
	mustQuery(t, s, "SELECT x FROM kept", "7")
	for _, secret := range []string{dir + ".password", dir + ".log", dir + ".pid"} {
		info, err := os.Stat(secret)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want mode 0600", secret, info.Mode(), err)
		}
	}
}

func TestWrongPasswordIsRefused(t *testing.T) {
	t.Parallel()
	dir, addr := dirAndAddr(t)
	s := start(t, dir, addr)
	good := s.password
	s.password = "wrong"
	if out, err := query(t, s, "SELECT 1"); err == nil || !strings.Contains(out, "password authentication failed") {
		t.Fatalf("a wrong password got %q, %v", out, err)
	}
	s.password = good
	mustQuery(t, s, "SELECT 1", "1")
}

func TestKilledServerComesBackWithItsData(t *testing.T) {
	t.Parallel()
	dir, addr := dirAndAddr(t)
	s := start(t, dir, addr)
	mustQuery(t, s, "CREATE TABLE kept (x int); INSERT INTO kept VALUES (7)", "")
	pid := s.PID()
	began := time.Now()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another server answers", func() bool {
		out, err := query(t, s, "SELECT x FROM kept")
		return err == nil && out == "7" && s.PID() != pid
	})
	t.Logf("back after %v", time.Since(began).Round(time.Millisecond))
}

// parent starts another process that runs a server in dir, and returns it with
// the server's identity.
func parent(t *testing.T, dir, addr string) (*exec.Cmd, child.Identity) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, asParent, dir, addr)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscanf(out, "pid %d", &pid); err != nil {
		t.Fatal(err)
	}
	id, err := child.Identify(pid)
	if err != nil {
		t.Fatal(err)
	}
	return cmd, id
}

func TestServerEndsWithItsKilledParent(t *testing.T) {
	t.Parallel()
	dir, addr := dirAndAddr(t)
	cmd, id := parent(t, dir, addr)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	eventually(t, "the server has ended", func() bool { return !id.Alive() })
}

func TestServerOfAKilledParentMakesWayForTheNextStart(t *testing.T) {
	t.Parallel()
	dir, addr := dirAndAddr(t)
	cmd, id := parent(t, dir, addr)
	if _, err := Start(t.Context(), Config{Dir: dir, Addr: addr}); gristmill.KindOf(err) != gristmill.Precondition || !strings.Contains(err.Error(), "in use by another gristmill") {
		t.Fatalf("a second start beside a live one: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	s := start(t, dir, addr)
	if id.Alive() {
		t.Fatal("the orphan still runs beside its successor")
	}
	mustQuery(t, s, "SELECT 1", "1")
}

// A server without parent-death signal stands for what that signal misses.
func TestOrphanIsEndedBeforeTheNextStart(t *testing.T) {
	t.Parallel()
	for _, recorded := range []bool{true, false} {
		t.Run(fmt.Sprintf("recorded=%v", recorded), func(t *testing.T) {
			t.Parallel()
			dir, addr := dirAndAddr(t)
			stop(t, start(t, dir, addr))
			c, err := openCluster(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			host, port, _ := strings.Cut(addr, ":")
			log, err := child.NewLog(dir + ".log")
			if err != nil {
				t.Fatal(err)
			}
			cmd, err := c.command(log, host, port)
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			if err := c.ready(t.Context(), cmd.Process.Pid); err != nil {
				t.Fatal(err)
			}
			if recorded {
				id, err := child.Identify(cmd.Process.Pid)
				if err != nil {
					t.Fatal(err)
				}
				if err := id.Write(dir + ".pid"); err != nil {
					t.Fatal(err)
				}
			}
			s := start(t, dir, addr)
			if err := <-ended; err != nil {
				t.Errorf("the orphan was not shut down in order: %v", err)
			}
			mustQuery(t, s, "SELECT 1", "1")
		})
	}
}

func TestStalePidFileSparesTheStranger(t *testing.T) {
	t.Parallel()
	dir, addr := dirAndAddr(t)
	stop(t, start(t, dir, addr))
	stranger := exec.Command("sleep", "600")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- stranger.Wait() }()
	defer func() { _ = stranger.Process.Kill(); <-ended }()
	stale := strings.Join([]string{strconv.Itoa(stranger.Process.Pid), dir, "1700000000", "5433", "", "127.0.0.1", "", "ready", ""}, "\n")
	if err := os.WriteFile(filepath.Join(dir, "postmaster.pid"), []byte(stale), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir, addr)
	mustQuery(t, s, "SELECT 1", "1")
	select {
	case err := <-ended:
		t.Fatalf("the stranger was ended: %v", err)
	default:
	}
}

// Where user namespaces are not permitted, root hands the cluster to the user
// postgres.
func TestClusterOfTheUserPostgres(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root runs PostgreSQL as another user")
	}
	t.Parallel()
	in, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.MkdirTemp("", "gristmill-postgres-") // t.TempDir's own parent may be closed
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	if err := os.Chmod(home, 0o755); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(home, "postgres")
	c := &cluster{dir: dir, install: in}
	if c.user, err = asOther(in, dir, -1); err != nil {
		t.Fatal(err)
	}
	if c.password, err = openPassword(dir+".password", true); err != nil {
		t.Fatal(err)
	}
	if err := c.make(t.Context()); err != nil {
		t.Fatal(err)
	}
	addrs, err := child.FreeAddrs(1)
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, dir, addrs[0]) // takes the owner's name from the directory
	mustQuery(t, s, "SELECT 1", "1")
	info, err := os.Stat(fmt.Sprintf("/proc/%d", s.PID()))
	if err != nil {
		t.Fatal(err)
	}
	if got := ownerOf(info); got != c.user.owner {
		t.Errorf("the server runs as uid %d, want %d", got, c.user.owner)
	}
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := asOther(in, dir, -1); err == nil {
		t.Error("a directory that the user cannot enter was accepted")
	}
}

func TestUnfinishedClusterIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir, addr := dirAndAddr(t)
	if err := os.MkdirAll(filepath.Join(dir+".new", "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir+".new", "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustQuery(t, start(t, dir, addr), "SELECT 1", "1")
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	in, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, dir string)
		want    string
	}{
		{"a cluster of another major version", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "PG_VERSION"), strconv.Itoa(in.Major+40)+"\n")
		}, fmt.Sprintf("was made by PostgreSQL %d, this machine has %d; install PostgreSQL %d", in.Major+40, in.Major, in.Major+40)},
		{"a version file without version", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "PG_VERSION"), "soon\n")
		}, `holds "soon", which is no version of PostgreSQL`},
		{"a directory of somebody else's files", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "thesis.txt"), "mine")
		}, "holds files but no PostgreSQL cluster"},
		{"a cluster without its password", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "PG_VERSION"), strconv.Itoa(in.Major)+"\n")
		}, "postgres.password is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, addr := dirAndAddr(t)
			c.prepare(t, dir)
			_, err := Start(t.Context(), Config{Dir: dir, Addr: addr})
			if gristmill.KindOf(err) != gristmill.Precondition || !strings.Contains(gristmill.Public(err), c.want) {
				t.Fatalf("got %v; want a precondition that says %q", err, c.want)
			}
			if strings.Contains(gristmill.Public(err), "\n") {
				t.Errorf("%q is more than one line", gristmill.Public(err))
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestBusyPortIsNamed(t *testing.T) {
	t.Parallel()
	dir, addr := dirAndAddr(t)
	s := start(t, dir, addr)
	other, _ := dirAndAddr(t)
	_, err := Start(t.Context(), Config{Dir: other, Addr: s.Addr()})
	want := "postgres: the address " + addr + " is in use by another program"
	if gristmill.KindOf(err) != gristmill.Precondition || gristmill.Public(err) != want {
		t.Fatalf("got %v; want %s", err, want)
	}
	if _, err := os.Stat(other); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a cluster was made although the port is busy: %v", err)
	}
}

func TestPasswordStaysOutOfArgumentsAndLog(t *testing.T) {
	t.Parallel()
	dir, addr := dirAndAddr(t)
	s := start(t, dir, addr)
	for _, path := range []string{fmt.Sprintf("/proc/%d/cmdline", s.PID()), dir + ".log"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(s.Password())) {
			t.Errorf("%s holds the password", path)
		}
	}
}
