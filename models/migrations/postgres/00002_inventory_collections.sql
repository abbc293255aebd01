-- +goose Up

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

DROP INDEX inventory_snapshots_newest;
ALTER TABLE inventory_snapshots DROP COLUMN complete_at;
CREATE INDEX inventory_snapshots_newest ON inventory_snapshots (connection_id, created_at DESC, id DESC);

-- +goose Down
DROP INDEX inventory_snapshots_newest;
ALTER TABLE inventory_snapshots ADD COLUMN complete_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX inventory_snapshots_newest ON inventory_snapshots (connection_id, complete_at DESC) WHERE complete_at > 0;
DROP TABLE inventory_collections;
