-- +goose Up
SET LOCAL statement_timeout = 0; -- a large installation takes minutes

-- Lists narrowed by what few runs may have, newest first.
CREATE INDEX operation_runs_type ON operation_runs (type, queued_at DESC, id DESC);
CREATE INDEX operation_runs_outcome ON operation_runs (outcome, queued_at DESC, id DESC) WHERE status = 'completed';
CREATE INDEX operation_runs_initiator ON operation_runs (initiator_id, queued_at DESC, id DESC) WHERE initiator_id IS NOT NULL;

-- What summaries and histories count, without a visit to the rows.
DROP INDEX operation_runs_open;
CREATE INDEX operation_runs_open ON operation_runs (workspace_id, queued_at DESC, id DESC) INCLUDE (tenant_id, completed_at)
    WHERE status = 'completed' AND (reconciled_at > 0 OR outcome IN ('failed', 'partially_succeeded', 'blocked')) AND acknowledged_at = 0 AND superseded_by = '';
CREATE INDEX operation_runs_workspace_ended ON operation_runs (workspace_id, completed_at DESC) INCLUDE (tenant_id, type, outcome, started_at, queued_at)
    WHERE status = 'completed';

-- Searching text works without this index too, more slowly: the extension may be missing or not permitted.
-- +goose StatementBegin
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX operation_runs_text ON operation_runs USING gin (LOWER(type || ' ' || target) gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
    RAISE NOTICE 'text search has no index: have a superuser CREATE EXTENSION pg_trgm, then create operation_runs_text';
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP INDEX IF EXISTS operation_runs_text;
DROP INDEX operation_runs_workspace_ended;
DROP INDEX operation_runs_open;
CREATE INDEX operation_runs_open ON operation_runs (workspace_id, queued_at DESC, id DESC)
    WHERE status = 'completed' AND (reconciled_at > 0 OR outcome IN ('failed', 'partially_succeeded', 'blocked')) AND acknowledged_at = 0 AND superseded_by = '';
DROP INDEX operation_runs_initiator;
DROP INDEX operation_runs_outcome;
DROP INDEX operation_runs_type;
