package serving

import (
	"cmp"
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"gristmill"
)

// key is one thing to load.
type key struct {
	number int
	digest gristmill.Digest
}

// model is what Run knows of one deployed model.
type model struct {
	desired Deployment
	traffic *Version
	held    map[key]*Version
	loads   map[key]*load // running or failed
}

// load is the attempts at one thing.
type load struct {
	cancel  context.CancelFunc
	running bool
	failed  int       // attempts so far
	next    time.Time // of the next attempt
	err     error     // of the last
}

// loaded is the end of an attempt.
type loaded struct {
	model   string
	key     key
	load    *load
	version *Version
	err     error
	took    time.Duration
}

// Retries of a load: what may pass is tried again soon, what is wrong seldom,
// in case somebody repairs it.
const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 30 * time.Second
	// patience is the number of passing failures after which a report calls
	// the version failed.
	patience = 5
)

func (m *model) champion() key  { return key{m.desired.Version, m.desired.Package.Digest} }
func (m *model) candidate() key { return key{m.desired.Candidate, m.desired.CandidatePackage.Digest} }

// wanted are the things that the deployment names.
func (m *model) wanted() []key {
	var list []key
	if m.desired.Version > 0 {
		list = append(list, m.champion())
	}
	if m.desired.Candidate > 0 && m.candidate() != m.champion() {
		list = append(list, m.candidate())
	}
	return list
}

// settle starts the loads that are due, ends those that nobody wants, moves
// traffic to what is held, and makes the new table.
func (h *Host) settle(ctx context.Context) {
	var events []Event // told when the table shows them
	next := &table{known: h.table.Load().known, models: make(map[string]*entry, len(h.models))}
	for name, m := range h.models {
		wanted := m.wanted()
		for k, l := range m.loads {
			if !slices.Contains(wanted, k) {
				l.cancel()
				delete(m.loads, k)
			}
		}
		for _, k := range wanted {
			if m.held[k] == nil {
				h.start(ctx, name, m, k)
			}
		}
		if v := m.held[m.champion()]; v != nil && v != m.traffic {
			m.traffic = v
			events = append(events, Event{Kind: Switched, Model: name, Version: v.Number, Digest: v.Digest})
		}
		for k, v := range m.held {
			if v != m.traffic && !slices.Contains(wanted, k) {
				delete(m.held, k)
				events = append(events, Event{Kind: Dropped, Model: name, Version: v.Number, Digest: v.Digest})
			}
		}
		e := &entry{traffic: m.traffic, desired: m.desired, held: slices.SortedFunc(maps.Values(m.held), byNumber)}
		if l := m.loads[m.champion()]; l != nil {
			e.err = l.err
		}
		next.models[name] = e
	}
	next.names = slices.Sorted(maps.Keys(next.models))
	h.table.Store(next)
	for _, e := range events {
		h.cfg.Observe(e)
	}
}

func byNumber(a, b *Version) int { return cmp.Compare(a.Number, b.Number) }

// start begins an attempt at k unless one runs or the next is not due.
func (h *Host) start(ctx context.Context, name string, m *model, k key) {
	l := m.loads[k]
	if l == nil {
		l = &load{}
		m.loads[k] = l
	}
	if l.running || time.Now().Before(l.next) {
		return
	}
	wanted, cancel := context.WithCancel(ctx)
	l.cancel, l.running = cancel, true
	h.loading.Go(func() {
		defer cancel()
		select {
		case h.slots <- struct{}{}:
			defer func() { <-h.slots }()
		case <-wanted.Done():
			return // nobody wants it any more, or Run has ended
		}
		begin := time.Now()
		attempt, end := context.WithTimeout(wanted, h.cfg.Load)
		defer end()
		v, err := fetch(attempt, h.packages, h.unpack, name, k.number, k.digest)
		select {
		case h.loaded <- loaded{model: name, key: k, load: l, version: v, err: err, took: time.Since(begin)}:
		case <-ctx.Done():
		}
	})
}

// finish takes over the end of an attempt.
func (h *Host) finish(res loaded) {
	m := h.models[res.model]
	if m == nil || m.loads[res.key] != res.load {
		return // not wanted any more
	}
	ev := Event{Kind: Loaded, Model: res.model, Version: res.key.number, Digest: res.key.digest, Took: res.took, Err: res.err}
	if res.err == nil {
		m.held[res.key] = res.version
		delete(m.loads, res.key)
		h.cfg.Observe(ev)
		return
	}
	l := res.load
	l.running, l.err = false, res.err
	l.failed++
	ev.Kind, ev.Retry = LoadFailed, lastRetry
	if passing(res.err) && l.failed < 8 {
		ev.Retry = min(firstRetry<<(l.failed-1), lastRetry)
	}
	ev.Retry += time.Duration(rand.Int64N(int64(ev.Retry)/4 + 1)) // so that ten servers do not ask at once
	l.next = time.Now().Add(ev.Retry)
	h.cfg.Observe(ev)
}

func passing(err error) bool { return gristmill.KindOf(err) == gristmill.Unavailable }

// forget drops all of a model whose deployment is gone.
func (h *Host) forget(m *model) {
	for _, l := range m.loads {
		l.cancel()
	}
	for _, v := range m.held {
		h.cfg.Observe(Event{Kind: Dropped, Model: v.Name, Version: v.Number, Digest: v.Digest})
	}
}

// observe is the server's report of the model: whether the version that the
// generation is about is held, and which one takes traffic.
func (m *model) observe(server string) Observation {
	o := Observation{Server: server, Model: m.desired.Model, Generation: m.desired.Generation, Ready: true}
	if m.traffic != nil {
		o.Version = m.traffic.Number
	}
	about := m.champion()
	if m.desired.Candidate > 0 {
		about = m.candidate()
	}
	if about.number == 0 || m.held[about] != nil {
		return o
	}
	o.Ready = false
	if l := m.loads[about]; l != nil && l.err != nil && (!passing(l.err) || l.failed >= patience) {
		o.Error = gristmill.Public(l.err)
	}
	return o
}
