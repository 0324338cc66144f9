package child

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Identity names one process beyond its process id, which the system uses
// again: a later process with the same id has another start time, or another
// boot.
type Identity struct {
	PID     int    `json:"pid"`
	Started string `json:"started"` // the system's own measure, opaque; equal for the same process
	Boot    string `json:"boot"`    // id of the boot, "" where the system has none
}

// ErrNoProcess says that no live process has the id. A process that has ended
// and waits to be reaped counts as gone.
var ErrNoProcess = errors.New("no such process")

// Identify returns the identity of the live process pid, or ErrNoProcess.
func Identify(pid int) (Identity, error) {
	if pid <= 1 { // 0 and less address groups, 1 is never ours
		return Identity{}, ErrNoProcess
	}
	started, err := startTime(pid)
	if err != nil {
		return Identity{}, err
	}
	return Identity{PID: pid, Started: started, Boot: bootID()}, nil
}

// Alive reports whether this very process still runs.
func (id Identity) Alive() bool {
	now, err := Identify(id.PID)
	return err == nil && now == id
}

// Signal sends sig to this very process; it is ErrNoProcess if it is gone or
// its id belongs to another process by now.
func (id Identity) Signal(sig syscall.Signal) error {
	if !id.Alive() {
		return ErrNoProcess
	}
	if err := syscall.Kill(id.PID, sig); err != nil {
		if errors.Is(err, syscall.ESRCH) {
			return ErrNoProcess
		}
		return fmt.Errorf("signal process %d: %w", id.PID, err)
	}
	return nil
}

// Step is one attempt to end a process: a signal and how long to wait for it.
type Step struct {
	Signal syscall.Signal
	Wait   time.Duration
}

// End ends a process that is not our child by the steps in order and returns
// when it is gone. A process that is gone already is no error.
func (id Identity) End(ctx context.Context, steps ...Step) error {
	for _, step := range steps {
		if err := id.Signal(step.Signal); errors.Is(err, ErrNoProcess) {
			return nil
		} else if err != nil {
			return err
		}
		if err := id.wait(ctx, step.Wait); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return fmt.Errorf("end process %d: it ignores every signal", id.PID)
}

// wait polls, since only a parent can wait for a process.
func (id Identity) wait(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for id.Alive() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// Write records the identity in a file of mode 0600.
func (id Identity) Write(path string) error {
	b, err := json.Marshal(id)
	if err != nil {
		return fmt.Errorf("encode identity: %w", err)
	}
	tmp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := os.WriteFile(tmp, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("record process: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("record process: %w", err)
	}
	return nil
}

// ReadIdentity reads a record made by Write. A missing or broken file is
// ErrNoProcess: both mean that nothing was recorded.
func ReadIdentity(path string) (Identity, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Identity{}, ErrNoProcess
	}
	if err != nil {
		return Identity{}, fmt.Errorf("read process record: %w", err)
	}
	var id Identity
	if json.Unmarshal(b, &id) != nil || id.PID <= 1 || id.Started == "" {
		return Identity{}, ErrNoProcess
	}
	return id, nil
}
