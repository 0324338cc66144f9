//go:build !lean

package postgres

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"gristmill"
)

// superuser owns the cluster and its databases.
const superuser = "gristmill"

// databases are made when they are missing.
func databases() []string { return []string{"gristmill", "temporal", "temporal_visibility"} }

// cluster is a data directory and what goes with it.
type cluster struct {
	dir      string // absolute
	install  Install
	user     runAs
	password string
}

// openCluster opens the cluster in dir, or makes it.
func openCluster(ctx context.Context, dir string) (*cluster, error) {
	major, err := readMajor(dir)
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir}
	if major == 0 {
		c.install, err = Find()
	} else {
		c.install, err = findMajor(dir, major)
	}
	if err != nil {
		return nil, err
	}
	if c.user, err = chooseUser(c.install, dir); err != nil {
		return nil, err
	}
	if c.password, err = openPassword(dir+".password", major == 0); err != nil {
		return nil, err
	}
	if major != 0 {
		return c, nil
	}
	return c, c.make(ctx)
}

// readMajor returns the major version that made the cluster, or 0 if there is
// none yet.
func readMajor(dir string) (int, error) {
	b, err := os.ReadFile(filepath.Join(dir, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
			return 0, nil
		}
		if err != nil {
			return 0, gristmill.Hide(gristmill.Precondition, err, "cannot read the directory %s", dir)
		}
		return 0, gristmill.Errorf(gristmill.Precondition, "%s holds files but no PostgreSQL cluster; move them away or use another data directory", dir)
	}
	if err != nil {
		return 0, gristmill.Hide(gristmill.Precondition, err, "cannot read %s", filepath.Join(dir, "PG_VERSION"))
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, gristmill.Errorf(gristmill.Precondition, "%s holds %q, which is no version of PostgreSQL", filepath.Join(dir, "PG_VERSION"), strings.TrimSpace(string(b)))
	}
	return major, nil
}

// openPassword reads the superuser's password, or makes one for a new cluster.
func openPassword(path string, fresh bool) (string, error) {
	b, err := os.ReadFile(path)
	if err == nil && len(bytes.TrimSpace(b)) > 0 {
		return string(bytes.TrimSpace(b)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", gristmill.Hide(gristmill.Precondition, err, "cannot read %s", path)
	}
	if !fresh {
		return "", gristmill.Errorf(gristmill.Precondition, "%s is missing; it holds the password of the PostgreSQL cluster beside it, so restore it with the rest of the data directory", path)
	}
	password := rand.Text()
	if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		return "", gristmill.Hide(gristmill.Precondition, err, "cannot write %s", path)
	}
	return password, nil
}

// make runs initdb in a directory beside the final one and renames it when it is
// whole, so that a cluster is there or is not.
func (c *cluster) make(ctx context.Context) error {
	// An initdb whose parent was killed may still write into its directory, so
	// that is cleared as far as possible and another one used.
	unfinished, err := filepath.Glob(c.dir + ".new*")
	if err != nil {
		return fmt.Errorf("find unfinished clusters: %w", err)
	}
	for _, dir := range unfinished {
		_ = os.RemoveAll(dir) // what is left of it is in nobody's way
	}
	fresh := fmt.Sprintf("%s.new-%d", c.dir, os.Getpid())
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return gristmill.Hide(gristmill.Precondition, err, "cannot make the directory %s", fresh)
	}
	pwfile := c.dir + ".pwfile"
	defer os.Remove(pwfile)
	if err := os.WriteFile(pwfile, []byte(c.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("write password for initdb: %w", err)
	}
	for _, path := range []string{fresh, pwfile} {
		if err := c.user.give(path); err != nil {
			return err
		}
	}
	// The locale C keeps the order of texts the same on every machine.
	cmd := c.user.command(filepath.Join(c.install.Dir, "initdb"), "--pgdata", fresh, "--username", superuser,
		"--pwfile", pwfile, "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--data-checksums")
	out, err := output(ctx, cmd)
	if err != nil {
		return gristmill.Hide(gristmill.Precondition, err, "PostgreSQL cannot make its cluster in %s: %s", c.dir, lastLine(out))
	}
	if err := os.Remove(c.dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty one is in the way of the rename
		return fmt.Errorf("replace empty directory: %w", err)
	}
	if err := os.Rename(fresh, c.dir); err != nil {
		return fmt.Errorf("put cluster in place: %w", err)
	}
	return syncDir(filepath.Dir(c.dir))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return nil
}

// lastLine returns what a program said last: its error.
func lastLine(out []byte) string {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	for _, line := range lines { // initdb adds a line of its own after the error
		if bytes.Contains(line, []byte("error: ")) || bytes.Contains(line, []byte("FATAL: ")) {
			return string(bytes.TrimSpace(line))
		}
	}
	return string(bytes.TrimSpace(lines[len(lines)-1]))
}
