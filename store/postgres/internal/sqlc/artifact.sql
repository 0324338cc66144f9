-- name: PutArtifact :exec
-- A repetition with the same bytes keeps the time of the first.
INSERT INTO artifact AS a (run_id, path, uri, digest, size, type, created_at)
VALUES (@run_id, @path, @uri, @digest, @size, @type, @created_at)
ON CONFLICT (run_id, path) DO UPDATE
    SET uri = excluded.uri, digest = excluded.digest, size = excluded.size, type = excluded.type,
        created_at = CASE WHEN a.digest = excluded.digest THEN a.created_at ELSE excluded.created_at END;

-- name: GetArtifact :one
SELECT * FROM artifact WHERE run_id = $1 AND path = $2;

-- name: ListArtifacts :many
SELECT * FROM artifact WHERE run_id = $1 ORDER BY path COLLATE "C";

-- name: PutInputDataset :exec
INSERT INTO input_dataset (experiment_id, name, digest, source_type, source, schema, profile)
SELECT run.experiment_id, @name, @digest, @source_type, @source, @schema, @profile FROM run WHERE run.id = @run_id
ON CONFLICT (experiment_id, name, digest) DO NOTHING;

-- name: PutRunInput :exec
INSERT INTO run_input (run_id, dataset_id, tags)
SELECT run.id, d.id, @tags FROM run JOIN input_dataset d ON d.experiment_id = run.experiment_id
WHERE run.id = @run_id AND d.name = @name AND d.digest = @digest
ON CONFLICT (run_id, dataset_id) DO NOTHING;

-- name: ListInputs :many
SELECT sqlc.embed(d), i.tags FROM run_input i JOIN input_dataset d ON d.id = i.dataset_id
WHERE i.run_id = $1 ORDER BY i.logged_at, d.id;
