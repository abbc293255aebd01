-- Why an ended run failed, in words that those that failed alike have in common: see lifecycle.Facts.FailureReason. What
-- ends from now on has it from there; older runs get that of most of their failed items, or the beginning of their
-- message with every number as "#".

-- +goose Up
ALTER TABLE operation_runs ADD COLUMN failure_reason TEXT NOT NULL DEFAULT '';
UPDATE operation_runs SET failure_reason = top_reason WHERE failure_code = 'items_failed' AND top_reason <> '';
UPDATE operation_runs SET failure_reason = SUBSTR(CASE WHEN failure_message <> '' THEN failure_message ELSE failure_code END, 1, 160)
WHERE failure_reason = '' AND (failure_code <> '' OR failure_message <> '');
UPDATE operation_runs SET failure_reason = REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(failure_reason,
    '0', '#'), '1', '#'), '2', '#'), '3', '#'), '4', '#'), '5', '#'), '6', '#'), '7', '#'), '8', '#'), '9', '#')
WHERE failure_message <> '' AND failure_reason <> top_reason;
UPDATE operation_runs SET failure_reason = REPLACE(REPLACE(REPLACE(REPLACE(failure_reason, '####', '#'), '###', '#'), '##', '#'), '##', '#')
WHERE failure_message <> '' AND failure_reason <> top_reason;

-- +goose Down
ALTER TABLE operation_runs DROP COLUMN failure_reason;
