-- name: MakeModel :exec
INSERT INTO model (project, name) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: LockModel :one
-- The row's lock makes numbers without gaps, and aliases and deployments agree.
SELECT * FROM model WHERE project = $1 AND name = $2 FOR UPDATE;

-- name: GetModel :one
SELECT * FROM model WHERE project = $1 AND name = $2;

-- name: ListModels :many
SELECT * FROM model WHERE project = @project AND name > @after ORDER BY name LIMIT @size;

-- name: SetLatest :exec
UPDATE model SET latest = @latest, updated_at = now() WHERE project = @project AND name = @name;

-- name: TouchModel :exec
UPDATE model SET updated_at = now() WHERE project = $1 AND name = $2;

-- name: ListModelTags :many
SELECT model, key, value FROM model_tag WHERE project = @project AND model = ANY(@models::text[]);

-- name: ListAliases :many
SELECT model, alias, number FROM model_alias WHERE project = @project AND model = ANY(@models::text[]) ORDER BY alias;

-- name: PutAlias :execrows
INSERT INTO model_alias AS a (project, model, alias, number) VALUES (@project, @model, @alias, @number)
ON CONFLICT (project, model, alias) DO UPDATE SET number = excluded.number, updated_at = now()
    WHERE a.number <> excluded.number;

-- name: DeleteAlias :execrows
DELETE FROM model_alias WHERE project = @project AND model = @model AND alias = @alias;

-- name: GetAlias :one
SELECT number FROM model_alias WHERE project = @project AND model = @model AND alias = @alias;
