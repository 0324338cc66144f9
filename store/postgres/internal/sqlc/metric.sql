-- name: PutPoints :one
-- One statement: the guard locks the step's lease, and nothing is written unless
-- it lets the writer through. The caller sorts both sets by their keys.
WITH lease AS (
    SELECT epoch FROM step WHERE step.run_id = @run_id AND step.id = @step FOR SHARE
), guard AS (
    SELECT run.lifecycle, lease.epoch,
           run.lifecycle = 'active' AND (@step::text = '' OR coalesce(lease.epoch = @epoch::bigint, false)) AS pass
    FROM run LEFT JOIN lease ON true WHERE run.id = @run_id
), points AS (
    INSERT INTO metric_point (run_id, key, step, ts, value, is_nan)
    SELECT @run_id, p.key, p.step, p.ts, p.value, p.is_nan FROM (
        SELECT unnest(@keys::text[]) AS key, unnest(@steps::bigint[]) AS step, unnest(@times::bigint[]) AS ts, unnest(@vals::float8[]) AS value, unnest(@nans::bool[]) AS is_nan
    ) p
    WHERE (SELECT pass FROM guard)
    ON CONFLICT DO NOTHING
), latest AS (
    INSERT INTO metric_latest AS l (run_id, key, step, ts, value, is_nan)
    SELECT @run_id, p.key, p.step, p.ts, p.value, p.is_nan FROM (
        SELECT unnest(@last_keys::text[]) AS key, unnest(@last_steps::bigint[]) AS step, unnest(@last_times::bigint[]) AS ts, unnest(@last_vals::float8[]) AS value, unnest(@last_nans::bool[]) AS is_nan
    ) p
    WHERE (SELECT pass FROM guard)
    ON CONFLICT (run_id, key) DO UPDATE
        SET step = excluded.step, ts = excluded.ts, value = excluded.value, is_nan = excluded.is_nan
        WHERE (l.step, l.ts, l.value, l.is_nan) < (excluded.step, excluded.ts, excluded.value, excluded.is_nan)
)
SELECT guard.lifecycle, guard.epoch FROM guard;

-- name: LockLease :one
-- The state of a run and of a step's lease, which stays as it is until the
-- transaction ends.
WITH lease AS (
    SELECT epoch FROM step WHERE step.run_id = @run_id AND step.id = @step FOR SHARE
)
SELECT run.lifecycle, lease.epoch FROM run LEFT JOIN lease ON true WHERE run.id = @run_id;

-- name: TruncatePoints :exec
DELETE FROM metric_point
WHERE run_id = @run_id AND step > @after
  AND EXISTS (SELECT FROM unnest(@prefixes::text[]) prefix WHERE starts_with(metric_point.key, prefix));

-- name: TruncateLatest :many
DELETE FROM metric_latest
WHERE run_id = @run_id AND step > @after
  AND EXISTS (SELECT FROM unnest(@prefixes::text[]) prefix WHERE starts_with(metric_latest.key, prefix))
RETURNING key;

-- name: RebuildLatest :exec
INSERT INTO metric_latest (run_id, key, step, ts, value, is_nan)
SELECT DISTINCT ON (p.key) p.run_id, p.key, p.step, p.ts, p.value, p.is_nan
FROM metric_point p
WHERE p.run_id = @run_id AND p.key = ANY(@keys::text[])
ORDER BY p.key, p.step DESC, p.ts DESC, p.value DESC, p.is_nan DESC
ON CONFLICT (run_id, key) DO NOTHING;

-- name: MetricHistory :many
SELECT step, ts, value, is_nan FROM metric_point
WHERE run_id = @run_id AND key = @key
ORDER BY step, ts, value, is_nan;
