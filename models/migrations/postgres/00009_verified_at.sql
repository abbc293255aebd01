-- +goose Up
CREATE INDEX run_liveness_verified_at ON run_liveness (verified_at);

-- +goose Down
DROP INDEX run_liveness_verified_at;
