//go:build interop

package interop

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"gristmill/test/mill"
)

// brokenFiles is where the tables lie that cannot be read, or not be learned
// from; want.json has what the commands say.
var brokenFiles = filepath.Join("..", "..", "dataset", "testdata", "broken")

// trace finds what only a programmer should see.
var trace = regexp.MustCompile(`goroutine \d|panic:|\.go:\d|runtime error|0x[0-9a-f]{8}`)

// TestBrokenInputs gives the real binary what it cannot use. Each is refused with
// its exact sentence and status 2 by the commands that read here, and by a run;
// nothing of it stays in the store.
func TestBrokenInputs(t *testing.T) {
	s := mill.At(tool(t, "GRISTMILL_BINARY")).Stack(t)
	web := brokenServer(t)
	s.Env = append(s.Env, "GRISTMILL_ALLOW_URL="+web.URL)
	s.Up(t)
	want := brokenTables(t, s)
	t.Run("files", func(t *testing.T) { refusedHere(t, s, want) })
	t.Run("files in a run", func(t *testing.T) { refusedInARun(t, s, want) })
	t.Run("sources in a run", func(t *testing.T) { brokenSources(t, s, web.URL) })
	s.OK(t, "down")
}

type said struct{ Both, Profile, Init string }

// brokenTables writes the committed files and those too large to commit, and
// returns what is said to each.
func brokenTables(t *testing.T, s *mill.Stack) (want map[string]said) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(brokenFiles, "want.json"))
	if err == nil {
		err = json.Unmarshal(b, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name := range want {
		b, err := os.ReadFile(filepath.Join(brokenFiles, name))
		if err != nil {
			if b = large(name); b == nil {
				t.Fatalf("want.json names %s, which is not there", name)
			}
		}
		s.Write(t, name, string(b))
	}
	if err := os.Mkdir(filepath.Join(s.Dir, "folder.csv"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(s.Dir, "pipe.csv"), 0o600); err != nil { // nobody writes: it must not wait
		t.Fatal(err)
	}
	want["folder.csv"] = said{Both: "data.source: folder.csv is not a regular file"}
	want["pipe.csv"] = said{Both: "data.source: pipe.csv is not a regular file"}
	want["nowhere.csv"] = said{Both: "data.source: open nowhere.csv: no such file or directory"}
	return want
}

// large makes the files that are not committed, nil for others.
func large(name string) []byte {
	var b bytes.Buffer
	cell := bytes.Repeat([]byte("x"), 100<<20)
	switch name {
	case "bomb.csv.gz": // 80 MiB in 80 KiB
		z := gzip.NewWriter(&b)
		_, _ = z.Write(append([]byte("a,y\n"), bytes.Repeat([]byte("1,2\n"), 20<<20)...)) // a buffer takes everything
		_ = z.Close()
	case "cell.csv":
		fmt.Fprintf(&b, "a,y\n1,2\n\"%s\",3\n", cell)
	case "cell-open.csv":
		fmt.Fprintf(&b, "a,y\n1,2\n\"%s", cell)
	case "line.csv":
		b.Write(cell)
	case "wide.csv", "wider.csv":
		n := 100_000
		if name == "wider.csv" {
			n *= 10
		}
		for i := range n {
			fmt.Fprintf(&b, "c%d,", i)
		}
		b.WriteString("y\n" + strings.Repeat("1,", n) + "2\n")
	default:
		return nil
	}
	return b.Bytes()
}

// refused holds a command's end against what it should say.
func refused(t *testing.T, what string, r mill.Result, want string) {
	t.Helper()
	if r.Code != 2 || r.Out != "" || r.Err != "gristmill: "+want+"\n" || trace.MatchString(r.Err) {
		t.Errorf("%s: %s\nwant exit 2 and\n%s", what, r, want)
	}
}

func refusedHere(t *testing.T, s *mill.Stack, want map[string]said) {
	cases := 0
	for _, name := range slices.Sorted(maps.Keys(want)) {
		w := want[name]
		for command, text := range map[string]string{"profile": w.Both + w.Profile, "init": w.Both + w.Init} {
			args := []string{"dataset", "profile", name}
			if command == "init" {
				args = []string{"pipeline", "init", name, "--target", "y", "-o", "made.yaml"}
			}
			r := s.CLI(t, args...)
			if text == "" { // it is a table, only not one to learn from
				if r.Code != 0 {
					t.Errorf("%s %s: %s", command, name, r)
				}
				continue
			}
			cases++
			refused(t, command+" "+name, r, text)
		}
		if _, err := os.Stat(filepath.Join(s.Dir, "made.yaml")); err == nil {
			t.Errorf("%s: init has left a spec", name)
			_ = os.Remove(filepath.Join(s.Dir, "made.yaml"))
		}
	}
	t.Logf("%d files, %d refusals", len(want), cases)
}

// stored counts the dataset versions of the stack.
func stored(t *testing.T, s *mill.Stack) (list []map[string]any) {
	t.Helper()
	s.Value(t, &list, "dataset", "list")
	return list
}

// refusedInARun trains on every file that is no table. A file of the caller is
// uploaded first, so that its bytes are a version; none of them may come to be
// described as a table, and none may be registered.
func refusedInARun(t *testing.T, s *mill.Stack, want map[string]said) {
	runs := 0
	for _, name := range slices.Sorted(maps.Keys(want)) {
		w := want[name]
		if w.Both == "" || strings.HasPrefix(w.Both, "data.source: ") || large(name) != nil && name != "bomb.csv.gz" && name != "wide.csv" {
			continue
		}
		spec := s.Write(t, "run.yaml", fmt.Sprintf("name: broken\ndata: {source: %q, target: y}\ntrain: {algorithm: ridge}\n", name))
		for _, args := range [][]string{{"pipeline", "check", "-f", spec}, {"train", "--file", spec}, {"check", spec}} {
			r := s.CLI(t, args...)
			runs++
			text := strings.TrimPrefix(strings.TrimPrefix(w.Both, "data:\n"), "data.encoding: ")
			if name == "empty.csv" && args[0] == "train" { // it is not even uploaded
				text = "empty.csv is empty"
			}
			said := strings.Join(strings.Fields(r.Out+r.Err), " ")
			if r.Code != 1 && r.Code != 2 || !strings.Contains(said, strings.Join(strings.Fields(text), " ")) || trace.MatchString(r.Out+r.Err) {
				t.Errorf("%s with %s: %s\nwant\n%s", args[0], name, r, text)
			}
		}
	}
	for _, v := range stored(t, s) {
		if rows, _ := v["rows"].(float64); rows > 0 {
			t.Errorf("%v is kept as a table of %v rows", v["name"], rows)
		}
	}
	if r := s.CLI(t, "model", "show", "broken"); r.Code == 0 {
		t.Errorf("a model is registered: %s", r)
	}
	t.Logf("%d commands", runs)
}
