-- +goose Up
-- Files that operations read, line by line. What is not complete yet is seen by nobody.
CREATE TABLE uploads (
    id           TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id),
    tenant_id    TEXT NOT NULL,
    name         TEXT NOT NULL,
    format       TEXT NOT NULL DEFAULT '',
    columns      TEXT NOT NULL DEFAULT '[]',
    line_count   BIGINT NOT NULL DEFAULT 0,
    size         BIGINT NOT NULL DEFAULT 0,
    digest       TEXT NOT NULL DEFAULT '', -- of the whole file
    complete     BOOLEAN NOT NULL DEFAULT FALSE,
    used         BOOLEAN NOT NULL DEFAULT FALSE, -- found in a run's input
    user_id      TEXT REFERENCES users (id),
    created_at   BIGINT NOT NULL,
    sent_at      BIGINT NOT NULL, -- when it was last sent
    FOREIGN KEY (workspace_id, tenant_id) REFERENCES tenants (workspace_id, id)
);
-- The same file sent again is the same upload, so that a form that is sent twice asks for the same twice.
CREATE UNIQUE INDEX uploads_digest ON uploads (tenant_id, digest, name) WHERE complete;
CREATE INDEX uploads_unused ON uploads (sent_at) WHERE NOT used;

CREATE TABLE upload_parts (
    upload_id  TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    first_line BIGINT NOT NULL,
    last_line  BIGINT NOT NULL,
    body       BLOB NOT NULL,
    PRIMARY KEY (upload_id, last_line)
);

-- The bodies of artifacts that were written piece by piece; the body in run_artifacts is then empty.
CREATE TABLE run_artifact_parts (
    run_id TEXT NOT NULL REFERENCES operation_runs (id),
    name   TEXT NOT NULL,
    place  BIGINT NOT NULL,
    body   BLOB NOT NULL,
    PRIMARY KEY (run_id, name, place)
);

-- +goose Down
DROP TABLE run_artifact_parts;
DROP TABLE upload_parts;
DROP TABLE uploads;
