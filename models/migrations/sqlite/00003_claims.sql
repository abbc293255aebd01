-- Who looks after a run, and which newer run retries it.

-- +goose Up
ALTER TABLE operation_runs ADD COLUMN claimed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE operation_runs ADD COLUMN claimed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE operation_runs ADD COLUMN retried_by TEXT NOT NULL DEFAULT '';
UPDATE operation_runs SET retried_by = (
    SELECT n.id FROM operation_runs n WHERE n.retry_of = operation_runs.id ORDER BY n.queued_at DESC, n.id DESC LIMIT 1)
WHERE status = 'completed' AND id IN (SELECT n.retry_of FROM operation_runs n WHERE n.retry_of IS NOT NULL);
CREATE INDEX operation_runs_superseded_by ON operation_runs (superseded_by, queued_at DESC, id DESC) WHERE superseded_by <> '';

-- +goose Down
DROP INDEX operation_runs_superseded_by;
ALTER TABLE operation_runs DROP COLUMN retried_by;
ALTER TABLE operation_runs DROP COLUMN claimed_by;
ALTER TABLE operation_runs DROP COLUMN claimed_at;
