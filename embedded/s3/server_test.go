//go:build !lean

package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"gristmill"
	"gristmill/embedded/child"
)

// Arguments that make the test binary the child, and a parent that is killed.
const (
	asChild  = "internal-s3"
	asParent = "s3-test-parent"
)

const (
	accessKey = "gristmill"
	secretKey = "a-secret-of-the-test"
)

func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 2 && os.Args[1] == asChild:
		if err := ChildMain(context.Background(), os.Stdin); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case len(os.Args) == 4 && os.Args[1] == asParent:
		s, err := Start(context.Background(), config(os.Args[2], os.Args[3]))
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println("pid", s.PID())
		select {}
	}
	os.Exit(m.Run())
}

func config(dir, addr string) Config {
	return Config{Dir: dir, Addr: addr, AccessKey: accessKey, SecretKey: secretKey, Args: []string{asChild}}
}

func dirAndAddr(t *testing.T) (dir, addr string) {
	t.Helper()
	addrs, err := child.FreeAddrs(1)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(t.TempDir(), "s3"), addrs[0]
}

func start(t *testing.T, dir, addr string) *Server {
	t.Helper()
	cfg := config(dir, addr)
	cfg.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	began := time.Now()
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Logf("ready after %v", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	began := time.Now()
	if err := s.Stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
	t.Logf("stopped after %v", time.Since(began).Round(time.Millisecond))
}

func client(t *testing.T, s *Server, secret string) *minio.Client {
	t.Helper()
	c, err := minio.New(s.Addr(), &minio.Options{Creds: credentials.NewStaticV4(accessKey, secret, ""), Region: Region, MaxRetries: 1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const contentType = "application/x-grist"

func put(t *testing.T, s *Server, key, text string) {
	t.Helper()
	c := client(t, s, secretKey)
	if ok, err := c.BucketExists(t.Context(), "mill"); err != nil {
		t.Fatal(err)
	} else if !ok {
		if err := c.MakeBucket(t.Context(), "mill", minio.MakeBucketOptions{Region: Region}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := c.PutObject(t.Context(), "mill", key, strings.NewReader(text), int64(len(text)),
		minio.PutObjectOptions{ContentType: contentType, UserMetadata: map[string]string{"Origin": "test"}})
	if err != nil {
		t.Fatal(err)
	}
}

// get returns an object's text after checking that its metadata is there too.
func get(ctx context.Context, c *minio.Client, key string) (string, error) {
	o, err := c.GetObject(ctx, "mill", key, minio.GetObjectOptions{})
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(o)
	if err != nil {
		return "", err
	}
	info, err := o.Stat()
	if err != nil {
		return "", err
	}
	if info.ContentType != contentType || info.UserMetadata["Origin"] != "test" {
		return "", fmt.Errorf("metadata is %q, %v", info.ContentType, info.UserMetadata)
	}
	return string(b), nil
}

func mustGet(t *testing.T, s *Server, key, want string) {
	t.Helper()
	if got, err := get(t.Context(), client(t, s, secretKey), key); err != nil || got != want {
		t.Fatalf("get %s: %q, %v; want %q", key, got, err, want)
	}
}

// eventually waits for a state of another process, which announces nothing.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("still not: %s", what)
		case <-tick.C:
		}
	}
}

func TestObjectsOutliveTheServer(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"", inAttributes, inDirectory} {
		t.Run("metadata="+kind, func(t *testing.T) {
			t.Parallel()
			dir, addr := dirAndAddr(t)
			if kind != "" {
				if err := os.WriteFile(dir+".metadata", []byte(kind), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s := start(t, dir, addr)
			put(t, s, "run/1/artifacts/model.json", "{}")
			mustGet(t, s, "run/1/artifacts/model.json", "{}")
			stop(t, s)
			mustGet(t, start(t, dir, addr), "run/1/artifacts/model.json", "{}")
			_, err := os.Stat(sideDir(dir))
			if (kind == inDirectory) != (err == nil) {
				t.Errorf("metadata %q: side directory: %v", kind, err)
			}
		})
	}
}

func TestWrongSecretIsRefused(t *testing.T) {
	t.Parallel()
	dir, addr := dirAndAddr(t)
	s := start(t, dir, addr)
	put(t, s, "a", "x")
	_, err := get(t.Context(), client(t, s, "wrong"), "a")
	if code := minio.ToErrorResponse(err).Code; code != "SignatureDoesNotMatch" {
		t.Fatalf("got %v", err)
	}
	mustGet(t, s, "a", "x")
}

func TestKilledChildComesBackWithItsObjects(t *testing.T) {
	t.Parallel()
	dir, addr := dirAndAddr(t)
	s := start(t, dir, addr)
	put(t, s, "a", "x")
	for range 2 {
		pid := s.PID()
		began := time.Now()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "another child answers", func() bool {
			got, err := get(t.Context(), client(t, s, secretKey), "a")
			return err == nil && got == "x" && s.PID() != pid
		})
		t.Logf("back after %v", time.Since(began).Round(time.Millisecond))
	}
}

func parent(t *testing.T, dir, addr string) (*exec.Cmd, child.Identity) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, asParent, dir, addr)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscanf(out, "pid %d", &pid); err != nil {
		t.Fatal(err)
	}
	id, err := child.Identify(pid)
	if err != nil {
		t.Fatal(err)
	}
	return cmd, id
}

func TestChildEndsWithItsKilledParent(t *testing.T) {
	t.Parallel()
	dir, addr := dirAndAddr(t)
	cmd, id := parent(t, dir, addr)
	if _, err := Start(t.Context(), config(dir, addr)); gristmill.KindOf(err) != gristmill.Precondition || !strings.Contains(err.Error(), "in use by another gristmill") {
		t.Fatalf("a second start beside a live one: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	eventually(t, "the child has ended", func() bool { return !id.Alive() })
}

// The end of its input alone, without parent-death signal, ends the child too.
func TestChildEndsWithItsInput(t *testing.T) {
	t.Parallel()
	dir, addr := dirAndAddr(t)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, asChild)
	cmd.Stdin = strings.NewReader(fmt.Sprintf(`{"dir":%q,"addr":%q,"access_key":"a","secret_key":"b"}`, dir, addr))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the child failed: %v\n%s", err, out)
	}
}

// A child that ignores the end of its parent stands for what the signal and the
// pipe miss: a stopped process.
func TestOrphanIsEndedBeforeTheNextStartAndAStrangerIsNot(t *testing.T) {
	t.Parallel()
	for _, orphan := range []bool{true, false} {
		t.Run(fmt.Sprintf("orphan=%v", orphan), func(t *testing.T) {
			t.Parallel()
			dir, addr := dirAndAddr(t)
			stop(t, start(t, dir, addr))
			other := exec.Command("sleep", "600")
			if err := other.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- other.Wait() }()
			defer other.Process.Kill()
			id, err := child.Identify(other.Process.Pid)
			if err != nil {
				t.Fatal(err)
			}
			if !orphan {
				id.Started = "1" // the process that had this id before
			}
			if err := id.Write(dir + ".pid"); err != nil {
				t.Fatal(err)
			}
			start(t, dir, addr)
			if orphan {
				<-ended
				return
			}
			select {
			case err := <-ended:
				t.Fatalf("the stranger was ended: %v", err)
			default:
			}
		})
	}
}

