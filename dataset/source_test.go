package dataset_test

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/sample"
)

func TestParseSource(t *testing.T) {
	t.Parallel()
	d := gristmill.DigestOf([]byte("x"))
	for _, c := range []struct {
		in   string
		want dataset.SourceSpec
		out  string
	}{
		{"sample:telco_churn", dataset.SourceSpec{Kind: dataset.FromSample, Name: "telco_churn"}, "sample:telco_churn"},
		{"dataset:" + string(d), dataset.SourceSpec{Kind: dataset.FromStore, Name: d.Short(), Digest: d}, "dataset:" + string(d)},
		{"my data.csv@" + string(d), dataset.SourceSpec{Kind: dataset.FromStore, Name: "my data.csv", Digest: d}, "my data.csv@" + string(d)},
		{"/srv/data/../data/a.csv.gz", dataset.SourceSpec{Kind: dataset.FromFile, Name: "a.csv.gz", Path: "/srv/data/a.csv.gz"}, "/srv/data/a.csv.gz"},
		{"https://x.org/d/a%20b.csv?v=1", dataset.SourceSpec{Kind: dataset.FromHTTP, Name: "a b.csv", URL: "https://x.org/d/a%20b.csv?v=1"}, "https://x.org/d/a%20b.csv?v=1"},
		{"http://x.org", dataset.SourceSpec{Kind: dataset.FromHTTP, Name: "x.org", URL: "http://x.org"}, "http://x.org"},
		{"s3://bucket/a/b.parquet", dataset.SourceSpec{Kind: dataset.FromS3, Name: "b.parquet", URL: "s3://bucket/a/b.parquet"}, "s3://bucket/a/b.parquet"},
		{"./sample:x", dataset.SourceSpec{Kind: dataset.FromFile, Name: "sample:x", Path: "sample:x"}, "./sample:x"},
		{"data/a@b.csv", dataset.SourceSpec{Kind: dataset.FromFile, Name: "a@b.csv", Path: "data/a@b.csv"}, "data/a@b.csv"},
	} {
		got, err := dataset.ParseSource(c.in)
		must(t, err)
		if got != c.want || got.String() != c.out {
			t.Errorf("%s: %+v, %s; want %+v", c.in, got, got, c.want)
		}
		if again, err := dataset.ParseSource(got.String()); err != nil || again != got {
			t.Errorf("%s: read again it is %+v, %v", c.in, again, err)
		}
	}
	if s, _ := dataset.ParseSource("data/a.csv"); !s.Relative() {
		t.Error("data/a.csv is not relative")
	}
	for in, want := range map[string]string{
		"":                                `source "": empty; expected ` + forms,
		"  ":                              `source "  ": empty; expected ` + forms,
		"a\x00b":                          `source "a\x00b": holds a NUL byte; expected ` + forms,
		"sample:":                         `source "sample:": no sample is named; expected ` + forms,
		"dataset:abc":                     `source "dataset:abc": no digest of 64 lower-case hex digits; expected ` + forms,
		"file:///etc/shdw":                `source "file:///etc/shdw": file:// addresses cannot be read; expected ` + forms,
		"https://":                        `source "https://": not a whole address; expected https://HOST/PATH`,
		"s3://bucket":                     `source "s3://bucket": no object is named; expected s3://BUCKET/KEY`,
		"s3://bucket/a/":                  `source "s3://bucket/a/": no object is named; expected s3://BUCKET/KEY`,
		"https://u:swordfish@x.org/a":     `source "https://...@x.org/a": it holds a user or password; expected {http: {url: ..., bearer: secret://NAME}} or {http: {url: secret://NAME}}`,
		"https://x.org/a?Token=swordfish": `source "https://x.org/a": its parameter Token is a credential; expected {http: {url: secret://NAME}}, which keeps the whole address secret`,
		"postgresql://u:swordfish@h/d":    `source "postgresql://...@h/d": an address of a database may hold its password; expected {postgres: {dsn: secret://NAME, query: "select ..."}}`,
		"secret://NAME":                   `source "secret://NAME": a secret is no source; expected a mapping that names it, such as {http: {url: secret://NAME}}`,
	} {
		_, err := dataset.ParseSource(in)
		if gristmill.KindOf(err) != gristmill.Invalid || gristmill.Public(err) != want {
			t.Errorf("%q:\n got %v\nwant %s", in, err, want)
		}
	}
}

