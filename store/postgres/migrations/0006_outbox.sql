-- What must happen outside because of a fact in here: written in the fact's own
-- transaction, worked off later, at least once.

CREATE TABLE outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic      text        NOT NULL,
    key        text        NOT NULL UNIQUE, -- of the fact, so that it is told once
    payload    jsonb       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    done_at    timestamptz
);
CREATE INDEX outbox_open ON outbox (id) WHERE done_at IS NULL;
