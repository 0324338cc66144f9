package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"gristmill/pipeline"
	"gristmill/test/mill"
)

// Somebody follows README and guides word for word: every command of a sh block
// is run, and what a text block shows is what they see. A block of no language is
// for other programs, or names ports that are others here.
func TestGuides(t *testing.T) {
	for _, name := range []string{"README", "docs/guides/own-data", "docs/guides/housing", "docs/guides/churn"} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)+".md"))
			if err != nil {
				t.Fatal(err)
			}
			blocks := fenced(string(text))
			if len(blocks) < 5 {
				t.Fatalf("%d blocks; the guide is not read", len(blocks))
			}
			follow(t, grist.Stack(t), blocks)
		})
	}
}

// block is a fenced block of a guide.
type block struct {
	line     int // of its fence
	language string
	text     string
}

// fenced returns the fenced blocks of a page.
func fenced(page string) []block {
	var list []block
	var open *block
	for i, line := range strings.Split(page, "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && open == nil:
			open = &block{line: i + 1, language: fence}
		case isFence:
			list = append(list, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	return list
}

// follow does what a guide says, in order.
func follow(t *testing.T, s *mill.Stack, blocks []block) {
	t.Helper()
	checkout, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	s.Env = append(s.Env, "CHECKOUT="+checkout, "PATH="+filepath.Dir(linked(t, s.Dir))+string(os.PathListSeparator)+os.Getenv("PATH"))
	seen := ""
	for _, b := range blocks {
		switch b.language {
		case "sh":
			seen = shell(t, s, b)
		case "yaml":
			if _, err := pipeline.Parse([]byte(b.text)); err != nil {
				t.Errorf("line %d: %v", b.line, err)
			}
			if name, ok := strings.CutPrefix(b.text, "# file: "); ok {
				name, _, _ = strings.Cut(name, "\n")
				s.Write(t, name, b.text)
			}
		case "text":
			if missing := unseen(b.text, seen); missing != "" {
				t.Errorf("line %d: the guide shows\n  %s\nwhich is not, in this order, in what was printed:\n%s", b.line, missing, seen)
			}
		case "":
		default:
			t.Errorf("line %d: a block of the language %q; expected sh, yaml, text or none", b.line, b.language)
		}
	}
}

// linked makes the binary known by its name and returns its path.
func linked(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "bin", "gristmill")
	err := os.Mkdir(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.Symlink(grist.Path(), path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var exits = regexp.MustCompile(`(?m)^# exits (\d+)$`)

// shell runs a block and returns what it printed.
func shell(t *testing.T, s *mill.Stack, b block) string {
	t.Helper()
	want := 0
	if m := exits.FindStringSubmatch(b.text); m != nil {
		want, _ = strconv.Atoi(m[1])
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-eu", "-c", b.text)
	cmd.Dir, cmd.Env = s.Dir, s.Env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != want {
		t.Fatalf("line %d: %v, want exit %d, of\n%s\n%s", b.line, err, want, b.text, out.String())
	}
	return out.String()
}

// unseen returns the first line of a guide's text that was not printed after the
// ones before it. A line stands for the beginning of a printed one, … for
// anything, and any white space for any other.
func unseen(shown, printed string) string {
	lines := strings.Split(printed, "\n")
	for want := range strings.SplitSeq(strings.TrimSpace(shown), "\n") {
		found := pattern(want)
		for len(lines) > 0 && !found.MatchString(lines[0]) {
			lines = lines[1:]
		}
		if len(lines) == 0 {
			return want
		}
		lines = lines[1:]
	}
	return ""
}

func pattern(line string) *regexp.Regexp {
	var parts []string
	for part := range strings.SplitSeq(line, "…") {
		var words []string
		for _, w := range strings.Fields(part) {
			words = append(words, regexp.QuoteMeta(w))
		}
		parts = append(parts, strings.Join(words, `\s+`))
	}
	return regexp.MustCompile(`^\s*` + strings.Join(parts, `.*`))
}

// The guides' test must be able to fail.
func TestUnseen(t *testing.T) {
	t.Parallel()
	const printed = "begin\n  rmse     23052   of 82393\nended in 3.1 s\n"
	for _, c := range []struct{ shown, missing string }{
		{"rmse 23052", ""},
		{"rmse … 82393\nended in …", ""},
		{"rmse 23053", "rmse 23053"},
		{"ended in …\nrmse …", "rmse …"},
		{"23052", "23052"},
		{"", ""},
	} {
		if got := unseen(c.shown, printed); got != c.missing {
			t.Errorf("of %q is missing %q, want %q", c.shown, got, c.missing)
		}
	}
	for _, want := range []string{"[{7 sh ls\n} {11 text a\nb\n}]"} {
		if got := fmt.Sprint(fenced("\n\n\n\n\n\n```sh\nls\n```\n\n```text\na\nb\n```\n")); got != want {
			t.Errorf("the blocks are %s, want %s", got, want)
		}
	}
}
