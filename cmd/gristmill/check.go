package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"gristmill"
	"gristmill/dataset"
	"gristmill/pipeline"
)

// checker says what a spec would run. It reads the data to know its columns.
type checker struct{ sources dataset.Source }

// Check follows an applied version with overrides.
func (c *checker) Check(ctx context.Context, v pipeline.Version, set map[string]any) (pipeline.Report, error) {
	spec, err := pipeline.Load(v.Spec, set)
	if err != nil {
		return pipeline.Report{}, err
	}
	return c.describe(ctx, spec)
}

func (c *checker) describe(ctx context.Context, spec pipeline.Spec) (pipeline.Report, error) {
	src := spec.Data.Source
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	r, err := c.sources.Open(ctx, src)
	if err != nil {
		return pipeline.Report{}, err
	}
	defer r.Close()
	table, err := dataset.Read(ctx, r, spec.Data, dataset.Limits{})
	if err != nil {
		return pipeline.Report{}, err
	}
	return pipeline.Describe(gristmill.DefaultProject, spec, table.Frame.Schema())
}

// checkWithin bounds the reading of the data for a check.
const checkWithin = 45 * time.Second

// openFile opens a file of the caller's. It does not wait, as a pipe without a
// writer would have it; regular says what is wrong with that.
func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// regular refuses what is no file of data: a directory, a device, a pipe.
func regular(f *os.File, path string) (io.ReadCloser, error) {
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = f.Close() // nothing was read
		return nil, gristmill.Errorf(gristmill.Invalid, "data.source: %s is not a regular file", path)
	}
	return f, nil
}

// here is the source of the caller's own files and of the samples.
type here struct{ dir string }

// Open opens a file beside the spec, in the working directory, or a sample.
func (h here) Open(ctx context.Context, s dataset.SourceSpec) (io.ReadCloser, error) {
	if s.Kind == dataset.FromSample {
		return dataset.Samples{}.Open(ctx, s)
	}
	f, err := openFile(s.Path)
	if s.Relative() {
		if beside, besideErr := openFile(filepath.Join(h.dir, s.Path)); besideErr == nil {
			if err == nil {
				_ = f.Close() // the one beside the spec is meant
			}
			return regular(beside, s.Path)
		}
	}
	if err != nil {
		return nil, gristmill.Errorf(gristmill.Invalid, "data.source: %v", err)
	}
	return regular(f, s.Path)
}
