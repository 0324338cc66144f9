-- name: InsertRun :execrows
-- A run whose key is there already is left as it is.
INSERT INTO run (id, project, experiment_id, key, name, user_id, status, workflow_id, first_run_id, location, started_at)
VALUES (@id, @project, @experiment_id, @key, @name, @user_id, @status, @workflow_id, @first_run_id, @location, @started_at)
ON CONFLICT (project, key) DO NOTHING;

-- name: FindRunByKey :one
SELECT id FROM run WHERE project = $1 AND key = $2;

-- name: GetRun :one
SELECT sqlc.embed(run), experiment.name AS experiment
FROM run JOIN experiment ON experiment.id = run.experiment_id
WHERE run.id = $1;

-- name: RunLifecycle :one
SELECT lifecycle FROM run WHERE id = $1;

-- name: ListRuns :many
-- Newest first, after the last of the former page; empty filters choose all.
SELECT sqlc.embed(run), experiment.name AS experiment
FROM run JOIN experiment ON experiment.id = run.experiment_id
WHERE run.project = @project AND run.lifecycle = 'active'
  AND (@experiment::text = '' OR experiment.name = @experiment)
  AND (@status::text = '' OR run.status = @status)
  AND (@workflow_id::text = '' OR run.workflow_id = @workflow_id)
  AND (@model::text = '' OR EXISTS (
        SELECT FROM model_version v WHERE v.run_id = run.id AND v.project = run.project AND v.model = @model))
  AND (run.started_at, run.id) < (@before::timestamptz, @before_id::text)
ORDER BY run.started_at DESC, run.id DESC LIMIT @size;

-- name: SetStatus :execrows
UPDATE run SET status = @status, message = @message, ended_at = sqlc.narg(ended_at) WHERE id = @id;

-- name: ListParams :many
SELECT * FROM param WHERE run_id = ANY(@ids::text[]);

-- name: ListTags :many
SELECT * FROM tag WHERE run_id = ANY(@ids::text[]);

-- name: ListLatest :many
SELECT * FROM metric_latest WHERE run_id = ANY(@ids::text[]);

-- name: PutParams :exec
-- The first value of a key stays; the caller compares.
INSERT INTO param (run_id, key, value)
SELECT @run_id, unnest(@keys::text[]), unnest(@vals::text[])
ON CONFLICT DO NOTHING;

-- name: FindParams :many
SELECT key, value FROM param WHERE run_id = @run_id AND key = ANY(@keys::text[]);

-- name: PutTags :exec
INSERT INTO tag (run_id, key, value)
SELECT @run_id, unnest(@keys::text[]), unnest(@vals::text[])
ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value WHERE tag.value <> excluded.value;

-- name: SetRunName :exec
UPDATE run SET name = @name WHERE id = @id AND name <> @name;
