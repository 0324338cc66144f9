// Package registrytest proves that a registry.Store keeps its promises: every
// sentence of the contract, every write done twice, and writers at the same time.
package registrytest

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"gristmill"
	"gristmill/ml/frame"
	"gristmill/registry"
)

// Store runs the suite; open returns an empty store and is called once per test.
func Store(t *testing.T, open func(t *testing.T) registry.Store) {
	for name, test := range map[string]func(*testing.T, registry.Store){
		"AVersionComesBackWhole":             register,
		"OneKeyMakesOneVersion":              sameKey,
		"NumbersHaveNoGaps":                  numbers,
		"ManyRegistrationsWithOneKeyMakeOne": keyRace,
		"MeasuredValuesMayBeNotANumber":      special,
		"BadVersionsAreRefusedAllAtOnce":     badVersions,
		"ModelsAreListedByName":              listModels,
		"VersionsAreListedNewestFirst":       listVersions,
		"AliasesMove":                        aliases,
		"BadAliasesAreRefused":               badAliases,
		"WhatIsNotThereIsNotFound":           notFound,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// Version returns a version of the model that a store must take.
func Version(model string) registry.Version {
	low, high, base := .82, .86, .5
	return registry.Version{
		Model: model, RunID: strings.Repeat("a1", 16),
		Package:       gristmill.Ref{URI: "blob:sha256/aa", Digest: gristmill.DigestOf([]byte(model)), Size: 1234, Type: "model"},
		WeightsSHA256: string(gristmill.DigestOf([]byte("weights"))),
		Signature: frame.Signature{
			Inputs:  frame.Schema{Fields: []frame.Field{{Name: "tenure", Type: frame.Int64, Min: &low}, {Name: "contract", Type: frame.String, Nullable: true, Values: []string{"Month-to-month", "ü"}}}},
			Outputs: frame.Schema{Fields: []frame.Field{{Name: "prediction", Type: frame.String}}},
			Classes: []string{"No", "Yes"},
		},
		Metrics: []registry.Metric{{Name: "test_roc_auc", Value: .84, Low: &low, High: &high, Baseline: &base}, {Name: "test_brier", Value: .14}},
		Gates:   []registry.GateResult{{Rule: "test_roc_auc > 0.8", Value: .84, Passed: true, Reason: "test_roc_auc 0.84 is > 0.8"}},
		Lineage: registry.Lineage{
			Pipeline: "churn", RunID: strings.Repeat("a1", 16), WorkflowID: "train/churn/1", DatasetDigest: gristmill.DigestOf([]byte("data")),
			DatasetSource: "sample:telco_churn", SpecDigest: gristmill.DigestOf([]byte("spec")), Gristmill: "0.1.0", Commit: "abc123", Dirty: true,
		},
		Card: "# Churn\n", CardMissing: []string{"owner", "limits"}, Tags: map[string]string{"stage": "test", "empty": ""},
	}
}

func add(t *testing.T, s registry.Store, key string, v registry.Version) registry.Version {
	t.Helper()
	got, err := s.Register(context.Background(), "", key, v)
	if err != nil {
		t.Fatal(err)
	}
	return got
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

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func errOf[T any](_ T, err error) error { return err }

func register(t *testing.T, s registry.Store) {
	ctx := context.Background()
	want := Version("churn")
	got := add(t, s, "run/1", want)
	if got.CreatedAt.IsZero() {
		t.Error("no time of creation")
	}
	want.Number, want.CreatedAt = 1, got.CreatedAt
	same(t, "registered", got, want)
	for _, number := range []int{0, 1} { // 0 is the latest
		read, err := s.Version(ctx, "", "churn", number)
		noError(t, err)
		same(t, fmt.Sprintf("version %d", number), read, want)
	}
	second := add(t, s, "run/2", registry.Version{Model: "churn", Package: want.Package})
	if second.Number != 2 || len(second.Tags)+len(second.Metrics)+len(second.Gates) != 0 {
		t.Errorf("a bare version: %+v", second)
	}
	read, err := s.Version(ctx, gristmill.DefaultProject, "churn", 0)
	noError(t, err)
	same(t, "the latest", read, second)
	m, err := s.Model(ctx, "", "churn")
	noError(t, err)
	if m.Name != "churn" || m.Project != gristmill.DefaultProject || m.Latest != 2 || m.CreatedAt.IsZero() || m.UpdatedAt.Before(m.CreatedAt) || len(m.Aliases) != 0 {
		t.Errorf("model %+v", m)
	}
	other, err := s.Register(ctx, "team-b", "run/1", want)
	noError(t, err)
	if other.Number != 1 {
		t.Errorf("another project's first version is %d", other.Number)
	}
}

func sameKey(t *testing.T, s registry.Store) {
	first := add(t, s, "run/1", Version("churn"))
	changed := Version("churn")
	changed.Card, changed.Metrics = "other", nil
	same(t, "the same key again", add(t, s, "run/1", changed), first)
	add(t, s, "run/2", Version("churn"))
	same(t, "the first key after the second", add(t, s, "run/1", changed), first)
	_, err := s.Register(context.Background(), "", "run/1", Version("housing"))
	wantKind(t, "the key of another model's version", err, gristmill.Conflict)
	wantKind(t, "the model of the refused version", errOf(s.Model(context.Background(), "", "housing")), gristmill.NotFound)
}

func numbers(t *testing.T, s registry.Store) {
	got := atOnce(t, 20, func(i int) (int, error) {
		v, err := s.Register(context.Background(), "", fmt.Sprintf("run/%d", i), Version("churn"))
		return v.Number, err
	})
	slices.Sort(got)
	for i, n := range got {
		if n != i+1 {
			t.Fatalf("20 registrations at the same time have the numbers %v", got)
		}
	}
}

func keyRace(t *testing.T, s registry.Store) {
	got := atOnce(t, 12, func(int) (int, error) {
		v, err := s.Register(context.Background(), "", "one key", Version("churn"))
		return v.Number, err
	})
	if slices.Max(got) != 1 || slices.Min(got) != 1 {
		t.Errorf("one key made %v", got)
	}
}

// atOnce calls do n times at the same time.
func atOnce[T any](t *testing.T, n int, do func(i int) (T, error)) []T {
	t.Helper()
	list, start := make([]T, n), make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			v, err := do(i)
			if err != nil {
				t.Errorf("writer %d: %v", i, err)
			}
			list[i] = v
		})
	}
	close(start)
	wg.Wait()
	return list
}

