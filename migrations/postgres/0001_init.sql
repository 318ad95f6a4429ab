-- As in SQLite, with PostgreSQL's types. Ids are UUIDv7, times are milliseconds since the Unix epoch (UTC), JSON is TEXT.
-- Every row of a tenant carries organization_id or workspace_id.

CREATE TABLE instance (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE organizations (
    id         UUID PRIMARY KEY,
    slug       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    plan       TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE users (
    id            UUID PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    -- Counted up when every session must end; a token with an older generation is refused.
    generation    BIGINT NOT NULL DEFAULT 0,
    disabled_at   BIGINT,
    created_at    BIGINT NOT NULL
);

CREATE TABLE memberships (
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id         UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role            TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX memberships_by_user ON memberships (user_id);

-- A signed-in session: a family of refresh tokens, of which only the newest counts.
CREATE TABLE sessions (
    id              UUID PRIMARY KEY,
    user_id         UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The user's generation at the sign-in.
    generation      BIGINT NOT NULL,
    refresh_counter BIGINT NOT NULL,
    rotated_at      BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    ended_at        BIGINT
);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE workspaces (
    id              UUID PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    slug            TEXT NOT NULL,
    name            TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    UNIQUE (organization_id, slug)
);

CREATE TABLE rooms (
    id           UUID PRIMARY KEY,
    workspace_id UUID NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    topic        TEXT NOT NULL DEFAULT '',
    -- The log: the newest seq, and the epoch, which changes only if the log was lost or restored.
    head         BIGINT NOT NULL DEFAULT 0,
    epoch        TEXT NOT NULL,
    last_at      BIGINT,
    created_at   BIGINT NOT NULL,
    UNIQUE (workspace_id, name)
);

CREATE TABLE agents (
    id           UUID PRIMARY KEY,
    workspace_id UUID NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    title        TEXT NOT NULL DEFAULT '',
    disabled_at  BIGINT,
    created_at   BIGINT NOT NULL,
    UNIQUE (workspace_id, name)
);

-- The secret is 32 random bytes; only its SHA-256 is kept. The id is the public part of the key.
CREATE TABLE api_keys (
    id              UUID PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    workspace_id    UUID NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    agent_id        UUID NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    prefix          TEXT NOT NULL UNIQUE,
    secret_hash     BYTEA NOT NULL,
    scopes          TEXT NOT NULL,
    created_by      UUID,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT,
    last_used_at    BIGINT,
    revoked_at      BIGINT
);
CREATE INDEX api_keys_by_workspace ON api_keys (workspace_id);

-- One-time links: the first administrator's setup.
CREATE TABLE setup_links (
    token_hash BYTEA PRIMARY KEY,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);

-- The log of a room.
CREATE TABLE events (
    room_id     UUID NOT NULL,
    seq         BIGINT NOT NULL,
    time        BIGINT NOT NULL,
    sender_kind TEXT NOT NULL,
    sender_id   UUID NOT NULL,
    sender_name TEXT NOT NULL,
    kind        TEXT NOT NULL,
    body        TEXT NOT NULL,
    key         TEXT NOT NULL,
    -- JSON array of names, NULL where nobody is mentioned.
    mentions    TEXT,
    reply_to    BIGINT,
    PRIMARY KEY (room_id, seq)
);
CREATE UNIQUE INDEX events_by_key ON events (room_id, sender_id, key);

CREATE TABLE streams (
    id            UUID PRIMARY KEY,
    workspace_id  UUID NOT NULL,
    room_id       UUID NOT NULL,
    sender_kind   TEXT NOT NULL,
    sender_id     UUID NOT NULL,
    sender_name   TEXT NOT NULL,
    key           TEXT NOT NULL,
    name          TEXT NOT NULL,
    role          TEXT NOT NULL,
    media_type    TEXT NOT NULL,
    tool_call     TEXT,
    parent        UUID,
    state         TEXT NOT NULL,
    length        BIGINT NOT NULL DEFAULT 0,
    opened_seq    BIGINT NOT NULL,
    opened_at     BIGINT NOT NULL,
    closed_at     BIGINT,
    exit_code     BIGINT,
    -- When it passes, the producer is taken for gone and the hub closes the stream as interrupted.
    lease_until   BIGINT NOT NULL,
    -- Who asked to cancel, as JSON {"by": sender, "reason": text}, until the stream is closed.
    cancel        TEXT,
    UNIQUE (room_id, sender_id, key)
);
CREATE INDEX streams_by_room ON streams (room_id, opened_seq);
CREATE INDEX streams_open_by_room ON streams (room_id) WHERE state = 'open';
CREATE INDEX streams_open ON streams (lease_until) WHERE state = 'open';

-- The bytes of a stream: each row holds `length(data)` bytes from `start` on, without holes.
CREATE TABLE stream_chunks (
    stream_id UUID NOT NULL,
    start     BIGINT NOT NULL,
    time      BIGINT NOT NULL,
    data      BYTEA NOT NULL,
    -- Where compaction joined chunks: pairs of big-endian u32 (bytes after start, milliseconds after time).
    marks     BYTEA,
    PRIMARY KEY (stream_id, start)
);

-- What was used, counted in the transaction of what it counts. Days are UTC, as 2026-11-24.
CREATE TABLE usage (
    organization_id UUID NOT NULL,
    workspace_id    UUID NOT NULL,
    day             TEXT NOT NULL,
    meter           TEXT NOT NULL,
    amount          BIGINT NOT NULL,
    PRIMARY KEY (organization_id, workspace_id, day, meter)
);
