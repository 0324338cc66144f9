//go:build !lean

package temporal

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.temporal.io/server/tools/sql"

	"gristmill"
	"gristmill/embedded/child"
	"gristmill/embedded/postgres"
)

func startPostgres(t *testing.T, dir string) *postgres.Server {
	t.Helper()
	addrs, err := child.FreeAddrs(1)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	s, err := postgres.Start(t.Context(), postgres.Config{Dir: dir, Addr: addrs[0], Log: testLog(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("PostgreSQL ready after %v", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Errorf("stop PostgreSQL: %v", err)
		}
	})
	return s
}

func testLog(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

func configFor(t *testing.T, pg *postgres.Server) Config {
	t.Helper()
	addrs, err := child.FreeAddrs(2)
	if err != nil {
		t.Fatal(err)
	}
	return Config{PostgresAddr: pg.Addr(), User: pg.User(), Password: pg.Password(), Addr: addrs[0], UIAddr: addrs[1], Log: testLog(t)}
}

func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	began := time.Now()
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Logf("Temporal ready after %v", time.Since(began).Round(time.Millisecond))
	t.Cleanup(s.Stop)
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	began := time.Now()
	s.Stop()
	t.Logf("Temporal stopped after %v", time.Since(began).Round(time.Millisecond))
}

func dial(t *testing.T, s *Server) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: s.Addr(), Namespace: Namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// double is a workflow of one activity.
func double(ctx workflow.Context, n int) (int, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	var out int
	err := workflow.ExecuteActivity(ctx, twice, n).Get(ctx, &out)
	return out, err
}

func twice(_ context.Context, n int) (int, error) { return 2 * n, nil }

// run runs the workflow once, beginning the moment that the server is ready.
func run(t *testing.T, c client.Client, id string) {
	t.Helper()
	began := time.Now()
	w := worker.New(c, "gristmill", worker.Options{})
	w.RegisterWorkflow(double)
	w.RegisterActivity(twice)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	r, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "gristmill"}, double, 21)
	if err != nil {
		t.Fatal(err)
	}
	var got int
	if err := r.Get(t.Context(), &got); err != nil || got != 42 {
		t.Fatalf("the workflow answered %d, %v", got, err)
	}
	t.Logf("first workflow done after %v more", time.Since(began).Round(time.Millisecond))
}

// listed waits until visibility, which is written after the fact, has the
// workflows as completed.
func listed(t *testing.T, c client.Client, want ...string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		res, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: "ExecutionStatus = 'Completed'"})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, e := range res.GetExecutions() {
			got[e.GetExecution().GetWorkflowId()] = true
		}
		missing := 0
		for _, id := range want {
			if !got[id] {
				missing++
			}
		}
		if missing == 0 && len(got) == len(want) {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("visibility lists %v, want %v", got, want)
		case <-tick.C:
		}
	}
}

func TestWorkflowsOutliveTheServer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "postgres")
	pg := startPostgres(t, dir)
	s := start(t, configFor(t, pg))
	c := dial(t, s)
	res, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: Namespace})
	if err != nil || res.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration() != 7*24*time.Hour {
		t.Fatalf("namespace: %v, %v", res, err)
	}
	run(t, c, "first")
	listed(t, c, "first")
	for path, want := range map[string]string{"/": "<html", "/api/v1/namespaces/default": `"default"`, "/api/v1/settings": `"DefaultNamespace":"default"`} {
		if body := page(t, "http://"+s.ui.addr+path); !strings.Contains(body, want) {
			t.Errorf("the UI's %s has no %s: %.200s", path, want, body)
		}
	}
	stop(t, s)

	// Other ports, the same state.
	s = start(t, configFor(t, pg))
	c = dial(t, s)
	run(t, c, "second")
	listed(t, c, "first", "second")
	stop(t, s)
}

