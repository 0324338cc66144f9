//go:build !lean

package s3

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/versity/versitygw/backend/meta"

	"gristmill"
)

// The two places for what S3 knows beyond an object's bytes.
const (
	inAttributes = "xattr"
	inDirectory  = "sidecar"
)

// sideDir is where metadata lies if not in attributes. Its name does not begin
// with that of dir, since versitygw takes what does for a place inside it.
func sideDir(dir string) string {
	return filepath.Join(filepath.Dir(dir), "metadata-"+filepath.Base(dir))
}

// chooseMetadata decides where the metadata of dir lies and returns the side
// directory, or "" for attributes. The first decision is recorded and stands,
// because objects stored one way cannot be read the other.
func chooseMetadata(dir string, probe func(dir string) error) (string, error) {
	record := dir + ".metadata"
	b, err := os.ReadFile(record)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", gristmill.Hide(gristmill.Precondition, err, "s3: cannot read %s", record)
	}
	kind := strings.TrimSpace(string(b))
	if kind == "" {
		kind = inAttributes
		if probe(dir) != nil {
			kind = inDirectory
		}
		if err := os.WriteFile(record, []byte(kind+"\n"), 0o600); err != nil {
			return "", gristmill.Hide(gristmill.Precondition, err, "s3: cannot write %s", record)
		}
	}
	switch kind {
	case inDirectory:
		if err := os.MkdirAll(sideDir(dir), 0o700); err != nil {
			return "", gristmill.Hide(gristmill.Precondition, err, "s3: cannot make the directory %s", sideDir(dir))
		}
		return sideDir(dir), nil
	case inAttributes:
		if err := probe(dir); err != nil {
			return "", gristmill.Hide(gristmill.Precondition, err,
				"s3: the objects in %s keep their metadata in extended attributes, which this file system does not take; move the data directory back, or copy it to a file system that has them with a tool that keeps them (cp -a, rsync -X)", dir)
		}
		return "", nil
	default:
		return "", gristmill.Errorf(gristmill.Precondition, "s3: %s holds %q; expected %q or %q", record, kind, inAttributes, inDirectory)
	}
}

// probeAttributes writes and reads an attribute of the size that access rules
// and tags can have.
func probeAttributes(dir string) error {
	f, err := os.CreateTemp(dir, ".probe-")
	if err != nil {
		return fmt.Errorf("probe file system: %w", err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	want := bytes.Repeat([]byte("x"), 2000)
	if err := (meta.XattrMeta{}).StoreAttribute(f, "", "", "probe", want); err != nil {
		return fmt.Errorf("store attribute: %w", err)
	}
	got, err := (meta.XattrMeta{}).RetrieveAttribute(f, "", "", "probe")
	if err != nil {
		return fmt.Errorf("read attribute: %w", err)
	}
	if !bytes.Equal(got, want) {
		return errors.New("probe file system: an attribute came back changed")
	}
	return nil
}
