-- Applied specs. The spec is json, not jsonb: its bytes are what the digest names.

CREATE TABLE pipeline_version (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the order of application
    project    text        NOT NULL,
    name       text        NOT NULL,
    digest     text        NOT NULL,
    spec       json        NOT NULL,
    text       text        NOT NULL,
    applied_by text        NOT NULL DEFAULT '',
    applied_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project, name, digest)
);

CREATE TABLE pipeline (
    project    text        NOT NULL,
    name       text        NOT NULL,
    version_id bigint      NOT NULL REFERENCES pipeline_version,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project, name)
);
