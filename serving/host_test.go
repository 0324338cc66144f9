package serving_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gristmill"
	"gristmill/ml/frame"
	"gristmill/serving"
)

// memory is a store of deployments that tests change by hand.
type memory struct {
	serving.Store // what a host must not call panics
	mu            sync.Mutex
	deployments   map[string]serving.Deployment
	reports       []serving.Observation
	reported      time.Time
	calls         int
	left          bool
	err           error
	changes       chan struct{}
}

func newMemory() *memory {
	return &memory{deployments: map[string]serving.Deployment{}, changes: make(chan struct{}, 1)}
}

func (m *memory) put(d serving.Deployment) {
	m.mu.Lock()
	m.deployments[d.Model] = d
	m.mu.Unlock()
	m.changes <- struct{}{}
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

func (m *memory) ListDeployments(context.Context, string) ([]serving.Deployment, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.deployments)), m.err
}

func (m *memory) Observe(_ context.Context, project, server string, list []serving.Observation, lease time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	m.reports, m.reported, m.calls = list, time.Now(), m.calls+1
	return nil
}

func (m *memory) Leave(context.Context, string, string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left = true
	return m.err
}

func (m *memory) Changes(ctx context.Context) (<-chan struct{}, error) { return m.changes, nil }

func (m *memory) report(t *testing.T) serving.Observation {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.reports) != 1 {
		t.Fatalf("%d reports, want 1", len(m.reports))
	}
	return m.reports[0]
}

// shelf is a store of packages.
type shelf struct {
	mu       sync.Mutex
	packages map[gristmill.Digest][]byte
	err      error
	asked    int
	gate     chan struct{} // if not nil, a package comes when it is closed
}

func (s *shelf) Package(ctx context.Context, d gristmill.Digest) ([]byte, error) {
	s.mu.Lock()
	gate := s.gate
	s.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.err != nil {
		return nil, s.err
	}
	b, ok := s.packages[d]
	if !ok {
		return nil, gristmill.Errorf(gristmill.NotFound, "no object sha256/%s", d)
	}
	return b, nil
}

func (s *shelf) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// add stores a package and returns its reference.
func (s *shelf) add(text string) gristmill.Ref {
	b := []byte(text)
	d := gristmill.DigestOf(b)
	s.set(func() { s.packages[d] = b })
	return gristmill.Ref{Digest: d, Size: int64(len(b))}
}

// fake answers x + its number; its package is that number, or a word for what
// is wrong with it.
type fake struct {
	add  float64
	want []float64
}

func (fake) Signature() frame.Signature {
	return frame.Signature{Inputs: frame.Schema{Fields: []frame.Field{{Name: "x", Type: frame.Float64}}}}
}

func (f fake) Predict(_ context.Context, x *frame.Frame) (serving.Answer, error) {
	a := serving.Answer{Values: make([]float64, x.Rows())}
	for i := range a.Values {
		a.Values[i] = x.At(0).Floats[i] + f.add
	}
	return a, nil
}

func (f fake) Example() (*frame.Frame, *serving.Answer) {
	x, err := frame.New(&frame.Column{Field: frame.Field{Name: "x", Type: frame.Float64}, Floats: []float64{1, 2}})
	if err != nil {
		panic(err)
	}
	if f.want == nil {
		return x, nil
	}
	return x, &serving.Answer{Values: f.want}
}

func unpack(b []byte) (serving.Predictor, error) {
	var f fake
	switch text := string(b); text {
	case "nan":
		f.add = math.NaN()
	case "other":
		f = fake{add: 1, want: []float64{2, 3.5}}
	default:
		if _, err := fmt.Sscan(text, &f.add); err != nil {
			return nil, errors.New("the package has no manifest.json")
		}
	}
	return f, nil
}

type scene struct {
	store  *memory
	shelf  *shelf
	host   *serving.Host
	stop   context.CancelFunc
	ended  chan error
	mu     sync.Mutex
	events []string
}

// start runs a host within a synctest bubble.
func start(t *testing.T, cfg serving.HostConfig) *scene {
	s := &scene{store: newMemory(), shelf: &shelf{packages: map[gristmill.Digest][]byte{}}, ended: make(chan error, 1)}
	cfg.Unpack = unpack
	cfg.Observe = func(e serving.Event) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events = append(s.events, fmt.Sprintf("%s %s/%d", e.Kind, e.Model, e.Version))
	}
	ctx, stop := context.WithCancel(t.Context())
	s.stop = stop
	s.host = serving.NewHost(s.store, s.shelf, "server-1", cfg)
	go func() { s.ended <- s.host.Run(ctx) }()
	t.Cleanup(stop)
	return s
}

func (s *scene) happened() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := strings.Join(s.events, ", ")
	s.events = nil
	return all
}

func (s *scene) traffic(model string) string {
	v, err := s.host.Route(model)
	if err != nil {
		return gristmill.Public(err)
	}
	return fmt.Sprint(v.Number)
}

