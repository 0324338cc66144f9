package web

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"gristmill"
	"gristmill/client"
	"gristmill/pipeline"
	"gristmill/tracking"
)

// TestTheClientReadsEveryAnswer drives the Go client against these doors.
func TestTheClientReadsEveryAnswer(t *testing.T) {
	t.Parallel()
	st := newStack(t, Config{Token: "s3cret", Version: "v1.2.3"})
	f := st.fill()
	ctx := t.Context()
	c := must(client.New(st.url, client.Config{Token: "s3cret"}))(t)
	same := func(what string, got, want any) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	same("version", must(c.Version(ctx))(t).Version, "v1.2.3")
	check(t, c.Ready(ctx))
	same("applied", must(c.Apply(ctx, spec, "ada"))(t).Digest, f.pipeline.Digest)
	same("checked", must(c.Check(ctx, spec, map[string]any{"train.l2": 2}))(t).Plan.Pipeline, "churn")
	same("checked by name", must(c.CheckPipeline(ctx, "churn", f.pipeline.Digest, nil))(t).Plan.SpecDigest, f.pipeline.Digest)
	same("pipelines", len(must(c.Pipelines(ctx))(t)), 1)
	same("pipeline", must(c.Pipeline(ctx, "churn", ""))(t).Text, spec)
	same("pipeline's versions", len(must(c.PipelineVersions(ctx, "churn"))(t)), 1)
	same("started", must(c.StartRun(ctx, "churn", client.Start{WorkflowID: "w/1", Caller: &pipeline.Caller{User: "ada"}}))(t), "w/1")
	res := must(c.WaitRun(ctx, "train/churn/1", nil))(t)
	same("result", fmt.Sprintf("%s %s %v", res.Status, res.Model, res.Deployed), "succeeded churn@1 true")

	run := must(c.Run(ctx, f.run.ID))(t)
	same("run", fmt.Sprintf("%s %d %d %d %v %v", run.Status, len(run.Steps), len(run.Artifacts), len(run.Inputs), float64(run.Metrics["test_roc_auc"]), run.Result.Deployed), "succeeded 6 2 1 0.8431 true")
	if loss := must(c.MetricHistory(ctx, f.foreign.ID, "loss/nan"))(t); len(loss) != 1 || !math.IsNaN(float64(loss[0].Value)) {
		t.Errorf("a series with NaN: %+v", loss)
	}
	list, _, err := c.Runs(ctx, tracking.RunFilter{Experiment: "churn"}, gristmill.Page{})
	check(t, err)
	same("runs", len(list), 2)
	experiments, _, err := c.Experiments(ctx, gristmill.Page{})
	check(t, err)
	same("experiment", must(c.Experiment(ctx, experiments[0].ID))(t).Name, experiments[0].Name)
	lines := 0
	check(t, c.FollowLogs(ctx, f.run.ID, "train", func(tracking.Line) error { lines++; return nil }))
	same("lines", lines, 2)
	check(t, c.CancelRun(ctx, f.running.ID))
	same("canceled", st.work.canceled, "[train/churn/2]")
	same("artifacts", len(must(c.Artifacts(ctx, f.run.ID))(t)), 2)
	var b bytes.Buffer
	check(t, c.DownloadArtifact(ctx, f.run.ID, "docs/model_card.md", &b))
	same("artifact", b.String(), f.artifact)

	const csv = "p,q\n3,4\n"
	v := must(c.UploadDataset(ctx, "mine.csv", strings.NewReader(csv)))(t)
	same("uploaded", v.Name, "mine.csv")
	same("uploaded again", must(c.UploadDataset(ctx, "other.csv", strings.NewReader(csv)))(t).Name, "mine.csv")
	same("dataset", must(c.Dataset(ctx, v.Digest))(t).Size, len(csv))
	same("profile", must(c.DatasetProfile(ctx, f.dataset.Digest))(t).Rows, 1)
	b.Reset()
	check(t, c.DatasetProfilePage(ctx, f.dataset.Digest, &b))
	same("profile's page", strings.Contains(b.String(), "telco.csv · profile"), true)
	b.Reset()
	check(t, c.DownloadDataset(ctx, v.Digest, &b))
	same("dataset's bytes", b.String(), csv)
	datasets, _, err := c.Datasets(ctx, gristmill.Page{})
	check(t, err)
	same("datasets", len(datasets), 2)

	models, _, err := c.Models(ctx, gristmill.Page{})
	check(t, err)
	same("models", models[0].Aliases, "map[champion:2 previous:1]")
	same("model", must(c.Model(ctx, "churn"))(t).Deployment.Version, 2)
	versions, next, err := c.ModelVersions(ctx, "churn", gristmill.Page{Limit: 1})
	check(t, err)
	same("newest version", fmt.Sprint(versions[0].Number, float64(versions[0].Metrics[1].Value), next != ""), "2 NaN true")
	same("champion", must(c.ModelVersion(ctx, "churn", "champion"))(t).Number, 2)
	if _, err := c.CardHTML(ctx, "churn", "1"); gristmill.KindOf(err) != gristmill.NotFound {
		t.Errorf("a card's page that is not there: %v", err)
	}
	st.fillReport(f)
	same("card's page", must(c.CardHTML(ctx, "churn", "1"))(t), "<!doctype html><title>card</title>"+evil)
	if card := must(c.Card(ctx, "churn", "1"))(t); !strings.HasPrefix(card, "# churn\n") {
		t.Errorf("card %q", card)
	}
	b.Reset()
	check(t, c.DownloadPackage(ctx, "churn", "1", &b))
	same("package", b.String() == f.pack, true)
	check(t, c.SetAlias(ctx, "churn", "staging", 1))
	check(t, c.DeleteAlias(ctx, "churn", "staging"))
	same("promoted", must(c.Promote(ctx, "churn", "1", ""))(t).Version, 1)
	same("rolled back", must(c.Rollback(ctx, "churn", ""))(t).Version, 1)
	same("deployments", len(must(c.Deployments(ctx))(t)), 1)
	same("deployment", must(c.Deployment(ctx, "churn"))(t).Servers[0].Server, "host-1/1")

	if err := c.SetAlias(ctx, "churn", "champion", 1); gristmill.KindOf(err) != gristmill.Forbidden {
		t.Errorf("the champion of a deployed model was moved: %v", err)
	}
	stranger := must(client.New(st.url, client.Config{}))(t)
	if _, err := stranger.Version(ctx); gristmill.KindOf(err) != gristmill.Unauthenticated {
		t.Errorf("without the token: %v", err)
	}
}
