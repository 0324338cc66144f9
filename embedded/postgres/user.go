//go:build !lean

package postgres

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"gristmill"
)

// runAs is the user that PostgreSQL's programs run as.
type runAs struct {
	attr  syscall.SysProcAttr
	owner int // uid that the cluster's files must belong to, -1 for our own
	group int
}

// command prepares one of PostgreSQL's programs. Its messages are in English,
// because we read them.
func (r runAs) command(path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	attr := r.attr
	cmd.SysProcAttr = &attr
	cmd.Env = append(cmd.Environ(), "LC_ALL=C", "TZ=UTC")
	return cmd
}

// give hands a file of ours to the user.
func (r runAs) give(path string) error {
	if r.owner < 0 {
		return nil
	}
	if err := os.Lchown(path, r.owner, r.group); err != nil {
		return fmt.Errorf("give file to PostgreSQL's user: %w", err)
	}
	return nil
}

// chooseUser decides who runs the programs of in for the cluster in dir: we
// ourselves; for root another name for root; else the user postgres. An existing
// cluster keeps the user that it was made by.
func chooseUser(in Install, dir string) (runAs, error) {
	if os.Geteuid() != 0 {
		return runAs{owner: -1}, nil
	}
	owner := -1
	if info, err := os.Stat(dir); err == nil {
		owner = ownerOf(info)
	}
	var namespaceErr error
	if owner <= 0 {
		r, err := inNamespace(in)
		if err == nil {
			return r, nil
		}
		namespaceErr = err
	}
	if owner == 0 {
		return runAs{}, gristmill.Hide(gristmill.Precondition, namespaceErr,
			"PostgreSQL refuses to run as root, and the user namespace that the cluster in %s was made in is not permitted any more; start gristmill as another user, with another data directory", dir)
	}
	r, err := asOther(in, dir, owner)
	if err != nil {
		return runAs{}, gristmill.Hide(gristmill.Precondition, fmt.Errorf("%w; user namespace: %w", err, namespaceErr),
			"PostgreSQL refuses to run as root, user namespaces are not permitted here, and the user postgres cannot reach %s; start gristmill as another user, or choose a data directory that the user postgres can reach", filepath.Dir(dir))
	}
	return r, nil
}

func ownerOf(info os.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

// asOther runs as the owner of an existing cluster, or as the user postgres.
func asOther(in Install, dir string, owner int) (runAs, error) {
	var u *user.User
	var err error
	if owner > 0 {
		u, err = user.LookupId(strconv.Itoa(owner))
	} else {
		u, err = user.Lookup("postgres")
	}
	if err != nil {
		return runAs{}, fmt.Errorf("find PostgreSQL's user: %w", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return runAs{}, fmt.Errorf("read user id: %w", err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return runAs{}, fmt.Errorf("read group id: %w", err)
	}
	r := runAs{owner: uid, group: gid}
	r.attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	probe := r.command(filepath.Join(in.Dir, "postgres"), "--version")
	probe.Dir = filepath.Dir(dir) // a directory that cannot be entered fails the start
	if err := probe.Run(); err != nil {
		return runAs{}, fmt.Errorf("run as user %s: %w", u.Username, err)
	}
	return r, nil
}
