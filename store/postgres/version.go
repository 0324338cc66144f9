package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"gristmill"
	"gristmill/registry"
	"gristmill/store/postgres/internal/sqlc"
)

var _ registry.Store = (*Versions)(nil)

// Register implements registry.Store. The lock of the model's row gives numbers
// without gaps: a transaction that fails leaves the last number as it was. A key
// that another model's version was made with is a Conflict.
func (s *Versions) Register(ctx context.Context, in, key string, v registry.Version) (registry.Version, error) {
	if err := registry.CheckVersion(key, v); err != nil {
		return registry.Version{}, err
	}
	signature, err := json.Marshal(v.Signature)
	if err != nil {
		return registry.Version{}, fmt.Errorf("encode signature: %w", err)
	}
	in = project(in)
	number := 0
	err = s.db.inTx(ctx, "register version", func(q *sqlc.Queries) error {
		if err := q.MakeModel(ctx, in, v.Model); err != nil {
			return err
		}
		m, err := q.LockModel(ctx, in, v.Model)
		if err != nil {
			return err
		}
		made, err := q.FindVersionByKey(ctx, in, key)
		switch {
		case err == nil && made.Model != v.Model:
			return gristmill.Errorf(gristmill.Conflict, "version %d of model %s was registered with this key", made.Number, made.Model)
		case err == nil:
			number = int(made.Number)
			return nil
		case !noRows(err):
			return err
		}
		number = int(m.Latest) + 1
		if err := q.SetLatest(ctx, int32(number), in, v.Model); err != nil {
			return err
		}
		return insertVersion(ctx, q, in, key, number, signature, v)
	})
	if err != nil {
		return registry.Version{}, err
	}
	return s.Version(ctx, in, v.Model, number)
}

// insertVersion writes the version and all that belongs to it.
func insertVersion(ctx context.Context, q *sqlc.Queries, in, key string, number int, signature []byte, v registry.Version) error {
	n := int32(number)
	err := q.InsertVersion(ctx, sqlc.InsertVersionParams{
		Project: in, Model: v.Model, Number: n, Key: key, RunID: v.RunID,
		PackageUri: v.Package.URI, PackageDigest: string(v.Package.Digest), PackageSize: v.Package.Size, PackageType: v.Package.Type,
		WeightsSha256: v.WeightsSHA256, Signature: signature, Card: v.Card, CardMissing: append([]string{}, v.CardMissing...),
	})
	if err != nil {
		return err
	}
	l := v.Lineage
	err = q.InsertLineage(ctx, sqlc.InsertLineageParams{
		Project: in, Model: v.Model, Number: n, Pipeline: l.Pipeline, RunID: l.RunID, WorkflowID: l.WorkflowID,
		DatasetDigest: string(l.DatasetDigest), DatasetSource: l.DatasetSource, SpecDigest: string(l.SpecDigest),
		GristmillVersion: l.Gristmill, CommitID: l.Commit, Dirty: l.Dirty,
	})
	if err != nil {
		return err
	}
	for i, m := range v.Metrics {
		err := q.InsertVersionMetric(ctx, sqlc.InsertVersionMetricParams{
			Project: in, Model: v.Model, Number: n, Position: int32(i), Name: m.Name, Value: m.Value, Low: m.Low, High: m.High, Baseline: m.Baseline,
		})
		if err != nil {
			return err
		}
	}
	for i, g := range v.Gates {
		err := q.InsertGate(ctx, sqlc.InsertGateParams{
			Project: in, Model: v.Model, Number: n, Position: int32(i), Rule: g.Rule, Value: g.Value, Passed: g.Passed, Reason: g.Reason,
		})
		if err != nil {
			return err
		}
	}
	if len(v.Tags) == 0 {
		return nil
	}
	keys, values := pairs(v.Tags)
	return q.PutVersionTags(ctx, sqlc.PutVersionTagsParams{Project: in, Model: v.Model, Number: n, Keys: keys, Vals: values})
}

// Version implements registry.Store.
func (s *Versions) Version(ctx context.Context, in, model string, number int) (registry.Version, error) {
	in = project(in)
	if number == 0 {
		m, err := s.db.q.GetModel(ctx, in, model)
		if noRows(err) {
			return registry.Version{}, noModel(model)
		}
		if err != nil {
			return registry.Version{}, mapError(ctx, "read model", err)
		}
		number = int(m.Latest)
	}
	if number < 1 || number > math.MaxInt32 {
		return registry.Version{}, noVersion(model, number)
	}
	row, err := s.db.q.GetVersion(ctx, in, model, int32(number))
	if noRows(err) {
		return registry.Version{}, noVersion(model, number)
	}
	if err != nil {
		return registry.Version{}, mapError(ctx, "read version", err)
	}
	list, err := s.versions(ctx, in, model, []sqlc.ListVersionsRow{sqlc.ListVersionsRow(row)})
	if err != nil {
		return registry.Version{}, err
	}
	return list[0], nil
}

