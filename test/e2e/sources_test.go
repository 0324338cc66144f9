package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gristmill"
	"gristmill/test/mill"
	"gristmill/tracking"
)

// remoteSpec reads a table from elsewhere.
const remoteSpec = `name: %s
data: {source: %s, target: y}
transform: [{columns: {type: number}, apply: [keep]}]
train: {algorithm: linear}
`

// Somebody's tables lie on web servers, where specs may reach only what the
// operator allowed, and in a database whose password no spec holds.
func TestSourcesElsewhere(t *testing.T) {
	t.Parallel()
	table := plane(200, .1, ",")
	secret := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		t.Error("the server that nobody allowed was asked")
		fmt.Fprint(w, table)
	}))
	defer secret.Close()
	open := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere.csv" {
			http.Redirect(w, r, secret.URL+"/rows.csv", http.StatusFound)
			return
		}
		fmt.Fprint(w, table)
	}))
	defer open.Close()
	s := grist.Stack(t)
	s.Env = append(s.Env, "GRISTMILL_ALLOW_URL="+open.URL)
	s.Up(t)

	spec := s.Write(t, "web.yaml", fmt.Sprintf(remoteSpec, "web", open.URL+"/rows.csv"))
	succeeds(t, s, "--file", spec)
	for name, url := range map[string]string{"loopback": secret.URL + "/rows.csv", "redirected": open.URL + "/elsewhere.csv",
		"named": strings.Replace(secret.URL, "127.0.0.1", "localhost", 1) + "/rows.csv", "own": s.HTTP() + "/api/v1/runs", "metadata": "http://169.254.169.254/latest/rows.csv"} {
		spec := s.Write(t, name+".yaml", fmt.Sprintf(remoteSpec, name, url))
		res, r := trained(t, s, "--file", spec)
		if r.Code == 0 || res.Status != tracking.Failed || !strings.Contains(res.Message, "which specs may not reach") || !strings.Contains(res.Message, "--allow-url") {
			t.Errorf("%s, %s: %s; want a refusal that says how to allow it", name, url, r)
		}
	}

	password, err := os.ReadFile(filepath.Join(s.Data, "postgres.password"))
	if err != nil {
		t.Fatal(err)
	}
	word := strings.TrimSpace(string(password))
	dsn := fmt.Sprintf("postgresql://gristmill:%s@127.0.0.1:%d/gristmill", word, 5433+s.Offset)
	path := s.Write(t, "data/secrets/lake", dsn+"\n")
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	// Rows of a query; half-way through the server ends the connection, for the
	// first seconds.
	until := time.Now().Add(2 * time.Second).UTC().Format(time.RFC3339Nano)
	query := `{postgres: {dsn: "secret://lake", query: "select g as a, case when g = 15000 and clock_timestamp() < '` + until +
		`' then pg_terminate_backend(pg_backend_pid())::int else g % 7 end as b, 3.0 * g - 2 * (g % 7) as y from generate_series(1, 20000) g"}}`
	before := stored(t, s)
	res := succeeds(t, s, "--file", s.Write(t, "lake.yaml", fmt.Sprintf(remoteSpec, "lake", query)))
	if rmse := res.Metrics["test_rmse"]; rmse > 1e-6 {
		t.Errorf("test_rmse is %v of an exact plane", rmse)
	}
	if again := attempts(context.Background(), t, s, res.RunID, "fetch"); again < 2 {
		t.Errorf("the fetch needed %d attempts; the connection should have died in the first", again)
	}
	after := stored(t, s)
	var more []string
	for digest, rows := range after {
		if _, ok := before[digest]; !ok {
			more = append(more, fmt.Sprint(rows, " rows"))
		}
	}
	if fmt.Sprint(more) != "[20000 rows]" {
		t.Errorf("the query has stored %v; want one table of 20000 rows", more)
	}
	log, err := os.ReadFile(filepath.Join(s.Data, "gristmill.log"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(log), word) {
		t.Error("the stack's log holds the database's password")
	}
	for _, broken := range []struct{ name, source, want string }{
		{"nosecret", `{postgres: {dsn: "secret://nobody", query: "select 1"}}`, "secret://nobody"},
		{"nocolumn", `{postgres: {dsn: "secret://lake", query: "select nothing from run"}}`, `column "nothing" does not exist`},
		{"writes", `{postgres: {dsn: "secret://lake", query: "delete from run returning id"}}`, "expected one SELECT"},
		{"bearer", fmt.Sprintf(`{http: {url: "%s/rows.csv", bearer: "secret://nobody"}}`, open.URL), "secret://nobody"},
	} {
		res, r := trained(t, s, "--file", s.Write(t, broken.name+".yaml", fmt.Sprintf(remoteSpec, broken.name, broken.source)))
		if r.Code == 0 || res.Status != tracking.Failed || !strings.Contains(res.Message, broken.want) || strings.Contains(res.Message, word) {
			t.Errorf("%s: %s; want a failure that says %q", broken.name, r, broken.want)
		}
	}
}

