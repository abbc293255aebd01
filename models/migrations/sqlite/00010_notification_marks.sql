-- +goose Up
-- Up to when a person has read all notifications at once; notification_reads holds those that were read one by one.
CREATE TABLE notification_marks (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    read_to BIGINT NOT NULL
);

-- +goose Down
DROP TABLE notification_marks;
