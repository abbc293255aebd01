-- Two people may have one name: who looks after a run is known by the user's id.

-- +goose Up
ALTER TABLE operation_runs ADD COLUMN claimed_by_id TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE operation_runs DROP COLUMN claimed_by_id;
