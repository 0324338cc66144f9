package serving

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gristmill"
)

// HostConfig are the parts of a Host with useful zeros.
type HostConfig struct {
	Project string        // "": gristmill.DefaultProject
	Lease   time.Duration // of a report; 0: 10 s
	Renew   time.Duration // between reports without a change; 0: 2.5 s
	Timeout time.Duration // of one call to the store; 0: 5 s
	Load    time.Duration // the longest load of a package; 0: 2 min
	Loads   int           // packages loaded at once; 0: 2
	// Unpack reads a package; nil: UnpackBundle.
	Unpack Unpack
	// Observe sees every event, one at a time; it must not block. Nil: nobody
	// looks.
	Observe func(Event)
}

func (c HostConfig) withDefaults() HostConfig {
	set := func(d *time.Duration, zero time.Duration) {
		if *d <= 0 {
			*d = zero
		}
	}
	if c.Project == "" {
		c.Project = gristmill.DefaultProject
	}
	set(&c.Lease, 10*time.Second)
	set(&c.Renew, c.Lease/4)
	set(&c.Timeout, 5*time.Second)
	set(&c.Load, 2*time.Minute)
	if c.Loads <= 0 {
		c.Loads = 2
	}
	if c.Unpack == nil {
		c.Unpack = UnpackBundle
	}
	if c.Observe == nil {
		c.Observe = func(Event) {}
	}
	return c
}

// Host is a server's memory of models: it holds what the deployments name,
// routes requests to it, and reports what it serves. Routing is safe for
// concurrent use, never waits, and works from the last known state while the
// store is away.
type Host struct {
	store    Store
	packages Packages
	unpack   Unpack
	identity string
	cfg      HostConfig
	table    atomic.Pointer[table]

	// All below belongs to Run's goroutine.
	models   map[string]*model
	loaded   chan loaded
	slots    chan struct{}
	loading  sync.WaitGroup
	reported []Observation // without Expires
	renewed  time.Time     // of the last report
	turned   time.Time     // begin of the last reading of the deployments
	lost     bool          // the store did not answer last time
}

// NewHost returns a host that holds nothing until it runs. The identity names
// this process among the servers of the project: host, process, start.
func NewHost(store Store, packages Packages, identity string, cfg HostConfig) *Host {
	cfg = cfg.withDefaults()
	h := &Host{
		store: store, packages: packages, unpack: cfg.Unpack, identity: identity, cfg: cfg,
		models: map[string]*model{},
		loaded: make(chan loaded),
		slots:  make(chan struct{}, cfg.Loads),
	}
	h.table.Store(&table{})
	return h
}

// Run follows the deployments until ctx ends: it loads what they name, moves
// traffic, reports under a lease, and at the end withdraws. It goes on while
// the store is away; its error is always nil. It must be called once.
func (h *Host) Run(ctx context.Context) error {
	defer h.leave(ctx)
	loads, stop := context.WithCancel(ctx)
	defer h.loading.Wait()
	defer stop()
	var changes <-chan struct{}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-changes:
			if !open {
				changes = nil // asked for again at the next turn, not at once
				continue
			}
		case res := <-h.loaded:
			h.finish(res)
			h.settle(loads)
			h.report(ctx)
			timer.Reset(h.wait())
			continue
		case <-timer.C:
		}
		h.turned = time.Now()
		if changes == nil {
			// Without notices the renewals still find every change.
			if ch, err := h.store.Changes(ctx); err == nil {
				changes = ch
			}
		}
		h.read(ctx)
		h.settle(loads)
		h.report(ctx)
		timer.Reset(h.wait())
	}
}

// read takes over the desired state.
func (h *Host) read(ctx context.Context) {
	call, cancel := context.WithTimeout(ctx, h.cfg.Timeout)
	defer cancel()
	list, err := h.store.ListDeployments(call, h.cfg.Project)
	if !h.heard(ctx, err) {
		return
	}
	seen := make(map[string]bool, len(list))
	for _, d := range list {
		seen[d.Model] = true
		m := h.models[d.Model]
		if m == nil {
			m = &model{held: map[key]*Version{}, loads: map[key]*load{}}
			h.models[d.Model] = m
		}
		d.Servers = nil
		m.desired = d
	}
	for name, m := range h.models {
		if !seen[name] {
			h.forget(m)
			delete(h.models, name)
		}
	}
	if !h.table.Load().known {
		h.table.Store(&table{known: true})
	}
}

// report tells the store what this server serves, if that changed or the lease
// wants renewing.
func (h *Host) report(ctx context.Context) {
	if !h.table.Load().known {
		return // a server that has not read the deployments has nothing to say
	}
	list := make([]Observation, 0, len(h.models))
	for _, name := range h.table.Load().names {
		list = append(list, h.models[name].observe(h.identity))
	}
	now := time.Now()
	if now.Sub(h.renewed) < h.cfg.Renew && slices.Equal(list, h.reported) {
		return
	}
	h.reported = slices.Clone(list)
	for i := range list {
		list[i].Expires = now.Add(h.cfg.Lease)
	}
	call, cancel := context.WithTimeout(ctx, h.cfg.Timeout)
	defer cancel()
	if err := h.store.Observe(call, h.cfg.Project, h.identity, list, h.cfg.Lease); h.heard(ctx, err) {
		h.renewed = now
	} else {
		h.reported = nil // again at the next turn
		h.renewed = time.Time{}
	}
}

// heard notes whether the store answered, and says so once when that changes.
func (h *Host) heard(ctx context.Context, err error) bool {
	switch {
	case err == nil && h.lost:
		h.lost = false
		h.cfg.Observe(Event{Kind: StoreBack})
	case err != nil && !h.lost && ctx.Err() == nil:
		h.lost = true
		h.cfg.Observe(Event{Kind: StoreLost, Err: err})
	}
	return err == nil
}

// wait is the time until the next turn: the renewal, or a load's next attempt.
func (h *Host) wait() time.Duration {
	next := h.turned.Add(h.cfg.Renew)
	for _, m := range h.models {
		for _, l := range m.loads {
			if !l.running && l.next.Before(next) {
				next = l.next
			}
		}
	}
	return max(time.Until(next), 0)
}

// leave withdraws the reports of a server that ends in order.
func (h *Host) leave(ctx context.Context) {
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.cfg.Timeout)
	defer cancel()
	if err := h.store.Leave(call, h.cfg.Project, h.identity); err != nil {
		h.cfg.Observe(Event{Kind: StoreLost, Err: err})
	}
}
