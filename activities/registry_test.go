package activities_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"gristmill"
	"gristmill/activities"
	"gristmill/pipeline"
	"gristmill/tracking"
)

// unzip reads a gzipped text.
func unzip(t *testing.T, r io.Reader) string {
	t.Helper()
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// registered returns the register step's version.
func registered(t *testing.T, out activities.StepOut) pipeline.ModelRef {
	t.Helper()
	var m pipeline.ModelRef
	if err := json.Unmarshal(out.Out["version"].Value, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRegisterVersionMakesOneVersionARun(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	source := spec(l.file("mine.csv", customers(200)), `evaluate: {gates: {test_roc_auc: "> 0.6"}}`)
	l.begin(source).steps("fetch", "transform", "train", "evaluate", "register")
	first := registered(t, l.out["register"])
	l.steps("register")
	if again := registered(t, l.out["register"]); again != first || first != (pipeline.ModelRef{Name: "small", Version: 1}) {
		t.Errorf("one run registered %s and %s", first, again)
	}
	v, err := l.versions.Version(t.Context(), gristmill.DefaultProject, "small", 1)
	if err != nil {
		t.Fatal(err)
	}
	sha, _ := weights(t, l.out["train"])
	if v.WeightsSHA256 != sha || v.Package.Digest != l.out["train"].Out["package"].Ref.Digest || v.RunID != l.runID || len(v.Metrics) == 0 || len(v.Gates) != 1 {
		t.Errorf("version %+v", v)
	}
	if got := v.Signature.Inputs.Names(); strings.Join(got, " ") != "age bill contract" || strings.Join(v.Signature.Classes, " ") != "No Yes" {
		t.Errorf("signature %+v", v.Signature)
	}
	g := v.Lineage
	if g.Pipeline != "small" || g.RunID != l.runID || g.WorkflowID != "w" || g.DatasetDigest != l.out["fetch"].Out["dataset"].Ref.Digest ||
		g.SpecDigest != l.plan.SpecDigest || g.Gristmill != "test" || !strings.HasSuffix(g.DatasetSource, "mine.csv") {
		t.Errorf("lineage %+v", g)
	}
	for _, want := range []string{"# small", "test_roc_auc", "| contract | string |", "test_roc_auc > 0.6", g.DatasetDigest.Short(), l.runID} {
		if !strings.Contains(v.Card, want) {
			t.Errorf("no %q in the card\n%s", want, v.Card)
		}
	}
	a, err := l.runs.Artifact(t.Context(), l.runID, "card.md")
	if err != nil || a.Digest != gristmill.DigestOf([]byte(v.Card)) {
		t.Errorf("artifact %+v, %v", a, err)
	}
	if tag := l.state().Tags["gristmill.model"]; tag != "small@1" {
		t.Errorf("tag gristmill.model = %q", tag)
	}
	// Another run registers another version, also of the same weights.
	l.begin(source).steps("fetch", "transform", "train", "evaluate", "register")
	if other, _ := weights(t, l.out["train"]); other != sha {
		t.Errorf("the same fit gave the weights %s and %s", sha, other)
	}
	if second := registered(t, l.out["register"]); second.Version != 2 {
		t.Errorf("the second run registered %s", second)
	}
}

func TestAStepWithoutItsInputsFailsWithoutAPanic(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.begin(spec("sample:telco_churn"))
	for _, id := range []string{"transform", "train", "evaluate", "register"} {
		_, err := l.step(id)
		f, ok := activities.FailureOf(err)
		if !ok || f.Kind != gristmill.Internal || !strings.Contains(f.Msg, "step "+id+" has no input") {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// blind is a tracker that has lost the pictures of one plot, and says that
// another is larger than it may be.
type blind struct {
	tracking.Store
	blobs activities.Blobs
}

func (b blind) Artifact(ctx context.Context, run, path string) (tracking.Artifact, error) {
	a, err := b.Store.Artifact(ctx, run, path)
	switch path {
	case "plots/roc.svg":
		return a, gristmill.Errorf(gristmill.NotFound, "run %s has no artifact %s", run, path)
	case "plots/confusion.svg":
		var ref gristmill.Ref
		ref, err = b.blobs.PutAt(ctx, "large", strings.NewReader(strings.Repeat("x", 1<<20+1)))
		a.URI, a.Digest = ref.URI, ref.Digest
	}
	return a, err
}

func TestAVersionIsRegisteredWithoutAPictureThatIsGone(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.begin(spec(l.file("mine.csv", customers(200)))).steps("fetch", "transform", "train", "evaluate")
	l.steps("register")
	before := strings.Count(string(l.artifact("card.html")), "<figure")
	var list []string
	artifacts, err := l.runs.ListArtifacts(t.Context(), l.runID)
	for _, a := range artifacts {
		list = append(list, a.Path)
	}
	if err != nil || !slices.Contains(list, "plots/roc.svg") || !slices.Contains(list, "plots/confusion.svg") {
		t.Fatalf("artifacts %v, %v", list, err)
	}
	l.registry.Tracking = blind{l.runs, l.blobs}
	l.steps("register")
	if after := strings.Count(string(l.artifact("card.html")), "<figure"); after != before-2 {
		t.Errorf("%d pictures of %d", after, before)
	}
}
