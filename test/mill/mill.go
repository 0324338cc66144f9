package mill

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Mill is a built binary and the ports that its stacks have taken.
type Mill struct {
	path   string
	module string // directory of the sources; "" if the binary was given
	seen   sync.Once
	mu     sync.Mutex
	taken  map[int]bool
}

// At returns the mill of a built binary. With the path "" every test that asks it
// for a stack is skipped.
func At(path string) *Mill { return &Mill{path: path, taken: map[int]bool{}} }

// Build builds the binary with everything embedded; remove deletes it.
func Build() (m *Mill, remove func(), err error) {
	dir, err := os.MkdirTemp("", "gristmill-")
	if err != nil {
		return nil, nil, fmt.Errorf("make directory for the binary: %w", err)
	}
	remove = func() { _ = os.RemoveAll(dir) } // what is left is in the system's temporary directory
	path := filepath.Join(dir, "gristmill")
	if out, err := exec.Command("go", "build", "-o", path, "gristmill/cmd/gristmill").CombinedOutput(); err != nil {
		remove()
		return nil, nil, fmt.Errorf("build gristmill: %w\n%s", err, out)
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		remove()
		return nil, nil, fmt.Errorf("find the module: %w", err)
	}
	m = At(path)
	m.module = strings.TrimSpace(string(out))
	return m, remove, nil
}

// seeSources lists every directory of the module once. The test cache notes what
// a test opens, but not what the compiler that it started reads: without this a
// change of the sources would leave the tests of the binary cached.
func (m *Mill) seeSources(t *testing.T) {
	t.Helper()
	if m.module == "" {
		return
	}
	m.seen.Do(func() {
		err := filepath.WalkDir(m.module, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() && path != m.module && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
				return fs.SkipDir
			}
			if errors.Is(err, fs.ErrNotExist) { // an editor has just put another file in its place
				return nil
			}
			return err
		})
		if err != nil {
			t.Errorf("list the sources: %v", err)
		}
	})
}

// Path returns the path of the binary.
func (m *Mill) Path() string { return m.path }

// bases are the ports of a stack without an offset.
func bases() []int { return []int{5000, 8080, 8081, 7233, 8233, 9000, 5433, 9464} }

// FreeOffset returns a port offset at which every port of a stack is free.
func (m *Mill) FreeOffset(t *testing.T) int {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for range 100 {
		offset := 1000 + rand.IntN(19000) // below the ports that the kernel gives out by itself
		busy := slices.ContainsFunc(bases(), func(base int) bool {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", base+offset))
			if err == nil {
				err = l.Close()
			}
			return err != nil || m.taken[base+offset]
		})
		if busy {
			continue
		}
		for _, base := range bases() {
			m.taken[base+offset] = true
		}
		return offset
	}
	t.Fatal("no offset at which all ports are free in 100 attempts")
	return 0
}
