-- Serving: what should take traffic, and what each server reports.

CREATE TABLE deployment (
    project    text        NOT NULL,
    model      text        NOT NULL,
    version    int         NOT NULL DEFAULT 0, -- 0 before the first commit
    candidate  int         NOT NULL DEFAULT 0, -- 0 when stable
    previous   int         NOT NULL DEFAULT 0,
    generation bigint      NOT NULL,
    state      text        NOT NULL,
    reason     text        NOT NULL DEFAULT '',
    held_by    text        NOT NULL DEFAULT '',
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project, model),
    FOREIGN KEY (project, model) REFERENCES model
);

-- What happened to each generation: it makes Commit and Abort safe to repeat, and
-- tells a person who deployed what and when.
CREATE TABLE deployment_change (
    project    text        NOT NULL,
    model      text        NOT NULL,
    generation bigint      NOT NULL,
    kind       text        NOT NULL, -- propose commit abort
    version    int         NOT NULL, -- proposed, committed or dropped
    held_by    text        NOT NULL,
    reason     text        NOT NULL DEFAULT '',
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project, model, generation, kind),
    FOREIGN KEY (project, model) REFERENCES deployment ON DELETE CASCADE
);

-- A server lives as long as its lease, by the database's clock.
CREATE TABLE server (
    project    text        NOT NULL,
    id         text        NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (project, id)
);

CREATE TABLE observation (
    project    text    NOT NULL,
    server     text    NOT NULL,
    model      text    NOT NULL,
    generation bigint  NOT NULL,
    version    int     NOT NULL,
    ready      boolean NOT NULL,
    error      text    NOT NULL DEFAULT '',
    PRIMARY KEY (project, server, model),
    FOREIGN KEY (project, server) REFERENCES server ON DELETE CASCADE
);
CREATE INDEX observation_by_model ON observation (project, model);
