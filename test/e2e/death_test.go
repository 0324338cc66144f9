package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gristmill"
	"gristmill/test/mill"
	"gristmill/tracking"
)

// Somebody runs the stack in a terminal, open to the network behind a token, and
// ends it in every way there is: Ctrl-C, SIGTERM, kill -9 in the middle of a
// training.
func TestEndsOfTheStack(t *testing.T) {
	t.Parallel()
	s := grist.Stack(t)
	s.Token = "a-token-for-this-test"
	s.Env = append(s.Env, "MILL_TOKEN="+s.Token, "GRISTMILL_TOKEN=secret://MILL_TOKEN",
		fmt.Sprintf("GRISTMILL_HTTP_ADDR=0.0.0.0:%d", 5000+s.Offset))
	p := s.Start(t)
	tokenIsAsked(t, s)

	r := s.CLI(t, "up")
	refusesInOneLine(t, r, "a stack runs on", fmt.Sprintf("process %d", p.PID()), "gristmill down")
	r = s.CLI(t, "up", "-d", "--port-offset", strconv.Itoa(grist.FreeOffset(t)))
	refusesInOneLine(t, r, "a stack runs on", fmt.Sprintf("process %d", p.PID()))

	took, err := p.End(t, syscall.SIGINT)
	endedInOrder(t, s, "Ctrl-C", err, took)

	// kill -9 of the main process alone, in the middle of a fit.
	s.Write(t, "slow/rows.csv", sixClasses())
	spec := s.Write(t, "slow/spec.yaml", slowSpec)
	s.Start(t)
	workflow := strings.TrimSpace(s.OK(t, "train", "--file", spec, "--no-wait"))
	awaitIterations(t, s, workflow)
	children := s.Tree()[1:]
	main := s.PID()
	if main == 0 { // a signal to 0 would be one to ourselves
		t.Fatal("the stack does not say which process it is")
	}
	if err := syscall.Kill(main, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p = s.Start(t) // at once: no waiting for the orphans
	for _, pid := range children {
		if mill.Alive(pid) {
			t.Errorf("process %d of the killed stack runs beside the new one", pid)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	got, err := s.Client(t).WaitRun(ctx, workflow, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != tracking.Succeeded || !got.Deployed || got.ResumedFrom < 1 {
		t.Errorf("the run that was cut off ends %s (%s), deployed %v, resumed from iteration %d", got.Status, got.Message, got.Deployed, got.ResumedFrom)
	}
	versions, _, err := s.Client(t).ModelVersions(ctx, "slow", gristmill.Page{})
	if err != nil || len(versions) != 1 {
		t.Errorf("%d versions, %v; want 1", len(versions), err)
	}
	if whole := succeeds(t, s, "slow"); whole.WeightsSHA256 != got.WeightsSHA256 {
		t.Errorf("the run that was cut off has the weights %s, an undisturbed one %s", got.WeightsSHA256, whole.WeightsSHA256)
	}
	took, err = p.End(t, syscall.SIGTERM)
	endedInOrder(t, s, "SIGTERM", err, took)
}

// Somebody pulls the plug in the middle of the very first start, and then kills
// the services under the running stack one by one.
func TestKilledServices(t *testing.T) {
	t.Parallel()
	s := grist.Stack(t)
	p := s.StartUntil(t, "postgres ") // its databases and tables are being made
	tree := append([]int{p.PID()}, s.Tree()...)
	for _, pid := range tree {
		_ = syscall.Kill(pid, syscall.SIGKILL) // the main process is in the list twice
	}
	p = s.Start(t)
	ready := func() bool {
		resp, _ := s.Call(t, http.MethodGet, s.HTTP()+"/readyz", "", nil)
		return resp.StatusCode == http.StatusOK
	}
	for _, service := range []string{"postgres", "s3"} {
		file := filepath.Join(s.Data, service+".pid")
		was := recorded(t, file)
		if err := syscall.Kill(was, syscall.SIGKILL); err != nil {
			t.Fatalf("kill %s, process %d: %v", service, was, err)
		}
		mill.Await(t, "a new "+service, 20*time.Second, func() bool {
			now := recorded(t, file)
			return now != was && mill.Alive(now) && ready()
		})
	}
	s.Write(t, "rows.csv", plane(10, 0, ","))
	spec := s.Write(t, "spec.yaml", "name: after\ndata: {source: rows.csv, target: y}\ntransform: [{columns: {type: number}, apply: [keep]}]\ntrain: {algorithm: linear}\n")
	succeeds(t, s, "--file", spec)
	took, err := p.End(t, syscall.SIGTERM)
	endedInOrder(t, s, "SIGTERM", err, took)
}

// recorded reads the process id from a service's file, 0 while it is written.
func recorded(t *testing.T, file string) int {
	t.Helper()
	b, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	var process struct{ PID int }
	if json.Unmarshal(b, &process) != nil {
		return 0
	}
	return process.PID
}

// tokenIsAsked checks that an open server wants its token.
func tokenIsAsked(t *testing.T, s *mill.Stack) {
	t.Helper()
	given := s.Token
	s.Token = ""
	for _, url := range []string{s.HTTP() + "/api/v1/runs", s.Inference() + "/v2/models"} {
		if resp, body := s.Call(t, http.MethodGet, url, "", nil); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("GET %s without a token answers %s: %s", url, resp.Status, body)
		}
	}
	s.Token = given
	s.OK(t, "run", "list")
}

func endedInOrder(t *testing.T, s *mill.Stack, how string, err error, took time.Duration) {
	t.Helper()
	if err != nil || took > 25*time.Second {
		t.Errorf("after %s the stack ends after %s with %v; want exit 0 within 25 s", how, took, err)
	}
	t.Logf("ended %s after %s", took.Round(time.Millisecond), how)
	if left := s.Tree(); len(left) > 0 {
		t.Errorf("after %s processes %v are left", how, left)
	}
	if _, err := os.Stat(filepath.Join(s.Data, "up.json")); !os.IsNotExist(err) {
		t.Errorf("after %s up.json is left: %v", how, err)
	}
}

// slowSpec is a training of some seconds that saves its state at every iteration.
const slowSpec = `name: slow
data: {source: rows.csv, target: class, split: {kind: stratified, test: 0.2, validation: 0, seed: 1}}
transform: [{columns: {type: number}, apply: [keep]}]
train: {algorithm: logistic, l2: 0.001, iterations: 30, checkpoint_every: 1}
`

// sixClasses makes a table whose Newton iterations take long: their cost grows
// with the square of columns times classes.
func sixClasses() string {
	const rows, cols, classes = 3000, 110, 6
	d := rand.New(rand.NewPCG(1, 2))
	weights := [classes][cols]float64{}
	for k := range weights {
		for j := range weights[k] {
			weights[k][j] = d.NormFloat64()
		}
	}
	b := []byte("class")
	for j := range cols {
		b = fmt.Appendf(b, ",x%d", j)
	}
	x := make([]float64, cols)
	for range rows {
		best, at := -1e9, 0
		for j := range x {
			x[j] = float64(d.IntN(2001)-1000) / 500
		}
		for k := range weights {
			score := 3 * d.NormFloat64()
			for j := range x {
				score += weights[k][j] * x[j]
			}
			if score > best {
				best, at = score, k
			}
		}
		b = append(b, '\n', 'a'+byte(at))
		for _, v := range x {
			b = strconv.AppendFloat(append(b, ','), v, 'f', 3, 64)
		}
	}
	return string(append(b, '\n'))
}

// awaitIterations waits until a run's fit has saved its first state.
func awaitIterations(t *testing.T, s *mill.Stack, workflow string) {
	t.Helper()
	ctx, c := context.Background(), s.Client(t)
	mill.Await(t, "the second iteration of the fit", time.Minute, func() bool {
		w, err := c.Workflow(ctx, workflow, 0)
		if err != nil || w.Done() {
			t.Fatalf("the run has ended before it could be cut off: %+v, %v", w, err)
		}
		if w.RunID == "" {
			return false
		}
		points, err := c.MetricHistory(ctx, w.RunID, "train_loss")
		return err == nil && len(points) >= 2
	})
}
