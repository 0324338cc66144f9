package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"gristmill"
	"gristmill/embedded/child"
)

// dataFormat is the version of the data directory's layout.
const dataFormat = 1

// state is what a running stack writes into DATA/up.json.
type state struct {
	child.Identity        // of the process: not only its number, which the system gives out again
	Ready          bool   `json:"ready"`
	Version        string `json:"version"`
	HTTP           string `json:"http"`
	Inference      string `json:"inference"`
	Temporal       string `json:"temporal"`
	UI             string `json:"temporal_ui"`
	S3             string `json:"s3"`
	Postgres       string `json:"postgres"`
}

// dataDir is an open data directory, held by a lock against a second stack.
type dataDir struct {
	path string
	lock *os.File
}

// openData makes or opens the data directory and takes its lock. The kernel
// drops the lock with the process, however it dies.
func openData(path string) (*dataDir, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, usageError{fmt.Errorf("--data: %w", err)}
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, unusable(abs, err)
	}
	if err := ours(abs); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(abs, "up.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, unusable(abs, err)
	}
	d := &dataDir{abs, lock}
	if err := d.take(); err != nil {
		_ = lock.Close() // the reason matters, not the close
		return nil, occupied(path)
	}
	if err := d.checkFormat(); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// ours refuses a directory that holds other things than a stack's.
func ours(dir string) error {
	if exists(filepath.Join(dir, "FORMAT")) {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return unusable(dir, err)
	}
	for _, e := range entries {
		switch e.Name() {
		case "secrets", "up.lock", "up.log", "lost+found": // what may be there before the first start
		default:
			return gristmill.Errorf(gristmill.Precondition, "--data: %s holds other things (%s); expected a directory of a stack, or an empty one", dir, e.Name())
		}
	}
	return nil
}

// take takes the lock. Whoever asks whether a stack runs holds it for a moment,
// so it is tried for a little longer than that.
func (d *dataDir) take() (err error) {
	for range 10 {
		if err = syscall.Flock(int(d.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}

// leaves reports whether no stack runs on dir. A process that was killed keeps its
// lock until the kernel has taken its memory back, so that is waited for: two
// seconds of a lock that does not go mean a stack that lives.
func leaves(dir string) bool {
	for range 40 {
		if _, ok := running(dir); !ok {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// occupied says that another stack has the data directory.
func occupied(path string) error {
	where := ""
	if s, ok := readState(path); ok && s.Alive() {
		where = fmt.Sprintf(" (process %d, %s)", s.PID, s.HTTP)
	}
	return gristmill.Errorf(gristmill.Precondition, "a stack runs on %s already%s; end it with: gristmill down --data %s", path, where, path)
}

func unusable(path string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return gristmill.Errorf(gristmill.Precondition, "--data: cannot write to %s: %v", path, err)
}

// checkFormat refuses a directory that a newer program has written.
func (d *dataDir) checkFormat() error {
	file := filepath.Join(d.path, "FORMAT")
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(file, []byte(strconv.Itoa(dataFormat)+"\n"), 0o600); err != nil {
			return unusable(d.path, err)
		}
		return nil
	}
	if err != nil {
		return unusable(d.path, err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return gristmill.Errorf(gristmill.Precondition, "--data: %s holds %q; expected a version number", file, strings.TrimSpace(string(b)))
	}
	if n > dataFormat {
		return gristmill.Errorf(gristmill.Precondition, "--data: %s was written by a newer gristmill (format %d; this one knows %d); upgrade, or choose another directory", d.path, n, dataFormat)
	}
	return nil
}

func (d *dataDir) join(name string) string { return filepath.Join(d.path, name) }

func (d *dataDir) close() error { return d.lock.Close() }

// write replaces up.json in one step.
func (d *dataDir) write(s state) error {
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode state: %w", err)
	}
	tmp := d.join("up.json.tmp")
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return unusable(d.path, err)
	}
	return os.Rename(tmp, d.join("up.json"))
}

// forget removes up.json: nothing runs here any more.
func (d *dataDir) forget() error { return os.Remove(d.join("up.json")) }

func readState(dir string) (state, bool) {
	var s state
	b, err := os.ReadFile(filepath.Join(dir, "up.json"))
	return s, err == nil && json.Unmarshal(b, &s) == nil
}

// running reports the stack that holds dir's lock, if one does. One that has just
// taken it has no state yet: it is not Alive.
func running(dir string) (state, bool) {
	lock, err := os.Open(filepath.Join(dir, "up.lock"))
	if err != nil {
		return state{}, false
	}
	defer lock.Close()
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		return state{}, false // nobody held it; closing the file gives it back
	}
	s, ok := readState(dir)
	if !ok || !s.Alive() {
		s = state{}
	}
	return s, true
}

// checkPorts finds every busy port before anything is made.
func checkPorts(c Config) error {
	var problems []gristmill.Problem
	for _, f := range c.fields() {
		// Of a stack that was killed, Postgres and S3 may still run for a
		// moment; their own start deals with that.
		left := map[string]string{"postgres_addr": "postgres.pid", "s3_addr": "s3.pid"}[f.key]
		if !strings.HasSuffix(f.key, "_addr") || left != "" && exists(filepath.Join(c.Data, left)) {
			continue
		}
		l, err := net.Listen("tcp", f.value())
		if err != nil {
			why := "is busy"
			if !errors.Is(err, syscall.EADDRINUSE) {
				why = "cannot be used: " + err.Error()
			}
			problems = append(problems, gristmill.Problem{Path: "--" + f.flag(), Given: f.value(),
				Msg: fmt.Sprintf("--%s: %s %s; give another address, or move every port with --port-offset", f.flag(), f.value(), why)})
			continue
		}
		if err := l.Close(); err != nil {
			return fmt.Errorf("close port probe: %w", err)
		}
	}
	return gristmill.Problems("", problems)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
