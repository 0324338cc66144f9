//go:build !lean

package postgres

import (
	"fmt"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// inNamespace runs as root under another name: in a user namespace that maps
// one existing user (PostgreSQL looks its own name up) to root outside. Files
// belong to root, so a directory below a home of mode 0700 works too.
func inNamespace(in Install) (runAs, error) {
	uid := -1
	for _, name := range []string{"postgres", "nobody", "daemon"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		if n, err := strconv.Atoi(u.Uid); err == nil && n > 0 {
			uid = n
			break
		}
	}
	if uid < 0 {
		return runAs{}, fmt.Errorf("find a user to name root by: none of postgres, nobody, daemon exists")
	}
	r := runAs{owner: -1}
	r.attr.Cloneflags = syscall.CLONE_NEWUSER
	r.attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: 0, Size: 1}}
	r.attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: 0, Size: 1}}
	if err := r.command(filepath.Join(in.Dir, "postgres"), "--version").Run(); err != nil {
		return runAs{}, fmt.Errorf("run in a user namespace: %w", err)
	}
	return r, nil
}