// tree makes files below a new directory; a target that begins with "->" makes
// a symbolic link.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	for name, content := range files {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		if to, ok := strings.CutPrefix(content, "->"); ok {
			must(t, os.Symlink(strings.ReplaceAll(to, "DIR", dir), path))
		} else {
			must(t, os.WriteFile(path, []byte(content), 0o600))
		}
	}
	return dir
}

func TestFilesAreReadBelowAllowedRootsOnly(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{
		"home/a.csv":           "a",
		"home/sub/b.csv":       "b",
		"home/inside":          "->DIR/home/sub",
		"home/outside":         "->DIR/secret",
		"home/passwd":          "->/etc/passwd",
		"home/up":              "->../secret/key",
		"home/other":           "->DIR/more/c.csv",
		"home/.gristmill/pg":   "state",
		"home/state":           "->.gristmill/pg",
		"more/c.csv":           "c",
		"secret/key":           "k",
		"homestead/d.csv":      "not below home",
		"alias":                "->home",
		"home/dangling":        "->DIR/home/nothing",
		"home/loop":            "->DIR/home/loop",
		"home/sub/private.csv": "p",
	})
	must(t, syscall.Mkfifo(filepath.Join(dir, "home/pipe"), 0o600))
	files, err := dataset.NewFiles([]string{filepath.Join(dir, "alias"), filepath.Join(dir, "more")}, filepath.Join(dir, "home/.gristmill"))
	must(t, err)
	allowed := filepath.Join(dir, "alias") + ", " + filepath.Join(dir, "more")
	forbidden := "not below an allowed directory (" + allowed + "); start the worker with --allow-path DIR to allow another"
	for _, c := range []struct {
		path, content string
		kind          gristmill.Kind
		msg           string
	}{
		{"home/a.csv", "a", "", ""},
		{"alias/a.csv", "a", "", ""},
		{"home/inside/b.csv", "b", "", ""},
		{"home/sub/../a.csv", "a", "", ""},
		{"home/other", "c", "", ""},
		{"more/c.csv", "c", "", ""},
		{"home/outside/key", "", gristmill.Forbidden, forbidden},
		{"home/passwd", "", gristmill.Forbidden, forbidden},
		{"home/up", "", gristmill.Forbidden, forbidden},
		{"home/../secret/key", "", gristmill.Forbidden, forbidden},
		{"secret/key", "", gristmill.Forbidden, forbidden},
		{"secret/none", "", gristmill.Forbidden, forbidden}, // the same as for one that exists
		{"homestead/d.csv", "", gristmill.Forbidden, forbidden},
		{"home/.gristmill/pg", "", gristmill.Forbidden, forbidden},
		{"alias/.gristmill/pg", "", gristmill.Forbidden, forbidden},
		{"home/state", "", gristmill.Forbidden, forbidden},
		{"home/none.csv", "", gristmill.Invalid, "there is no such file on the worker"},
		{"home/dangling", "", gristmill.Invalid, "there is no such file on the worker"},
		{"home/loop", "", gristmill.Invalid, "cannot be opened"},
		{"home/sub", "", gristmill.Invalid, "not a regular file"},
		{"home/pipe", "", gristmill.Invalid, "not a regular file"},
	} {
		path := dir + "/" + c.path
		r, err := files.Open(context.Background(), dataset.SourceSpec{Kind: dataset.FromFile, Path: path})
		if c.kind != "" {
			if want := "source " + path + ": " + c.msg; gristmill.KindOf(err) != c.kind || gristmill.Public(err) != want {
				t.Errorf("%s:\n got %v\nwant %s: %s", c.path, err, c.kind, want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		b, err := io.ReadAll(r)
		if r.Close(); err != nil || string(b) != c.content {
			t.Errorf("%s: %q, %v", c.path, b, err)
		}
	}
	_, err = files.Open(context.Background(), dataset.SourceSpec{Kind: dataset.FromFile, Path: "/etc/passwd"})
	if want := "source /etc/passwd: " + forbidden; gristmill.KindOf(err) != gristmill.Forbidden || gristmill.Public(err) != want {
		t.Errorf("/etc/passwd:\n got %v\nwant %s", err, want)
	}
	_, err = files.Open(context.Background(), dataset.SourceSpec{Kind: dataset.FromFile, Path: "a.csv"})
	if gristmill.KindOf(err) != gristmill.Invalid {
		t.Errorf("a relative path: %v", err)
	}
}

func TestNewFilesRefusesBadRoots(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"file": "x", "slash": "->/"})
	for root, want := range map[string]string{
		"/":                "allowed path /: the whole file system cannot be allowed; expected a directory below it",
		dir + "/slash":     "allowed path " + dir + "/slash: the whole file system cannot be allowed; expected a directory below it",
		dir + "/file":      "allowed path " + dir + "/file: not a directory",
		dir + "/none":      "allowed path " + dir + "/none: there is no such directory",
		dir + "/none/more": "allowed path " + dir + "/none/more: there is no such directory",
	} {
		_, err := dataset.NewFiles([]string{root}, "")
		if gristmill.KindOf(err) != gristmill.Invalid || gristmill.Public(err) != want {
			t.Errorf("%s:\n got %v\nwant %s", root, err, want)
		}
	}
	files, err := dataset.NewFiles(nil, dir+"/not made yet")
	must(t, err)
	_, err = files.Open(context.Background(), dataset.SourceSpec{Kind: dataset.FromFile, Path: dir + "/file"})
	if want := "source " + dir + "/file: this worker may read no files; start it with --allow-path DIR"; gristmill.Public(err) != want {
		t.Errorf("no roots: %v", err)
	}
}

