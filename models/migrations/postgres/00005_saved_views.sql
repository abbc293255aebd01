-- +goose Up
-- A list that a reader named. It is a filter and opens nothing by itself.
CREATE TABLE saved_views (
    id         TEXT COLLATE "C" PRIMARY KEY,
    user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    plane      TEXT NOT NULL CHECK (plane IN ('admin', 'system')),
    name       TEXT NOT NULL,
    query      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (user_id, plane, name)
);

-- +goose Down
DROP TABLE saved_views;
