package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"gristmill"
	"gristmill/registry"
	"gristmill/serving"
	"gristmill/store/postgres/internal/sqlc"
)

var _ serving.Store = (*Deployments)(nil)

// The kinds of deployment_change.
const (
	proposed  = "propose"
	committed = "commit"
	aborted   = "abort"
)

// topicCommitted is the outbox's word for a version that takes traffic.
const topicCommitted = "deployment.committed"

// Propose implements serving.Store.
func (s *Deployments) Propose(ctx context.Context, in, model string, version int, by string) (serving.Deployment, error) {
	if err := checkHolder(by); err != nil {
		return serving.Deployment{}, err
	}
	return s.change(ctx, "propose deployment", project(in), model, func(q *sqlc.Queries, d sqlc.Deployment, made bool) error {
		exists := version > 0 && version <= math.MaxInt32
		if exists {
			var err error
			if exists, err = q.VersionExists(ctx, d.Project, model, int32(version)); err != nil {
				return err
			}
		}
		if !exists {
			return noVersion(model, version)
		}
		n := int32(version)
		switch {
		case made && d.State == string(serving.Rolling) && d.HeldBy == by && d.Candidate == n:
			return errUnchanged // a repetition
		case made && d.State == string(serving.Rolling) && time.Since(d.UpdatedAt) < serving.RollingWithin:
			return gristmill.Errorf(gristmill.Conflict,
				"model %s is being deployed already: %s is rolling version %d out (generation %d)", model, d.HeldBy, d.Candidate, d.Generation)
		case made && d.HeldBy == by && d.Version == n:
			return errUnchanged // a repetition after the commit
		}
		d.Candidate, d.State, d.HeldBy, d.Reason = n, string(serving.Rolling), by, ""
		d.Generation++
		return record(ctx, q, d, proposed, n, by, "")
	})
}

// Commit implements serving.Store.
func (s *Deployments) Commit(ctx context.Context, in, model string, generation int64, by string) (serving.Deployment, error) {
	if err := checkHolder(by); err != nil {
		return serving.Deployment{}, err
	}
	return s.change(ctx, "commit deployment", project(in), model, func(q *sqlc.Queries, d sqlc.Deployment, made bool) error {
		if done, err := isDone(ctx, q, d, made, generation, committed); done || err != nil {
			return err
		}
		if d.HeldBy != by {
			return gristmill.Errorf(gristmill.Conflict, "generation %d of model %s belongs to %s, not to %s", generation, model, d.HeldBy, by)
		}
		former := d.Version
		if former != 0 && former != d.Candidate {
			d.Previous = former
		}
		d.Version, d.Candidate, d.State, d.Reason = d.Candidate, 0, string(serving.Stable), ""
		if err := moveAliases(ctx, q, d, former); err != nil {
			return err
		}
		payload, err := json.Marshal(map[string]any{
			"project": d.Project, "model": model, "generation": generation, "version": d.Version, "previous": d.Previous, "by": by,
		})
		if err != nil {
			return fmt.Errorf("encode event: %w", err)
		}
		if err := q.PutOutbox(ctx, topicCommitted, fmt.Sprintf("deployment/%s/%s/%d", d.Project, model, generation), payload); err != nil {
			return err
		}
		return record(ctx, q, d, committed, d.Version, by, "")
	})
}

// moveAliases makes champion the version that takes traffic, and previous the
// one that took it before.
func moveAliases(ctx context.Context, q *sqlc.Queries, d sqlc.Deployment, former int32) error {
	alias := func(name string, number int32) error {
		_, err := q.PutAlias(ctx, sqlc.PutAliasParams{Project: d.Project, Model: d.Model, Alias: name, Number: number})
		return err
	}
	if err := alias(registry.Champion, d.Version); err != nil {
		return err
	}
	if former != 0 && former != d.Version {
		if err := alias(registry.Previous, former); err != nil {
			return err
		}
	}
	return q.TouchModel(ctx, d.Project, d.Model)
}

// Abort implements serving.Store. Anybody who names the generation may abort it:
// a promotion that gave up, or a person in its place.
func (s *Deployments) Abort(ctx context.Context, in, model string, generation int64, by, reason string) (serving.Deployment, error) {
	if err := checkHolder(by); err != nil {
		return serving.Deployment{}, err
	}
	return s.change(ctx, "abort deployment", project(in), model, func(q *sqlc.Queries, d sqlc.Deployment, made bool) error {
		if done, err := isDone(ctx, q, d, made, generation, aborted); done || err != nil {
			return err
		}
		dropped := d.Candidate
		if err := recordChange(ctx, q, d, aborted, dropped, by, reason); err != nil {
			return err
		}
		d.Candidate, d.State, d.Reason = 0, string(serving.Stable), reason
		d.Generation++
		return save(ctx, q, d)
	})
}

// errUnchanged ends a change that changes nothing.
var errUnchanged = fmt.Errorf("unchanged")

