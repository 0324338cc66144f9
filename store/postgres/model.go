package postgres

import (
	"context"

	"gristmill"
	"gristmill/registry"
	"gristmill/store/postgres/internal/sqlc"
)

// Model implements registry.Store.
func (s *Versions) Model(ctx context.Context, in, name string) (registry.Model, error) {
	m, err := s.db.q.GetModel(ctx, project(in), name)
	if noRows(err) {
		return registry.Model{}, noModel(name)
	}
	if err != nil {
		return registry.Model{}, mapError(ctx, "read model", err)
	}
	list, err := s.models(ctx, project(in), []sqlc.Model{m})
	if err != nil {
		return registry.Model{}, err
	}
	return list[0], nil
}

func noModel(name string) error { return notFound("there is no model %q", name) }

// ListModels implements registry.Store, by name.
func (s *Versions) ListModels(ctx context.Context, in string, page gristmill.Page) ([]registry.Model, string, error) {
	after := ""
	if err := gristmill.DecodeToken(page.Token, &after); err != nil {
		return nil, "", err
	}
	rows, err := s.db.q.ListModels(ctx, project(in), after, fetch(page))
	if err != nil {
		return nil, "", mapError(ctx, "list models", err)
	}
	rows, next := cut(rows, page, func(m sqlc.Model) any { return m.Name })
	list, err := s.models(ctx, project(in), rows)
	return list, next, err
}

// models adds tags and aliases.
func (s *Versions) models(ctx context.Context, in string, rows []sqlc.Model) ([]registry.Model, error) {
	list, names, at := make([]registry.Model, len(rows)), make([]string, len(rows)), map[string]*registry.Model{}
	for i, m := range rows {
		list[i] = registry.Model{
			Project: m.Project, Name: m.Name, Description: m.Description, Latest: int(m.Latest),
			CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt, Tags: map[string]string{}, Aliases: map[string]int{},
		}
		names[i], at[m.Name] = m.Name, &list[i]
	}
	tags, err := s.db.q.ListModelTags(ctx, in, names)
	if err != nil {
		return nil, mapError(ctx, "read model tags", err)
	}
	for _, t := range tags {
		at[t.Model].Tags[t.Key] = t.Value
	}
	aliases, err := s.db.q.ListAliases(ctx, in, names)
	if err != nil {
		return nil, mapError(ctx, "read aliases", err)
	}
	for _, a := range aliases {
		at[a.Model].Aliases[a.Alias] = int(a.Number)
	}
	return list, nil
}
