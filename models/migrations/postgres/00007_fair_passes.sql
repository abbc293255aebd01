-- +goose Up
-- Where the next pass goes on in lists that one pass cannot end, and what the truth audit has found.
ALTER TABLE reconciler_state ADD COLUMN cursors TEXT NOT NULL DEFAULT '{}';
ALTER TABLE reconciler_state ADD COLUMN audit TEXT NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE reconciler_state DROP COLUMN audit;
ALTER TABLE reconciler_state DROP COLUMN cursors;
