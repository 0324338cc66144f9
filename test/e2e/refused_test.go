package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gristmill/test/mill"
)

// Somebody starts the stack where it cannot run: each time one line says why, and
// the exit status is 2.
func TestUpRefusesToStart(t *testing.T) {
	t.Parallel()
	// Each case makes ready what is in the way and returns the arguments.
	cases := map[string]struct {
		prepare func(t *testing.T, s *mill.Stack) []string
		want    []string // all must be on the one line
	}{
		"a busy port": {func(t *testing.T, s *mill.Stack) []string {
			busy(t, 7233+s.Offset)
			return nil
		}, []string{"--temporal-addr", "is busy", "--port-offset"}},
		"a busy port, in the background": {func(t *testing.T, s *mill.Stack) []string {
			busy(t, 9000+s.Offset)
			return []string{"-d"}
		}, []string{"--s3-addr", "is busy"}},
		"a data directory of a newer version": {func(t *testing.T, s *mill.Stack) []string {
			s.Write(t, "data/FORMAT", "99\n")
			return nil
		}, []string{"newer gristmill", "format 99"}},
		"a data directory of a newer version, in the background": {func(t *testing.T, s *mill.Stack) []string {
			s.Write(t, "data/FORMAT", "99\n")
			return []string{"-d"}
		}, []string{"newer gristmill", "format 99"}},
		"a data directory whose version is none": {func(t *testing.T, s *mill.Stack) []string {
			s.Write(t, "data/FORMAT", "old\n")
			return nil
		}, []string{`FORMAT holds "old"`}},
		"a file where the data directory should be": {func(t *testing.T, s *mill.Stack) []string {
			s.Write(t, "data", "I was here first")
			return nil
		}, []string{"--data", "cannot write to", "not a directory"}},
		"a file above the data directory": {func(t *testing.T, s *mill.Stack) []string {
			return []string{"--data", filepath.Join(s.Write(t, "file", ""), "below", "it")}
		}, []string{"--data", "cannot write to", "not a directory"}},
		"a directory that nobody can write": {func(*testing.T, *mill.Stack) []string {
			return []string{"--data", "/proc/gristmill"}
		}, []string{"--data", "cannot write to /proc/gristmill"}},
		"HTTP off loopback without a token": {func(_ *testing.T, s *mill.Stack) []string {
			return []string{"--http-addr", fmt.Sprintf("0.0.0.0:%d", 5000+s.Offset)}
		}, []string{"--http-addr", "not on loopback", "--token secret://NAME"}},
		"inference off loopback without a token": {func(_ *testing.T, s *mill.Stack) []string {
			return []string{"--inference-addr", fmt.Sprintf("[::]:%d", 8080+s.Offset)}
		}, []string{"--inference-addr", "not on loopback", "--token secret://NAME"}},
		"Postgres off loopback": {func(_ *testing.T, s *mill.Stack) []string {
			return []string{"--postgres-addr", fmt.Sprintf("0.0.0.0:%d", 5433+s.Offset)}
		}, []string{"--postgres-addr", "not on loopback"}},
		"a token that is given itself": {func(*testing.T, *mill.Stack) []string {
			return []string{"--token", "open-sesame"}
		}, []string{"--token", "secret://NAME", "never itself"}},
		"a token that is not there": {func(*testing.T, *mill.Stack) []string {
			return []string{"--token", "secret://MILL_NO_TOKEN"}
		}, []string{"secret://MILL_NO_TOKEN", "neither the environment variable"}},
		"an offset that is none": {func(*testing.T, *mill.Stack) []string {
			return []string{"--port-offset", "ten"}
		}, []string{"--port-offset", `"ten"`}},
		"an unknown log level": {func(*testing.T, *mill.Stack) []string {
			return []string{"--log-level", "loud"}
		}, []string{"--log-level", `"loud"`, "debug, info, warn, error"}},
		"an unknown key in gristmill.yaml": {func(t *testing.T, s *mill.Stack) []string {
			s.Write(t, "gristmill.yaml", "htp_addr: 127.0.0.1:1\n")
			return nil
		}, []string{"htp_addr", "http_addr"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := grist.Stack(t)
			r := s.CLI(t, append([]string{"up"}, c.prepare(t, s)...)...)
			refusesInOneLine(t, r, c.want...)
			if left := s.Tree(); len(left) > 0 {
				t.Errorf("processes %v run", left)
			}
		})
	}
}

// refusesInOneLine checks how a start that cannot be ends.
func refusesInOneLine(t *testing.T, r mill.Result, want ...string) {
	t.Helper()
	line, rest, _ := strings.Cut(r.Err, "\n")
	if detail := strings.TrimSpace(rest); detail != "" && !strings.HasSuffix(line, ":") || strings.Count(detail, "\n") > 0 {
		t.Errorf("more than one line on stderr:\n%s", r.Err)
	}
	if r.Code != 2 {
		t.Errorf("want exit 2: %s", r)
	}
	for _, w := range want {
		if !strings.Contains(r.Err, w) {
			t.Errorf("%q does not say %q", r.Err, w)
		}
	}
}

// busy takes a port until the test ends.
func busy(t *testing.T, port int) {
	t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // nobody has connected
}

// PostgreSQL is what the platform takes from the machine. Here it is hidden: in a
// mount namespace of its own where its directory is empty.
func TestUpWithoutPostgreSQL(t *testing.T) {
	t.Parallel()
	s := grist.Stack(t)
	const installed = "/usr/lib/postgresql"
	ctx := t.Context()
	hidden := func(args ...string) mill.Result {
		cmd := s.Command(ctx, args...)
		cmd.Env = append(cmd.Env, "PATH=")
		if _, err := os.Stat(installed); err == nil {
			unshare, err := exec.LookPath("unshare")
			if err != nil || os.Getuid() != 0 {
				t.Skipf("SKIPPED: hiding %s takes root and unshare", installed)
			}
			script := `/bin/mount -t tmpfs none ` + installed + ` && PATH= exec "$0" "$@"`
			cmd = exec.CommandContext(ctx, unshare, append([]string{"--mount", "/bin/sh", "-c", script, grist.Path()}, args...)...)
			cmd.Dir, cmd.Env = s.Dir, s.Env
		}
		return mill.Run(t, cmd)
	}
	r := hidden("up")
	if strings.Contains(r.Err, "unshare failed") || strings.Contains(r.Err, "mount:") {
		t.Skipf("SKIPPED: this machine allows no mount namespaces: %s", r.Err)
	}
	refusesInOneLine(t, r, "PostgreSQL", "install")
	if _, err := os.Stat(s.Data); !os.IsNotExist(err) {
		t.Errorf("the data directory was made all the same: %v", err)
	}
	if r := hidden("doctor"); r.Code != 1 || !strings.Contains(r.Out, "BAD") || !strings.Contains(r.Out, "PostgreSQL") {
		t.Errorf("doctor: %s", r)
	}
}