func TestBusyPortIsNamed(t *testing.T) {
	t.Parallel()
	dir, addr := dirAndAddr(t)
	start(t, dir, addr)
	other, _ := dirAndAddr(t)
	_, err := Start(t.Context(), config(other, addr))
	want := "s3: the address " + addr + " is in use by another program"
	if gristmill.KindOf(err) != gristmill.Precondition || gristmill.Public(err) != want {
		t.Fatalf("got %v; want %s", err, want)
	}
}

func TestChildThatFailsSaysWhy(t *testing.T) {
	t.Parallel()
	dir, addr := dirAndAddr(t)
	cfg := config(dir, addr)
	cfg.Executable, cfg.Args = "/bin/sh", []string{"-c", "echo the disk is on fire >&2; exit 3"}
	_, err := Start(t.Context(), cfg)
	if gristmill.KindOf(err) != gristmill.Precondition || !strings.Contains(gristmill.Public(err), "the disk is on fire") {
		t.Fatalf("got %v", err)
	}
}

func TestMetadataPlaceIsDecidedOnce(t *testing.T) {
	t.Parallel()
	yes := func(string) error { return nil }
	no := func(string) error { return errors.New("not supported") }
	dir := filepath.Join(t.TempDir(), "s3")
	if side, err := chooseMetadata(dir, no); err != nil || side != sideDir(dir) {
		t.Fatalf("without attributes: %q, %v", side, err)
	}
	if side, err := chooseMetadata(dir, yes); err != nil || side != sideDir(dir) {
		t.Fatalf("a directory that began without attributes: %q, %v", side, err)
	}
	dir = filepath.Join(t.TempDir(), "s3")
	if side, err := chooseMetadata(dir, yes); err != nil || side != "" {
		t.Fatalf("with attributes: %q, %v", side, err)
	}
	if _, err := chooseMetadata(dir, no); gristmill.KindOf(err) != gristmill.Precondition || !strings.Contains(err.Error(), "extended attributes, which this file system does not take") {
		t.Fatalf("a directory that lost its attributes: %v", err)
	}
}

func TestSecretStaysOutOfArgumentsEnvironmentAndLog(t *testing.T) {
	t.Parallel()
	dir, addr := dirAndAddr(t)
	s := start(t, dir, addr)
	put(t, s, "a", "x")
	for _, path := range []string{fmt.Sprintf("/proc/%d/cmdline", s.PID()), fmt.Sprintf("/proc/%d/environ", s.PID()), dir + ".log"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(secretKey)) {
			t.Errorf("%s holds the secret", path)
		}
	}
}
