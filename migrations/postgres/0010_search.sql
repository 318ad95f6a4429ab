-- The words of the logs, for who looks for something. Written behind the log, up to the cursor of each room.
CREATE TABLE search_cursors (
    room_id UUID PRIMARY KEY REFERENCES rooms (id) ON DELETE CASCADE,
    seq     BIGINT NOT NULL
);

-- `words` has the room as a word that begins with a slash. The hub has made words of the text and put a mark of the
-- workspace before each, so that a search reads those of one tenant alone; no parser or dictionary of PostgreSQL sees
-- them.
CREATE TABLE search_entries (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id UUID NOT NULL,
    room_id      UUID NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq          BIGINT NOT NULL,
    words        TSVECTOR NOT NULL,
    UNIQUE (room_id, seq)
);
CREATE INDEX search_entries_by_words ON search_entries USING gin (words);
