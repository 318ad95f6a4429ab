-- What was done that bears on security. Without an organization: what concerns an account or the hub. Rows
-- outlive what they tell of, so nothing is referred to.
CREATE TABLE audit_log (
    id              UUID PRIMARY KEY,
    organization_id UUID,
    time            BIGINT NOT NULL,
    actor_kind      TEXT NOT NULL,
    actor_id        UUID NOT NULL,
    actor_name      TEXT NOT NULL,
    action          TEXT NOT NULL,
    target          TEXT NOT NULL,
    address         TEXT
);
CREATE INDEX audit_log_by_organization ON audit_log (organization_id, id);
CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
EXECUTE FUNCTION audit_log_is_append_only();
