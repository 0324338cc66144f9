-- name: FindVersionByKey :one
SELECT model, number FROM model_version WHERE project = $1 AND key = $2;

-- name: InsertVersion :exec
INSERT INTO model_version (project, model, number, key, run_id, package_uri, package_digest, package_size, package_type, weights_sha256, signature, card, card_missing)
VALUES (@project, @model, @number, @key, @run_id, @package_uri, @package_digest, @package_size, @package_type, @weights_sha256, @signature, @card, @card_missing);

-- name: InsertLineage :exec
INSERT INTO model_lineage (project, model, number, pipeline, run_id, workflow_id, dataset_digest, dataset_source, spec_digest, gristmill_version, commit_id, dirty)
VALUES (@project, @model, @number, @pipeline, @run_id, @workflow_id, @dataset_digest, @dataset_source, @spec_digest, @gristmill_version, @commit_id, @dirty);

-- name: InsertVersionMetric :exec
INSERT INTO model_metric (project, model, number, position, name, value, low, high, baseline)
VALUES (@project, @model, @number, @position, @name, @value, @low, @high, @baseline);

-- name: InsertGate :exec
INSERT INTO model_gate (project, model, number, position, rule, value, passed, reason)
VALUES (@project, @model, @number, @position, @rule, @value, @passed, @reason);

-- name: PutVersionTags :exec
INSERT INTO model_version_tag (project, model, number, key, value)
SELECT @project, @model, @number, unnest(@keys::text[]), unnest(@vals::text[])
ON CONFLICT (project, model, number, key) DO UPDATE SET value = excluded.value;

-- name: GetVersion :one
SELECT sqlc.embed(v), sqlc.embed(l) FROM model_version v JOIN model_lineage l USING (project, model, number)
WHERE v.project = @project AND v.model = @model AND v.number = @number;

-- name: VersionExists :one
SELECT EXISTS (SELECT FROM model_version WHERE project = @project AND model = @model AND number = @number);

-- name: ListVersions :many
SELECT sqlc.embed(v), sqlc.embed(l) FROM model_version v JOIN model_lineage l USING (project, model, number)
WHERE v.project = @project AND v.model = @model AND v.number < @before::int
ORDER BY v.number DESC LIMIT @size;

-- name: ListVersionMetrics :many
SELECT * FROM model_metric WHERE project = @project AND model = @model AND number = ANY(@numbers::int[]) ORDER BY number, position;

-- name: ListGates :many
SELECT * FROM model_gate WHERE project = @project AND model = @model AND number = ANY(@numbers::int[]) ORDER BY number, position;

-- name: ListVersionTags :many
SELECT number, key, value FROM model_version_tag WHERE project = @project AND model = @model AND number = ANY(@numbers::int[]);
