//go:build !lean

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"gristmill"
	"gristmill/embedded/child"
)

// upDetached starts the stack as a process of its own and returns when it is
// ready, or with its one line when it cannot start.
func (a *app) upDetached(cmd *cobra.Command) error {
	if err := a.precheck(); err != nil {
		return err
	}
	dir, err := openData(a.cfg.Data)
	if err != nil {
		return err
	}
	if err := dir.close(); err != nil { // the child takes the lock
		return fmt.Errorf("release data directory: %w", err)
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own program: %w", err)
	}
	out, err := os.OpenFile(dir.join("up.log"), os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return unusable(dir.path, err)
	}
	defer out.Close()
	stack := exec.Command(exe, detachedArgs(os.Args[1:])...)
	stack.Stdout, stack.Stderr = out, out
	stack.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := stack.Start(); err != nil {
		return fmt.Errorf("start stack: %w", err)
	}
	died := make(chan error, 1)
	go func() { died <- stack.Wait() }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-died:
			return a.stillborn(out.Name(), err)
		case <-cmd.Context().Done():
			return stack.Process.Signal(syscall.SIGTERM)
		case <-tick.C:
		}
		if s, ok := readState(dir.path); ok && s.Ready && s.PID == stack.Process.Pid {
			return a.printUp(s, out.Name())
		}
	}
}

// detachedArgs are the arguments without the flag that detaches.
func detachedArgs(args []string) []string {
	var kept []string
	for _, arg := range args {
		if arg != "-d" && arg != "--detach" && arg != "--detach=true" {
			kept = append(kept, arg)
		}
	}
	return kept
}

// stillborn passes on why the child could not start: its last line and status.
func (a *app) stillborn(log string, err error) error {
	f, openErr := os.Open(log)
	if openErr != nil {
		return errors.Join(err, openErr)
	}
	defer f.Close()
	last := "the stack ended while it started"
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "gristmill: "); ok {
			last = text
		}
	}
	fmt.Fprintln(a.err, "gristmill: "+last)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return exitStatus(exit.ExitCode())
	}
	return exitStatus(exitFailed)
}

func (a *app) printUp(s state, log string) error {
	if a.json {
		return a.printJSON(s)
	}
	b, err := os.ReadFile(log)
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	_, err = a.out.Write(b)
	return err
}

func (a *app) downCommand() *cobra.Command {
	return &cobra.Command{
		Use: "down", GroupID: "stack", Short: "End the stack that runs on --data", Args: cobra.NoArgs,
		Long: `Down ends the stack in order and returns when it has ended. State stays; the
next up goes on with it.`,
		Example: "  gristmill down\n  gristmill down --data /srv/mill",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, ok := running(a.cfg.Data); !ok {
				return a.downDone(0, "no stack runs on "+a.cfg.Data)
			}
			return a.awaitDown(cmd.Context())
		},
	}
}

// awaitDown asks the stack to end, once it has said who it is, and waits until
// its lock is free.
func (a *app) awaitDown(ctx context.Context) error {
	limit := time.NewTimer(downWithin + 10*time.Second)
	defer limit.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	asked := 0
	for {
		s, ok := running(a.cfg.Data)
		if !ok {
			return a.downDone(asked, "ended")
		}
		if asked == 0 && s.PID != 0 {
			if err := s.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, child.ErrNoProcess) {
				return fmt.Errorf("end process %d: %w", s.PID, err)
			}
			asked = s.PID
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			return gristmill.Errorf(gristmill.Unavailable, "process %d does not end; see %s/gristmill.log", asked, a.cfg.Data)
		case <-tick.C:
		}
	}
}

func (a *app) downDone(pid int, text string) error {
	if a.json {
		return a.printJSON(map[string]any{"ended": pid != 0, "pid": pid})
	}
	a.say("%s", text)
	return nil
}