func special(t *testing.T, s registry.Store) {
	v, inf := Version("churn"), math.Inf(1)
	v.Metrics = []registry.Metric{{Name: "nan", Value: math.NaN(), High: &inf}, {Name: "inf", Value: math.Inf(-1)}}
	got := add(t, s, "run/1", v)
	if len(got.Metrics) != 2 || !math.IsNaN(got.Metrics[0].Value) || *got.Metrics[0].High != inf || got.Metrics[0].Low != nil || !math.IsInf(got.Metrics[1].Value, -1) {
		t.Errorf("metrics %+v", got.Metrics)
	}
}

func badVersions(t *testing.T, s registry.Store) {
	v := Version("../etc")
	v.Package.Digest, v.WeightsSHA256, v.Card = "abc", "ABC", "a\x00"
	v.Metrics = []registry.Metric{{Name: "a"}, {Name: "a"}, {Name: ""}}
	v.Tags = map[string]string{"": "x", "k": "\xff"}
	_, err := s.Register(context.Background(), "", "", v)
	wantKind(t, "version", err, gristmill.Invalid)
	if e, ok := err.(*gristmill.Error); !ok || len(e.Problems) != 9 {
		t.Errorf("%v, want 9 problems at once", err)
	}
}

func listModels(t *testing.T, s registry.Store) {
	ctx := context.Background()
	want := []string{"Zebra", "a", "b.c", "b_c", "churn"}
	for i, name := range []string{"churn", "a", "Zebra", "b_c", "b.c"} {
		add(t, s, fmt.Sprint(i), Version(name))
	}
	noError(t, s.SetAlias(ctx, "", "a", "best", 1))
	for _, size := range []int{1, 2, 5, 0} {
		var got []string
		for page := (gristmill.Page{Limit: size}); ; {
			list, next, err := s.ListModels(ctx, "", page)
			noError(t, err)
			for _, m := range list {
				got = append(got, m.Name)
				if (m.Aliases["best"] == 1) != (m.Name == "a") {
					t.Errorf("aliases of %s: %v", m.Name, m.Aliases)
				}
			}
			if page.Token = next; next == "" || len(got) > 10 {
				break
			}
		}
		same(t, fmt.Sprintf("pages of %d", size), got, want)
	}
	wantKind(t, "foreign token", second(s.ListModels(ctx, "", gristmill.Page{Token: "?"})), gristmill.Invalid)
	if list, _, err := s.ListModels(ctx, "elsewhere", gristmill.Page{}); err != nil || len(list) != 0 {
		t.Errorf("another project: %v, %v", list, err)
	}
}

func second[A, B any](_ A, _ B, err error) error { return err }

