package datasettest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"gristmill"
	"gristmill/dataset"
	"gristmill/ml/frame"
)

// Store is the conformance suite of dataset.Store. open returns an empty store;
// every write is done twice.
func Store(t *testing.T, open func(t *testing.T) dataset.Store) {
	t.Run("what was put is found", func(t *testing.T) { putAndGet(t, open(t)) })
	t.Run("a known digest keeps its first facts", func(t *testing.T) { firstFacts(t, open(t)) })
	t.Run("a stored version is described later", func(t *testing.T) { describedLater(t, open(t)) })
	t.Run("projects are apart", func(t *testing.T) { projects(t, open(t)) })
	t.Run("lists are paged newest first", func(t *testing.T) { pages(t, open(t)) })
	t.Run("bad input is refused", func(t *testing.T) { refusals(t, open(t)) })
}

// Version returns a described version whose digest is that of the name.
func Version(name string) dataset.Version {
	low, high := 0.0, 120.0
	return dataset.Version{
		Project: gristmill.DefaultProject,
		Digest:  gristmill.DigestOf([]byte(name)),
		Name:    name,
		Source:  "sample:" + name,
		Size:    93_680,
		Rows:    7043,
		Schema: frame.Schema{Fields: []frame.Field{
			{Name: "age", Type: frame.Int64, Min: &low, Max: &high},
			{Name: "total charges", Type: frame.Float64, Nullable: true},
			{Name: "churn", Type: frame.String, Values: []string{"No", "Yes", "Ж \"'"}},
			{Name: "senior", Type: frame.Bool},
		}},
		Profile:   gristmill.DigestOf([]byte("profile of " + name)),
		CreatedAt: time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC),
	}
}

// put puts v twice and requires the same answer.
func put(t *testing.T, s dataset.Store, v dataset.Version) dataset.Version {
	t.Helper()
	first, err := s.Put(context.Background(), v)
	if err != nil {
		t.Fatalf("Put: %v", err)
	}
	again, err := s.Put(context.Background(), v)
	if err != nil {
		t.Fatalf("the same Put again: %v", err)
	}
	same(t, "the same Put again", again, first)
	return first
}

