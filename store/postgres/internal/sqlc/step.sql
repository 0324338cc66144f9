-- name: LeaseStep :one
INSERT INTO step (run_id, id, kind, status, attempts, epoch, worker, started_at)
VALUES (@run_id, @id, @kind, 'running', 1, 1, @worker, @started_at)
ON CONFLICT (run_id, id) DO UPDATE SET
    kind = excluded.kind, status = 'running', attempts = step.attempts + 1, epoch = step.epoch + 1,
    worker = excluded.worker, started_at = coalesce(step.started_at, excluded.started_at), ended_at = NULL, error = ''
RETURNING epoch;

-- name: EndStep :exec
UPDATE step SET status = @status, error = @error, ended_at = @ended_at WHERE run_id = @run_id AND id = @id;

-- name: ListSteps :many
SELECT * FROM step WHERE run_id = $1 ORDER BY started_at, id;

-- name: TakeLogNumbers :one
-- Takes n numbers and returns the last of them.
INSERT INTO log_counter (run_id, seq) VALUES (@run_id, @n)
ON CONFLICT (run_id) DO UPDATE SET seq = log_counter.seq + excluded.seq
RETURNING seq;

-- name: PutLines :exec
INSERT INTO log_line (run_id, seq, step, attempt, at, level, line, mark)
SELECT @run_id, unnest(@seqs::bigint[]), unnest(@steps::text[]), unnest(@attempts::int[]), unnest(@times::timestamptz[]),
       unnest(@levels::text[]), unnest(@lines::text[]), unnest(@marks::bytea[])
ON CONFLICT (run_id, mark) DO NOTHING;

-- name: ReadLog :many
SELECT seq, step, attempt, at, level, line FROM log_line
WHERE run_id = @run_id AND seq > @after ORDER BY seq LIMIT @size;

-- name: ReadStepLog :many
SELECT seq, step, attempt, at, level, line FROM log_line
WHERE run_id = @run_id AND step = @step AND seq > @after ORDER BY seq LIMIT @size;

-- name: PutCheckpoint :exec
INSERT INTO checkpoint (run_id, step, epoch, iteration, digest, size, saved_at)
VALUES (@run_id, @step, @epoch, @iteration, @digest, @size, @saved_at)
ON CONFLICT (run_id, step, epoch, iteration) DO UPDATE
    SET digest = excluded.digest, size = excluded.size, saved_at = excluded.saved_at;

-- name: LatestCheckpoint :one
SELECT * FROM checkpoint WHERE run_id = @run_id AND step = @step
ORDER BY epoch DESC, iteration DESC LIMIT 1;