func listVersions(t *testing.T, s registry.Store) {
	ctx := context.Background()
	for i := range 5 {
		add(t, s, fmt.Sprint(i), Version("churn"))
	}
	noError(t, s.SetAlias(ctx, "", "churn", "best", 2))
	for _, size := range []int{1, 2, 5, 9} {
		var got []int
		for page := (gristmill.Page{Limit: size}); ; {
			list, next, err := s.ListVersions(ctx, "", "churn", page)
			noError(t, err)
			for _, v := range list {
				got = append(got, v.Number)
				if v.Card != "" || len(v.Metrics) != 2 || len(v.Gates) != 1 || v.Tags["stage"] != "test" || (len(v.Aliases) == 1) != (v.Number == 2) {
					t.Errorf("listed %+v", v)
				}
			}
			if page.Token = next; next == "" || len(got) > 10 {
				break
			}
		}
		same(t, fmt.Sprintf("pages of %d", size), got, []int{5, 4, 3, 2, 1})
	}
	wantKind(t, "foreign token", second(s.ListVersions(ctx, "", "churn", gristmill.Page{Token: "?"})), gristmill.Invalid)
}

func aliases(t *testing.T, s registry.Store) {
	ctx := context.Background()
	add(t, s, "1", Version("churn"))
	add(t, s, "2", Version("churn"))
	for _, number := range []int{1, 2} {
		for range 2 {
			noError(t, s.SetAlias(ctx, "", "churn", "best", number))
			noError(t, s.SetAlias(ctx, "", "churn", registry.Champion, number)) // nothing is deployed
			noError(t, s.SetAlias(ctx, "", "churn", "zz", 1))
		}
		v, err := s.ByAlias(ctx, "", "churn", "best")
		if err != nil || v.Number != number || v.Card == "" {
			t.Errorf("best is %+v, %v; want version %d", v, err, number)
		}
	}
	v, err := s.Version(ctx, "", "churn", 2)
	noError(t, err)
	same(t, "aliases of version 2", v.Aliases, []string{"best", registry.Champion})
	m, err := s.Model(ctx, "", "churn")
	noError(t, err)
	same(t, "aliases of the model", m.Aliases, map[string]int{"best": 2, registry.Champion: 2, "zz": 1})
	for range 2 {
		noError(t, s.DeleteAlias(ctx, "", "churn", "best"))
	}
	wantKind(t, "a deleted alias", errOf(s.ByAlias(ctx, "", "churn", "best")), gristmill.NotFound)
	wantKind(t, "a version that is not there", s.SetAlias(ctx, "", "churn", "best", 3), gristmill.NotFound)
	wantKind(t, "version 0", s.SetAlias(ctx, "", "churn", "best", 0), gristmill.NotFound)
	wantKind(t, "version -1", s.SetAlias(ctx, "", "churn", "best", -1), gristmill.NotFound)
}

func badAliases(t *testing.T, s registry.Store) {
	ctx := context.Background()
	add(t, s, "1", Version("churn"))
	for _, alias := range []string{"", "latest", "Latest", "v1", "V12", "a b", "a/b", "a.b", strings.Repeat("a", 256), "a\x00"} {
		wantKind(t, fmt.Sprintf("set %.12q", alias), s.SetAlias(ctx, "", "churn", alias, 1), gristmill.Invalid)
		wantKind(t, fmt.Sprintf("delete %.12q", alias), s.DeleteAlias(ctx, "", "churn", alias), gristmill.Invalid)
	}
	for _, alias := range []string{"v1x", "überprüft", "a-b_c", "1"} {
		noError(t, s.SetAlias(ctx, "", "churn", alias, 1))
	}
}

func notFound(t *testing.T, s registry.Store) {
	ctx := context.Background()
	add(t, s, "1", Version("churn"))
	for what, err := range map[string]error{
		"Model": errOf(s.Model(ctx, "", "none")), "Version": errOf(s.Version(ctx, "", "none", 1)), "latest Version": errOf(s.Version(ctx, "", "none", 0)),
		"Version 2": errOf(s.Version(ctx, "", "churn", 2)), "Version -1": errOf(s.Version(ctx, "", "churn", -1)), "Version 2^40": errOf(s.Version(ctx, "", "churn", 1<<40)),
		"another project": errOf(s.Version(ctx, "elsewhere", "churn", 1)), "ListVersions": second(s.ListVersions(ctx, "", "none", gristmill.Page{})),
		"SetAlias": s.SetAlias(ctx, "", "none", "best", 1), "DeleteAlias": s.DeleteAlias(ctx, "", "none", "best"),
		"ByAlias": errOf(s.ByAlias(ctx, "", "none", "best")), "ByAlias of none": errOf(s.ByAlias(ctx, "", "churn", "best")),
	} {
		wantKind(t, what, err, gristmill.NotFound)
	}
}
