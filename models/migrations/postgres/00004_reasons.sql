-- Why items failed, in words that those that failed alike have in common: see lifecycle.Reason. What is recorded
-- from now on has it from there; older items get the beginning of their message with every number as "#".

-- +goose Up
SET LOCAL statement_timeout = 0; -- a large installation takes minutes

ALTER TABLE run_items ADD COLUMN reason TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE run_items SET reason = SUBSTR(CASE WHEN message <> '' THEN message ELSE code END, 1, 160) WHERE state = 'failed';
UPDATE run_items SET reason = REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(reason,
    '0', '#'), '1', '#'), '2', '#'), '3', '#'), '4', '#'), '5', '#'), '6', '#'), '7', '#'), '8', '#'), '9', '#')
WHERE state = 'failed' AND message <> '';
UPDATE run_items SET reason = REPLACE(REPLACE(REPLACE(REPLACE(reason, '####', '#'), '###', '#'), '##', '#'), '##', '#')
WHERE state = 'failed' AND message <> '';
CREATE INDEX run_items_reason ON run_items (run_id, reason, key) WHERE state = 'failed';

-- How many reasons an ended run's items had, and the one of most of them.
ALTER TABLE operation_runs ADD COLUMN reasons BIGINT NOT NULL DEFAULT 0;
ALTER TABLE operation_runs ADD COLUMN top_reason TEXT NOT NULL DEFAULT '';
UPDATE operation_runs SET
    reasons = (SELECT COUNT(DISTINCT i.reason) FROM run_items i WHERE i.run_id = operation_runs.id AND i.state = 'failed'),
    top_reason = COALESCE((SELECT i.reason FROM run_items i WHERE i.run_id = operation_runs.id AND i.state = 'failed'
        GROUP BY i.reason ORDER BY COUNT(*) DESC, i.reason LIMIT 1), '')
WHERE status = 'completed' AND failed > 0;

-- +goose Down
ALTER TABLE operation_runs DROP COLUMN top_reason;
ALTER TABLE operation_runs DROP COLUMN reasons;
DROP INDEX run_items_reason;
ALTER TABLE run_items DROP COLUMN reason;
