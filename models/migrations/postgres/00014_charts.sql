-- +goose Up
SET LOCAL statement_timeout = 0; -- a large installation takes minutes

-- What is active in a place, however much has ended there and however much is active elsewhere.
CREATE INDEX operation_runs_active_workspace ON operation_runs (workspace_id, queued_at DESC, id DESC) INCLUDE (tenant_id, status)
    WHERE status <> 'completed';

-- What may have been likely stuck, where hardly a run ever was.
CREATE INDEX operation_runs_lineage ON operation_runs (queued_at DESC, id DESC)
    WHERE NOT (status = 'completed' AND stale_episodes = 0 AND reconciled_at = 0);
CREATE INDEX operation_runs_lineage_workspace ON operation_runs (workspace_id, queued_at DESC, id DESC)
    WHERE NOT (status = 'completed' AND stale_episodes = 0 AND reconciled_at = 0);

-- +goose Down
DROP INDEX operation_runs_lineage_workspace;
DROP INDEX operation_runs_lineage;
DROP INDEX operation_runs_active_workspace;
