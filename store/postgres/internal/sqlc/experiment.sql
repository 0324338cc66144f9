-- name: FindExperiment :one
SELECT * FROM experiment WHERE project = $1 AND name = $2;

-- name: InsertExperiment :exec
INSERT INTO experiment (project, name) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: GetExperiment :one
SELECT * FROM experiment WHERE id = $1;

-- name: ListExperiments :many
SELECT * FROM experiment
WHERE project = @project AND lifecycle = 'active' AND id > @after
ORDER BY id LIMIT @size;

-- name: ListExperimentTags :many
SELECT * FROM experiment_tag WHERE experiment_id = ANY(@ids::bigint[]);