// change runs a change of the model's deployment under the locks of the model
// and of the deployment, in this order, and returns what is there then. made is
// false where there is no deployment yet.
func (s *Deployments) change(ctx context.Context, verb, in, model string, do func(q *sqlc.Queries, d sqlc.Deployment, made bool) error) (serving.Deployment, error) {
	err := s.db.inTx(ctx, verb, func(q *sqlc.Queries) error {
		if _, err := q.LockModel(ctx, in, model); noRows(err) {
			return noModel(model)
		} else if err != nil {
			return err
		}
		d, err := q.LockDeployment(ctx, in, model)
		made := !noRows(err)
		if err != nil && made {
			return err
		}
		if !made {
			d = sqlc.Deployment{Project: in, Model: model}
		}
		if err := do(q, d, made); err != nil && err != errUnchanged {
			return err
		} else if err == errUnchanged {
			return nil
		}
		return q.NotifyDeployments(ctx)
	})
	if err != nil {
		return serving.Deployment{}, err
	}
	return s.Deployment(ctx, in, model)
}

// isDone reports whether that end of the generation happened already, and
// refuses it unless the generation is the one that rolls.
func isDone(ctx context.Context, q *sqlc.Queries, d sqlc.Deployment, made bool, generation int64, kind string) (bool, error) {
	if !made {
		return false, notFound("model %q has no deployment", d.Model)
	}
	done, err := q.DeploymentChangeExists(ctx, sqlc.DeploymentChangeExistsParams{
		Project: d.Project, Model: d.Model, Generation: generation, Kind: kind,
	})
	if err != nil {
		return false, err
	}
	if done {
		return true, errUnchanged
	}
	if d.Generation != generation || d.State != string(serving.Rolling) {
		return false, gristmill.Errorf(gristmill.Conflict,
			"generation %d of model %s cannot be changed: the deployment is %s at generation %d", generation, d.Model, d.State, d.Generation)
	}
	return false, nil
}

// record writes the deployment and what happened to its generation.
func record(ctx context.Context, q *sqlc.Queries, d sqlc.Deployment, kind string, version int32, by, reason string) error {
	if err := save(ctx, q, d); err != nil {
		return err
	}
	return recordChange(ctx, q, d, kind, version, by, reason)
}

func save(ctx context.Context, q *sqlc.Queries, d sqlc.Deployment) error {
	return q.PutDeployment(ctx, sqlc.PutDeploymentParams{
		Project: d.Project, Model: d.Model, Version: d.Version, Candidate: d.Candidate, Previous: d.Previous,
		Generation: d.Generation, State: d.State, Reason: d.Reason, HeldBy: d.HeldBy,
	})
}

func recordChange(ctx context.Context, q *sqlc.Queries, d sqlc.Deployment, kind string, version int32, by, reason string) error {
	return q.InsertDeploymentChange(ctx, sqlc.InsertDeploymentChangeParams{
		Project: d.Project, Model: d.Model, Generation: d.Generation, Kind: kind, Version: version, HeldBy: by, Reason: reason,
	})
}

func checkHolder(by string) error {
	if by == "" {
		return gristmill.Errorf(gristmill.Invalid, "by: a deployment is changed on behalf of a promotion, which must be named")
	}
	return nil
}

// Deployment implements serving.Store.
func (s *Deployments) Deployment(ctx context.Context, in, model string) (serving.Deployment, error) {
	if model == "" {
		return serving.Deployment{}, notFound("model %q has no deployment", model)
	}
	list, err := s.list(ctx, project(in), model)
	if err != nil {
		return serving.Deployment{}, err
	}
	if len(list) == 0 {
		return serving.Deployment{}, notFound("model %q has no deployment", model)
	}
	return list[0], nil
}

// ListDeployments implements serving.Store, by model.
func (s *Deployments) ListDeployments(ctx context.Context, in string) ([]serving.Deployment, error) {
	return s.list(ctx, project(in), "")
}

func (s *Deployments) list(ctx context.Context, in, model string) ([]serving.Deployment, error) {
	rows, err := s.db.q.ListDeployments(ctx, in, model)
	if err != nil {
		return nil, mapError(ctx, "read deployments", err)
	}
	list, at := make([]serving.Deployment, len(rows)), map[string]*serving.Deployment{}
	for i, r := range rows {
		d := r.Deployment
		list[i] = serving.Deployment{
			Project: d.Project, Model: d.Model, Version: int(d.Version), Candidate: int(d.Candidate), Previous: int(d.Previous),
			Generation: d.Generation, State: serving.State(d.State), Reason: d.Reason, By: d.HeldBy, UpdatedAt: d.UpdatedAt,
			Package:          gristmill.Ref{URI: r.Uri, Digest: gristmill.Digest(r.Digest), Size: r.Size, Type: r.Type},
			CandidatePackage: gristmill.Ref{URI: r.CandidateUri, Digest: gristmill.Digest(r.CandidateDigest), Size: r.CandidateSize, Type: r.CandidateType},
		}
		at[d.Model] = &list[i]
	}
	reports, err := s.db.q.ListObservations(ctx, in, model)
	if err != nil {
		return nil, mapError(ctx, "read observations", err)
	}
	for _, o := range reports {
		if d := at[o.Model]; d != nil {
			d.Servers = append(d.Servers, serving.Observation{
				Server: o.Server, Model: o.Model, Generation: o.Generation, Version: int(o.Version), Ready: o.Ready, Error: o.Error, Expires: o.ExpiresAt,
			})
		}
	}
	return list, nil
}
