package mill

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Process is a stack in the foreground.
type Process struct {
	cmd  *exec.Cmd
	err  *bytes.Buffer
	done chan error
}

// Start starts the stack in the foreground and returns when it is ready.
func (s *Stack) Start(t *testing.T, args ...string) *Process {
	t.Helper()
	return s.StartUntil(t, "ready in ", args...)
}

// StartUntil starts the stack in the foreground and returns as soon as it prints
// a line with this beginning.
func (s *Stack) StartUntil(t *testing.T, line string, args ...string) *Process {
	t.Helper()
	p := &Process{cmd: s.Command(context.Background(), append([]string{"up"}, args...)...), err: &bytes.Buffer{}, done: make(chan error, 1)}
	p.cmd.Stderr = p.err
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a shell starts it
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // if it has not ended yet
	seen := make(chan string, 1)
	go func() {
		defer close(seen)
		found := false
		for lines := bufio.NewScanner(out); lines.Scan(); { // to its end: up must not block
			if !found && strings.HasPrefix(lines.Text(), line) {
				found = true
				seen <- lines.Text()
			}
		}
		p.done <- p.cmd.Wait()
	}()
	select {
	case text, ok := <-seen:
		if !ok {
			t.Fatalf("up ended: %v\n%s", <-p.done, p.err)
		}
		t.Log(text)
	case <-time.After(time.Minute):
		t.Fatalf("up does not print %q within a minute\n%s", line, p.err)
	}
	return p
}

// PID returns the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// End sends a signal and returns how the process ended and how long that took.
// SIGINT goes to the whole process group, as from the Ctrl-C of a terminal.
func (p *Process) End(t *testing.T, sig syscall.Signal) (time.Duration, error) {
	t.Helper()
	began := time.Now()
	to := p.cmd.Process.Pid
	if sig == syscall.SIGINT {
		to = -to
	}
	if err := syscall.Kill(to, sig); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.done:
		return time.Since(began), err
	case <-time.After(40 * time.Second):
		t.Fatalf("the stack does not end after %s", sig)
		return 0, nil
	}
}

// PID returns the main process of the running stack, 0 without one.
func (s *Stack) PID() int {
	var state struct{ PID int }
	b, err := os.ReadFile(filepath.Join(s.Data, "up.json"))
	if err != nil || json.Unmarshal(b, &state) != nil || !Alive(state.PID) {
		return 0
	}
	return state.PID
}

// Tree returns the running stack's processes, the main one first; of a stack
// that was killed, what it may have left behind.
func (s *Stack) Tree() []int {
	var pids []int
	if pid := s.PID(); pid != 0 {
		pids = append(pids, pid)
	}
	parents := map[int]int{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || !Alive(pid) {
			continue
		}
		_, parents[pid] = status(pid)
		// Postgres and the S3 server name the data directory.
		if line, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline")); bytes.Contains(line, []byte(s.Data)) && !slices.Contains(pids, pid) {
			pids = append(pids, pid)
		}
	}
	for i := 0; i < len(pids); i++ {
		for pid, parent := range parents {
			if parent == pids[i] && !slices.Contains(pids, pid) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// status reads the state and the parent of a process.
func status(pid int) (state string, parent int) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if len(f) < 2 {
		return "", 0
	}
	parent, _ = strconv.Atoi(f[1])
	return f[0], parent
}

// Alive reports whether a process runs; one that only waits to be reaped does
// not.
func Alive(pid int) bool {
	if pid <= 0 {
		return false
	}
	state, _ := status(pid)
	return state != "" && state != "Z" && state != "X"
}

// Await waits until a condition holds.
func Await(t testing.TB, what string, limit time.Duration, met func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(limit)
	for !met() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: not after %s", what, limit)
		}
	}
}
