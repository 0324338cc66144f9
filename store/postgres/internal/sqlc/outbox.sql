-- name: PutOutbox :exec
INSERT INTO outbox (topic, key, payload) VALUES (@topic, @key, @payload) ON CONFLICT (key) DO NOTHING;