func noVersion(model string, number int) error {
	return notFound("model %q has no version %d", model, number)
}

// ListVersions implements registry.Store.
func (s *Versions) ListVersions(ctx context.Context, in, model string, page gristmill.Page) ([]registry.Version, string, error) {
	in = project(in)
	before := int32(math.MaxInt32)
	if err := gristmill.DecodeToken(page.Token, &before); err != nil {
		return nil, "", err
	}
	if _, err := s.db.q.GetModel(ctx, in, model); noRows(err) {
		return nil, "", noModel(model)
	} else if err != nil {
		return nil, "", mapError(ctx, "read model", err)
	}
	rows, err := s.db.q.ListVersions(ctx, sqlc.ListVersionsParams{Project: in, Model: model, Before: before, Size: fetch(page)})
	if err != nil {
		return nil, "", mapError(ctx, "list versions", err)
	}
	rows, next := cut(rows, page, func(r sqlc.ListVersionsRow) any { return r.ModelVersion.Number })
	list, err := s.versions(ctx, in, model, rows)
	for i := range list {
		list[i].Card = ""
	}
	return list, next, err
}

// versions adds metrics, gates, tags and aliases.
func (s *Versions) versions(ctx context.Context, in, model string, rows []sqlc.ListVersionsRow) ([]registry.Version, error) {
	list, numbers, at := make([]registry.Version, len(rows)), make([]int32, len(rows)), map[int32]*registry.Version{}
	for i, r := range rows {
		v, err := versionOf(r)
		if err != nil {
			return nil, err
		}
		list[i], numbers[i], at[r.ModelVersion.Number] = v, r.ModelVersion.Number, &list[i]
	}
	metrics, err := s.db.q.ListVersionMetrics(ctx, in, model, numbers)
	if err != nil {
		return nil, mapError(ctx, "read version metrics", err)
	}
	for _, m := range metrics {
		v := at[m.Number]
		v.Metrics = append(v.Metrics, registry.Metric{Name: m.Name, Value: m.Value, Low: m.Low, High: m.High, Baseline: m.Baseline})
	}
	gates, err := s.db.q.ListGates(ctx, in, model, numbers)
	if err != nil {
		return nil, mapError(ctx, "read gates", err)
	}
	for _, g := range gates {
		v := at[g.Number]
		v.Gates = append(v.Gates, registry.GateResult{Rule: g.Rule, Value: g.Value, Passed: g.Passed, Reason: g.Reason})
	}
	tags, err := s.db.q.ListVersionTags(ctx, in, model, numbers)
	if err != nil {
		return nil, mapError(ctx, "read version tags", err)
	}
	for _, t := range tags {
		at[t.Number].Tags[t.Key] = t.Value
	}
	aliases, err := s.db.q.ListAliases(ctx, in, []string{model})
	if err != nil {
		return nil, mapError(ctx, "read aliases", err)
	}
	for _, a := range aliases {
		if slices.Contains(numbers, a.Number) {
			at[a.Number].Aliases = append(at[a.Number].Aliases, a.Alias)
		}
	}
	return list, nil
}

func versionOf(r sqlc.ListVersionsRow) (registry.Version, error) {
	v, l := r.ModelVersion, r.ModelLineage
	out := registry.Version{
		Model: v.Model, Number: int(v.Number), RunID: v.RunID,
		Package:       gristmill.Ref{URI: v.PackageUri, Digest: gristmill.Digest(v.PackageDigest), Size: v.PackageSize, Type: v.PackageType},
		WeightsSHA256: v.WeightsSha256, Card: v.Card, Tags: map[string]string{}, CreatedAt: v.CreatedAt,
		Lineage: registry.Lineage{
			Pipeline: l.Pipeline, RunID: l.RunID, WorkflowID: l.WorkflowID, DatasetDigest: gristmill.Digest(l.DatasetDigest),
			DatasetSource: l.DatasetSource, SpecDigest: gristmill.Digest(l.SpecDigest), Gristmill: l.GristmillVersion,
			Commit: l.CommitID, Dirty: l.Dirty,
		},
	}
	if len(v.CardMissing) > 0 {
		out.CardMissing = v.CardMissing
	}
	if err := json.Unmarshal(v.Signature, &out.Signature); err != nil {
		return registry.Version{}, fmt.Errorf("decode signature of %s version %d: %w", v.Model, v.Number, err)
	}
	return out, nil
}
