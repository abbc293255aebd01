-- +goose Up
-- What ended lately, or long ago, and is an open follow-up, however much else ended in the time. The condition repeats
-- class_sql.go word for word.
CREATE INDEX operation_runs_open_ended ON operation_runs (completed_at DESC)
    WHERE status = 'completed' AND (reconciled_at > 0 OR outcome IN ('failed', 'partially_succeeded', 'blocked')) AND acknowledged_at = 0 AND superseded_by = '';

-- +goose Down
DROP INDEX operation_runs_open_ended;
