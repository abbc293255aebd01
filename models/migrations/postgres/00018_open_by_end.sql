-- What ended lately, or long ago, and is an open follow-up: SQLite has an index for it. PostgreSQL finds it by
-- operation_runs_open_newest, and would take a further index, smaller, for lists that it serves in no order.

-- +goose Up
SELECT 1;

-- +goose Down
SELECT 1;