// stored lists the dataset versions with their rows.
func stored(t *testing.T, s *mill.Stack) map[gristmill.Digest]int {
	t.Helper()
	list, _, err := s.Client(t).Datasets(context.Background(), gristmill.Page{Limit: gristmill.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	out := map[gristmill.Digest]int{}
	for _, v := range list {
		out[v.Digest] = int(v.Rows)
	}
	return out
}

// Somebody pulls the plug in the middle of folds and in the middle of a big file:
// both runs go on by themselves and end as if nothing had been.
func TestDeathInFoldsAndFetch(t *testing.T) {
	t.Parallel()
	big := plane(200000, .1, ",") // 10 MB
	half := make(chan struct{})
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(big)))
		if asked.Add(1) > 1 {
			fmt.Fprint(w, big)
			return
		}
		fmt.Fprint(w, big[:len(big)/2])
		w.(http.Flusher).Flush()
		close(half)
		<-r.Context().Done() // until the reader is dead
	}))
	defer server.Close()
	s := grist.Stack(t)
	spool := filepath.Join(s.Dir, "spool")
	if err := os.Mkdir(spool, 0o755); err != nil {
		t.Fatal(err)
	}
	s.Env = append(s.Env, "GRISTMILL_ALLOW_URL="+server.URL, "TMPDIR="+spool)
	s.Write(t, "folds/rows.csv", sixClasses())
	folds := s.Write(t, "folds/spec.yaml", `name: folds
data: {source: rows.csv, target: class, split: {kind: stratified, test: 0.2, validation: 0, seed: 1}}
transform: [{columns: {type: number}, apply: [keep]}]
train: {algorithm: logistic, l2: 0.001, iterations: 6, cv: {folds: 3, seed: 2}}
evaluate: {importance: 0, bootstrap: 0}
`)
	s.Start(t)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cut := strings.TrimSpace(s.OK(t, "train", "--file", folds, "--no-wait"))
	mill.Await(t, "a fold that runs", time.Minute, func() bool { return inFold(ctx, t, s, cut) })
	killMain(t, s)
	s.Start(t)
	got, err := s.Client(t).WaitRun(ctx, cut, nil)
	if err != nil || got.Status != tracking.Succeeded || !got.Deployed {
		t.Fatalf("the run that was cut off in its folds: %+v, %v", got, err)
	}
	if again := attempts(ctx, t, s, got.RunID, "fold"); again < 2 {
		t.Errorf("no fold was begun again (%d attempts); the plug was pulled too late", again)
	}
	whole := succeeds(t, s, "folds")
	if whole.WeightsSHA256 != got.WeightsSHA256 || whole.Metrics["cv_log_loss"] != got.Metrics["cv_log_loss"] || got.Metrics["cv_log_loss"] == 0 {
		t.Errorf("cut off: weights %s, cv_log_loss %v; undisturbed: %s, %v", got.WeightsSHA256, got.Metrics["cv_log_loss"], whole.WeightsSHA256, whole.Metrics["cv_log_loss"])
	}

	before := stored(t, s)
	remote := s.Write(t, "big.yaml", fmt.Sprintf(remoteSpec, "big", server.URL+"/big.csv"))
	cut = strings.TrimSpace(s.OK(t, "train", "--file", remote, "--no-wait"))
	select {
	case <-half:
	case <-ctx.Done():
		t.Fatal("nobody has fetched half of the file")
	}
	if now := stored(t, s); len(now) != len(before) {
		t.Errorf("%d datasets are listed while one is half read, %d before", len(now), len(before))
	}
	killMain(t, s)
	s.Start(t)
	got, err = s.Client(t).WaitRun(ctx, cut, nil)
	if err != nil || got.Status != tracking.Succeeded {
		t.Fatalf("the run that was cut off in its fetch: %+v, %v", got, err)
	}
	if again := attempts(ctx, t, s, got.RunID, "fetch"); again < 2 || asked.Load() < 2 {
		t.Errorf("%d attempts, the server was asked %d times; want two at least", again, asked.Load())
	}
	s.Write(t, "big/big.csv", big)
	local := succeeds(t, s, "--file", s.Write(t, "big/spec.yaml", fmt.Sprintf(remoteSpec, "local", "big.csv")))
	if local.WeightsSHA256 != got.WeightsSHA256 {
		t.Errorf("cut off: weights %s; of the same file, undisturbed: %s", got.WeightsSHA256, local.WeightsSHA256)
	}
	after := stored(t, s)
	if rows, ok := after[gristmill.DigestOf([]byte(big))]; !ok || rows != 200000 || len(after) != len(before)+1 {
		t.Errorf("%d datasets, the big one of %d rows; want one more than %d, of 200000", len(after), rows, len(before))
	}
	left, err := filepath.Glob(filepath.Join(spool, "gristmill-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files %v are left, %v", left, err)
	}
}

// inFold reports whether a fold of a workflow's run is under way.
func inFold(ctx context.Context, t *testing.T, s *mill.Stack, workflow string) bool {
	t.Helper()
	w, err := s.Client(t).Workflow(ctx, workflow, 0)
	if err != nil || w.Done() {
		t.Fatalf("the run has ended before it could be cut off: %+v, %v", w, err)
	}
	if w.RunID == "" {
		return false
	}
	run, err := s.Client(t).Run(ctx, w.RunID)
	if err != nil {
		return false
	}
	for _, step := range run.Steps {
		if step.Kind == "fold" && step.Status == tracking.Running {
			return true
		}
	}
	return false
}

// attempts is how often the step of a kind that was begun most often was begun.
func attempts(ctx context.Context, t *testing.T, s *mill.Stack, run, kind string) (most int) {
	t.Helper()
	r, err := s.Client(t).Run(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range r.Steps {
		if step.Kind == kind {
			most = max(most, step.Attempts)
		}
	}
	return most
}

// killMain ends the stack's main process as a power cut does.
func killMain(t *testing.T, s *mill.Stack) {
	t.Helper()
	pid := s.PID()
	if pid == 0 { // a signal to 0 would be one to ourselves
		t.Fatal("the stack does not say which process it is")
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
