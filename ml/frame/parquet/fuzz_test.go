package parquet_test

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzRead reads whatever is made of pyarrow's files: no panic, no hang, little
// memory, and whole and in parts agree.
func FuzzRead(f *testing.F) {
	for _, pattern := range []string{"testdata/*.parquet", "testdata/bad/*.parquet"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) < 5 {
			f.Fatalf("%s: %d seeds, %v", pattern, len(names), err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			if len(b) < 30<<10 { // small ones change faster
				f.Add(b)
			}
		}
	}
	eight := make([]byte, 8)
	f.Add(forged(1, 0, page(1, 8, eight, 0)))
	f.Add(forged(1, 6, page(1, 8, []byte("\x28\xb5\x2f\xfd\x20\x08\x41\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), 0)))
	f.Fuzz(func(t *testing.T, b []byte) { try(t, b) })
}
