-- +goose Up
-- Lists narrowed by what few runs may have, newest first.
CREATE INDEX operation_runs_type ON operation_runs (type, queued_at DESC, id DESC);
CREATE INDEX operation_runs_outcome ON operation_runs (outcome, queued_at DESC, id DESC) WHERE status = 'completed';
CREATE INDEX operation_runs_initiator ON operation_runs (initiator_id, queued_at DESC, id DESC) WHERE initiator_id IS NOT NULL;

-- What histories count.
CREATE INDEX operation_runs_workspace_ended ON operation_runs (workspace_id, completed_at DESC) WHERE status = 'completed';

-- +goose Down
DROP INDEX operation_runs_workspace_ended;
DROP INDEX operation_runs_initiator;
DROP INDEX operation_runs_outcome;
DROP INDEX operation_runs_type;