// blobs has the bytes "stored" and nothing else.
type blobs struct{}

func (blobs) Open(_ context.Context, d gristmill.Digest) (io.ReadCloser, error) {
	if d != gristmill.DigestOf([]byte("stored")) {
		return nil, gristmill.Errorf(gristmill.NotFound, "no object %s", d)
	}
	return io.NopCloser(strings.NewReader("stored")), nil
}

func TestSourcesOpenByKind(t *testing.T) {
	t.Parallel()
	all := dataset.Sources{dataset.FromSample: dataset.Samples{}, dataset.FromStore: dataset.Stored{Blobs: blobs{}}}
	missing := gristmill.DigestOf([]byte("other"))
	for _, c := range []struct {
		address string
		kind    gristmill.Kind
		msg     string
	}{
		{"sample:telco_churn", "", ""},
		{"name@" + string(gristmill.DigestOf([]byte("stored"))), "", ""},
		{"sample:titanic", gristmill.Invalid, "source sample:titanic: there is no such sample; expected one of ames_housing, chicago_ridership, telco_churn"},
		{"sample:../doc.go", gristmill.Invalid, "source sample:../doc.go: there is no such sample; expected one of ames_housing, chicago_ridership, telco_churn"},
		{"dataset:" + string(missing), gristmill.NotFound, "source dataset:" + string(missing) + ": no such dataset is stored"},
		{"/srv/a.csv", gristmill.Invalid, `source /srv/a.csv: this worker reads no sources of kind "file"`},
	} {
		s, err := dataset.ParseSource(c.address)
		must(t, err)
		r, err := all.Open(context.Background(), s)
		if gristmill.KindOf(err) != c.kind || err != nil && gristmill.Public(err) != c.msg {
			t.Errorf("%s: %v", c.address, err)
		}
		if err == nil {
			must(t, r.Close())
		}
	}
}

func TestSamplesHaveTheirRowsAndColumns(t *testing.T) {
	t.Parallel()
	for _, s := range sample.All() {
		table := read(t, s.Name)
		if table.Frame.Rows() != s.Rows || table.Frame.Cols() != s.Columns || table.Frame.Column(s.Target) == nil || table.Frame.Column(s.Target).Nulls() != 0 {
			t.Errorf("%s: %d rows x %d columns", s.Name, table.Frame.Rows(), table.Frame.Cols())
		}
		r, err := sample.Open(s.Name)
		must(t, err)
		raw, err := io.ReadAll(r)
		must(t, err)
		if table.Digest != gristmill.DigestOf(raw) || table.Size != int64(len(raw)) {
			t.Errorf("%s: digest %s of %d bytes is not that of the file", s.Name, table.Digest, table.Size)
		}
		must(t, r.Close())
	}
	if n := read(t, "telco_churn").Frame.Column("total_charges").Nulls(); n != 11 {
		t.Errorf("total_charges has %d nulls, want 11", n)
	}
	if _, err := sample.Open("none"); err == nil || !strings.Contains(err.Error(), fs.ErrNotExist.Error()) {
		t.Errorf("an unknown sample: %v", err)
	}
}
