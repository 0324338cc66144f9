package child_test

import (
	"context"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"gristmill/embedded/child"
)

// A process is kept until it is stopped.
func ExampleStart() {
	p, err := child.Start(context.Background(), child.Config{
		Name:    "sleeper",
		Command: func() (*exec.Cmd, error) { return exec.Command("sleep", "600"), nil },
		Ready:   func(context.Context, int) error { return nil },
		Stop:    []child.Step{{Signal: syscall.SIGTERM, Wait: time.Second}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	id, err := child.Identify(p.PID())
	fmt.Println(id.Alive(), err)
	fmt.Println(p.Stop(context.Background()), p.Err(), id.Alive())
	// Output:
	// true <nil>
	// <nil> <nil> false
}
