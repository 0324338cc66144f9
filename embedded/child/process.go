package child

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Config says how to run one process.
type Config struct {
	Name string // what the process is, for logs and errors: "postgres"

	// Command returns a fresh, unstarted command; it is called once for each
	// start. Files that it gives as output are closed here once the process has
	// them. Prepare, if set, runs before it and clears what the last process
	// left behind.
	Prepare func(ctx context.Context) error
	Command func() (*exec.Cmd, error)
	// Ready returns when the process serves; ctx ends when the process does.
	Ready func(ctx context.Context, pid int) error
	// Explain, if set, turns the exit of a process that never was ready into an
	// error that says why, from what it wrote.
	Explain func(exit error) error

	Death   syscall.Signal // what the process gets when we are killed
	Stop    []Step         // how to end it; SIGKILL comes after the last
	PIDFile string         // where its identity is recorded while it runs
	Log     *slog.Logger   // nil means none
}

// Patience of the supervisor.
const (
	firstBackoff = 100 * time.Millisecond // before the first new start
	maxBackoff   = 5 * time.Second        // doubled up to this
	healthyAfter = 30 * time.Second       // a process that lived so long starts the count anew
	maxDeaths    = 12                     // so many failed starts in a row and we give up: about 40 s
)

// Process is a process that is kept running. Its methods may be called from any
// goroutine.
type Process struct {
	cfg  Config
	pid  atomic.Int64
	done chan struct{}
	err  error // written before done is closed

	stopOnce sync.Once
	stop     chan struct{} // closed: end in order
	kill     chan struct{} // closed: end at once
	killOnce sync.Once
}

// Start starts the process and returns when it is ready. It returns an error,
// and leaves no process, when the process ends before or when ctx does.
func Start(ctx context.Context, cfg Config) (*Process, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	p := &Process{cfg: cfg, done: make(chan struct{}), stop: make(chan struct{}), kill: make(chan struct{})}
	first := make(chan error, 1)
	go p.supervise(ctx, first)
	if err := <-first; err != nil {
		<-p.done
		return nil, err
	}
	return p, nil
}

// PID returns the process id, or 0 while no process runs.
func (p *Process) PID() int { return int(p.pid.Load()) }

// Done is closed when the process is gone for good: after Stop, or after it
// died too often.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says why the process is gone: nil before Done is closed and after Stop.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Stop ends the process by its steps and waits for it. When ctx ends first, the
// process is killed. Stop may be called twice.
func (p *Process) Stop(ctx context.Context) error {
	p.stopOnce.Do(func() { close(p.stop) })
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	p.killOnce.Do(func() { close(p.kill) })
	<-p.done
	return fmt.Errorf("stop %s: killed: %w", p.cfg.Name, ctx.Err())
}

// supervise is the life of the process. The goroutine keeps its thread: the
// kernel sends the parent-death signal when the thread that started the child
// ends, and Go ends threads when it likes.
func (p *Process) supervise(ctx context.Context, first chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	if err := p.run(ctx, func() { first <- nil }); err != nil {
		first <- err
		return
	}
	backoff, deaths := firstBackoff, 0
	for !p.stopping() {
		select {
		case <-p.stop:
			return
		case <-time.After(backoff):
		}
		began := time.Now()
		// Restarts outlive the context that Start was called with.
		err := p.run(context.WithoutCancel(ctx), func() {
			p.cfg.Log.Info("service is up again", "service", p.cfg.Name, "pid", p.PID())
		})
		backoff = min(2*backoff, maxBackoff)
		if time.Since(began) > healthyAfter {
			backoff = firstBackoff
		}
		if err == nil { // it was ready
			deaths = 0
			continue
		}
		if deaths++; deaths == maxDeaths {
			p.err = fmt.Errorf("keep %s running: %d starts in a row came to nothing: %w", p.cfg.Name, deaths, err)
			p.cfg.Log.Error("service died too often and stays down", "service", p.cfg.Name, "error", err)
			return
		}
		p.cfg.Log.Warn("service does not start; trying again", "service", p.cfg.Name, "error", err)
	}
}

func (p *Process) stopping() bool {
	select {
	case <-p.stop:
		return true
	default:
		return false
	}
}

// run starts the process, calls ready once it serves, and returns when it has
// ended. The error is about a process that never became ready; the end of one
// that did is logged.
func (p *Process) run(ctx context.Context, ready func()) error {
	if p.cfg.Prepare != nil {
		if err := p.cfg.Prepare(ctx); err != nil {
			return err
		}
	}
	cmd, err := p.cfg.Command()
	if err != nil {
		return err
	}
	cmd.SysProcAttr = attributes(cmd.SysProcAttr, p.cfg.Death)
	err = cmd.Start()
	if f, ok := cmd.Stdout.(*os.File); ok {
		_ = f.Close() // ours; the child has its own, and stderr is the same file
	}
	if err != nil {
		return fmt.Errorf("start %s: %w", p.cfg.Name, err)
	}
	p.pid.Store(int64(cmd.Process.Pid))
	exited := make(chan error, 1)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		err := cmd.Wait()
		p.pid.Store(0)
		exited <- err
		cancel(errExited)
	}()
	if err := p.settle(ctx, cmd.Process.Pid); err != nil {
		if !errors.Is(context.Cause(ctx), errExited) {
			p.end(cmd, exited)
			return err
		}
		return p.explain(<-exited)
	}
	ready()
	select {
	case <-exited:
		if !p.stopping() {
			p.cfg.Log.Warn("service died; starting it again", "service", p.cfg.Name, "exit", cmd.ProcessState.String())
		}
	case <-p.stop:
		p.end(cmd, exited)
	}
	p.forget()
	return nil
}

var errExited = errors.New("the process has ended")

func (p *Process) settle(ctx context.Context, pid int) error {
	if p.cfg.PIDFile != "" {
		id, err := Identify(pid)
		if errors.Is(err, ErrNoProcess) {
			<-ctx.Done() // it has ended already; its exit is on the way
			return context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		if err := id.Write(p.cfg.PIDFile); err != nil {
			return err
		}
	}
	stopped, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-p.stop:
			cancel()
		case <-stopped.Done():
		}
	}()
	return p.cfg.Ready(stopped, pid)
}

// end runs the steps of the stop, then kills.
func (p *Process) end(cmd *exec.Cmd, exited <-chan error) {
	for _, step := range p.cfg.Stop {
		_ = cmd.Process.Signal(step.Signal) // fails only if it is gone, and then exited says so
		select {
		case <-exited:
			return
		case <-p.kill:
		case <-time.After(step.Wait):
			p.cfg.Log.Warn("service takes long to stop", "service", p.cfg.Name, "signal", step.Signal.String())
			continue
		}
		break
	}
	_ = cmd.Process.Kill() // as above
	<-exited
}

func (p *Process) explain(exit error) error {
	if p.cfg.Explain != nil {
		return p.cfg.Explain(exit)
	}
	if exit == nil {
		return fmt.Errorf("%s ended by itself", p.cfg.Name)
	}
	return fmt.Errorf("%s ended: %w", p.cfg.Name, exit)
}

// forget removes the record; one that stays is harmless, its identity is checked.
func (p *Process) forget() {
	if p.cfg.PIDFile != "" {
		_ = os.Remove(p.cfg.PIDFile)
	}
}
