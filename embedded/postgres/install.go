//go:build !lean

package postgres

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"gristmill"
)

// minMajor is the oldest PostgreSQL that we run on; older ones are no longer
// maintained by their makers.
const minMajor = 13

// Install is one PostgreSQL on this machine.
type Install struct {
	Dir     string // where its programs are
	Version string // "15.18"
	Major   int    // 15
}

// Find returns the PostgreSQL that new clusters are made with: the one in PATH,
// else the newest in the places where systems keep it. If there is none, the
// error is a Precondition that names the command that installs one.
func Find() (Install, error) {
	found := installs()
	if len(found) == 0 {
		return Install{}, gristmill.Errorf(gristmill.Precondition,
			"PostgreSQL %d or newer is not installed (looked in PATH, /usr/lib/postgresql, /usr/pgsql-* and Homebrew); install it with: %s",
			minMajor, installCommand())
	}
	return found[0], nil
}

// findMajor returns the install for a cluster of the given major version.
func findMajor(dir string, major int) (Install, error) {
	first, err := Find()
	if err != nil || first.Major == major {
		return first, err
	}
	for _, in := range installs() {
		if in.Major == major {
			return in, nil
		}
	}
	return Install{}, gristmill.Errorf(gristmill.Precondition,
		"the data directory %s was made by PostgreSQL %d, this machine has %d; install PostgreSQL %d or use another data directory",
		dir, major, first.Major, major)
}

// installs returns what Find chooses from, best first.
func installs() []Install {
	var dirs []string
	if p, err := exec.LookPath("postgres"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			dirs = append(dirs, filepath.Dir(p))
		}
	}
	var rest []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin",
		"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
		"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
	} {
		match, _ := filepath.Glob(pattern) // errs on a bad pattern only
		rest = append(rest, match...)
	}
	slices.SortStableFunc(rest, func(a, b string) int { return cmp.Compare(majorIn(b), majorIn(a)) })
	var found []Install
	seen := map[string]bool{}
	for _, dir := range append(dirs, rest...) {
		if seen[dir] {
			continue
		}
		seen[dir] = true
		if in, err := inspect(dir); err == nil && in.Major >= minMajor {
			found = append(found, in)
		}
	}
	return found
}

var number = regexp.MustCompile(`\d+`)

// majorIn reads the version from a path such as /usr/lib/postgresql/15/bin.
func majorIn(dir string) int {
	n, err := strconv.Atoi(number.FindString(dir))
	if err != nil {
		return 0
	}
	return n
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) (\d+)(\S*)`)

// inspect checks that dir holds every program that we need and asks for the
// version.
func inspect(dir string) (Install, error) {
	for _, name := range []string{"postgres", "initdb", "psql"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return Install{}, fmt.Errorf("inspect PostgreSQL: %w", err)
		}
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return Install{}, fmt.Errorf("ask PostgreSQL for its version: %w", err)
	}
	m := versionLine.FindStringSubmatch(string(out))
	if m == nil {
		return Install{}, fmt.Errorf("ask PostgreSQL for its version: it said %q", strings.TrimSpace(string(out)))
	}
	major, err := strconv.Atoi(m[1])
	if err != nil {
		return Install{}, fmt.Errorf("read PostgreSQL's version: %w", err)
	}
	return Install{Dir: dir, Version: m[1] + m[2], Major: major}, nil
}

// installCommand is what to type on this machine.
func installCommand() string {
	if runtime.GOOS == "darwin" {
		return "brew install postgresql@17"
	}
	for _, c := range []struct{ tool, command string }{
		{"apt-get", "sudo apt-get install postgresql"},
		{"dnf", "sudo dnf install postgresql-server"},
		{"apk", "sudo apk add postgresql"},
		{"pacman", "sudo pacman -S postgresql"},
		{"zypper", "sudo zypper install postgresql-server"},
	} {
		if _, err := exec.LookPath(c.tool); err == nil {
			return c.command
		}
	}
	return "your system's package manager (package postgresql)"
}
