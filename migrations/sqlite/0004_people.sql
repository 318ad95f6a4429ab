-- Links into an organization. Only the hash of the token is kept; without an e-mail address whoever has the link may come.
CREATE TABLE invites (
    id              BLOB PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    token_hash      BLOB NOT NULL UNIQUE,
    email           TEXT,
    role            TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    created_by      BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    used_at         BIGINT,
    used_by         BLOB
);
CREATE INDEX invites_by_organization ON invites (organization_id);

-- Links to a new password. With an organization: made by one of its members for another, and good only while
-- that is the one organization of the user.
CREATE TABLE password_resets (
    token_hash      BLOB PRIMARY KEY,
    user_id         BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id BLOB REFERENCES organizations (id) ON DELETE CASCADE,
    made_by         BLOB,
    expires_at      BIGINT NOT NULL
);
CREATE INDEX password_resets_by_user ON password_resets (user_id);

-- Accounts that wait for their address to be confirmed, where the hub sends mail.
CREATE TABLE registrations (
    token_hash    BLOB PRIMARY KEY,
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
