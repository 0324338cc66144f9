//go:build !lean

package blob_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gristmill"
	"gristmill/embedded/s3"
	"gristmill/store/blob"
	"gristmill/store/blob/blobtest"
)

const asServer = "run-s3-child"

// The S3 server under test is a child process: this test program again.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == asServer {
		if err := s3.ChildMain(context.Background(), os.Stdin); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// startS3 returns the configuration of a running server's bucket.
func startS3(t *testing.T) (*s3.Server, blob.S3Config) {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped by -short: it starts an S3 server")
	}
	cfg := blob.S3Config{Endpoint: freeAddr(t), AccessKey: "grist", SecretKey: "mill-secret", Bucket: "gristmill"}
	server, err := s3.Start(context.Background(), s3.Config{
		Dir: filepath.Join(t.TempDir(), "s3"), Addr: cfg.Endpoint,
		AccessKey: cfg.AccessKey, SecretKey: cfg.SecretKey, Args: []string{asServer},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Errorf("stop S3: %v", err)
		}
	})
	return server, cfg
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestS3(t *testing.T) {
	t.Parallel()
	_, cfg := startS3(t)
	var buckets atomic.Int64
	blobtest.Store(t, func(t *testing.T) blobtest.Opened {
		cfg := cfg
		cfg.Bucket = fmt.Sprintf("bucket-%d", buckets.Add(1))
		driver, err := blob.OpenS3(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		return blobtest.Opened{Store: blob.New(driver), Alter: func(t *testing.T, key string, content []byte) {
			if err := driver.Write(context.Background(), key, bytes.NewReader(content), int64(len(content)), ""); err != nil {
				t.Fatal(err)
			}
		}}
	})
}

func TestS3BucketIsMadeOnce(t *testing.T) {
	t.Parallel()
	_, cfg := startS3(t)
	ctx := context.Background()
	for range 2 {
		store, err := blob.NewS3(ctx, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Put(ctx, strings.NewReader("x"), ""); err != nil {
			t.Fatal(err)
		}
	}
	cfg.Bucket = "other"
	if _, err := blob.NewS3(ctx, cfg); err != nil {
		t.Fatal(err)
	}
}

func TestS3ThatRefusesOrIsGone(t *testing.T) {
	t.Parallel()
	server, cfg := startS3(t)
	ctx := context.Background()
	cfg.Retries = 2
	store, err := blob.NewS3(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	wrong := cfg
	wrong.SecretKey = "not-the-secret"
	if _, err := blob.NewS3(ctx, wrong); gristmill.KindOf(err) != gristmill.Unavailable {
		t.Errorf("with a wrong key: %v", err)
	}
	for _, bad := range []blob.S3Config{{Endpoint: "127.0.0.1:9000"}, {Endpoint: "no/host", Bucket: "b"}} {
		if _, err := blob.NewS3(ctx, bad); gristmill.KindOf(err) != gristmill.Invalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if err := server.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	_, putErr := store.Put(ctx, strings.NewReader("y"), "")
	_, newErr := blob.NewS3(ctx, cfg)
	for what, err := range map[string]error{"Put": putErr, "Check": store.Check(ctx), "NewS3": newErr} {
		if gristmill.KindOf(err) != gristmill.Unavailable || !strings.Contains(gristmill.Public(err), cfg.Endpoint) {
			t.Errorf("%s after the server's end: %v", what, err)
		}
	}
}
