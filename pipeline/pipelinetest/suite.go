// Package pipelinetest proves that a pipeline.Store keeps its promises: every
// sentence of the contract, every write done twice, and writers at the same time.
package pipelinetest

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"gristmill"
	"gristmill/pipeline"
)

// Store runs the suite; open returns an empty store and is called once per test.
func Store(t *testing.T, open func(t *testing.T) pipeline.Store) {
	for name, test := range map[string]func(*testing.T, pipeline.Store){
		"AVersionComesBackAsApplied":  applied,
		"TheLastAppliedIsCurrent":     current,
		"AppliedAtTheSameTime":        race,
		"WhatIsNotThereIsNotFound":    missing,
		"BadVersionsAreRefused":       bad,
		"PipelinesAreListedByName":    list,
		"ProjectsHaveTheirOwnVersion": projects,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// Version returns a version whose spec says n; its JSON is not in the form that
// an encoder would choose, which a store must not disturb.
func Version(name string, n int) pipeline.Version {
	spec := fmt.Appendf(nil, `{"name": %q,"b":1.0e0,  "a":%d,"u":"\u00fc"}`, name, n)
	return pipeline.Version{
		Name: name, Digest: gristmill.DigestOf(spec), Spec: spec, Text: fmt.Sprintf("name: %s # ü\na: %d\n", name, n), AppliedBy: "ada",
	}
}

func apply(t *testing.T, s pipeline.Store, v pipeline.Version) pipeline.Version {
	t.Helper()
	first, err := s.Apply(context.Background(), v)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Apply(context.Background(), v)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "applied again", again, first)
	return first
}

func read(t *testing.T, s pipeline.Store, name string, digest gristmill.Digest) pipeline.Version {
	t.Helper()
	v, err := s.Pipeline(context.Background(), "", name, digest)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func wantKind(t *testing.T, what string, err error, kind gristmill.Kind) {
	t.Helper()
	if gristmill.KindOf(err) != kind {
		t.Errorf("%s: kind %q of error %v, want %q", what, gristmill.KindOf(err), err, kind)
	}
}

func errOf[T any](_ T, err error) error { return err }

func applied(t *testing.T, s pipeline.Store) {
	want := Version("churn", 1)
	got := apply(t, s, want)
	if got.AppliedAt.IsZero() {
		t.Error("no time of application")
	}
	if gristmill.DigestOf(got.Spec) != want.Digest {
		t.Errorf("the spec came back as %s, which is not what the digest names", got.Spec)
	}
	want.Project, want.AppliedAt, want.Current = gristmill.DefaultProject, got.AppliedAt, true
	same(t, "applied", got, want)
	same(t, "by digest", read(t, s, "churn", want.Digest), want)
	same(t, "current", read(t, s, "churn", ""), want)
	changed := want
	changed.Text, changed.AppliedBy = "other", "bob"
	same(t, "the same digest with another text", apply(t, s, changed), want)
}

func current(t *testing.T, s pipeline.Store) {
	first := apply(t, s, Version("churn", 1))
	second := apply(t, s, Version("churn", 2))
	first.Current = false
	same(t, "the first, after the second", read(t, s, "churn", first.Digest), first)
	same(t, "current", read(t, s, "churn", ""), second)
	back := apply(t, s, Version("churn", 1))
	first.Current, second.Current = true, false
	same(t, "the first again", back, first)
	same(t, "current", read(t, s, "churn", ""), first)
	versions, err := s.ListPipelineVersions(context.Background(), "", "churn")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "versions, newest first", versions, []pipeline.Version{second, first})
}

func race(t *testing.T, s pipeline.Store) {
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			if _, err := s.Apply(context.Background(), Version("churn", i%3)); err != nil {
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	versions, err := s.ListPipelineVersions(context.Background(), "", "churn")
	n := 0
	for _, v := range versions {
		if v.Current {
			n++
		}
	}
	if err != nil || len(versions) != 3 || n != 1 {
		t.Errorf("%d versions, %d of them current, %v; want 3 and 1", len(versions), n, err)
	}
}

func missing(t *testing.T, s pipeline.Store) {
	ctx := context.Background()
	apply(t, s, Version("churn", 1))
	for what, err := range map[string]error{
		"name": errOf(s.Pipeline(ctx, "", "none", "")), "digest": errOf(s.Pipeline(ctx, "", "churn", Version("churn", 2).Digest)),
		"versions": errOf(s.ListPipelineVersions(ctx, "", "none")), "project": errOf(s.Pipeline(ctx, "team-b", "churn", "")),
	} {
		wantKind(t, what, err, gristmill.NotFound)
	}
}

func bad(t *testing.T, s pipeline.Store) {
	for what, change := range map[string]func(*pipeline.Version){
		"name":   func(v *pipeline.Version) { v.Name = "../x" },
		"digest": func(v *pipeline.Version) { v.Digest = "abc" },
		"spec":   func(v *pipeline.Version) { v.Spec = []byte(`{"a":`) },
		"text":   func(v *pipeline.Version) { v.Text = "a\x00b" },
	} {
		v := Version("churn", 1)
		change(&v)
		wantKind(t, what, errOf(s.Apply(context.Background(), v)), gristmill.Invalid)
	}
	if all, err := s.ListPipelines(context.Background(), ""); err != nil || len(all) != 0 {
		t.Errorf("refused versions were stored: %v, %v", all, err)
	}
}

func list(t *testing.T, s pipeline.Store) {
	b, a := apply(t, s, Version("b", 1)), apply(t, s, Version("a", 1))
	a2 := apply(t, s, Version("a", 2))
	if a.Digest == a2.Digest {
		t.Fatal("two specs have one digest")
	}
	all, err := s.ListPipelines(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "list", all, []pipeline.Version{a2, b})
}

func projects(t *testing.T, s pipeline.Store) {
	apply(t, s, Version("churn", 1))
	elsewhere := Version("churn", 2)
	elsewhere.Project = "team-b"
	apply(t, s, elsewhere)
	same(t, "current here", read(t, s, "churn", "").Digest, Version("churn", 1).Digest)
	if all, err := s.ListPipelines(context.Background(), "team-b"); err != nil || len(all) != 1 || all[0].Digest != elsewhere.Digest {
		t.Errorf("list elsewhere: %+v, %v", all, err)
	}
}
