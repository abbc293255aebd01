-- +goose Up
CREATE TABLE workspaces (
    id   TEXT COLLATE "C" PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL
);

CREATE TABLE tenants (
    id           TEXT COLLATE "C" PRIMARY KEY,
    workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
    slug         TEXT NOT NULL,
    name         TEXT NOT NULL,
    UNIQUE (workspace_id, slug),
    UNIQUE (workspace_id, id)
);

CREATE TABLE users (
    id            TEXT COLLATE "C" PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL DEFAULT '',
    disabled_at   BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE memberships (
    user_id      TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
    role         TEXT NOT NULL CHECK (role IN ('owner', 'operator', 'viewer')),
    all_tenants  BOOLEAN NOT NULL,
    PRIMARY KEY (user_id, workspace_id)
);
CREATE INDEX memberships_workspace ON memberships (workspace_id);

CREATE TABLE membership_tenants (
    user_id      TEXT COLLATE "C" NOT NULL,
    workspace_id TEXT COLLATE "C" NOT NULL,
    tenant_id    TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    PRIMARY KEY (user_id, workspace_id, tenant_id),
    FOREIGN KEY (user_id, workspace_id) REFERENCES memberships (user_id, workspace_id) ON DELETE CASCADE
);

CREATE TABLE platform_capabilities (
    user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    capability TEXT NOT NULL,
    PRIMARY KEY (user_id, capability)
);

CREATE TABLE api_tokens (
    id           TEXT COLLATE "C" PRIMARY KEY,
    user_id      TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    plane        TEXT NOT NULL CHECK (plane IN ('admin', 'system')),
    hash         TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL DEFAULT 0,
    expires_at   BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE sign_in_links (
    hash       TEXT PRIMARY KEY,
    user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    plane      TEXT NOT NULL CHECK (plane IN ('admin', 'system')),
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE sessions (
    token  TEXT PRIMARY KEY,
    data   BYTEA NOT NULL,
    expiry BIGINT NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expiry);

CREATE TABLE connections (
    id            TEXT COLLATE "C" PRIMARY KEY,
    tenant_id     TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    name          TEXT NOT NULL,
    base_url      TEXT NOT NULL,
    auth          TEXT NOT NULL CHECK (auth IN ('none', 'bearer', 'client_credentials')),
    client_id     TEXT NOT NULL DEFAULT '',
    token_url     TEXT NOT NULL DEFAULT '',
    scope         TEXT NOT NULL DEFAULT '',
    secret_sealed BYTEA,
    UNIQUE (tenant_id, name)
);

-- A zero time has not happened; an empty text is unset.
CREATE TABLE operation_runs (
    id              TEXT COLLATE "C" PRIMARY KEY,
    workspace_id    TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
    tenant_id       TEXT COLLATE "C",
    type            TEXT NOT NULL,
    target          TEXT NOT NULL,
    queue           TEXT NOT NULL,
    policy          TEXT NOT NULL,
    input           TEXT NOT NULL,
    request_hash    TEXT NOT NULL,
    idempotency_key TEXT NOT NULL DEFAULT '',
    fingerprint     TEXT NOT NULL,
    supersedes      BOOLEAN NOT NULL,
    exclusive       BOOLEAN NOT NULL,
    initiator_id    TEXT COLLATE "C" REFERENCES users (id),
    initiator       TEXT NOT NULL DEFAULT '',
    retry_of        TEXT COLLATE "C" REFERENCES operation_runs (id),
    namespace       TEXT NOT NULL DEFAULT '',
    cluster_id      TEXT NOT NULL DEFAULT '',
    first_run_id    TEXT NOT NULL DEFAULT '',

    version         BIGINT NOT NULL DEFAULT 1,
    status          TEXT NOT NULL CHECK (status IN ('queued', 'running', 'completed')),
    outcome         TEXT NOT NULL CHECK (outcome IN ('pending', 'succeeded', 'partially_succeeded', 'failed', 'blocked', 'cancelled')),
    queued_at       BIGINT NOT NULL,
    dispatched_at   BIGINT NOT NULL DEFAULT 0,
    started_at      BIGINT NOT NULL DEFAULT 0,
    completed_at    BIGINT NOT NULL DEFAULT 0,

    -- Moved here from run_liveness when the run ends.
    liveness_at     BIGINT NOT NULL DEFAULT 0,
    progress_at     BIGINT NOT NULL DEFAULT 0,
    total           BIGINT NOT NULL DEFAULT 0,
    succeeded       BIGINT NOT NULL DEFAULT 0,
    failed          BIGINT NOT NULL DEFAULT 0,
    skipped         BIGINT NOT NULL DEFAULT 0,
    last_item       TEXT NOT NULL DEFAULT '',
    first_stale_at  BIGINT NOT NULL DEFAULT 0,
    stale_episodes  BIGINT NOT NULL DEFAULT 0,
    gap_episodes    BIGINT NOT NULL DEFAULT 0,
    recovered_at    BIGINT NOT NULL DEFAULT 0,
    verified_at     BIGINT NOT NULL DEFAULT 0,

    cancel_at       BIGINT NOT NULL DEFAULT 0,
    cancel_by       TEXT NOT NULL DEFAULT '',
    cancel_forced_at BIGINT NOT NULL DEFAULT 0,
    closing_id      TEXT NOT NULL DEFAULT '',
    closing_at      BIGINT NOT NULL DEFAULT 0,
    closing_cause   TEXT NOT NULL DEFAULT '',
    reconciled_at   BIGINT NOT NULL DEFAULT 0,
    reconciled_cause TEXT NOT NULL DEFAULT '',
    silent_since    BIGINT NOT NULL DEFAULT 0,
    evidence        TEXT NOT NULL DEFAULT '{}',
    terminal_token  TEXT NOT NULL DEFAULT '',
    failure_code    TEXT NOT NULL DEFAULT '',
    failure_message TEXT NOT NULL DEFAULT '',
    late_at         BIGINT NOT NULL DEFAULT 0,
    late_summary    TEXT NOT NULL DEFAULT '',
    acknowledged_at BIGINT NOT NULL DEFAULT 0,
    acknowledged_by TEXT NOT NULL DEFAULT '',
    acknowledged_note TEXT NOT NULL DEFAULT '',
    superseded_by   TEXT NOT NULL DEFAULT '',
    FOREIGN KEY (workspace_id, tenant_id) REFERENCES tenants (workspace_id, id),
    CHECK ((status = 'completed') = (outcome <> 'pending')),
    CHECK ((status = 'completed') = (completed_at > 0))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX operation_runs_idempotency ON operation_runs (workspace_id, idempotency_key) WHERE idempotency_key <> '';
CREATE UNIQUE INDEX operation_runs_exclusive ON operation_runs (fingerprint) WHERE status <> 'completed' AND exclusive;
CREATE INDEX operation_runs_newest ON operation_runs (queued_at DESC, id DESC);
CREATE INDEX operation_runs_workspace ON operation_runs (workspace_id, queued_at DESC, id DESC);
CREATE INDEX operation_runs_tenant ON operation_runs (tenant_id, queued_at DESC, id DESC);
CREATE INDEX operation_runs_fingerprint ON operation_runs (fingerprint, queued_at, id);
CREATE INDEX operation_runs_retry ON operation_runs (retry_of, queued_at DESC, id DESC) WHERE retry_of IS NOT NULL;
CREATE INDEX operation_runs_active ON operation_runs (queued_at DESC, id DESC) WHERE status <> 'completed';
CREATE INDEX operation_runs_undispatched ON operation_runs (queued_at, id) WHERE status <> 'completed' AND dispatched_at = 0;
CREATE INDEX operation_runs_cancelling ON operation_runs (cancel_at, id) WHERE status <> 'completed' AND cancel_at > 0;
-- The conditions repeat class_sql.go word for word, or the planner cannot use these indexes.
CREATE INDEX operation_runs_follow_up ON operation_runs (queued_at DESC, id DESC)
    WHERE status = 'completed' AND (reconciled_at > 0 OR outcome IN ('failed', 'partially_succeeded', 'blocked'));
CREATE INDEX operation_runs_open ON operation_runs (workspace_id, queued_at DESC, id DESC)
    WHERE status = 'completed' AND (reconciled_at > 0 OR outcome IN ('failed', 'partially_succeeded', 'blocked')) AND acknowledged_at = 0 AND superseded_by = '';
CREATE INDEX operation_runs_open_newest ON operation_runs (queued_at DESC, id DESC)
    WHERE status = 'completed' AND (reconciled_at > 0 OR outcome IN ('failed', 'partially_succeeded', 'blocked')) AND acknowledged_at = 0 AND superseded_by = '';
CREATE INDEX operation_runs_ended ON operation_runs (completed_at DESC, outcome) WHERE status = 'completed';

-- What changes every second: active runs only, and no index that a beat would touch but stale_at's.
CREATE TABLE run_liveness (
    run_id             TEXT COLLATE "C" PRIMARY KEY REFERENCES operation_runs (id),
    queue              TEXT NOT NULL,
    running            BOOLEAN NOT NULL DEFAULT FALSE,
    stale_after        BIGINT NOT NULL,
    queued_stale_after BIGINT NOT NULL,
    progress_timeout   BIGINT NOT NULL,
    wait_slack         BIGINT NOT NULL,
    max_wait           BIGINT NOT NULL,

    version            BIGINT NOT NULL DEFAULT 1,
    liveness_at        BIGINT NOT NULL,
    progress_at        BIGINT NOT NULL,
    durable_until      BIGINT NOT NULL DEFAULT 0,
    held_until         BIGINT NOT NULL DEFAULT 0,
    stale_at           BIGINT NOT NULL,
    wait_id            TEXT NOT NULL DEFAULT '',
    waited             BIGINT NOT NULL DEFAULT 0,

    total              BIGINT NOT NULL DEFAULT 0,
    succeeded          BIGINT NOT NULL DEFAULT 0,
    failed             BIGINT NOT NULL DEFAULT 0,
    skipped            BIGINT NOT NULL DEFAULT 0,
    last_item          TEXT NOT NULL DEFAULT '',

    first_stale_at     BIGINT NOT NULL DEFAULT 0,
    stale_episodes     BIGINT NOT NULL DEFAULT 0,
    gap_episodes       BIGINT NOT NULL DEFAULT 0,
    recovered_at       BIGINT NOT NULL DEFAULT 0,
    in_gap             BOOLEAN NOT NULL DEFAULT FALSE,
    flagged_at         BIGINT NOT NULL DEFAULT 0,
    verified_at        BIGINT NOT NULL DEFAULT 0,

    silence_cause      TEXT NOT NULL DEFAULT '',
    silence_at         BIGINT NOT NULL DEFAULT 0,
    silence_for        BIGINT NOT NULL DEFAULT 0,
    silence_times      BIGINT NOT NULL DEFAULT 0,
    silence_evidence   TEXT NOT NULL DEFAULT '{}',

    temporal_run_id    TEXT NOT NULL DEFAULT '',
    activity_id        TEXT NOT NULL DEFAULT '',
    attempt            BIGINT NOT NULL DEFAULT 0,
    owner_started_at   BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE INDEX run_liveness_stale_at ON run_liveness (stale_at);

CREATE TABLE run_waits (
    run_id          TEXT COLLATE "C" NOT NULL REFERENCES run_liveness (run_id) ON DELETE CASCADE,
    id              TEXT NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('durable', 'held')),
    reason          TEXT NOT NULL,
    declared_by     TEXT NOT NULL,
    since_at        BIGINT NOT NULL,
    until_at        BIGINT NOT NULL,
    temporal_run_id TEXT NOT NULL DEFAULT '',
    activity_id     TEXT NOT NULL DEFAULT '',
    attempt         BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, id)
);

CREATE TABLE run_events (
    id     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id TEXT COLLATE "C" NOT NULL REFERENCES operation_runs (id),
    at     BIGINT NOT NULL,
    kind   TEXT NOT NULL,
    actor  TEXT NOT NULL DEFAULT '',
    data   TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX run_events_run ON run_events (run_id, id);

CREATE TABLE run_items (
    run_id  TEXT COLLATE "C" NOT NULL REFERENCES operation_runs (id),
    key     TEXT COLLATE "C" NOT NULL,
    state   TEXT NOT NULL CHECK (state IN ('succeeded', 'failed', 'skipped')),
    code    TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    detail  TEXT NOT NULL DEFAULT '',
    at      BIGINT NOT NULL,
    PRIMARY KEY (run_id, key)
);
CREATE INDEX run_items_state ON run_items (run_id, state, key);

CREATE TABLE run_artifacts (
    run_id       TEXT COLLATE "C" NOT NULL REFERENCES operation_runs (id),
    name         TEXT COLLATE "C" NOT NULL,
    content_type TEXT NOT NULL,
    size         BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    body         BYTEA NOT NULL,
    PRIMARY KEY (run_id, name)
);

-- One per ended run. Without a user it is for the owners of the workspace.
CREATE TABLE notifications (
    run_id       TEXT COLLATE "C" PRIMARY KEY REFERENCES operation_runs (id),
    workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
    user_id      TEXT COLLATE "C" REFERENCES users (id),
    created_at   BIGINT NOT NULL
);
CREATE INDEX notifications_user ON notifications (user_id, created_at DESC, run_id DESC);
CREATE INDEX notifications_owners ON notifications (workspace_id, created_at DESC, run_id DESC) WHERE user_id IS NULL;

CREATE TABLE notification_reads (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    run_id  TEXT COLLATE "C" NOT NULL REFERENCES notifications (run_id),
    read_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, run_id)
);

CREATE TABLE workers (
    id        TEXT PRIMARY KEY,
    host      TEXT NOT NULL,
    pid       BIGINT NOT NULL,
    queues    TEXT NOT NULL,
    build     TEXT NOT NULL,
    last_seen BIGINT NOT NULL
) WITH (fillfactor = 50);

-- One row: what the reconciler knows about itself.
CREATE TABLE reconciler_state (
    id              BIGINT PRIMARY KEY CHECK (id = 1),
    pass_at         BIGINT NOT NULL,
    temporal_at     BIGINT NOT NULL,
    pass_every      BIGINT NOT NULL,
    took            BIGINT NOT NULL,
    schedule_paused BOOLEAN NOT NULL,
    closed_up_to    BIGINT NOT NULL
) WITH (fillfactor = 50);

-- By task queue; the empty scope is the overall breaker.
CREATE TABLE breakers (
    scope   TEXT PRIMARY KEY,
    is_open BOOLEAN NOT NULL,
    since   BIGINT NOT NULL,
    below   BIGINT NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE inventory_snapshots (
    id            TEXT COLLATE "C" PRIMARY KEY,
    workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
    tenant_id     TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    connection_id TEXT COLLATE "C" NOT NULL REFERENCES connections (id),
    run_id        TEXT COLLATE "C" NOT NULL REFERENCES operation_runs (id),
    created_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX inventory_snapshots_run ON inventory_snapshots (run_id);
CREATE INDEX inventory_snapshots_newest ON inventory_snapshots (connection_id, created_at DESC, id DESC);

-- How far each collection of a snapshot was read. Only one that was read to its end can be compared with.
CREATE TABLE inventory_collections (
    snapshot_id TEXT COLLATE "C" NOT NULL REFERENCES inventory_snapshots (id) ON DELETE CASCADE,
    name        TEXT COLLATE "C" NOT NULL,
    place       BIGINT NOT NULL,
    pages       BIGINT NOT NULL DEFAULT 0,
    complete    BOOLEAN NOT NULL DEFAULT FALSE,
    problem     TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (snapshot_id, name)
);

CREATE TABLE inventory_objects (
    snapshot_id TEXT COLLATE "C" NOT NULL REFERENCES inventory_snapshots (id) ON DELETE CASCADE,
    collection  TEXT COLLATE "C" NOT NULL,
    object_id   TEXT COLLATE "C" NOT NULL,
    name        TEXT NOT NULL,
    hash        TEXT NOT NULL,
    body        TEXT NOT NULL,
    PRIMARY KEY (snapshot_id, collection, object_id)
);

-- +goose Down
DROP TABLE inventory_objects;
DROP TABLE inventory_collections;
DROP TABLE inventory_snapshots;
DROP TABLE breakers;
DROP TABLE reconciler_state;
DROP TABLE workers;
DROP TABLE notification_reads;
DROP TABLE notifications;
DROP TABLE run_artifacts;
DROP TABLE run_items;
DROP TABLE run_events;
DROP TABLE run_waits;
DROP TABLE run_liveness;
DROP TABLE operation_runs;
DROP TABLE connections;
DROP TABLE sessions;
DROP TABLE sign_in_links;
DROP TABLE api_tokens;
DROP TABLE platform_capabilities;
DROP TABLE membership_tenants;
DROP TABLE memberships;
DROP TABLE users;
DROP TABLE tenants;
DROP TABLE workspaces;
