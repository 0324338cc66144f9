package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// command runs the program in an empty directory and returns what it said.
func command(t *testing.T, args ...string) (status int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(t.Context(), args, strings.NewReader(""), &o, &e)
	return status, o.String(), e.String()
}

func setting(t *testing.T, out, key string) (value, origin string) {
	t.Helper()
	var rows []struct{ Key, Value, Origin string }
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	for _, r := range rows {
		if r.Key == key {
			return r.Value, r.Origin
		}
	}
	t.Fatalf("no %s in %s", key, out)
	return "", ""
}

func TestASettingComesFromTheNearestOrigin(t *testing.T) {
	t.Chdir(t.TempDir())
	expect := func(value, origin string, args ...string) {
		t.Helper()
		status, out, errOut := command(t, append(args, "config", "--json")...)
		if status != exitOK {
			t.Fatalf("status %d: %s", status, errOut)
		}
		if v, o := setting(t, out, "http_addr"); v != value || o != origin {
			t.Errorf("http_addr is %s from %s, want %s from %s", v, o, value, origin)
		}
	}
	expect("127.0.0.1:5000", "default")
	expect("127.0.0.1:5010", "default", "--port-offset", "10")
	if err := os.WriteFile(configFile, []byte("http_addr: 127.0.0.1:6000\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect("127.0.0.1:6000", configFile, "--port-offset", "10") // what is given is not moved
	t.Setenv("GRISTMILL_HTTP_ADDR", "127.0.0.1:7000")
	expect("127.0.0.1:7000", "GRISTMILL_HTTP_ADDR")
	status, out, _ := command(t, "config", "--json", "--http-addr", "127.0.0.1:8000")
	if v, o := setting(t, out, "http_addr"); status != exitOK || v != "127.0.0.1:8000" || o != "--http-addr" {
		t.Errorf("http_addr is %s from %s", v, o)
	}
}

func TestWrongSettingsAreOneClearLineAndStatus2(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, c := range map[string]struct {
		file string
		args []string
		want string
	}{
		"unknown key":     {"http_adr: x\n", []string{"config"}, `gristmill.yaml:` + "\n" + `  1:11: unknown key "http_adr", allowed:`},
		"no offset":       {"", []string{"config", "--port-offset", "ten"}, `--port-offset: "ten" is not a whole number from 0 to 50000`},
		"no address":      {"", []string{"config", "--http-addr", "5000"}, `--http-addr: "5000" is not of the form host:port`},
		"a bare token":    {"", []string{"run", "list", "--token", "hunter2"}, "--token: a credential is given as secret://NAME, never itself"},
		"no such secret":  {"", []string{"run", "list", "--token", "secret://NO_SUCH"}, "secret://NO_SUCH: neither the environment variable NO_SUCH nor the file"},
		"unknown flag":    {"", []string{"run", "list", "--nope"}, "unknown flag: --nope"},
		"unknown verb":    {"", []string{"run", "lst"}, `unknown command "lst" for "gristmill run"; did you mean "list"?`},
		"unknown command": {"", []string{"trian"}, `unknown command "trian"`},
		"two pipelines":   {"", []string{"train", "a", "b"}, "accepts at most 1 arg(s), received 2"},
		"nothing":         {"", []string{"train"}, "give either the name of a pipeline or --file SPEC"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(configFile, []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
			status, out, errOut := command(t, c.args...)
			if status != exitUsage || !strings.Contains(errOut, c.want) || out != "" {
				t.Errorf("status %d, stdout %q, stderr %q; want status 2 and %q", status, out, errOut, c.want)
			}
		})
	}
}

func TestASecretsFileMustBePrivate(t *testing.T) {
	t.Chdir(t.TempDir())
	c := Default()
	if err := os.MkdirAll(filepath.Join(c.Data, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(c.Data, "secrets", "TOKEN")
	if err := os.WriteFile(file, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if v, err := c.secret("secret://TOKEN"); err != nil || v != "s3cret" {
		t.Errorf("%q, %v", v, err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := c.secret("secret://TOKEN"); err == nil || !strings.Contains(err.Error(), "mode 0644; a secret's file must be 0600") {
		t.Errorf("a file that others can read: %v", err)
	}
	t.Setenv("TOKEN", "from the environment")
	if v, err := c.secret("secret://TOKEN"); err != nil || v != "from the environment" {
		t.Errorf("%q, %v", v, err)
	}
}

func TestADirectoryOfOtherThingsIsNotTaken(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("home/secrets", 0o700); err != nil {
		t.Fatal(err)
	}
	dir, err := openData("home") // secrets may be put there before the first start
	if err != nil {
		t.Fatal(err)
	}
	if err := dir.close(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("other", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("other/thesis.tex", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openData("other"); err == nil || !strings.Contains(err.Error(), "holds other things (thesis.tex)") {
		t.Errorf("got %v", err)
	}
	if exists("other/up.lock") {
		t.Error("something was made there")
	}
}

func TestTheLockTellsALivingStackFromADeadOne(t *testing.T) {
	t.Chdir(t.TempDir())
	a := &app{cfg: Default()}
	if _, ok := running("data"); ok {
		t.Error("a stack runs in a directory that is not there")
	}
	dir, err := openData("data")
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := running("data"); !ok || s.PID != 0 {
		t.Errorf("one that has just begun: %+v, %v", s, ok)
	}
	if err := a.note(dir, true); err != nil {
		t.Fatal(err)
	}
	if s, ok := running("data"); !ok || s.PID != os.Getpid() || !s.Ready {
		t.Errorf("one that is ready: %+v, %v", s, ok)
	}
	if _, err := openData("data"); err == nil || !strings.Contains(err.Error(), "a stack runs on data already (process") {
		t.Errorf("a second one: %v", err)
	}
	if err := dir.close(); err != nil {
		t.Fatal(err)
	}
	if s, ok := running("data"); ok {
		t.Errorf("one whose lock is gone still runs: %+v", s)
	}
}
