-- Dataset versions, named by the digest of their bytes.

CREATE TABLE dataset_version (
    project    text        NOT NULL,
    digest     text        NOT NULL,
    name       text        NOT NULL,
    source     text        NOT NULL,
    size       bigint      NOT NULL,
    row_count  bigint      NOT NULL DEFAULT 0,
    schema     jsonb,                            -- null until the bytes were read as a table
    profile    text        NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    PRIMARY KEY (project, digest)
);
CREATE INDEX dataset_version_by_time ON dataset_version (project, created_at DESC, digest);
