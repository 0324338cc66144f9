package postgres

import (
	"context"
	"fmt"
	"math"

	"gristmill"
	"gristmill/registry"
	"gristmill/store/postgres/internal/sqlc"
)

// SetAlias implements registry.Aliases.
func (s *Versions) SetAlias(ctx context.Context, in, model, alias string, number int) error {
	if err := registry.CheckAlias(alias); err != nil {
		return err
	}
	return s.changeAlias(ctx, "set alias", project(in), model, alias, fmt.Sprint(number), func(q *sqlc.Queries) (bool, error) {
		if number < 1 || number > math.MaxInt32 {
			return false, noVersion(model, number)
		}
		exists, err := q.VersionExists(ctx, project(in), model, int32(number))
		if err != nil {
			return false, err
		}
		if !exists {
			return false, noVersion(model, number)
		}
		n, err := q.PutAlias(ctx, sqlc.PutAliasParams{Project: project(in), Model: model, Alias: alias, Number: int32(number)})
		return n > 0, err
	})
}

// DeleteAlias implements registry.Aliases. An alias that is not there is no
// error.
func (s *Versions) DeleteAlias(ctx context.Context, in, model, alias string) error {
	if err := registry.CheckAlias(alias); err != nil {
		return err
	}
	return s.changeAlias(ctx, "delete alias", project(in), model, alias, "VERSION", func(q *sqlc.Queries) (bool, error) {
		n, err := q.DeleteAlias(ctx, project(in), model, alias)
		return n > 0, err
	})
}

// changeAlias locks the model, so that no promotion begins at the same time,
// refuses what only a promotion may do, and marks the model if do changed it.
func (s *Versions) changeAlias(ctx context.Context, verb, in, model, alias, version string, do func(*sqlc.Queries) (bool, error)) error {
	return s.db.inTx(ctx, verb, func(q *sqlc.Queries) error {
		if _, err := q.LockModel(ctx, in, model); noRows(err) {
			return noModel(model)
		} else if err != nil {
			return err
		}
		if alias == registry.Champion {
			deployed, err := q.IsDeployed(ctx, in, model)
			if err != nil {
				return err
			}
			if deployed {
				return gristmill.Errorf(gristmill.Forbidden,
					"model %s is deployed: its alias %s is moved by a promotion only; run `gristmill model promote %s %s`", model, alias, model, version)
			}
		}
		changed, err := do(q)
		if err != nil || !changed {
			return err
		}
		return q.TouchModel(ctx, in, model)
	})
}

// ByAlias implements registry.Aliases.
func (s *Versions) ByAlias(ctx context.Context, in, model, alias string) (registry.Version, error) {
	number, err := s.db.q.GetAlias(ctx, project(in), model, alias)
	if noRows(err) {
		if _, err := s.Model(ctx, in, model); err != nil {
			return registry.Version{}, err
		}
		return registry.Version{}, notFound("model %q has no alias %q", model, alias)
	}
	if err != nil {
		return registry.Version{}, mapError(ctx, "read alias", err)
	}
	return s.Version(ctx, in, model, int(number))
}
