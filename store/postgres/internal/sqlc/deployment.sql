-- name: IsDeployed :one
-- A model is deployed from its first proposal on, unless that was dropped.
SELECT EXISTS (SELECT FROM deployment WHERE project = $1 AND model = $2 AND (version > 0 OR candidate > 0));

-- name: LockDeployment :one
SELECT * FROM deployment WHERE project = $1 AND model = $2 FOR UPDATE;

-- name: PutDeployment :exec
INSERT INTO deployment (project, model, version, candidate, previous, generation, state, reason, held_by)
VALUES (@project, @model, @version, @candidate, @previous, @generation, @state, @reason, @held_by)
ON CONFLICT (project, model) DO UPDATE
    SET version = excluded.version, candidate = excluded.candidate, previous = excluded.previous, generation = excluded.generation,
        state = excluded.state, reason = excluded.reason, held_by = excluded.held_by, updated_at = now();

-- name: InsertDeploymentChange :exec
INSERT INTO deployment_change (project, model, generation, kind, version, held_by, reason)
VALUES (@project, @model, @generation, @kind, @version, @held_by, @reason);

-- name: DeploymentChangeExists :one
SELECT EXISTS (SELECT FROM deployment_change WHERE project = @project AND model = @model AND generation = @generation AND kind = @kind);

-- name: ListDeployments :many
-- With model '' all; the packages are empty where there is no version yet.
SELECT sqlc.embed(d),
       coalesce(v.package_uri, '') AS uri, coalesce(v.package_digest, '') AS digest,
       coalesce(v.package_size, 0)::bigint AS size, coalesce(v.package_type, '') AS type,
       coalesce(c.package_uri, '') AS candidate_uri, coalesce(c.package_digest, '') AS candidate_digest,
       coalesce(c.package_size, 0)::bigint AS candidate_size, coalesce(c.package_type, '') AS candidate_type
FROM deployment d
LEFT JOIN model_version v ON v.project = d.project AND v.model = d.model AND v.number = d.version
LEFT JOIN model_version c ON c.project = d.project AND c.model = d.model AND c.number = d.candidate
WHERE d.project = @project AND (@model::text = '' OR d.model = @model)
ORDER BY d.model;

-- name: ListObservations :many
-- Of live servers, of all models or one.
SELECT o.server, o.model, o.generation, o.version, o.ready, o.error, s.expires_at
FROM observation o JOIN server s ON s.project = o.project AND s.id = o.server
WHERE o.project = @project AND s.expires_at > now() AND (@model::text = '' OR o.model = @model)
ORDER BY o.model, o.server;

-- name: RenewServer :one
-- Reports whether the server was live before.
WITH before AS (SELECT expires_at > now() AS live FROM server WHERE server.project = @project AND server.id = @id), renewed AS (
    INSERT INTO server (project, id, expires_at) VALUES (@project, @id, now() + make_interval(secs => @seconds::float8))
    ON CONFLICT (project, id) DO UPDATE SET expires_at = excluded.expires_at
)
SELECT coalesce((SELECT live FROM before), false)::bool AS live;

-- name: ServerObservations :many
SELECT * FROM observation WHERE project = @project AND server = @server ORDER BY model;

-- name: DeleteObservations :exec
DELETE FROM observation WHERE project = @project AND server = @server;

-- name: InsertObservation :exec
INSERT INTO observation (project, server, model, generation, version, ready, error)
VALUES (@project, @server, @model, @generation, @version, @ready, @error);

-- name: DeleteServer :execrows
DELETE FROM server WHERE project = @project AND id = @id;

-- name: ForgetServers :exec
-- Servers that died long ago.
DELETE FROM server WHERE expires_at < now() - interval '1 day';

-- name: LiveServers :many
SELECT id FROM server WHERE project = $1 AND expires_at > now() ORDER BY id;

-- name: NotifyDeployments :exec
-- The channel of Changes; told when the transaction commits.
SELECT pg_notify('gristmill_deployment', '');
