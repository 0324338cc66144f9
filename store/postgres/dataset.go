package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gristmill"
	"gristmill/dataset"
	"gristmill/store/postgres/internal/sqlc"
)

var _ dataset.Store = (*Datasets)(nil)

// Put implements dataset.Store.
func (s *Datasets) Put(ctx context.Context, v dataset.Version) (dataset.Version, error) {
	if err := v.Check(); err != nil {
		return dataset.Version{}, err
	}
	v.Project = project(v.Project)
	if v.CreatedAt.IsZero() {
		v.CreatedAt = time.Now()
	}
	schema, err := schemaJSON(v)
	if err != nil {
		return dataset.Version{}, err
	}
	err = s.db.inTx(ctx, "store dataset version", func(q *sqlc.Queries) error {
		made, err := q.InsertDataset(ctx, sqlc.InsertDatasetParams{
			Project: v.Project, Digest: string(v.Digest), Name: v.Name, Source: v.Source, Size: v.Size,
			RowCount: v.Rows, Schema: schema, Profile: string(v.Profile), CreatedAt: v.CreatedAt,
		})
		if err != nil || made > 0 {
			return err
		}
		row, err := q.LockDataset(ctx, v.Project, string(v.Digest))
		if err != nil {
			return err
		}
		stored, err := datasetOf(row)
		if err != nil {
			return err
		}
		all := stored.Add(v)
		if schema, err = schemaJSON(all); err != nil {
			return err
		}
		return q.DescribeDataset(ctx, sqlc.DescribeDatasetParams{
			Project: v.Project, Digest: string(v.Digest), RowCount: all.Rows, Schema: schema, Profile: string(all.Profile),
		})
	})
	if err != nil {
		return dataset.Version{}, err
	}
	return s.Get(ctx, v.Project, v.Digest)
}

// schemaJSON encodes the schema of a described version, nil otherwise.
func schemaJSON(v dataset.Version) ([]byte, error) {
	if !v.Described() {
		return nil, nil
	}
	b, err := json.Marshal(v.Schema)
	if err != nil {
		return nil, fmt.Errorf("encode schema: %w", err)
	}
	return b, nil
}

// Get implements dataset.Store.
func (s *Datasets) Get(ctx context.Context, in string, digest gristmill.Digest) (dataset.Version, error) {
	row, err := s.db.q.GetDataset(ctx, project(in), string(digest))
	if noRows(err) {
		return dataset.Version{}, notFound("there is no dataset version %s", digest)
	}
	if err != nil {
		return dataset.Version{}, mapError(ctx, "read dataset version", err)
	}
	return datasetOf(row)
}

// datasetKey is the place of a version in the list: newest first.
type datasetKey struct {
	Created time.Time `json:"c"`
	Digest  string    `json:"d"`
}

// List implements dataset.Store.
func (s *Datasets) List(ctx context.Context, in string, page gristmill.Page) ([]dataset.Version, string, error) {
	before := datasetKey{Created: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}
	if err := gristmill.DecodeToken(page.Token, &before); err != nil {
		return nil, "", err
	}
	rows, err := s.db.q.ListDatasets(ctx, sqlc.ListDatasetsParams{
		Project: project(in), Before: before.Created, AfterDigest: before.Digest, Size: fetch(page),
	})
	if err != nil {
		return nil, "", mapError(ctx, "list dataset versions", err)
	}
	rows, next := cut(rows, page, func(r sqlc.DatasetVersion) any { return datasetKey{r.CreatedAt, r.Digest} })
	list := make([]dataset.Version, len(rows))
	for i, r := range rows {
		if list[i], err = datasetOf(r); err != nil {
			return nil, "", err
		}
	}
	return list, next, nil
}

func datasetOf(r sqlc.DatasetVersion) (dataset.Version, error) {
	v := dataset.Version{
		Project: r.Project, Digest: gristmill.Digest(r.Digest), Name: r.Name, Source: r.Source, Size: r.Size,
		Rows: r.RowCount, Profile: gristmill.Digest(r.Profile), CreatedAt: r.CreatedAt,
	}
	if r.Schema == nil {
		return v, nil
	}
	if err := json.Unmarshal(r.Schema, &v.Schema); err != nil {
		return dataset.Version{}, fmt.Errorf("decode schema of dataset %s: %w", v.Digest.Short(), err)
	}
	return v, nil
}
