-- name: InsertDataset :execrows
INSERT INTO dataset_version (project, digest, name, source, size, row_count, schema, profile, created_at)
VALUES (@project, @digest, @name, @source, @size, @row_count, @schema, @profile, @created_at)
ON CONFLICT (project, digest) DO NOTHING;

-- name: LockDataset :one
SELECT * FROM dataset_version WHERE project = $1 AND digest = $2 FOR UPDATE;

-- name: DescribeDataset :exec
UPDATE dataset_version SET row_count = @row_count, schema = @schema, profile = @profile
WHERE project = @project AND digest = @digest;

-- name: GetDataset :one
SELECT * FROM dataset_version WHERE project = $1 AND digest = $2;

-- name: ListDatasets :many
-- Newest first, then by digest, after the last of the former page.
SELECT * FROM dataset_version
WHERE project = @project
  AND (created_at < @before::timestamptz OR (created_at = @before AND digest > @after_digest::text))
ORDER BY created_at DESC, digest LIMIT @size;
