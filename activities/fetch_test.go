package activities_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"gristmill"
	"gristmill/activities"
	"gristmill/dataset"
	"gristmill/dataset/remote"
	"gristmill/store/postgres"
	"gristmill/store/postgres/postgrestest"
	"gristmill/tracking"
)

// files lists what lies below a directory.
func files(t *testing.T, dir string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list = append(list, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func web(t *testing.T, l *lab, srv *httptest.Server, find dataset.Secrets) {
	t.Helper()
	reach, err := remote.NewReach([]string{srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	l.data.Sources[dataset.FromHTTP] = remote.NewHTTP(reach, find, remote.HTTPConfig{})
}

func TestFetchDataOverHTTPOnceForTheSameBytes(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	csv := customers(80)
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; r.Header.Get("Authorization") != "Bearer swordfish" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		fmt.Fprint(w, csv)
	}))
	defer srv.Close()
	web(t, l, srv, func(context.Context, string) (string, error) { return "swordfish", nil })
	text := strings.Replace(spec("SOURCE"), `"SOURCE"`, fmt.Sprintf("{http: {url: %q, bearer: \"secret://TOKEN\"}}", srv.URL+"/c/customers.csv"), 1)
	var first gristmill.Ref
	for i := range 2 {
		out, err := l.begin(text).step("fetch")
		if err != nil {
			t.Fatal(err)
		}
		ref := *out.Out["dataset"].Ref
		if i == 0 {
			first = ref
		}
		if ref != first || string(l.read(ref.Digest)) != csv || asked != i+1 {
			t.Errorf("fetch %d: %+v, asked %d times", i+1, ref, asked)
		}
	}
	list, _, err := l.data.Datasets.List(t.Context(), gristmill.DefaultProject, gristmill.Page{Limit: 10})
	if err != nil || len(list) != 1 || list[0].Name != "customers.csv" || list[0].Source != srv.URL+"/c/customers.csv" || list[0].Rows != 80 {
		t.Errorf("versions %+v, %v", list, err)
	}
	// Wherever a run is remembered, the secret is not.
	for _, path := range files(t, l.objects) {
		if b, err := os.ReadFile(path); err != nil || strings.Contains(string(b), "swordfish") {
			t.Errorf("%s holds the secret (%v)", path, err)
		}
	}
	if text := fmt.Sprintf("%+v", l.state()); strings.Contains(text, "swordfish") {
		t.Errorf("the run holds the secret: %s", text)
	}
}

// Whatever breaks off leaves no object, no dataset and no temporary file.
func TestFetchDataThatBreaksOffLeavesNothing(t *testing.T) {
	l := newLab(t)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	dsn := postgrestest.DSN(t)
	admin, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.Background())
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "9000000")
		_, _ = io.WriteString(w, strings.Repeat("a,churn\n", 1_000_000))
	}))
	defer srv.Close()
	web(t, l, srv, nil)
	l.data.Sources[dataset.FromPostgres] = dying{postgres.NewSource(func(context.Context, string) (string, error) { return dsn, nil }, postgres.SourceConfig{}), admin}
	for name, c := range map[string]struct{ source, want string }{
		"a short answer": {fmt.Sprintf("%q", srv.URL+"/short.csv"), "source " + srv.URL + "/short.csv: the answer broke off after 8000000 of 9000000 bytes"},
		"a database that dies": {`{postgres: {dsn: "secret://DB", query: "select i as a, pg_backend_pid() as pid, repeat('x', 1000) as churn from generate_series(1, 1000000) i"}}`,
			"source postgres:secret://DB: the database "},
	} {
		l.begin(strings.Replace(spec("SOURCE"), `"SOURCE"`, c.source, 1))
		before := files(t, l.objects)
		_, err := l.step("fetch")
		f, ok := activities.FailureOf(err)
		if !ok || f.Kind != gristmill.Unavailable || !retryable(err) || !strings.HasPrefix(f.Error().Public(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if after := files(t, l.objects); len(after) != len(before) {
			t.Errorf("%s: %d objects became %d: %v", name, len(before), len(after), after)
		}
		if left := files(t, temporary); len(left) > 0 {
			t.Errorf("%s: temporary files stay: %v", name, left)
		}
		if s := l.state().Steps[0]; s.Status != tracking.Failed || strings.Contains(fmt.Sprintf("%+v", l.state()), dsn) {
			t.Errorf("%s: step %+v", name, s)
		}
	}
	if list, _, err := l.data.Datasets.List(t.Context(), gristmill.DefaultProject, gristmill.Page{Limit: 10}); err != nil || len(list) != 0 {
		t.Errorf("versions %+v, %v", list, err)
	}
}

// dying ends the connection of a query after its first bytes.
type dying struct {
	dataset.Source
	admin *pgx.Conn
}

func (d dying) Open(ctx context.Context, s dataset.SourceSpec) (io.ReadCloser, error) {
	r, err := d.Source.Open(ctx, s)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 100)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	pid := regexp.MustCompile(`\n1,(\d+),`).FindSubmatch(head)[1]
	_, err = d.admin.Exec(ctx, "select pg_terminate_backend("+string(pid)+")")
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(strings.NewReader(string(head)), r), r}, err
}

func TestFetchDataUntilALogicalDate(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	csv := "at,churn\n2024-01-01,No\n2024-01-02,Yes\n2024-01-03,No\n2024-01-04,Yes\n"
	text := strings.Replace(spec(l.file("mine.csv", csv)), "target: churn", "target: churn, time: at, until: 2024-01-02", 1)
	out, err := l.begin(text).step("fetch")
	if err != nil {
		t.Fatal(err)
	}
	ref := out.Out["dataset"].Ref
	if string(l.read(ref.Digest)) != csv {
		t.Error("the stored bytes are not all of the file")
	}
	v, err := l.data.Datasets.Get(t.Context(), gristmill.DefaultProject, ref.Digest)
	if err != nil || v.Rows != 4 {
		t.Errorf("version %+v, %v", v, err)
	}
	inputs, err := l.runs.ListInputs(t.Context(), l.runID)
	if err != nil || len(inputs) != 1 || inputs[0].Profile != `{"num_rows":2}` || inputs[0].Tags["gristmill.data_until"] != "2024-01-02" || inputs[0].Tags["gristmill.data_time"] != "at" {
		t.Errorf("inputs %+v, %v", inputs, err)
	}
	log, err := l.runs.ReadLog(t.Context(), l.runID, "fetch", 0, 10)
	if err != nil || len(log) != 2 || log[1].Text != `2 of the rows are of 2024-01-02 or before by "at"` {
		t.Errorf("log %+v, %v", log, err)
	}
}
