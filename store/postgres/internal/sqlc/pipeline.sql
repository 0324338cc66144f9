-- name: PutPipelineVersion :exec
INSERT INTO pipeline_version (project, name, digest, spec, text, applied_by)
VALUES (@project, @name, @digest, @spec, @text, @applied_by)
ON CONFLICT (project, name, digest) DO NOTHING;

-- name: SetCurrentPipeline :exec
INSERT INTO pipeline AS p (project, name, version_id)
SELECT v.project, v.name, v.id FROM pipeline_version v WHERE v.project = @project AND v.name = @name AND v.digest = @digest
ON CONFLICT (project, name) DO UPDATE SET version_id = excluded.version_id, updated_at = now()
    WHERE p.version_id <> excluded.version_id;

-- name: GetPipeline :one
SELECT sqlc.embed(v), (p.version_id = v.id)::bool AS current
FROM pipeline p JOIN pipeline_version v ON v.project = p.project AND v.name = p.name
WHERE p.project = @project AND p.name = @name
  AND (v.digest = @digest::text OR (@digest = '' AND v.id = p.version_id));

-- name: ListPipelines :many
SELECT v.* FROM pipeline p JOIN pipeline_version v ON v.id = p.version_id
WHERE p.project = $1 ORDER BY v.name;

-- name: ListPipelineVersions :many
SELECT sqlc.embed(v), (p.version_id = v.id)::bool AS current
FROM pipeline p JOIN pipeline_version v ON v.project = p.project AND v.name = p.name
WHERE p.project = $1 AND p.name = $2 ORDER BY v.id DESC;
