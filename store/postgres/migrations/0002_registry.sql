-- The registry: models, their versions, and the aliases that name versions.

CREATE TABLE model (
    project     text        NOT NULL,
    name        text        NOT NULL,
    description text        NOT NULL DEFAULT '',
    latest      int         NOT NULL DEFAULT 0, -- the highest number ever given; numbers are never used twice
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project, name)
);

CREATE TABLE model_tag (
    project text NOT NULL,
    model   text NOT NULL,
    key     text NOT NULL,
    value   text NOT NULL,
    PRIMARY KEY (project, model, key),
    FOREIGN KEY (project, model) REFERENCES model ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE model_version (
    project        text        NOT NULL,
    model          text        NOT NULL,
    number         int         NOT NULL,
    key            text        NOT NULL, -- of the registration, so that it may be repeated
    run_id         text        NOT NULL DEFAULT '',
    package_uri    text        NOT NULL,
    package_digest text        NOT NULL,
    package_size   bigint      NOT NULL,
    package_type   text        NOT NULL DEFAULT '',
    weights_sha256 text        NOT NULL DEFAULT '',
    signature      jsonb       NOT NULL,
    card           text        NOT NULL DEFAULT '',
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project, model, number),
    UNIQUE (project, key),
    FOREIGN KEY (project, model) REFERENCES model ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX model_version_by_run ON model_version (run_id) WHERE run_id <> '';

CREATE TABLE model_lineage (
    project           text    NOT NULL,
    model             text    NOT NULL,
    number            int     NOT NULL,
    pipeline          text    NOT NULL,
    run_id            text    NOT NULL,
    workflow_id       text    NOT NULL,
    dataset_digest    text    NOT NULL,
    dataset_source    text    NOT NULL,
    spec_digest       text    NOT NULL,
    gristmill_version text    NOT NULL,
    commit_id         text    NOT NULL,
    dirty             boolean NOT NULL,
    PRIMARY KEY (project, model, number),
    FOREIGN KEY (project, model, number) REFERENCES model_version ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX model_lineage_by_dataset ON model_lineage (dataset_digest);

-- Measured values may be NaN or infinite, which JSON cannot say.
CREATE TABLE model_metric (
    project  text   NOT NULL,
    model    text   NOT NULL,
    number   int    NOT NULL,
    position int    NOT NULL,
    name     text   NOT NULL,
    value    float8 NOT NULL,
    low      float8,
    high     float8,
    baseline float8,
    PRIMARY KEY (project, model, number, position),
    FOREIGN KEY (project, model, number) REFERENCES model_version ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE model_gate (
    project  text    NOT NULL,
    model    text    NOT NULL,
    number   int     NOT NULL,
    position int     NOT NULL,
    rule     text    NOT NULL,
    value    float8  NOT NULL,
    passed   boolean NOT NULL,
    reason   text    NOT NULL,
    PRIMARY KEY (project, model, number, position),
    FOREIGN KEY (project, model, number) REFERENCES model_version ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE model_version_tag (
    project text NOT NULL,
    model   text NOT NULL,
    number  int  NOT NULL,
    key     text NOT NULL,
    value   text NOT NULL,
    PRIMARY KEY (project, model, number, key),
    FOREIGN KEY (project, model, number) REFERENCES model_version ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE model_alias (
    project    text        NOT NULL,
    model      text        NOT NULL,
    alias      text        NOT NULL,
    number     int         NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project, model, alias),
    FOREIGN KEY (project, model, number) REFERENCES model_version ON DELETE CASCADE ON UPDATE CASCADE
);
