package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkout makes a git checkout with one file and returns what writes and runs
// in it.
func checkout(t *testing.T) (dir string, write func(name, content string), git func(args ...string)) {
	t.Helper()
	dir = t.TempDir()
	write = func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git = func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=ada", "-c", "user.email=ada@example.org"}, args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q")
	write("a.txt", "one\n")
	git("add", "a.txt")
	git("commit", "-q", "-m", "first")
	return dir, write, git
}

func TestWorkDiffIsPlainWhateverTheSettingsSay(t *testing.T) {
	t.Parallel()
	dir, write, git := checkout(t)
	git("config", "color.ui", "always")
	git("config", "diff.external", "echo external")
	git("config", "diff.upper.textconv", "echo converted")
	write(".git/info/attributes", "*.txt diff=upper\n")
	write("a.txt", "two\n")
	write("unknown.txt", "git does not track this\n")
	diff, err := workDiff(t.Context(), dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	got := string(diff)
	if !strings.HasPrefix(got, "diff --git a/a.txt b/a.txt\n") || !strings.Contains(got, "\n-one\n+two\n") || strings.Contains(got, "unknown") {
		t.Errorf("got %q", got)
	}
}

func TestWorkDiffStopsAtItsLimit(t *testing.T) {
	t.Parallel()
	dir, write, _ := checkout(t)
	write("a.txt", strings.Repeat("a line that is not in the commit\n", 1<<17)) // more than a pipe holds
	for _, limit := range []int64{0, 1 << 10} {
		if diff, err := workDiff(t.Context(), dir, limit); err == nil || !strings.Contains(err.Error(), "it is larger than") || diff != nil {
			t.Errorf("limit %d: %d bytes, %v", limit, len(diff), err)
		}
	}
	write("a.txt", "one\n")
	if diff, err := workDiff(t.Context(), dir, 0); err != nil || len(diff) > 0 {
		t.Errorf("without changes: %q, %v", diff, err)
	}
	if _, err := workDiff(t.Context(), t.TempDir(), 10); err == nil {
		t.Error("a directory that is no checkout has a diff")
	}
}

func TestSomeNamesTheFirstOfAList(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]string{"a": "a", "a b c": "a, b, c", "a b c d e": "a, b, c and 2 more"} {
		if got := some(strings.Fields(list)); got != want {
			t.Errorf("%s: %s, want %s", list, got, want)
		}
	}
}