func TestServerOutlivesTheDeathOfItsDatabase(t *testing.T) {
	t.Parallel()
	pg := startPostgres(t, filepath.Join(t.TempDir(), "postgres"))
	cfg := configFor(t, pg)
	cfg.Log = nil // Temporal complains at length, rightly
	s := start(t, cfg)
	c := dial(t, s)
	run(t, c, "before")
	if err := syscall.Kill(pg.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	run(t, c, "after")
	listed(t, c, "before", "after")
}

func page(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, res.Status, err)
	}
	return string(b)
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	pg := startPostgres(t, filepath.Join(t.TempDir(), "postgres"))
	cfg := configFor(t, pg)
	if err := upgrade(cfg, newLogger(cfg.Log)); err != nil {
		t.Fatal(err)
	}
	if err := upgrade(cfg, newLogger(cfg.Log)); err != nil {
		t.Fatalf("upgrade of what is up to date: %v", err)
	}
	in, err := postgres.Find()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(in.Dir, "psql"), "-XAtqc", "UPDATE schema_version SET curr_version = '9.1'", pg.DSN("temporal_visibility")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, err = Start(t.Context(), cfg)
	want := fmt.Sprintf("the database temporal_visibility has Temporal's schema 9.1, this gristmill knows up to %s; start the newer gristmill that made it, or use another data directory", visibilityDatabase().version)
	if gristmill.KindOf(err) != gristmill.Precondition || gristmill.Public(err) != want {
		t.Fatalf("got %v; want %s", err, want)
	}
}

func TestVersionOfSchemaIsAppliedWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	pg := startPostgres(t, filepath.Join(t.TempDir(), "postgres"))
	cfg := configFor(t, pg)
	if err := upgrade(cfg, newLogger(cfg.Log)); err != nil {
		t.Fatal(err)
	}
	d := mainDatabase()
	store := d.store(cfg)
	conn, err := sql.NewConnection(store, newLogger(cfg.Log))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	apply := func(version string, statements ...string) error {
		w := &whole{Connection: conn, database: d.name}
		for _, s := range statements {
			if err := w.Exec(s); err != nil {
				t.Fatal(err)
			}
		}
		return w.UpdateSchemaVersion(version, "1.0")
	}
	state := func() (version string, made bool) {
		version, err := conn.ReadSchemaVersion()
		if err != nil {
			t.Fatal(err)
		}
		tables, err := conn.ListTables()
		if err != nil {
			t.Fatal(err)
		}
		return version, slices.Contains(tables, "made")
	}
	if err := apply("77.1", "CREATE TABLE made (a int)", "INSERT INTO made VALUES ('no number')"); err == nil {
		t.Fatal("a version with a statement that fails is applied")
	}
	if version, made := state(); version != d.version || made {
		t.Fatalf("after half of a version: version %s, its table is there: %v", version, made)
	}
	if err := apply("77.1", "CREATE TABLE made (a int)", "INSERT INTO made VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	if version, made := state(); version != "77.1" || !made {
		t.Fatalf("after a whole version: version %s, its table is there: %v", version, made)
	}
}

func TestBusyPortsAreNamed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	free, err := child.FreeAddrs(1)
	if err != nil {
		t.Fatal(err)
	}
	busy := l.Addr().String()
	for what, cfg := range map[string]Config{
		"temporal":      {Addr: busy, UIAddr: free[0]},
		"temporal's UI": {Addr: free[0], UIAddr: busy},
	} {
		_, err := Start(t.Context(), cfg)
		want := what + ": the address " + busy + " is in use by another program"
		if gristmill.KindOf(err) != gristmill.Precondition || gristmill.Public(err) != want {
			t.Errorf("got %v; want %s", err, want)
		}
	}
}

func TestUnreachableDatabaseIsNamed(t *testing.T) {
	t.Parallel()
	addrs, err := child.FreeAddrs(2)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Start(t.Context(), Config{PostgresAddr: addrs[0], User: "gristmill", Password: "x", Addr: addrs[1]})
	if gristmill.KindOf(err) != gristmill.Unavailable || !strings.Contains(gristmill.Public(err), "cannot reach the database temporal at "+addrs[0]) {
		t.Fatalf("got %v", err)
	}
	if strings.Contains(gristmill.Public(err), "\n") {
		t.Errorf("%q is more than one line", gristmill.Public(err))
	}
}
