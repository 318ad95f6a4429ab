-- What was done that bears on security. Without an organization: what concerns an account or the hub. Rows
-- outlive what they tell of, so nothing is referred to.
CREATE TABLE audit_log (
    id              BLOB PRIMARY KEY,
    organization_id BLOB,
    time            BIGINT NOT NULL,
    actor_kind      TEXT NOT NULL,
    actor_id        BLOB NOT NULL,
    actor_name      TEXT NOT NULL,
    action          TEXT NOT NULL,
    target          TEXT NOT NULL,
    address         TEXT
);
CREATE INDEX audit_log_by_organization ON audit_log (organization_id, id);
CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_log_is_not_deleted BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
