package postgrestest

import (
	"errors"
	"io/fs"
	"os"
	"testing"
)

// Every way to run the cluster that this machine allows must work, and leave
// nothing behind.
func TestAClusterStartsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped by -short: it needs a PostgreSQL cluster")
	}
	bin, err := findBinaries()
	if err != nil {
		t.Fatal(err)
	}
	started := 0
	for _, as := range identities() {
		c, err := startAs(bin, as)
		if err != nil {
			t.Logf("one way is closed here: %v", err)
			continue
		}
		started++
		if err := c.exec("SELECT 1"); err != nil {
			t.Errorf("the cluster does not answer: %v", err)
		}
		if err := errors.Join(c.hold.Close(), c.keeper.Wait()); err != nil {
			t.Errorf("end of the cluster: %v", err)
		}
		if _, err := os.Stat(c.dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the directory is left behind: %v", err)
		}
	}
	if started == 0 {
		t.Error("no way to run PostgreSQL works here")
	}
}

func TestDatabasesAreFreshAndApart(t *testing.T) {
	t.Parallel()
	a, b := DSN(t), DSN(t)
	if a == b {
		t.Errorf("two tests share %s", a)
	}
	db := Open(t)
	if v, err := db.SchemaVersion(t.Context()); err != nil || v == 0 {
		t.Errorf("schema version %d, %v", v, err)
	}
	if v, err := OpenEmpty(t).SchemaVersion(t.Context()); err != nil || v != 0 {
		t.Errorf("schema version of an empty database: %d, %v", v, err)
	}
}

func TestVersionsOfBinaries(t *testing.T) {
	t.Parallel()
	for dir, want := range map[string]int{"/usr/lib/postgresql/15/bin": 15, "/opt/homebrew/opt/postgresql@17/bin": 17, "/usr/bin": 0} {
		if got := major(dir); got != want {
			t.Errorf("%s: %d, want %d", dir, got, want)
		}
	}
}
