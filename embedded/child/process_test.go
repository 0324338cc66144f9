package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gristmill"
)

// shell returns a configuration that runs a shell script, which is ready once
// it has made the file named by $1.
func shell(t *testing.T, script string) (Config, string) {
	t.Helper()
	sign := filepath.Join(t.TempDir(), "ready")
	return Config{
		Name:    "script",
		Command: func() (*exec.Cmd, error) { return exec.Command("/bin/sh", "-c", script, "sh", sign), nil },
		Ready: func(ctx context.Context, _ int) error {
			return poll(ctx, func() bool { _, err := os.Stat(sign); return err == nil })
		},
		PIDFile: sign + ".pid",
		Stop:    []Step{{Signal: syscall.SIGTERM, Wait: 5 * time.Second}},
		Log:     slog.New(slog.NewTextHandler(t.Output(), nil)),
	}, sign
}

func poll(ctx context.Context, ok func() bool) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestDeadProcessIsStartedAgain(t *testing.T) {
	t.Parallel()
	cfg, _ := shell(t, `echo x >"$1"; exec sleep 600`)
	p, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop(limited(t))
	first := p.PID()
	id, err := ReadIdentity(cfg.PIDFile)
	if err != nil || id.PID != first || !id.Alive() {
		t.Fatalf("recorded %+v, %v; want process %d", id, err, first)
	}
	if err := id.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := poll(limited(t), func() bool { return p.PID() != 0 && p.PID() != first }); err != nil {
		t.Fatal(err)
	}
	if id.Alive() {
		t.Error("the first process lives")
	}
	if err := id.Signal(syscall.SIGKILL); !errors.Is(err, ErrNoProcess) {
		t.Errorf("signal to a dead process: %v", err)
	}
}

func TestStartReportsAProcessThatEnds(t *testing.T) {
	t.Parallel()
	cfg, _ := shell(t, `exit 3`)
	if _, err := Start(t.Context(), cfg); err == nil || err.Error() != "script ended: exit status 3" {
		t.Fatalf("got %v", err)
	}
}

func TestStartLeavesNoProcessWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	cfg, sign := shell(t, `echo x >"$1.began"; exec sleep 600`)
	ctx, cancel := context.WithCancel(t.Context())
	ready, pid := cfg.Ready, 0
	cfg.Ready = func(ctx context.Context, p int) error {
		pid = p
		if err := poll(ctx, func() bool { _, err := os.Stat(sign + ".began"); return err == nil }); err != nil {
			return err
		}
		cancel()
		return ready(ctx, p)
	}
	if _, err := Start(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if _, err := Identify(pid); !errors.Is(err, ErrNoProcess) {
		t.Fatalf("process %d was left: %v", pid, err)
	}
}

func TestStopEscalates(t *testing.T) {
	t.Parallel()
	cfg, _ := shell(t, `trap '' TERM INT; echo x >"$1"; while :; do sleep 0.1; done`)
	cfg.Stop = []Step{{Signal: syscall.SIGTERM, Wait: 20 * time.Millisecond}, {Signal: syscall.SIGINT, Wait: 20 * time.Millisecond}}
	p, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	pid := p.PID()
	if err := p.Stop(limited(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := Identify(pid); !errors.Is(err, ErrNoProcess) {
		t.Fatalf("process %d was left: %v", pid, err)
	}
	if err := p.Stop(limited(t)); err != nil {
		t.Errorf("second Stop: %v", err)
	}
}

func TestStopKillsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	cfg, _ := shell(t, `trap '' TERM; echo x >"$1"; while :; do sleep 0.1; done`)
	cfg.Stop = []Step{{Signal: syscall.SIGTERM, Wait: time.Hour}}
	p, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Stop(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	<-p.Done()
}

// The zombie has ended and nobody has reaped it.
func TestZombieCountsAsGone(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	id, err := Identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := poll(limited(t), func() bool { return !id.Alive() }); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(id.PID, 0); err != nil {
		t.Fatalf("the process was reaped, the test shows nothing: %v", err)
	}
	_ = cmd.Wait() // killed
}

func TestIdentityTellsProcessesWithTheSameIDApart(t *testing.T) {
	t.Parallel()
	id, err := Identify(os.Getpid())
	if err != nil || !id.Alive() {
		t.Fatalf("we ourselves: %+v, %v", id, err)
	}
	for name, other := range map[string]Identity{
		"another start": {PID: id.PID, Started: "1", Boot: id.Boot},
		"another boot":  {PID: id.PID, Started: id.Started, Boot: "x"},
		"process 0":     {PID: 0, Started: id.Started, Boot: id.Boot},
		"a group":       {PID: -id.PID, Started: id.Started, Boot: id.Boot},
	} {
		if other.Alive() {
			t.Errorf("%s is taken for us", name)
		}
		if err := other.End(t.Context(), Step{Signal: syscall.SIGKILL, Wait: time.Second}); err != nil {
			t.Errorf("end of %s: %v", name, err) // and we are still here
		}
	}
}

func TestRecordOfAnythingElseIsNoRecord(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", "12", `{"pid":1,"started":"5"}`, `{"pid":77}`} {
		path := filepath.Join(t.TempDir(), "x.pid")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if id, err := ReadIdentity(path); !errors.Is(err, ErrNoProcess) {
			t.Errorf("%q: %+v, %v", text, id, err)
		}
	}
}

func TestLockHasOneHolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	f, err := Lock(path, "the mill")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(path, "the mill"); gristmill.KindOf(err) != gristmill.Precondition || gristmill.Public(err) != "the mill is in use by another gristmill" {
		t.Fatalf("second lock: %v", err)
	}
	missing := filepath.Join(path, "below", "a file")
	if _, err := Lock(missing, "the mill"); gristmill.KindOf(err) != gristmill.Precondition || gristmill.Public(err) != "cannot write "+missing {
		t.Fatalf("lock where nothing can be: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err = Lock(path, "the mill"); err != nil {
		t.Fatalf("after release: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := CheckFree("mill", l.Addr().String()); gristmill.KindOf(err) != gristmill.Precondition || !strings.Contains(err.Error(), "is in use by another program") {
		t.Errorf("busy: %v", err)
	}
	if err := CheckFree("mill", "192.0.2.1:80"); gristmill.KindOf(err) != gristmill.Precondition || !strings.Contains(err.Error(), "cannot listen on") {
		t.Errorf("foreign: %v", err)
	}
	addrs, err := FreeAddrs(20)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, a := range addrs {
		if seen[a] {
			t.Errorf("%s came twice", a)
		}
		seen[a] = true
	}
}

func TestLogKeepsTheLatestPartAndOnePredecessor(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.log")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), logLimit), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := NewLog(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"one", "two"} {
		f, err := l.Open()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(f, text)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if b, err := l.Latest(); err != nil || string(b) != text {
			t.Errorf("latest: %q, %v; want %q", b, err, text)
		}
	}
	if info, err := os.Stat(path + ".1"); err != nil || info.Size() != logLimit {
		t.Errorf("predecessor: %v, %v", info, err)
	}
}
