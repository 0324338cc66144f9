package blob_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gristmill"
	"gristmill/store/blob"
	"gristmill/store/blob/blobtest"
)

func TestDir(t *testing.T) {
	t.Parallel()
	blobtest.Store(t, func(t *testing.T) blobtest.Opened {
		dir := t.TempDir()
		store, err := blob.NewDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return blobtest.Opened{Store: store, Alter: func(t *testing.T, key string, content []byte) {
			if err := os.WriteFile(filepath.Join(dir, key), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}}
	})
}

func TestDirDoesNotFollowALinkOut(t *testing.T) {
	t.Parallel()
	ctx, outside, dir := context.Background(), t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	store, err := blob.NewDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := store.OpenAt(ctx, "link/secret"); err == nil {
		r.Close()
		t.Error("a link out of the directory was followed to read")
	}
	if _, err := store.PutAt(ctx, "link/planted", strings.NewReader("x")); err == nil {
		t.Error("a link out of the directory was followed to write")
	}
	if list, _ := os.ReadDir(outside); len(list) != 1 {
		t.Errorf("outside holds %d files", len(list))
	}
	if left, _ := os.ReadDir(filepath.Join(dir, ".incoming")); len(left) != 0 {
		t.Errorf("%d files were left behind", len(left))
	}
}

func TestDirRefusesAKeyBelowAnObject(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	store, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]string{{"a", "a/b"}, {"c/d", "c"}} {
		if _, err := store.PutAt(ctx, pair[0], strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := store.PutAt(ctx, pair[1], strings.NewReader("x")); gristmill.KindOf(err) != gristmill.Conflict {
			t.Errorf("%s beside %s: %v", pair[1], pair[0], err)
		}
	}
}

func TestDirThatCannotBeMade(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.NewDir(filepath.Join(file, "below")); gristmill.KindOf(err) != gristmill.Precondition {
		t.Errorf("below a file: %v", err)
	}
}
