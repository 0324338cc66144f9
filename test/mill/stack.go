package mill

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gristmill/client"
)

// Stack is a data directory with its ports; it may run or not.
type Stack struct {
	Dir    string // working directory of every command; Data is below it
	Data   string
	Offset int      // of every port
	Env    []string // of every command: the test's own without its GRISTMILL_ variables, and what a test adds
	Token  string   // sent with every call
	mill   *Mill
}

// Stack makes a stack that does not run yet. Whatever runs on it at the end of
// the test is killed by its process id.
func (m *Mill) Stack(t *testing.T) *Stack {
	t.Helper()
	if m.path == "" {
		t.Skip("SKIPPED: -short leaves out the tests of the real binary")
	}
	m.seeSources(t)
	dir := t.TempDir()
	s := &Stack{mill: m, Dir: dir, Data: filepath.Join(dir, "data"), Offset: m.FreeOffset(t)}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "GRISTMILL_") {
			s.Env = append(s.Env, kv)
		}
	}
	s.Env = append(s.Env, "GRISTMILL_DATA="+s.Data, "GRISTMILL_PORT_OFFSET="+strconv.Itoa(s.Offset))
	t.Cleanup(func() {
		if t.Failed() {
			s.tellLog(t)
		}
		for _, pid := range s.Tree() {
			_ = syscall.Kill(pid, syscall.SIGKILL) // gone already is as good
		}
	})
	return s
}

// tellLog shows the end of the stack's log.
func (s *Stack) tellLog(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(s.Data, "gristmill.log"))
	if err != nil {
		return
	}
	var lines []string
	for l := range strings.SplitSeq(string(b), "\n") {
		if strings.Contains(l, `"level":"WARN"`) || strings.Contains(l, `"level":"ERROR"`) {
			lines = append(lines, l[:min(len(l), 600)])
		}
	}
	t.Logf("warnings and errors of the stack:\n%s", strings.Join(lines[max(0, len(lines)-15):], "\n"))
}

// HTTP returns the base URL of pages and API.
func (s *Stack) HTTP() string { return fmt.Sprintf("http://127.0.0.1:%d", 5000+s.Offset) }

// Inference returns the base URL of the inference server.
func (s *Stack) Inference() string { return fmt.Sprintf("http://127.0.0.1:%d", 8080+s.Offset) }

// S3 returns the base URL of the S3 server.
func (s *Stack) S3() string { return fmt.Sprintf("http://127.0.0.1:%d", 9000+s.Offset) }

// Temporal returns the host and port of Temporal.
func (s *Stack) Temporal() string { return fmt.Sprintf("127.0.0.1:%d", 7233+s.Offset) }

// Client returns a client of the stack's API.
func (s *Stack) Client(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New(s.HTTP(), client.Config{Token: s.Token})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Result is how a command ended.
type Result struct {
	Out, Err string // stdout and stderr
	Code     int    // exit status
	Took     time.Duration
}

// String renders all of it, for failures.
func (r Result) String() string {
	return fmt.Sprintf("exit %d after %s\nstdout: %s\nstderr: %s", r.Code, r.Took.Round(time.Millisecond), r.Out, r.Err)
}

// Command makes a command of gristmill in the stack's directory and environment.
func (s *Stack) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.mill.path, args...)
	cmd.Dir, cmd.Env = s.Dir, s.Env
	return cmd
}

// CLI runs a command of gristmill to its end.
func (s *Stack) CLI(t testing.TB, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	return Run(t, s.Command(ctx, args...))
}

// Run runs a command to its end.
func Run(t testing.TB, cmd *exec.Cmd) Result {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	began := time.Now()
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatalf("%s: %v", strings.Join(cmd.Args, " "), err)
	}
	return Result{out.String(), errOut.String(), cmd.ProcessState.ExitCode(), time.Since(began)}
}

// OK runs a command that must succeed and returns what it printed.
func (s *Stack) OK(t testing.TB, args ...string) string {
	t.Helper()
	r := s.CLI(t, args...)
	if r.Code != 0 {
		t.Fatalf("gristmill %s: %s", strings.Join(args, " "), r)
	}
	return r.Out
}

// Value runs a command that must succeed and reads the one JSON value that it
// prints.
func (s *Stack) Value(t testing.TB, to any, args ...string) {
	t.Helper()
	Decode(t, s.OK(t, append(args, "--json")...), to)
}

// Decode reads the one JSON value of a text.
func Decode(t testing.TB, text string, to any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	if err := d.Decode(to); err != nil {
		t.Fatalf("no JSON value: %v\n%s", err, text)
	}
	if rest, _ := io.ReadAll(d.Buffered()); strings.TrimSpace(string(rest)) != "" {
		t.Fatalf("more than one JSON value:\n%s", text)
	}
}

// Up starts the stack in the background.
func (s *Stack) Up(t testing.TB) {
	t.Helper()
	out := s.OK(t, "up", "-d")
	if !strings.Contains(out, "\nready in ") || !strings.Contains(out, s.HTTP()) {
		t.Fatalf("up -d does not say that it is ready, and where:\n%s", out)
	}
	_, after, _ := strings.Cut(out, "\nready in ")
	took, _, _ := strings.Cut(after, ";")
	t.Log("ready in", took)
}

// Call sends a request and returns the answer with its body.
func (s *Stack) Call(t testing.TB, method, url, media string, body []byte) (*http.Response, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	if s.Token != "" {
		req.Header.Set("Authorization", "Bearer "+s.Token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

// Invoke asks a model for predictions and returns answer and body.
func (s *Stack) Invoke(t testing.TB, model, media string, body []byte) (*http.Response, string) {
	t.Helper()
	return s.Call(t, http.MethodPost, s.Inference()+"/models/"+model+"/invocations", media, body)
}

// Write writes a file below the stack's working directory.
func (s *Stack) Write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(s.Dir, name)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}
