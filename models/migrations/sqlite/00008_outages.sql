-- +goose Up
-- When a process could not write to the record: what it had to say of its runs meanwhile was lost.
CREATE TABLE outages (
    id      INTEGER PRIMARY KEY,
    from_at BIGINT NOT NULL,
    to_at   BIGINT NOT NULL
);
CREATE INDEX outages_to ON outages (to_at);

-- +goose Down
DROP TABLE outages;
