-- Who people are at a provider of OpenID Connect. Issuer and subject stay what they are; an address may change, or go
-- to somebody else.
CREATE TABLE user_identities (
    issuer       TEXT NOT NULL,
    subject      TEXT NOT NULL,
    user_id      UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX user_identities_by_user ON user_identities (user_id);

-- Sign-ins at a provider that were finished, for as long as they could be finished again.
CREATE TABLE finished_sign_ins (
    token_hash BYTEA PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX finished_sign_ins_by_end ON finished_sign_ins (expires_at);