// pass lets the bubble's time go by, and everything that is due happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// words joins values with spaces.
func words(list ...any) string { return strings.TrimSpace(fmt.Sprintln(list...)) }

func is[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func TestAPromotionMovesTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, serving.HostConfig{})
		synctest.Wait()
		is(t, "empty host ready", s.host.Ready(), nil)
		one, two := s.shelf.add("1"), s.shelf.add("2")
		s.store.put(serving.Deployment{Model: "m", Generation: 1, State: serving.Rolling, Candidate: 1, CandidatePackage: one})
		synctest.Wait()
		is(t, "events", s.happened(), "loaded m/1")
		is(t, "traffic before the first commit", s.traffic("m"), `unavailable: the first version of model "m", 1, is being tested; try again`)
		r := s.store.report(t)
		is(t, "report", words(r.Server, r.Model, r.Generation, r.Version, r.Ready, r.Error), "server-1 m 1 0 true")
		is(t, "lease", time.Until(r.Expires), 10*time.Second)

		s.store.put(serving.Deployment{Model: "m", Generation: 1, State: serving.Stable, Version: 1, Package: one})
		synctest.Wait()
		is(t, "events", s.happened(), "switched m/1")
		is(t, "traffic", s.traffic("m"), "1")

		s.store.put(serving.Deployment{Model: "m", Generation: 2, State: serving.Rolling, Version: 1, Package: one, Candidate: 2, CandidatePackage: two})
		synctest.Wait()
		is(t, "traffic while rolling", s.traffic("m"), "1")
		v, err := s.host.RouteVersion("m", 2)
		if err != nil || v.Number != 2 {
			t.Errorf("the candidate cannot be asked for: %v, %v", v, err)
		}
		r = s.store.report(t)
		is(t, "report", words(r.Generation, r.Version, r.Ready), "2 1 true")

		s.store.put(serving.Deployment{Model: "m", Generation: 2, State: serving.Stable, Version: 2, Previous: 1, Package: two})
		synctest.Wait()
		is(t, "traffic after commit", s.traffic("m"), "2")
		is(t, "events", s.happened(), "loaded m/2, switched m/2, dropped m/1")
		_, err = s.host.RouteVersion("m", 1)
		is(t, "old version", gristmill.Public(err), `model "m" version 1 is not deployed; deployed: 2`)
		r = s.store.report(t)
		is(t, "report", words(r.Generation, r.Version, r.Ready), "2 2 true")
	})
}

func TestAnAbortDropsTheCandidate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, serving.HostConfig{})
		one, two := s.shelf.add("1"), s.shelf.add("2")
		s.store.put(serving.Deployment{Model: "m", Generation: 2, State: serving.Rolling, Version: 1, Package: one, Candidate: 2, CandidatePackage: two})
		synctest.Wait()
		s.happened()
		s.store.put(serving.Deployment{Model: "m", Generation: 3, State: serving.Stable, Version: 1, Package: one})
		synctest.Wait()
		is(t, "events", s.happened(), "dropped m/2")
		is(t, "traffic", s.traffic("m"), "1")
		is(t, "generation", s.store.report(t).Generation, int64(3))
		s.store.mu.Lock()
		clear(s.store.deployments)
		s.store.mu.Unlock()
		s.store.changes <- struct{}{}
		synctest.Wait()
		is(t, "events", s.happened(), "dropped m/1")
		is(t, "traffic", s.traffic("m"), `no model "m" is deployed; none is`)
	})
}

func TestACandidateThatFailsItsTestLeavesTraffic(t *testing.T) {
	for word, want := range map[string]string{
		"nan":   `smoke test: the prediction of row 1 is NaN`,
		"other": `smoke test: the prediction of row 2 is 3, the package says 3.5`,
		"junk":  `unpack: the package has no manifest.json`,
	} {
		t.Run(word, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := start(t, serving.HostConfig{})
				one, bad := s.shelf.add("1"), s.shelf.add(word)
				s.store.put(serving.Deployment{Model: "m", Generation: 2, State: serving.Rolling, Version: 1, Package: one, Candidate: 2, CandidatePackage: bad})
				synctest.Wait()
				r := s.store.report(t)
				is(t, "report", words(r.Version, r.Ready, r.Error),
					fmt.Sprintf("1 false model %q version 2, package sha256 %s: %s", "m", bad.Digest, want))
				is(t, "traffic", s.traffic("m"), "1")
				is(t, "ready", s.host.Ready(), nil)
			})
		})
	}
}

func TestAnAlteredPackageIsRefusedByDigest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, serving.HostConfig{})
		one := s.shelf.add("1")
		s.shelf.set(func() { s.shelf.packages[one.Digest] = []byte("7") })
		s.store.put(serving.Deployment{Model: "m", Generation: 1, State: serving.Stable, Version: 1, Package: one})
		synctest.Wait()
		want := fmt.Sprintf(`model "m" version 1: the package was altered: expected sha256 %s, got %s`, one.Digest, gristmill.DigestOf([]byte("7")))
		is(t, "traffic", s.traffic("m"), "unavailable: "+want)
		is(t, "report", s.store.report(t).Error, want)
		if err := s.host.Ready(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ready: %v", err)
		}
		is(t, "loads asked for", s.shelf.asked, 1)

		// Somebody repairs the object: the server finds out by itself.
		s.shelf.add("1")
		pass(40 * time.Second)
		is(t, "traffic after repair", s.traffic("m"), "1")
		is(t, "report after repair", s.store.report(t).Error, "")
	})
}