// same compares by JSON, which is how versions travel; times must be the same
// moment.
func same(t *testing.T, what string, got, want dataset.Version) {
	t.Helper()
	if !got.CreatedAt.Equal(want.CreatedAt) {
		t.Errorf("%s: created at %v, want %v", what, got.CreatedAt, want.CreatedAt)
	}
	got.CreatedAt = want.CreatedAt
	g, _ := json.Marshal(got)
	w, _ := json.Marshal(want)
	if string(g) != string(w) {
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func get(t *testing.T, s dataset.Store, project string, d gristmill.Digest) dataset.Version {
	t.Helper()
	v, err := s.Get(context.Background(), project, d)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return v
}

func wantKind(t *testing.T, what string, err error, kind gristmill.Kind) {
	t.Helper()
	if gristmill.KindOf(err) != kind {
		t.Errorf("%s: error %v is of kind %q, want %q", what, err, gristmill.KindOf(err), kind)
	}
}

func putAndGet(t *testing.T, s dataset.Store) {
	v := Version("telco_churn")
	same(t, "Put", put(t, s, v), v)
	same(t, "Get", get(t, s, v.Project, v.Digest), v)

	// Defaults are filled in: the project and the time.
	w := Version("plain")
	w.Project, w.CreatedAt = "", time.Time{}
	stored := put(t, s, w)
	if stored.Project != gristmill.DefaultProject || stored.CreatedAt.IsZero() {
		t.Errorf("stored with project %q at %v, want %q and now", stored.Project, stored.CreatedAt, gristmill.DefaultProject)
	}
	same(t, "Get without a project", get(t, s, "", w.Digest), stored)

	_, err := s.Get(context.Background(), v.Project, gristmill.DigestOf([]byte("never stored")))
	wantKind(t, "Get of what was never stored", err, gristmill.NotFound)
}

func firstFacts(t *testing.T, s dataset.Store) {
	v := put(t, s, Version("housing"))
	other := v
	other.Name, other.Source, other.Size, other.Rows = "other", "sample:other", 1, 2
	other.Schema = frame.Schema{Fields: []frame.Field{{Name: "x", Type: frame.Bool}}}
	other.Profile = gristmill.DigestOf([]byte("another profile"))
	other.CreatedAt = v.CreatedAt.Add(time.Hour)
	same(t, "Put of a known digest", put(t, s, other), v)
	same(t, "Get", get(t, s, v.Project, v.Digest), v)
}

func describedLater(t *testing.T, s dataset.Store) {
	full := Version("upload")
	bare := full
	bare.Rows, bare.Schema, bare.Profile = 0, frame.Schema{}, ""
	if stored := put(t, s, bare); stored.Described() || stored.Profile != "" {
		t.Errorf("a bare version came back as %+v", stored)
	}
	half := full
	half.Profile = ""
	same(t, "Put with a schema", put(t, s, half), half)
	same(t, "Put with a profile", put(t, s, full), full)
	same(t, "Put of the bare one", put(t, s, bare), full)
	same(t, "Get", get(t, s, full.Project, full.Digest), full)
}

func projects(t *testing.T, s dataset.Store) {
	a, b := Version("shared"), Version("shared")
	a.Project, b.Project, b.Name = "a", "b", "other name"
	put(t, s, a)
	_, err := s.Get(context.Background(), "b", a.Digest)
	wantKind(t, "Get from another project", err, gristmill.NotFound)
	same(t, "Put in b", put(t, s, b), b)
	same(t, "Get from a", get(t, s, "a", a.Digest), a)
	list, _, err := s.List(context.Background(), "b", gristmill.Page{})
	if err != nil || len(list) != 1 || list[0].Name != "other name" {
		t.Errorf("List of b: %v, %v; want the one version of b", list, err)
	}
}

func pages(t *testing.T, s dataset.Store) {
	ctx := context.Background()
	list, next, err := s.List(ctx, "", gristmill.Page{})
	if err != nil || len(list) != 0 || next != "" {
		t.Fatalf("List of nothing: %v, %q, %v", list, next, err)
	}
	const n = 7
	for i := range n {
		v := Version(fmt.Sprintf("v%d", i))
		v.CreatedAt = v.CreatedAt.Add(time.Duration(i/2) * time.Second) // pairs of equal times
		put(t, s, v)
	}
	seen := map[string]bool{}
	var former dataset.Version
	token := ""
	for page := 0; ; page++ {
		list, next, err := s.List(ctx, "", gristmill.Page{Limit: 3, Token: token})
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		if len(list) > 3 || page > 3 {
			t.Fatalf("page %d has %d versions", page, len(list))
		}
		for _, v := range list {
			if seen[v.Name] {
				t.Errorf("%s is listed twice", v.Name)
			}
			seen[v.Name] = true
			if former.Name != "" && (v.CreatedAt.After(former.CreatedAt) || v.CreatedAt.Equal(former.CreatedAt) && v.Digest < former.Digest) {
				t.Errorf("%s comes after %s", v.Name, former.Name)
			}
			former = v
		}
		if token = next; token == "" {
			break
		}
	}
	if len(seen) != n {
		t.Errorf("%d versions were listed, want %d", len(seen), n)
	}
	if list, next, err := s.List(ctx, "", gristmill.Page{Limit: n}); err != nil || len(list) != n || next != "" {
		t.Errorf("List of exactly %d: %d, token %q, %v", n, len(list), next, err)
	}
	_, _, err = s.List(ctx, "", gristmill.Page{Token: "!"})
	wantKind(t, "List with a foreign token", err, gristmill.Invalid)
}

func refusals(t *testing.T, s dataset.Store) {
	for what, change := range map[string]func(*dataset.Version){
		"a short digest":  func(v *dataset.Version) { v.Digest = "abc" },
		"a short profile": func(v *dataset.Version) { v.Profile = "abc" },
		"no name":         func(v *dataset.Version) { v.Name = "" },
		"a negative size": func(v *dataset.Version) { v.Size = -1 },
	} {
		v := Version("bad")
		change(&v)
		_, err := s.Put(context.Background(), v)
		wantKind(t, what, err, gristmill.Invalid)
	}
	if list, _, err := s.List(context.Background(), "", gristmill.Page{}); err != nil || len(list) != 0 {
		t.Errorf("after refusals the store holds %v, %v", list, err)
	}
}
