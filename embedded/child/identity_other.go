//go:build unix && !linux

package child

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// startTime asks ps, the one way that every Unix has.
func startTime(pid int) (string, error) {
	out, err := exec.Command("ps", "-o", "stat=,lstart=", "-p", strconv.Itoa(pid)).Output()
	state, started, ok := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || !ok || strings.HasPrefix(state, "Z") {
		return "", ErrNoProcess
	}
	return strings.TrimSpace(started), nil
}

func bootID() string { return "" }

// WorksIn reports whether the working directory of process pid is dir.
func WorksIn(pid int, dir string) bool {
	out, err := exec.Command("lsof", "-a", "-d", "cwd", "-Fn", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return false
	}
	want, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(out)) {
		if strings.TrimSpace(line) == "n"+want {
			return true
		}
	}
	return false
}

// attributes puts the child into a group of its own; there is no parent-death
// signal here, the next start finds the orphan by its record.
func attributes(attr *syscall.SysProcAttr, _ syscall.Signal) *syscall.SysProcAttr {
	if attr == nil {
		attr = &syscall.SysProcAttr{}
	}
	attr.Setpgid = true
	return attr
}