func TestTheFormerVersionServesWhenTheNewOneIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, serving.HostConfig{})
		one := s.shelf.add("1")
		s.store.put(serving.Deployment{Model: "m", Generation: 1, State: serving.Stable, Version: 1, Package: one})
		synctest.Wait()
		gone := gristmill.Ref{Digest: gristmill.DigestOf([]byte("2"))}
		s.store.put(serving.Deployment{Model: "m", Generation: 2, State: serving.Stable, Version: 2, Package: gone})
		synctest.Wait()
		is(t, "traffic", s.traffic("m"), "1")
		r := s.store.report(t)
		is(t, "report", words(r.Generation, r.Version, r.Ready, r.Error), fmt.Sprintf(
			"2 1 false model %q version 2, package sha256 %s: fetch: no object sha256/%s", "m", gone.Digest, gone.Digest))
		_, err := s.host.RouteVersion("m", 2)
		is(t, "kind", gristmill.KindOf(err), gristmill.Unavailable)
	})
}

func TestALoadIsTriedAgainWhileStorageIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, serving.HostConfig{})
		one := s.shelf.add("1")
		s.shelf.set(func() { s.shelf.err = errors.New("dial tcp 10.0.0.1:9000: refused") })
		s.store.put(serving.Deployment{Model: "m", Generation: 1, State: serving.Rolling, Candidate: 1, CandidatePackage: one})
		pass(time.Second)
		is(t, "early report", s.store.report(t).Error, "")
		pass(10 * time.Second)
		is(t, "late report", s.store.report(t).Error, fmt.Sprintf(
			"model %q version 1, package sha256 %s: fetch: internal error; the server's log has the details", "m", one.Digest))
		s.shelf.set(func() { s.shelf.err = nil })
		pass(40 * time.Second)
		is(t, "report", s.store.report(t).Ready, true)
	})
}

func TestTheLeaseIsRenewedAlsoDuringALongLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, serving.HostConfig{})
		gate := make(chan struct{})
		s.shelf.set(func() { s.shelf.gate = gate })
		one := s.shelf.add("1")
		s.store.put(serving.Deployment{Model: "m", Generation: 1, State: serving.Rolling, Candidate: 1, CandidatePackage: one})
		pass(60 * time.Second)
		if age := time.Since(s.store.reported); age > 2500*time.Millisecond {
			t.Errorf("the last report is %v old", age)
		}
		if s.store.calls < 20 || s.store.calls > 30 {
			t.Errorf("%d reports in a minute, want about 24", s.store.calls)
		}
		close(gate)
		synctest.Wait()
		is(t, "ready", s.store.report(t).Ready, true)
		is(t, "age of the report", time.Since(s.store.reported), 0)
	})
}

func TestAHostGoesOnWithoutItsStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, serving.HostConfig{})
		one := s.shelf.add("1")
		s.store.put(serving.Deployment{Model: "m", Generation: 1, State: serving.Stable, Version: 1, Package: one})
		synctest.Wait()
		s.happened()
		s.store.fail(errors.New("no connection"))
		pass(time.Minute)
		is(t, "traffic", s.traffic("m"), "1")
		is(t, "events", s.happened(), "store_lost /0")
		s.store.fail(nil)
		pass(3 * time.Second)
		is(t, "events", s.happened(), "store_back /0")
		if age := time.Since(s.store.reported); age > 3*time.Second {
			t.Errorf("the last report is %v old", age)
		}
	})
}

func TestAHostLeavesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, serving.HostConfig{})
		one := s.shelf.add("1")
		s.shelf.set(func() { s.shelf.gate = make(chan struct{}) }) // a load hangs
		s.store.put(serving.Deployment{Model: "m", Generation: 1, State: serving.Stable, Version: 1, Package: one})
		synctest.Wait()
		is(t, "traffic", s.traffic("m"), fmt.Sprintf(`unavailable: model "m" version 1 (package sha256 %s) is being loaded; try again`, one.Digest))
		s.stop()
		is(t, "end", <-s.ended, nil)
		is(t, "left", s.store.left, true)
	})
}

func TestBeforeTheFirstReadingNothingIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		store.err = errors.New("down")
		h := serving.NewHost(store, &shelf{}, "s", serving.HostConfig{})
		ctx, stop := context.WithCancel(t.Context())
		go h.Run(ctx)
		pass(time.Second)
		_, err := h.Route("m")
		is(t, "kind", gristmill.KindOf(err), gristmill.Unavailable)
		is(t, "ready", gristmill.KindOf(h.Ready()), gristmill.Unavailable)
		is(t, "reports", store.calls, 0)
		stop()
	})
}
