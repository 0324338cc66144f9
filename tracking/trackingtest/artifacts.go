package trackingtest

import (
	"context"
	"strings"
	"testing"
	"time"

	"gristmill"
	"gristmill/tracking"
)

var artifactTests = map[string]func(*testing.T, tracking.Store){
	"ArtifactsAreReplacedByPath":    artifacts,
	"InputsAreKnownByNameAndDigest": inputs,
}

func artifacts(t *testing.T, s tracking.Store) {
	ctx, r := context.Background(), begin(t, s, "k")
	a := tracking.Artifact{
		RunID: r.ID, Path: "plots/roc curve.svg", URI: "blob:1/x/artifacts/plots/roc curve.svg",
		Digest: gristmill.DigestOf([]byte("1")), Size: 10, Type: "image/svg+xml", CreatedAt: at,
	}
	twice(t, func() error { return s.PutArtifact(ctx, a) })
	again := a
	again.CreatedAt = at.Add(time.Hour)
	twice(t, func() error { return s.PutArtifact(ctx, again) })
	same(t, "the same bytes again", must(s.Artifact(ctx, r.ID, a.Path))(t), a)
	again.Digest, again.Size = gristmill.DigestOf([]byte("2")), 11
	twice(t, func() error { return s.PutArtifact(ctx, again) })
	same(t, "replaced", must(s.Artifact(ctx, r.ID, a.Path))(t), again)
	b := tracking.Artifact{RunID: r.ID, Path: "Übersicht.md", URI: "blob:b", Digest: a.Digest, CreatedAt: at}
	c := tracking.Artifact{RunID: r.ID, Path: "Card.md", URI: "blob:c", Digest: a.Digest, CreatedAt: at}
	for _, x := range []tracking.Artifact{b, c} {
		twice(t, func() error { return s.PutArtifact(ctx, x) })
	}
	same(t, "list by path", must(s.ListArtifacts(ctx, r.ID))(t), []tracking.Artifact{c, again, b})
	_, err := s.Artifact(ctx, r.ID, "none")
	wantKind(t, "unknown path", err, gristmill.NotFound)
	if list := must(s.ListArtifacts(ctx, begin(t, s, "other").ID))(t); len(list) != 0 {
		t.Errorf("another run has %v", list)
	}
	for _, path := range []string{"", "/a", "../a", "a/../../b", "a/", "a//b", `a\b`, "a\x00", strings.Repeat("a", 901)} {
		bad := a
		bad.Path = path
		wantKind(t, path, s.PutArtifact(ctx, bad), gristmill.Invalid)
	}
}

func inputs(t *testing.T, s tracking.Store) {
	ctx, r, other := context.Background(), begin(t, s, "k"), begin(t, s, "other")
	in := tracking.Input{
		Name: "telco_churn", Digest: string(gristmill.DigestOf([]byte("d"))), SourceType: "sample", Source: "sample:telco_churn",
		Schema: `{"fields":[]}`, Profile: `{"rows":7043}`, Tags: map[string]string{"mlflow.data.context": "training"},
	}
	twice(t, func() error { return s.LogInput(ctx, r.ID, in) })
	changed := in
	changed.Source, changed.Tags = "elsewhere", map[string]string{"mlflow.data.context": "evaluation"}
	twice(t, func() error { return s.LogInput(ctx, r.ID, changed) })
	same(t, "logged again with other tags", must(s.ListInputs(ctx, r.ID))(t), []tracking.Input{in})
	twice(t, func() error { return s.LogInput(ctx, other.ID, changed) })
	changed.Source = in.Source // what the experiment knows of the dataset stays
	same(t, "by another run of the experiment", must(s.ListInputs(ctx, other.ID))(t), []tracking.Input{changed})
	second := tracking.Input{Name: "telco_churn", Digest: "2", Tags: map[string]string{}}
	twice(t, func() error { return s.LogInput(ctx, r.ID, tracking.Input{Name: "telco_churn", Digest: "2"}) })
	same(t, "in the order of logging", must(s.ListInputs(ctx, r.ID))(t), []tracking.Input{in, second})
	concurrently(t, 8, func(int) (struct{}, error) {
		return struct{}{}, s.LogInput(ctx, r.ID, tracking.Input{Name: "at once", Digest: "3"})
	})
	same(t, "logged at the same time", len(must(s.ListInputs(ctx, r.ID))(t)), 3)
}
