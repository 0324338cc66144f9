package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"gristmill"
)

// Dir is the driver over a directory: one file an object. Nothing reaches above
// the directory, through symbolic links neither.
type Dir struct{ root *os.Root }

// incoming is the directory of files that are being written.
const incoming = ".incoming"

// NewDir returns a store in the directory, which is made if it is missing.
func NewDir(dir string) (*Store, error) {
	d, err := OpenDir(dir)
	if err != nil {
		return nil, err
	}
	return New(d), nil
}

// OpenDir returns the driver alone.
func OpenDir(dir string) (*Dir, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, gristmill.Hide(gristmill.Precondition, err, "the artifact directory %s cannot be made", dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, gristmill.Hide(gristmill.Precondition, err, "the artifact directory %s cannot be opened", dir)
	}
	return &Dir{root: root}, nil
}

// Close releases the directory.
func (d *Dir) Close() error { return d.root.Close() }

// Write stores the bytes in a new file, makes them durable and moves the file
// to its place.
func (d *Dir) Write(ctx context.Context, key string, r io.ReadSeeker, size int64, _ string) error {
	temp := path.Join(incoming, gristmill.NewID())
	if err := d.root.MkdirAll(incoming, 0o700); err != nil {
		return dirError("store", key, err)
	}
	if err := d.writeFile(ctx, temp, r, size); err != nil {
		return errors.Join(dirError("store", key, err), ignoreMissing(d.root.Remove(temp)))
	}
	parent := path.Dir(key)
	err := d.root.MkdirAll(parent, 0o700)
	if err == nil {
		err = d.root.Rename(temp, key)
	}
	if err != nil {
		return errors.Join(dirError("store", key, err), ignoreMissing(d.root.Remove(temp)))
	}
	// The name is durable when each directory on the way to it is.
	for ; ; parent = path.Dir(parent) {
		if err := d.syncDir(parent); err != nil {
			return dirError("store", key, err)
		}
		if parent == "." {
			return nil
		}
	}
}

func (d *Dir) writeFile(ctx context.Context, name string, r io.Reader, size int64) error {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, &ctxReader{ctx, r})
	if err == nil && n != size {
		err = fmt.Errorf("wrote %d bytes of %d: %w", n, size, io.ErrUnexpectedEOF)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func (d *Dir) syncDir(name string) error {
	f, err := d.root.Open(name)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // a file system without durable directories
	}
	return errors.Join(err, f.Close())
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Read opens the file at an offset.
func (d *Dir) Read(_ context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	f, err := d.root.Open(key)
	if err != nil {
		return nil, dirError("read", key, err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = fs.ErrNotExist
	case offset > info.Size() || offset == info.Size() && offset > 0:
		err = pastEnd(key, offset, info.Size())
	default:
		_, err = f.Seek(offset, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, dirError("read", key, err)
	}
	if length < 0 {
		return f, nil
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(f, length), f}, nil
}

// pastEnd says that a range begins where there is nothing.
func pastEnd(key string, offset, size int64) error {
	return gristmill.Errorf(gristmill.Invalid, "range of %q: offset %d is past its end at %d", key, offset, size)
}

// Stat describes the file.
func (d *Dir) Stat(_ context.Context, key string) (Info, error) {
	info, err := d.root.Stat(key)
	if err == nil && info.IsDir() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return Info{}, dirError("stat", key, err)
	}
	return Info{Key: key, Size: info.Size(), Type: MediaType(key), Modified: info.ModTime().UTC()}, nil
}

// Check writes and removes a file.
func (d *Dir) Check(ctx context.Context) error {
	temp := path.Join(incoming, gristmill.NewID())
	err := d.root.MkdirAll(incoming, 0o700)
	if err == nil {
		err = d.writeFile(ctx, temp, strings.NewReader(""), 0)
	}
	if err != nil {
		return gristmill.Hide(gristmill.Unavailable, err, "the artifact directory cannot be written")
	}
	return d.root.Remove(temp)
}

// dirError gives a file system's error a kind.
func dirError(verb, key string, err error) error {
	var known *gristmill.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, fs.ErrNotExist), verb != "store" && errors.Is(err, syscall.ENOTDIR):
		return gristmill.Hide(gristmill.NotFound, err, "there is no object %q", key)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.EEXIST), errors.Is(err, syscall.ENOTEMPTY):
		return gristmill.Hide(gristmill.Conflict, err, "object %q cannot be stored: a part of its key is an object, or it is the beginning of other keys", key)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return gristmill.Hide(gristmill.Unavailable, err, "object %q cannot be stored: the disk is full", key)
	case errors.Is(err, fs.ErrPermission):
		return gristmill.Hide(gristmill.Unavailable, err, "object %q: permission denied", key)
	default:
		return fmt.Errorf("%s object %q: %w", verb, key, err)
	}
}
