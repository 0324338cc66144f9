//go:build !lean

package s3

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

// healthPath answers 200 without credentials. No bucket is masked by it: their
// names cannot begin with a dot.
const healthPath = "/.gristmill-health"

// order is what the parent tells the child, as one line of JSON on its standard
// input.
type order struct {
	Dir       string `json:"dir"`
	SideDir   string `json:"side_dir"` // "" means metadata in attributes
	Addr      string `json:"addr"`
	AccessKey string `json:"access_key"`
	SecretKey string `json:"secret_key"`
}

// ChildMain is the whole life of the child process: it reads its order from
// stdin, serves until ctx ends, the process gets SIGTERM, or stdin ends, and
// finishes what it is answering. It changes the working directory of the
// process, so call it in a process of its own: Start runs Executable with Args,
// and that command calls ChildMain with its standard input.
func ChildMain(ctx context.Context, stdin io.Reader) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var o order
	dec := json.NewDecoder(stdin)
	if err := dec.Decode(&o); err != nil {
		return fmt.Errorf("read order of the S3 child: %w", err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, stdin) // returns when the parent is gone
		cancel()
	}()
	var storer meta.MetadataStorer = meta.XattrMeta{}
	if o.SideDir != "" {
		side, err := meta.NewSideCar(o.SideDir)
		if err != nil {
			return fmt.Errorf("open metadata directory: %w", err)
		}
		storer = side
	}
	syscall.Umask(0o077) // objects are for the owner of the data directory alone
	opts := posix.PosixOpts{SideCarDir: o.SideDir}
	opts.SetNewDirPerm(0o700)
	opts.SetNewFilePerm(0o600)
	backend, err := posix.New(o.Dir, storer, opts)
	if err != nil {
		return fmt.Errorf("open S3 directory: %w", err)
	}
	fmt.Fprintln(os.Stdout, "serving", o.Dir, "on", o.Addr)
	err = embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
		RootUserAccess: o.AccessKey, RootUserSecret: o.SecretKey, Region: Region,
		Ports: []string{o.Addr}, HealthPath: healthPath, KeepAlive: true, Quiet: true,
		MaxConnections: 4096, MaxRequests: 1024, MultipartMaxParts: 10000,
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("serve S3: %w", err)
	}
	return nil
}
