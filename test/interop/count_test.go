package interop

import (
	"os"
	"path/filepath"
	"testing"
)

// TestBrokenCasesAreKept counts the committed broken inputs that have their exact
// message beside them, so that their number is a fact and does not shrink. It
// needs no foreign program. Cases that tests make as they go (bombs, lying footers,
// dying servers) come on top.
func TestBrokenCasesAreKept(t *testing.T) {
	t.Parallel()
	total := 0
	for _, c := range []struct {
		pattern, beside string // beside: each case has this file, "" if the message is in the case
		least           int
	}{
		{"pipeline/testdata/broken/*.yaml", "", 120},
		{"ml/frame/csv/testdata/bad/*.csv", ".txt", 30},
		{"ml/frame/parquet/testdata/bad/*.parquet", "", 9},
		{"dataset/testdata/bad/*.csv", ".txt", 9},
		{"dataset/testdata/broken/*", "", 60},
	} {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(c.pattern)))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, file := range files {
			if filepath.Base(file) == "want.json" {
				continue
			}
			n++
			if c.beside == "" {
				continue
			}
			message := file[:len(file)-len(filepath.Ext(file))] + c.beside
			if _, err := os.Stat(message); err != nil {
				t.Errorf("%s has no message beside it: %v", file, err)
			}
		}
		total += n
		t.Logf("%4d  %s", n, c.pattern)
		if n < c.least {
			t.Errorf("%d cases in %s, want at least %d", n, c.pattern, c.least)
		}
	}
	t.Logf("%4d  in all", total)
}
