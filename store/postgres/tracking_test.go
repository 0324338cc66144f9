package postgres_test

import (
	"testing"

	"gristmill/dataset"
	"gristmill/dataset/datasettest"
	"gristmill/store/postgres"
	"gristmill/store/postgres/postgrestest"
	"gristmill/tracking"
	"gristmill/tracking/trackingtest"
)

func TestRuns(t *testing.T) {
	t.Parallel()
	trackingtest.Store(t, func(t *testing.T) tracking.Store { return postgres.NewRuns(postgrestest.Open(t)) })
}

func TestDatasets(t *testing.T) {
	t.Parallel()
	datasettest.Store(t, func(t *testing.T) dataset.Store { return postgres.NewDatasets(postgrestest.Open(t)) })
}
