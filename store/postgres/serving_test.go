package postgres_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"gristmill"
	"gristmill/pipeline"
	"gristmill/pipeline/pipelinetest"
	"gristmill/registry"
	"gristmill/registry/registrytest"
	"gristmill/serving/servingtest"
	"gristmill/store/postgres"
	"gristmill/store/postgres/postgrestest"
	"gristmill/tracking"
)

func TestVersions(t *testing.T) {
	t.Parallel()
	registrytest.Store(t, func(t *testing.T) registry.Store { return postgres.NewVersions(postgrestest.Open(t)) })
}

func TestPipelines(t *testing.T) {
	t.Parallel()
	pipelinetest.Store(t, func(t *testing.T) pipeline.Store { return postgres.NewPipelines(postgrestest.Open(t)) })
}

func TestDeployments(t *testing.T) {
	t.Parallel()
	servingtest.Store(t, func(t *testing.T) servingtest.Opened {
		db := postgrestest.Open(t)
		versions := postgres.NewVersions(db)
		return servingtest.Opened{
			Store: postgres.NewDeployments(db),
			Register: func(t *testing.T, model string, pack gristmill.Ref) int {
				v := registrytest.Version(model)
				v.Package = pack
				v, err := versions.Register(context.Background(), "", gristmill.NewID(), v)
				if err != nil {
					t.Fatal(err)
				}
				return v.Number
			},
			Alias: func(t *testing.T, model, alias string) int {
				v, err := versions.ByAlias(context.Background(), "", model, alias)
				if err != nil && gristmill.KindOf(err) != gristmill.NotFound {
					t.Fatal(err)
				}
				return v.Number
			},
		}
	})
}

// register adds a version of a model.
func register(t *testing.T, db *postgres.DB, model string) registry.Version {
	t.Helper()
	v, err := postgres.NewVersions(db).Register(context.Background(), "", gristmill.NewID(), registrytest.Version(model))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestChampionOfADeployedModelIsMovedByAPromotionOnly(t *testing.T) {
	t.Parallel()
	db, ctx := postgrestest.Open(t), context.Background()
	versions, deployments := postgres.NewVersions(db), postgres.NewDeployments(db)
	register(t, db, "churn")
	register(t, db, "churn")
	d, err := deployments.Propose(ctx, "", "churn", 1, "p1")
	if err != nil {
		t.Fatal(err)
	}
	refused := func(when string) {
		t.Helper()
		set, del := versions.SetAlias(ctx, "", "churn", registry.Champion, 2), versions.DeleteAlias(ctx, "", "churn", registry.Champion)
		for _, err := range []error{set, del} {
			if gristmill.KindOf(err) != gristmill.Forbidden {
				t.Errorf("%s: %v", when, err)
			}
		}
		if !strings.Contains(gristmill.Public(set), "`gristmill model promote churn 2`") {
			t.Errorf("%s: %q does not name the command", when, gristmill.Public(set))
		}
	}
	refused("while the first version rolls out")
	if _, err := deployments.Abort(ctx, "", "churn", d.Generation, "p1", "no"); err != nil {
		t.Fatal(err)
	}
	if err := versions.SetAlias(ctx, "", "churn", registry.Champion, 2); err != nil {
		t.Errorf("nothing is deployed: %v", err)
	}
	d, err = deployments.Propose(ctx, "", "churn", 1, "p2")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := deployments.Commit(ctx, "", "churn", d.Generation, "p2"); err != nil {
		t.Fatal(err)
	}
	refused("when deployed")
	if v, err := versions.ByAlias(ctx, "", "churn", registry.Champion); err != nil || v.Number != 1 {
		t.Errorf("champion is %d, %v", v.Number, err)
	}
	if err := versions.SetAlias(ctx, "", "churn", registry.Challenger, 2); err != nil {
		t.Errorf("another alias: %v", err)
	}
}

func TestRunsOfAModelAreFound(t *testing.T) {
	t.Parallel()
	db, ctx := postgrestest.Open(t), context.Background()
	runs := postgres.NewRuns(db)
	var ids []string
	for _, key := range []string{"a", "b"} {
		r, err := runs.StartRun(ctx, tracking.NewRun{Key: key, StartedAt: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.ID)
	}
	v := registrytest.Version("churn")
	v.RunID = ids[0]
	if _, err := postgres.NewVersions(db).Register(ctx, "", "k", v); err != nil {
		t.Fatal(err)
	}
	list, _, err := runs.ListRuns(ctx, tracking.RunFilter{Model: "churn"}, gristmill.Page{})
	if err != nil || len(list) != 1 || list[0].ID != ids[0] {
		t.Errorf("runs of the model: %+v, %v", list, err)
	}
}

func TestAPromotionThatDiedIsTakenOver(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := postgrestest.Open(t)
	s := postgres.NewDeployments(db)
	first, second := register(t, db, "m"), register(t, db, "m")
	if _, err := s.Propose(ctx, "", "m", first.Number, "dead"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Propose(ctx, "", "m", second.Number, "next"); gristmill.KindOf(err) != gristmill.Conflict {
		t.Errorf("a living promotion was overtaken: %v", err)
	}
	if err := db.Exec(ctx, `UPDATE deployment SET updated_at = now() - interval '16 minutes'`); err != nil {
		t.Fatal(err)
	}
	d, err := s.Propose(ctx, "", "m", second.Number, "next")
	if err != nil || d.Candidate != second.Number {
		t.Fatalf("%+v, %v", d, err)
	}
	if _, err := s.Commit(ctx, "", "m", d.Generation-1, "dead"); gristmill.KindOf(err) != gristmill.Conflict {
		t.Errorf("the dead promotion commits: %v", err)
	}
}
