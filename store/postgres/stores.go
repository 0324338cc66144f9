package postgres

// Runs is the tracker's memory: it implements tracking.Store.
type Runs struct{ db *DB }

// NewRuns returns the tracker's store.
func NewRuns(db *DB) *Runs { return &Runs{db: db} }

// Versions is the registry's memory: it implements registry.Store.
type Versions struct{ db *DB }

// NewVersions returns the registry's store.
func NewVersions(db *DB) *Versions { return &Versions{db: db} }

// Deployments is serving's memory: it implements serving.Store.
type Deployments struct{ db *DB }

// NewDeployments returns serving's store.
func NewDeployments(db *DB) *Deployments { return &Deployments{db: db} }

// Pipelines is the memory of applied specs: it implements pipeline.Store.
type Pipelines struct{ db *DB }

// NewPipelines returns the store of applied specs.
func NewPipelines(db *DB) *Pipelines { return &Pipelines{db: db} }

// Datasets is the memory of dataset versions: it implements dataset.Store.
type Datasets struct{ db *DB }

// NewDatasets returns the store of dataset versions.
func NewDatasets(db *DB) *Datasets { return &Datasets{db: db} }
