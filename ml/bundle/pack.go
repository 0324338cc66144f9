package bundle

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
)

// Pack returns files as one uncompressed tar (USTAR): sorted by name, mode
// 0644, no owner, no time. Equal files are equal bytes, so that a package has
// one digest wherever it was made.
func Pack(files Files) ([]byte, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(files[name])), Format: tar.FormatUSTAR}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("pack model %s: %w", name, err)
		}
		if _, err := w.Write(files[name]); err != nil {
			return nil, fmt.Errorf("pack model %s: %w", name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack model: %w", err)
	}
	return buf.Bytes(), nil
}

// Unpack reads what Pack wrote. It takes regular files with plain relative
// names only, each once.
func Unpack(b []byte) (Files, error) {
	r := tar.NewReader(bytes.NewReader(b))
	files := Files{}
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			if len(files) == 0 {
				return nil, errors.New("unpack model: the archive holds no file")
			}
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("unpack model: %w", err)
		}
		name := h.Name
		if h.Typeflag != tar.TypeReg || path.Clean(name) != name || path.IsAbs(name) || name == ".." || strings.HasPrefix(name, "../") || strings.Contains(name, `\`) {
			return nil, fmt.Errorf("unpack model: entry %q is not a plain file with a plain name", name)
		}
		if _, twice := files[name]; twice {
			return nil, fmt.Errorf("unpack model: %q twice", name)
		}
		if h.Size > int64(len(b)) { // a sparse entry would unfold to more than there is
			return nil, fmt.Errorf("unpack model: %q claims %d bytes of an archive of %d", name, h.Size, len(b))
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, fmt.Errorf("unpack model: %s: %w", name, err)
		}
		files[name] = data
	}
}
