package servingtest

import (
	"context"
	"testing"
	"time"

	"gristmill/serving"
)

// patience bounds how long a test waits for what must come.
const patience = 20 * time.Second

func observe(t *testing.T, o Opened) {
	ctx := context.Background()
	for _, list := range [][]serving.Observation{
		{{Model: "a", Generation: 1, Ready: true}, {Model: "b", Generation: 2}},
		{{Model: "b", Generation: 3, Error: "no weights\x00\xff"}},
		nil,
	} {
		for range 2 {
			noError(t, o.Store.Observe(ctx, "", "s1", list, time.Minute))
		}
	}
	noError(t, o.Store.Observe(ctx, "", "s0", nil, time.Minute))
	live, err := o.Store.LiveServers(ctx, "")
	noError(t, err)
	same(t, "live", live, []string{"s0", "s1"})
	for range 2 {
		noError(t, o.Store.Leave(ctx, "", "s1"))
	}
	live, err = o.Store.LiveServers(ctx, "")
	noError(t, err)
	same(t, "after one left", live, []string{"s0"})
}

func servers(t *testing.T, o Opened) {
	ctx := context.Background()
	versions(t, o, 1)
	d := promote(t, o, 1, "p1")
	if len(d.Servers) != 0 {
		t.Errorf("servers before any report: %+v", d.Servers)
	}
	report := func(server string, list ...serving.Observation) {
		t.Helper()
		for range 2 {
			noError(t, o.Store.Observe(ctx, "", server, list, time.Hour))
		}
	}
	report("s2", serving.Observation{Model: "churn", Generation: 1, Version: 1, Ready: true}, serving.Observation{Model: "other", Generation: 9})
	report("s1", serving.Observation{Model: "churn", Generation: 1, Error: "smoke test failed"})
	d, err := o.Store.Deployment(ctx, "", "churn")
	noError(t, err)
	for i := range d.Servers {
		if left := time.Until(d.Servers[i].Expires); left < 59*time.Minute || left > 61*time.Minute {
			t.Errorf("a lease of an hour runs out in %s", left)
		}
		d.Servers[i].Expires = time.Time{}
	}
	same(t, "servers", d.Servers, []serving.Observation{
		{Server: "s1", Model: "churn", Generation: 1, Error: "smoke test failed"},
		{Server: "s2", Model: "churn", Generation: 1, Version: 1, Ready: true},
	})
	report("s1", serving.Observation{Model: "churn", Generation: 2, Version: 1, Ready: true})
	noError(t, o.Store.Leave(ctx, "", "s2"))
	d, err = o.Store.Deployment(ctx, "", "churn")
	noError(t, err)
	if len(d.Servers) != 1 || d.Servers[0].Generation != 2 || !d.Servers[0].Ready || d.Servers[0].Error != "" {
		t.Errorf("after a new report and a leave: %+v", d.Servers)
	}
	all, err := o.Store.ListDeployments(ctx, "")
	noError(t, err)
	same(t, "the list shows them too", all, []serving.Deployment{d})
}

func leaseEnds(t *testing.T, o Opened) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	versions(t, o, 1)
	promote(t, o, 1, "p1")
	noError(t, o.Store.Observe(ctx, "", "s1", []serving.Observation{{Model: "churn", Generation: 1, Ready: true}}, 50*time.Millisecond))
	for {
		live, err := o.Store.LiveServers(ctx, "")
		noError(t, err) // also when patience ends
		if len(live) == 0 {
			break
		}
	}
	d, err := o.Store.Deployment(ctx, "", "churn")
	noError(t, err)
	if len(d.Servers) != 0 {
		t.Errorf("a dead server's report is there: %+v", d.Servers)
	}
	noError(t, o.Store.Observe(ctx, "", "s1", []serving.Observation{{Model: "churn", Generation: 1, Ready: true}}, time.Minute))
	if d, err = o.Store.Deployment(ctx, "", "churn"); err != nil || len(d.Servers) != 1 {
		t.Errorf("after it came back: %+v, %v", d.Servers, err)
	}
}

func changes(t *testing.T, o Opened) {
	ctx, cancel := context.WithCancel(context.Background())
	versions(t, o, 1)
	told, err := o.Store.Changes(ctx)
	noError(t, err)
	for _, c := range []struct {
		what string
		do   func() error
	}{
		{"a proposal", func() error { return errOf(o.Store.Propose(ctx, "", "churn", 1, "p1")) }},
		{"a report", func() error {
			return o.Store.Observe(ctx, "", "s1", []serving.Observation{{Model: "churn", Generation: 1, Ready: true}}, time.Minute)
		}},
		{"a commit", func() error { return errOf(o.Store.Commit(ctx, "", "churn", 1, "p1")) }},
		{"a leave", func() error { return o.Store.Leave(ctx, "", "s1") }},
	} {
		noError(t, c.do())
		select {
		case <-told:
		case <-time.After(patience):
			t.Fatalf("%s was not told", c.what)
		}
	}
	cancel()
	for deadline := time.After(patience); ; {
		select {
		case _, open := <-told:
			if !open {
				return
			}
		case <-deadline:
			t.Fatal("the channel is open after the context's end")
		}
	}
}
