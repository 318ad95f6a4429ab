-- The words of the logs, for who looks for something. Written behind the log, up to the cursor of each room.
CREATE TABLE search_cursors (
    room_id BLOB PRIMARY KEY REFERENCES rooms (id) ON DELETE CASCADE,
    seq     BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE search_entries (
    id           INTEGER PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    room_id      BLOB NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq          BIGINT NOT NULL,
    UNIQUE (room_id, seq)
);

-- By `id`. `place` has the room as a word. The hub has made words of the text and put a mark of the workspace before
-- each, so that a search reads those of one tenant alone; the tokenizer parts them at blanks. Where they stand is not
-- kept.
CREATE VIRTUAL TABLE search_words USING fts5 (
    place, words, content = '', contentless_delete = 1, detail = column, tokenize = 'ascii'
);
CREATE TRIGGER search_entries_deleted AFTER DELETE ON search_entries BEGIN
    DELETE FROM search_words WHERE rowid = old.id;
END;
