-- What runs are found by: see models/search.go, which alone knows how letters compare. It is apart from the runs, as it
-- never changes while they do. A run that an older version makes gets its words from this one.

-- +goose Up
SET LOCAL statement_timeout = 0; -- a large installation takes minutes

CREATE TABLE run_words (
    run_id TEXT COLLATE "C" PRIMARY KEY REFERENCES operation_runs (id) ON DELETE CASCADE,
    text   TEXT COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX run_words_missing ON run_words (run_id) WHERE text = '';

-- +goose StatementBegin
CREATE FUNCTION run_words_of() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO run_words (run_id) VALUES (NEW.id);
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER operation_runs_words AFTER INSERT ON operation_runs FOR EACH ROW EXECUTE FUNCTION run_words_of();
INSERT INTO run_words (run_id) SELECT id FROM operation_runs;

-- Searching text works without this index too, more slowly: the extension may be missing or not permitted.
DROP INDEX IF EXISTS operation_runs_text;
-- +goose StatementBegin
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX run_words_text ON run_words USING gin (text gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
    RAISE NOTICE 'text search has no index: have a superuser CREATE EXTENSION pg_trgm, then create run_words_text';
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER operation_runs_words ON operation_runs;
DROP FUNCTION run_words_of;
DROP TABLE run_words;
-- +goose StatementBegin
DO $$
BEGIN
    CREATE INDEX operation_runs_text ON operation_runs USING gin (LOWER(type || ' ' || target) gin_trgm_ops);
EXCEPTION WHEN undefined_object THEN
    RAISE NOTICE 'text search has no index';
END
$$;
-- +goose StatementEnd
