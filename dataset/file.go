package dataset

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gristmill"
)

// Files is the source of files on this machine, below allowed directories only.
// Make one with NewFiles.
type Files struct {
	roots []allowed
	data  []string // the data directory, as given and resolved; "" for none
}

// allowed is a directory below which files may be read.
type allowed struct {
	given    string // absolute, as configured
	resolved string // the same without symbolic links
}

// NewFiles allows files below the given directories, but never below dataDir,
// which holds the platform's own state ("" for none). It refuses a root that is
// no directory or is the file system's root.
func NewFiles(roots []string, dataDir string) (*Files, error) {
	f := &Files{}
	for _, root := range roots {
		abs, err := filepath.Abs(root)
		if err != nil {
			return nil, gristmill.Errorf(gristmill.Invalid, "allowed path %s: %w", root, err)
		}
		resolved, err := filepath.EvalSymlinks(abs)
		if err != nil {
			return nil, gristmill.Hide(gristmill.Invalid, err, "allowed path %s: there is no such directory", root)
		}
		info, err := os.Stat(resolved)
		if err != nil || !info.IsDir() {
			return nil, gristmill.Hide(gristmill.Invalid, err, "allowed path %s: not a directory", root)
		}
		if filepath.Dir(resolved) == resolved {
			return nil, gristmill.Errorf(gristmill.Invalid, "allowed path %s: the whole file system cannot be allowed; expected a directory below it", root)
		}
		f.roots = append(f.roots, allowed{abs, resolved})
	}
	if dataDir == "" {
		return f, nil
	}
	abs, err := filepath.Abs(dataDir)
	if err != nil {
		return nil, gristmill.Errorf(gristmill.Invalid, "data directory %s: %w", dataDir, err)
	}
	f.data = []string{abs}
	if resolved, err := filepath.EvalSymlinks(abs); err == nil {
		f.data = append(f.data, resolved)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, gristmill.Hide(gristmill.Invalid, err, "data directory %s: cannot be resolved", dataDir)
	}
	return f, nil
}

// below reports whether path is inside dir, or dir itself.
func below(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// forbidden is the same for a path that exists and one that does not, so that
// nobody learns from it which.
func (f *Files) forbidden(path string) error {
	if len(f.roots) == 0 {
		return gristmill.Errorf(gristmill.Forbidden, "source %s: this worker may read no files; start it with --allow-path DIR", path)
	}
	names := make([]string, len(f.roots))
	for i, r := range f.roots {
		names[i] = r.given
	}
	return gristmill.Errorf(gristmill.Forbidden, "source %s: not below an allowed directory (%s); start the worker with --allow-path DIR to allow another", path, strings.Join(names, ", "))
}

func (f *Files) private(path string) bool {
	for _, d := range f.data {
		if below(path, d) {
			return true
		}
	}
	return false
}

// Open opens a regular file. The path is checked as it is written, then without
// symbolic links, and at last the operating system is asked to open it below
// its root without leaving it, so that a link changed in between gains nothing.
func (f *Files) Open(_ context.Context, s SourceSpec) (io.ReadCloser, error) {
	if s.Relative() {
		return nil, gristmill.Errorf(gristmill.Invalid, "source %s: a relative path names the caller's own file, which must be uploaded first; expected an absolute path", s.Path)
	}
	path := filepath.Clean(s.Path)
	written := false
	for _, r := range f.roots {
		written = written || below(path, r.given) || below(path, r.resolved)
	}
	if !written || f.private(path) {
		return nil, f.forbidden(s.Path)
	}
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, fileError(s.Path, err)
	}
	if f.private(resolved) {
		return nil, f.forbidden(s.Path)
	}
	for _, r := range f.roots {
		if below(resolved, r.resolved) {
			return openBelow(r.resolved, resolved, s.Path)
		}
	}
	return nil, f.forbidden(s.Path)
}

func openBelow(dir, resolved, given string) (io.ReadCloser, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fileError(given, err)
	}
	defer root.Close() // files opened from it stay open
	rel, err := filepath.Rel(dir, resolved)
	if err != nil {
		return nil, fileError(given, err)
	}
	// A pipe or device is refused before it is opened, which could wait.
	info, err := root.Lstat(rel)
	if err == nil && !info.Mode().IsRegular() {
		return nil, gristmill.Errorf(gristmill.Invalid, "source %s: not a regular file", given)
	}
	if err != nil {
		return nil, fileError(given, err)
	}
	file, err := root.Open(rel)
	if err != nil {
		return nil, fileError(given, err)
	}
	return file, nil
}

func fileError(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return gristmill.Hide(gristmill.Invalid, err, "source %s: there is no such file on the worker", path)
	case errors.Is(err, fs.ErrPermission):
		return gristmill.Hide(gristmill.Forbidden, err, "source %s: the worker's user may not read it", path)
	default:
		return gristmill.Hide(gristmill.Invalid, err, "source %s: cannot be opened", path)
	}
}
