package child

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// startTime reads field 22 of /proc/PID/stat: clock ticks since the boot.
func startTime(pid int) (string, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return "", ErrNoProcess
	}
	if err != nil {
		return "", fmt.Errorf("read process %d: %w", pid, err)
	}
	// The second field is the command in parentheses and may hold anything, so
	// count from the last parenthesis: the next field is number 3, the state.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 20 {
		return "", fmt.Errorf("read process %d: %q is no process status", pid, b)
	}
	if fields[0] == "Z" || fields[0] == "X" {
		return "", ErrNoProcess
	}
	return fields[19], nil
}

func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// WorksIn reports whether the working directory of process pid is dir.
func WorksIn(pid int, dir string) bool {
	there, err := os.Stat(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil {
		return false
	}
	want, err := os.Stat(dir)
	return err == nil && os.SameFile(there, want)
}

// attributes puts the child into a group of its own, so that Ctrl-C in a
// terminal reaches the parent alone, which then ends its children in order, and
// has the kernel send sig when the thread that started the child ends.
func attributes(attr *syscall.SysProcAttr, sig syscall.Signal) *syscall.SysProcAttr {
	if attr == nil {
		attr = &syscall.SysProcAttr{}
	}
	attr.Setpgid = true
	attr.Pdeathsig = sig
	return attr
}
