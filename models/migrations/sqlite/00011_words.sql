-- What runs are found by: see models/search.go, which alone knows how letters compare. A run that an older version makes
-- gets its words from this one.

-- +goose Up
CREATE TABLE run_words (
    id     INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE REFERENCES operation_runs (id) ON DELETE CASCADE,
    text   TEXT NOT NULL DEFAULT ''
);
CREATE INDEX run_words_missing ON run_words (run_id) WHERE text = '';
CREATE VIRTUAL TABLE run_words_text USING fts5 (text, content = 'run_words', content_rowid = 'id', tokenize = 'trigram case_sensitive 1');

-- +goose StatementBegin
CREATE TRIGGER operation_runs_words AFTER INSERT ON operation_runs BEGIN
    INSERT INTO run_words (run_id) VALUES (NEW.id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER run_words_written AFTER UPDATE OF text ON run_words BEGIN
    INSERT INTO run_words_text (run_words_text, rowid, text) SELECT 'delete', OLD.id, OLD.text WHERE OLD.text <> '';
    INSERT INTO run_words_text (rowid, text) VALUES (NEW.id, NEW.text);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER run_words_deleted AFTER DELETE ON run_words WHEN OLD.text <> '' BEGIN
    INSERT INTO run_words_text (run_words_text, rowid, text) VALUES ('delete', OLD.id, OLD.text);
END;
-- +goose StatementEnd
INSERT INTO run_words (run_id) SELECT id FROM operation_runs ORDER BY queued_at, id;

-- +goose Down
DROP TRIGGER operation_runs_words;
DROP TABLE run_words_text;
DROP TABLE run_words;
