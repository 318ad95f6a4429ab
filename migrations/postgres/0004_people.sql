-- Links into an organization. Only the hash of the token is kept; without an e-mail address whoever has the link may come.
CREATE TABLE invites (
    id              UUID PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    token_hash      BYTEA NOT NULL UNIQUE,
    email           TEXT,
    role            TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    created_by      UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    used_at         BIGINT,
    used_by         UUID
);
CREATE INDEX invites_by_organization ON invites (organization_id);

-- Links to a new password. With an organization: made by one of its members for another, and good only while
-- that is the one organization of the user.
CREATE TABLE password_resets (
    token_hash      BYTEA PRIMARY KEY,
    user_id         UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id UUID REFERENCES organizations (id) ON DELETE CASCADE,
    made_by         UUID,
    expires_at      BIGINT NOT NULL
);
CREATE INDEX password_resets_by_user ON password_resets (user_id);

-- Accounts that wait for their address to be confirmed, where the hub sends mail.
CREATE TABLE registrations (
    token_hash    BYTEA PRIMARY KEY,
    email         TEXT NOT NULL,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    organization  TEXT NOT NULL,
    expires_at    BIGINT NOT NULL
);
CREATE INDEX registrations_by_email ON registrations (email);

-- Where a session was begun and last renewed.
ALTER TABLE sessions ADD COLUMN address TEXT;
ALTER TABLE sessions ADD COLUMN user_agent TEXT;
