-- +goose Up
-- What is active in a place, however much has ended there and however much is active elsewhere.
CREATE INDEX operation_runs_active_workspace ON operation_runs (workspace_id, queued_at DESC, id DESC, tenant_id) WHERE status <> 'completed';

-- What may have been likely stuck, where hardly a run ever was.
CREATE INDEX operation_runs_lineage ON operation_runs (queued_at DESC, id DESC)
    WHERE NOT (status = 'completed' AND stale_episodes = 0 AND reconciled_at = 0);
CREATE INDEX operation_runs_lineage_workspace ON operation_runs (workspace_id, queued_at DESC, id DESC)
    WHERE NOT (status = 'completed' AND stale_episodes = 0 AND reconciled_at = 0);

-- What histories count, without a visit to the rows.
DROP INDEX operation_runs_workspace_ended;
CREATE INDEX operation_runs_workspace_ended ON operation_runs (workspace_id, completed_at DESC, tenant_id, type, outcome, started_at, queued_at)
    WHERE status = 'completed';

-- +goose Down
DROP INDEX operation_runs_workspace_ended;
CREATE INDEX operation_runs_workspace_ended ON operation_runs (workspace_id, completed_at DESC) WHERE status = 'completed';
DROP INDEX operation_runs_lineage_workspace;
DROP INDEX operation_runs_lineage;
DROP INDEX operation_runs_active_workspace;
